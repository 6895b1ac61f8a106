"""What benches report: takes a batch of entries in, whole, once, and in order.

The hub never refuses a fact: each entry is stored with a verdict, and one that cannot be applied
or even read never holds up the next. What it refuses is authority: a bench whose claim is gone
changes nothing. One transaction holds the journal, the orders, the feeds and the acknowledgement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, insert, select, update

from sync.hub import feed, troubles
from sync.hub.book import Book, kind_of
from sync.hub.schema import bench, entry
from sync.hub.troubles import Kind, Trouble
from sync.orders import (
    Cancellation,
    Entry,
    Fact,
    Impossible,
    LabelState,
    Order,
    Reason,
    apply,
    facts,
    order_of,
    shipment_of,
)
from sync.protocol.chain import START, link_body
from sync.protocol.messages import Acked, Gap, Judged, Verdict

MOST = 500
"""Entries in a batch: some 200 kB."""

WITHOUT_CLAIM: frozenset[type] = frozenset(
    {
        facts.OrderHeld,
        facts.HoldReleased,
        facts.CancelRequested,
        facts.CancelWithdrawn,
        facts.CancelRefused,
        facts.OrderCancelled,
        facts.ParcelStaged,
        facts.ParcelUnstaged,
        facts.ParcelManifested,
        facts.ParcelHandedOver,
        facts.HandoverUndone,
        facts.MishapReported,
        facts.ReturnOpened,
        facts.ReturnArrived,
    }
)
"""What a supervisor says, or the dock does, without working on the shipment."""


class Said(msgspec.Struct, frozen=True):
    """An entry on the wire, its body not yet read: a newer bench may say what we do not know."""

    seq: int
    entry: msgspec.Raw
    hash: str


class Sent(msgspec.Struct, frozen=True):
    """A protocol.Batch, its entries not yet read."""

    bench: str
    incarnation: int
    previous: str
    entries: tuple[Said, ...]


@dataclass(slots=True)
class _Taking:
    """A batch while it is being taken in."""

    bench: str
    incarnation: int
    now: float
    before: dict[str, Order]
    orders: dict[str, Order]
    rows: list[dict[str, object]] = field(default_factory=list)
    judged: list[Judged] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    settled: dict[str, bool] = field(default_factory=dict)
    """Feed rows that must move although their order did not change; True: not its shipment."""


def take(connection: Connection, book: Book, sent: Sent, now: float) -> Acked | Gap:
    """Take a batch in, or say from where it must be sent again."""
    known = connection.execute(
        select(bench.c.last_seq, bench.c.last_hash, bench.c.incarnation)
        .where(bench.c.name == sent.bench)
        .with_for_update()
    ).one()
    if sent.incarnation != known.incarnation:
        return Gap(need=1, fork=True)
    problem = _gap_or_fork(connection, sent, known.last_seq)
    if problem is not None:
        return problem
    new, end, fork = _chained(sent, known.last_seq, known.last_hash)
    if fork:
        return Gap(need=known.last_seq + 1, fork=True)
    taking = _open(connection, book, sent, [one for one, _ in new], now)
    for one, parsed in new:
        _take_one(connection, taking, one, parsed)
    _write(connection, book, taking)
    last = new[-1][0].seq if new else known.last_seq
    if new:
        connection.execute(
            update(bench).where(bench.c.name == sent.bench).values(last_seq=last, last_hash=end)
        )
    return Acked(
        acked=last,
        verdicts=tuple(taking.judged),
        server_time=datetime.fromtimestamp(now, UTC),
    )


def _gap_or_fork(connection: Connection, sent: Sent, last: int) -> Gap | None:
    """Say why a batch does not join what is stored; None when it does."""
    if not sent.entries:
        return None
    first = sent.entries[0].seq
    if first > last + 1:
        return Gap(need=last + 1)
    stored = _hashes(connection, sent, first - 1)
    if sent.previous != (stored.get(first - 1, "") if first > 1 else START):
        return Gap(need=last + 1, fork=True)
    for at, one in enumerate(sent.entries):
        if one.seq != first + at:
            return Gap(need=min(first + at, last + 1))
        if one.seq in stored and stored[one.seq] != one.hash:
            return Gap(need=last + 1, fork=True)
    return None


def _hashes(connection: Connection, sent: Sent, first: int) -> dict[int, str]:
    rows = connection.execute(
        select(entry.c.seq, entry.c.hash).where(
            entry.c.bench == sent.bench,
            entry.c.incarnation == sent.incarnation,
            entry.c.seq >= first,
            entry.c.seq <= sent.entries[-1].seq,
        )
    )
    return {row.seq: row.hash for row in rows}


def _chained(
    sent: Sent, last: int, last_hash: str
) -> tuple[list[tuple[Said, Entry | None]], str, bool]:
    """Give the entries that are new, read where they can be, the chain's end, and if it broke."""
    new: list[tuple[Said, Entry | None]] = []
    previous = last_hash
    for one in sent.entries:
        if one.seq <= last:
            continue
        if link_body(previous, one.seq, canonical(bytes(one.entry))) != one.hash:
            return [], previous, True
        previous = one.hash
        new.append((one, _read(bytes(one.entry))))
    return new, previous, False


def canonical(body: bytes) -> bytes:
    """Give an entry's JSON with sorted keys, as the bench hashed it, of whatever version."""
    try:
        return msgspec.json.encode(msgspec.json.decode(body), order="sorted")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return body


def _read(body: bytes) -> Entry | None:
    try:
        return msgspec.json.decode(body, type=Entry)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _open(
    connection: Connection, book: Book, sent: Sent, new: Sequence[Said], now: float
) -> _Taking:
    parsed = (_read(bytes(one.entry)) for one in new)
    named = {one.order for one in parsed if one is not None}
    found = book.get_all(connection, named, lock=True)
    return _Taking(sent.bench, sent.incarnation, now, dict(found), dict(found))


def _take_one(connection: Connection, taking: _Taking, one: Said, parsed: Entry | None) -> None:
    if parsed is None:
        verdict, reason = Verdict.INVALID, "unreadable"
    else:
        verdict, reason = _judge(connection, taking, parsed)
    taking.judged.append(Judged(seq=one.seq, verdict=verdict, reason=reason))
    taking.rows.append(_row(taking, one, parsed, verdict, reason))
    if parsed is None:
        sentence = f"bench {taking.bench} reported something that this hub cannot read"
        taking.troubles.append(Trouble(kind=Kind.ENTRY, subject=taking.bench, sentence=sentence))
        return
    shipment = _shipment(parsed.fact)
    _settle(taking, parsed, shipment)
    sentence = _sentence(verdict, parsed.fact).format(bench=taking.bench, reason=reason)
    if sentence:
        subject = shipment or parsed.order
        order = parsed.order if parsed.order in taking.orders else ""
        taking.troubles.append(
            Trouble(kind=Kind.ENTRY, subject=subject, sentence=sentence, order=order)
        )


_SENTENCES = {
    Verdict.FENCED: (
        "bench {bench} worked on it although another bench has it now: "
        "look for a second box, and take it apart"
    ),
    Verdict.LATE: (
        "bench {bench} worked on it after it was cancelled: take the box apart, put the goods back"
    ),
    Verdict.UNKNOWN: "bench {bench} reported work on an order that is not in the book",
}
_AFOOT = facts.ParcelClosed | facts.ParcelStaged | facts.ParcelManifested | facts.ParcelHandedOver
"""What moved a box: true on the floor, whatever the book makes of it."""
_PULL_IT = (
    "bench {bench} closed or moved a box of it that must not go ({reason}): "
    "pull it from its lane, and pack it again when it may"
)

_LOOK_INSIDE = (
    "bench {bench} put something in a box, or took it out, that the order has no room for "
    "({reason}): open the box and count"
)


def _sentence(verdict: Verdict, fact: Fact) -> str:
    """Say what a person must do about an entry that was not followed; "" for nothing."""
    if verdict is Verdict.INVALID and isinstance(fact, _AFOOT):
        return _PULL_IT
    if verdict is Verdict.INVALID and isinstance(fact, facts.ItemPacked | facts.ItemUnpacked):
        return _LOOK_INSIDE
    return _SENTENCES.get(verdict, "")


def _judge(connection: Connection, taking: _Taking, said: Entry) -> tuple[Verdict, str]:
    if _there(connection, taking, said.id):
        return Verdict.DUP, ""
    order = taking.orders.get(said.order)
    if order is None:
        return Verdict.UNKNOWN, ""
    shipment = next((s for s in order.shipments if s.id == _shipment(said.fact)), None)
    fenced = shipment is not None and said.claim != shipment.claim
    if fenced and type(said.fact) in WITHOUT_CLAIM and said.claim is None:
        fenced = False
    cancelled = shipment is not None and shipment.cancellation is Cancellation.CANCELLED
    if fenced:
        return (Verdict.LATE if cancelled else Verdict.FENCED), ""
    try:
        after = apply(order, said.fact)
    except Impossible as refused:
        if _already(order, said.fact, refused.reason):
            return Verdict.OK, "already"
        if refused.reason is Reason.CANCELLED:
            return Verdict.LATE, str(refused.reason)
        return Verdict.INVALID, str(refused.reason)
    except (LookupError, ValueError, TypeError, AssertionError):
        # A hole in the rules must not hold up everything that the bench has to tell after it.
        return Verdict.INVALID, "impossible"
    if isinstance(said.fact, facts.AddressChanged):
        return Verdict.INVALID, "only the hub"
    taking.orders[order.id] = replace(after, address=order.address)
    return Verdict.OK, ""


def _already(order: Order, fact: Fact, reason: Reason) -> bool:
    """Say whether the hub did just that meanwhile: planned the parcel, asked for its label."""
    match fact:
        case facts.ParcelPlanned(parcel=id, replaces=replaces):
            same = reason is Reason.PARCEL_EXISTS
            return same and order.parcel(id).replaces == replaces
        case facts.LabelRequested(parcel=id):
            asked = (LabelState.REQUESTED, LabelState.UNCERTAIN, LabelState.BOUGHT)
            same = reason is Reason.NOT_IN_THIS_STATE
            return same and order.parcel(id).label_state in asked
        case _:
            return False


def _there(connection: Connection, taking: _Taking, id: str) -> bool:
    if any(row["id"] == id for row in taking.rows):
        return True
    found = connection.execute(select(entry.c.seq).where(entry.c.id == id).limit(1))
    return found.first() is not None


def _settle(taking: _Taking, said: Entry, shipment: str) -> None:
    """See to it that the bench learns, by its feed, that this entry is dealt with.

    Also where it was followed: what takes itself back within a batch leaves the order as it was.
    """
    if not shipment or order_of(shipment) != said.order:
        return
    order = taking.orders.get(said.order)
    mine = order is not None and any(
        one.id == shipment and one.bench == taking.bench and one.state not in feed.DONE_WITH
        for one in order.shipments
    )
    taking.settled[shipment] = not mine


def _shipment(fact: Fact) -> str:
    if isinstance(fact, facts.AddressChanged):
        return ""
    return fact.shipment if isinstance(fact, facts.OfShipment) else shipment_of(fact.parcel)


def _row(
    taking: _Taking, one: Said, parsed: Entry | None, verdict: Verdict, reason: str
) -> dict[str, object]:
    return {
        "bench": taking.bench,
        "incarnation": taking.incarnation,
        "seq": one.seq,
        "id": _text(parsed.id) if parsed else f"{taking.bench}.{taking.incarnation}.{one.seq}",
        "order_id": _text(parsed.order) if parsed else "",
        "at": parsed.at.timestamp() if parsed else None,
        "received_at": taking.now,
        "kind": kind_of(parsed.fact) if parsed else "unreadable",
        "body": bytes(one.entry),
        "hash": one.hash,
        "verdict": verdict.value,
        "reason": reason,
    }


def _text(name: str) -> str:
    """PostgreSQL stores no NUL in a text; the body keeps it as it came."""
    return name.replace("\0", "")


def _write(connection: Connection, book: Book, taking: _Taking) -> None:
    if taking.rows:
        connection.execute(insert(entry), taking.rows)
    moved = set()
    for id in sorted(taking.orders):
        if taking.orders[id] != taking.before[id]:
            book.save(connection, taking.before[id], taking.orders[id], taking.now)
            moved |= {one.id for one in taking.orders[id].shipments if one.bench == taking.bench}
    rest = {
        id: None if gone else taking.orders[order_of(id)].version
        for id, gone in taking.settled.items()
        if id not in moved
    }
    if rest:
        feed.put(connection, taking.bench, rest, taking.now)
    troubles.open_(connection, taking.troubles, taking.now)
