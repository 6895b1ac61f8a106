"""What happened at this bench: entries and scans, written in a turn, never edited."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec
from sqlalchemy import bindparam, func, insert, select

from station.session import Saved
from station.store import schema as t
from station.store.statement import Statement
from station.store.store import Turn
from sync.orders import Entry, Impossible, Order, apply
from sync.protocol import chain
from sync.protocol.messages import Numbered

log = logging.getLogger(__name__)

_ENTRY = msgspec.json.Decoder(Entry)
_SAVED = msgspec.json.Decoder(Saved)
_WRITE_SCAN = Statement(insert(t.scans), "at", "text", "source", "session")
_WRITE_ENTRY = Statement(
    insert(t.entries),
    *("seq", "id", "order_id", "body", "hash", "boot", "boottime", "scan", "pending"),
)
_LAST_SESSION = Statement(select(t.scans.c.session).order_by(t.scans.c.seq.desc()).limit(1))
_HASH_OF = Statement(select(t.entries.c.hash).where(t.entries.c.seq == bindparam("seq")))
_LAST_LINK = Statement(
    select(t.entries.c.seq, t.entries.c.hash).order_by(t.entries.c.seq.desc()).limit(1)
)


class Stamp(NamedTuple):
    """When something happened, by a clock that nobody sets: `sync.client.boot`."""

    boot: str
    """Which start of the machine; "" where the system does not say."""
    boottime: float
    """Seconds since then."""


UNSTAMPED = Stamp("", 0.0)
_ANY_PENDING = Statement(select(t.entries.c.seq).where(t.entries.c.pending).limit(1))
_NAMED = func.json_each(bindparam("ids")).table_valued("value")
_PENDING = Statement(
    select(t.entries.c.order_id, t.entries.c.seq, t.entries.c.body, t.entries.c.hash)
    .join(_NAMED, _NAMED.c.value == t.entries.c.order_id)
    .where(t.entries.c.pending)
    .order_by(t.entries.c.seq)
)


def write_scan(turn: Turn, at: datetime, text: str, source: str, session: Saved) -> int:
    """Put a scan on record with where the bench stood afterwards; return its number."""
    body = msgspec.json.encode(session)
    row = {"at": at.isoformat(), "text": text, "source": source, "session": body}
    return turn.run(_WRITE_SCAN, row)


def last_session(turn: Turn) -> Saved | None:
    """Where the bench stood after its last scan; None where another version wrote it so."""
    found = turn.row(_LAST_SESSION)
    try:
        return None if found is None else _SAVED.decode(found[0])
    except msgspec.DecodeError:
        # Scanning the badge and the order again costs seconds; a bench that does not start, a day.
        log.warning("where the bench stood cannot be read: it starts at the login")
        return None


def write_entries(
    turn: Turn, entries: Sequence[Entry], scan: int = 0, stamp: Stamp = UNSTAMPED
) -> None:
    """Put facts on record and apply them. Raises Impossible, and then the turn must not end."""
    seq, previous = last_link(turn)
    rows, orders = [], dict[str, Order]()
    for entry in entries:
        order = orders.get(entry.order) or turn.order(entry.order)
        if order is None:
            raise KeyError(f"no order {entry.order} at this bench")
        orders[entry.order] = apply(order, entry.fact)
        seq += 1
        previous = chain.link(previous, seq, entry)
        rows.append(
            {
                "seq": seq,
                "id": entry.id,
                "order_id": entry.order,
                "body": msgspec.json.encode(entry),
                "hash": previous,
                "boot": stamp.boot,
                "boottime": stamp.boottime,
                "scan": scan,
                "pending": True,
            }
        )
    if rows:
        turn.run(_WRITE_ENTRY, *rows)
    for order in orders.values():
        turn.put(order)


def possible(order: Order, entries: Iterable[Entry]) -> list[Entry]:
    """Those of the entries that can follow each other on this order, in their order."""
    kept = []
    for entry in entries:
        try:
            order = apply(order, entry.fact)
        except Impossible:
            continue
        kept.append(entry)
    return kept


def last_link(turn: Turn) -> tuple[int, str]:
    """The number and hash of the newest entry; 0 and the start of the chain before the first."""
    found = turn.row(_LAST_LINK)
    if found is None:
        return base(turn)
    seq, hash = found
    return seq, hash


def base(turn: Turn) -> tuple[int, str]:
    """The number and hash of the entry before the oldest one that is kept."""
    seq, _, hash = turn.get(t.BASE, "0.").partition(".")
    return int(seq), hash


def hash_of(turn: Turn, seq: int) -> str:
    """The hash of the entry of that number; the start of the chain where it is not known."""
    found = turn.row(_HASH_OF, {"seq": seq})
    if found is not None:
        return str(found[0])
    oldest, hash = base(turn)
    return hash if oldest == seq else chain.START


def pending(turn: Turn, order_id: str) -> tuple[Numbered, ...]:
    """Entries of the order that the hub's document does not contain, oldest first."""
    return pending_of(turn, [order_id]).get(order_id, ())


def pending_of(turn: Turn, order_ids: Iterable[str]) -> dict[str, tuple[Numbered, ...]]:
    """The same for many orders; those that nothing is pending for are left out."""
    if turn.row(_ANY_PENDING) is None:
        return {}
    asked = msgspec.json.encode(list(order_ids)).decode()
    found: dict[str, tuple[Numbered, ...]] = {}
    for order_id, seq, body, hash in turn.rows(_PENDING, {"ids": asked}):
        numbered = Numbered(seq=seq, entry=_ENTRY.decode(body), hash=hash)
        found[order_id] = (*found.get(order_id, ()), numbered)
    return found


def owed(turn: Turn) -> int:
    """How many entries the hub has not acknowledged."""
    acked = int(turn.get("acked", "0"))
    count = select(func.count()).where(t.entries.c.seq > acked)
    return int(turn.sql.execute(count).scalar_one())
