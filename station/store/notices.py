"""Which decisions of the hub about work done here has nobody acknowledged? Kept until then.

A page tells of a decision by what it changes, a verdict by what it refuses; mostly both come of
the same thing, in either order, and the packer is told once: a notice remembers up to which entry
of this bench it speaks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import msgspec
from sqlalchemy import bindparam, func, insert, or_, select, update

from station.notice import (
    WORKED,
    Kind,
    Notice,
    of_change,
    of_forgetting,
    of_leaving,
    of_verdict,
)
from station.store import journal
from station.store import schema as t
from station.store.statement import Statement
from station.store.store import Turn
from sync.orders import Entry, Order, State, order_of
from sync.protocol.messages import Judged, Page, Verdict

NOTICED = "@notices"
"""Among the ids that a turn changed: somebody has something to acknowledge."""

OVERRULED = (Verdict.FENCED, Verdict.LATE, Verdict.UNKNOWN, Verdict.INVALID)
_WAITING_MOST = 50
"""At a bench that was away for a week there may be many; they are told one by one."""

_READ = msgspec.json.Decoder(Notice)
_READ_ENTRY = msgspec.json.Decoder(Entry)
_NAMED = func.json_each(bindparam("ids")).table_valued("value")
_TOUCHED = or_(*(t.shipments.c.state == state for state in (*WORKED, State.HANDED_OVER)))
_WORKED = Statement(
    select(t.shipments.c.id, t.shipments.c.order_id)
    .join(_NAMED, _NAMED.c.value == t.shipments.c.id)
    .where(_TOUCHED)
)
_FORGOTTEN = Statement(
    select(t.shipments.c.id, t.shipments.c.order_id).where(
        t.shipments.c.generation < bindparam("generation"), _TOUCHED
    )
)


@dataclass(frozen=True, slots=True)
class Seen:
    """Shipments that were worked on here, and their orders as they were before a page."""

    orders: Mapping[str, Order]


def look(turn: Turn, page: Page) -> Seen:
    """Look at what a page is about to change; before it does."""
    ids = msgspec.json.encode([change.shipment for change in page.changes]).decode()
    return Seen(_orders(turn, turn.rows(_WORKED, {"ids": ids})))


def compare(turn: Turn, seen: Seen, page: Page) -> None:
    """Keep what the page has changed about them; after it did."""
    if not seen.orders:
        return
    for change in page.changes:
        before = seen.orders.get(change.shipment)
        if before is None:
            continue
        after = turn.order(before.id) if change.order is not None else None
        if after is not None:
            _let_go(turn, after, change.shipment)
            notice = of_change(before, after, change.shipment)
        else:
            owed = _owed(turn, before.id, change.through)
            notice = of_leaving(before, change.shipment, owed=owed)
        if notice is not None:
            _keep(turn, notice)


def forget(turn: Turn, generation: int) -> None:
    """Keep what a new reading of the feed did not name; before it is let go, at its end."""
    if int(turn.get("swept", "0")) == generation:
        return
    found = _orders(turn, turn.rows(_FORGOTTEN, {"generation": generation}))
    for shipment_id, before in found.items():
        notice = of_forgetting(before, shipment_id)
        if notice is not None:
            _keep(turn, notice)


def judge(turn: Turn, judged: Iterable[Judged]) -> None:
    """Keep what verdicts say that pages may not."""
    for one in judged:
        if one.verdict not in OVERRULED:
            continue
        body = turn.sql.execute(select(t.entries.c.body).where(t.entries.c.seq == one.seq)).scalar()
        if body is None:
            continue
        entry = _READ_ENTRY.decode(body)
        notice = of_verdict(entry, one.verdict, one.reason, turn.order(entry.order))
        if notice is None or _explained(turn, notice):
            continue
        if not _told(turn, notice.shipment, one.seq):
            _keep(turn, notice)


def waiting(turn: Turn) -> tuple[Notice, ...]:
    """What nobody has acknowledged, oldest first."""
    rows = (
        select(t.notices.c.seq, t.notices.c.body)
        .where(t.notices.c.seen.is_(False))
        .order_by(t.notices.c.seq)
        .limit(_WAITING_MOST)
    )
    found = turn.sql.execute(rows)
    return tuple(msgspec.structs.replace(_READ.decode(row.body), seq=row.seq) for row in found)


def acknowledge(turn: Turn, seq: int) -> None:
    """Somebody has seen it."""
    turn.sql.execute(update(t.notices).where(t.notices.c.seq == seq).values(seen=True))
    turn.changed.add(NOTICED)


def tell(turn: Turn, order_id: str) -> None:
    """The packer who has the order open was told in another way."""
    here = t.notices.c.shipment_id.like(f"{_escaped(order_id)}#%", escape="\\")
    turn.sql.execute(update(t.notices).where(here).values(seen=True))
    turn.changed.add(NOTICED)


def _orders(turn: Turn, rows: Iterable[tuple[str, str]]) -> dict[str, Order]:
    found = {}
    for shipment_id, order_id in rows:
        order = turn.order(order_id)
        if order is not None:
            found[shipment_id] = order
    return found


def _owed(turn: Turn, order_id: str, through: int) -> bool:
    later = select(t.entries.c.seq).where(
        t.entries.c.order_id == order_id, t.entries.c.pending, t.entries.c.seq > through
    )
    return turn.sql.execute(later.limit(1)).first() is not None


def _keep(turn: Turn, notice: Notice) -> None:
    if _explained(turn, notice):
        return
    last = journal.last_link(turn)[0]
    same = _SAME.get(notice.kind, (notice.kind,))
    if same and _told(turn, notice.shipment, last, *same):
        return
    row = {
        "shipment_id": notice.shipment,
        "kind": notice.kind.value,
        "upto": last,
        "body": msgspec.json.encode(notice),
        "seen": False,
    }
    turn.sql.execute(insert(t.notices).values(row))
    turn.changed |= {NOTICED, order_of(notice.shipment)}


_FINAL = (Kind.CANCELLED, Kind.TAKEN, Kind.GONE, Kind.LEFT)
_SAME: Mapping[Kind, Collection[Kind]] = {
    Kind.TAKEN: _FINAL,
    Kind.GONE: _FINAL,
    Kind.LEFT: _FINAL,
    Kind.UNCLEAR: tuple(Kind),
    Kind.ADDRESS: (),
}
"""What was said already when one of these was: the goods are out of the box by then. Each change of
the address is told, because each makes another label wrong."""
_UNEXPLAINED = (Kind.LEFT.value, Kind.UNCLEAR.value)


def _told(turn: Turn, shipment_id: str, upto: int, *kinds: Kind) -> bool:
    """Whether something of these kinds, or of any, was said of it after that entry."""
    said = select(t.notices.c.seq).where(
        t.notices.c.shipment_id == shipment_id, t.notices.c.upto >= upto
    )
    if kinds:
        said = said.where(t.notices.c.kind.in_([kind.value for kind in kinds]))
    return turn.sql.execute(said.limit(1)).first() is not None


def _explained(turn: Turn, notice: Notice) -> bool:
    """Say why, where it is kept that something happened and nobody has acknowledged it yet."""
    if notice.kind.value in _UNEXPLAINED:
        return False
    unexplained = (
        t.notices.c.shipment_id == notice.shipment,
        t.notices.c.kind.in_(_UNEXPLAINED),
        t.notices.c.seen.is_(False),
    )
    body = turn.sql.execute(select(t.notices.c.body).where(*unexplained)).scalar()
    if body is None:
        return False
    known = msgspec.structs.replace(
        _READ.decode(body), kind=notice.kind, bench=notice.bench, hold=notice.hold
    )
    new = {"kind": notice.kind.value, "body": msgspec.json.encode(known)}
    turn.sql.execute(update(t.notices).where(*unexplained).values(new))
    turn.changed.add(NOTICED)
    return True


def _let_go(turn: Turn, after: Order, shipment_id: str) -> None:
    """A hold that is over, or a wish that was refused, need not be acknowledged, and may recur."""
    shipment = next((one for one in after.shipments if one.id == shipment_id), None)
    if shipment is None or shipment.stopped:
        return
    over = t.notices.c.kind.in_([Kind.HELD.value, Kind.ASKED.value])
    gone = turn.sql.execute(t.notices.delete().where(t.notices.c.shipment_id == shipment_id, over))
    if gone.rowcount:
        turn.changed.add(NOTICED)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
