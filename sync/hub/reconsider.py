"""What has become of entries that could not be followed when they came? Judges them once more.

A restored hub lacks orders, labels and what other benches told; they come back from marketplaces,
carriers and benches in any order. What waits for them is on record with its verdict, and follows
here, an order's entries in the order in which they were told. An entry that something later on the
same parcel has overtaken stays what it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select, text, update

from sync.hub import taking, troubles, verdicts
from sync.hub.book import HUB, Book, kind_of
from sync.hub.captured import utc
from sync.hub.schema import entry, orders
from sync.hub.setup import noted
from sync.hub.taking import Taking
from sync.hub.troubles import Kind
from sync.orders import Entry, Fact, facts
from sync.protocol.messages import Verdict

AT_ONCE = 200
"""Orders in one call: some hundred milliseconds for which no scan can be stored."""
_NOT_OK = text("verdict != 'ok'")
"""In these words, which are the index's."""
UNREADABLE = "unreadable"
"""The kind of an entry that a newer bench wrote, until this hub is upgraded."""


def reconsider(connection: Connection, book: Book, now: float) -> int:
    """Judge again what waits for an order, a label or an upgrade; say how many entries are ok."""
    done = _readable(connection, book, now)
    ids = _waiting(connection)
    begin = int(now) // 10 * AT_ONCE % max(len(ids), 1)
    turn = [*ids[begin:], *ids[:begin]][:AT_ONCE]  # nobody waits behind those who wait for ever
    return done + _again(connection, book, turn, now)


def of_order(connection: Connection, book: Book, id: str, now: float) -> int:
    """Judge again what waits for one order, of which something came back."""
    if noted(connection, "restored_at") is None:
        return 0
    return _again(connection, book, [id], now)


def waits_for(connection: Connection, order: str) -> bool:
    """Say whether benches have told of an order what the book could not follow yet."""
    found = connection.execute(
        select(entry.c.seq)
        .where(entry.c.order_id == order, entry.c.verdict == Verdict.UNKNOWN.value)
        .limit(1)
    )
    return found.first() is not None


def shipped_by_us(connection: Connection, order: str) -> bool:
    """Say whether a bench has closed a box of an order of which a restored hub may know nothing."""
    if noted(connection, "restored_at") is None:
        return False
    standing = (Verdict.OK.value, Verdict.UNKNOWN.value, Verdict.INVALID.value)
    found = connection.execute(
        select(entry.c.seq)
        .where(
            entry.c.order_id == order,
            entry.c.bench != HUB,
            entry.c.kind == "parcel-closed",
            entry.c.verdict.in_(standing),
        )
        .limit(1)
    )
    return found.first() is not None


def _waiting(connection: Connection) -> Sequence[str]:
    # Two questions, and no DISTINCT: else SQLite walks all entries to give them sorted.
    unknown = select(entry.c.order_id).where(
        _NOT_OK,
        entry.c.verdict == Verdict.UNKNOWN.value,
        entry.c.order_id.in_(select(orders.c.id)),
    )
    found = set(connection.execute(unknown).scalars())
    restored_at = noted(connection, "restored_at")
    if restored_at is not None:
        invalid = select(entry.c.order_id).where(
            _NOT_OK,
            entry.c.verdict == Verdict.INVALID.value,
            entry.c.received_at >= float(restored_at),
            entry.c.kind != UNREADABLE,
        )
        found.update(connection.execute(invalid).scalars())
    return sorted(found)


@dataclass(slots=True)
class _Stored:
    """An entry that is on record."""

    row: Row[Any]
    said: Entry
    verdict: Verdict

    @property
    def axis(self) -> tuple[str, str]:
        """What it is about: contents, label, print and place of a parcel go on side by side."""
        return _axis(self.said.fact)


def _again(connection: Connection, book: Book, ids: Sequence[str], now: float) -> int:
    if not ids:
        return 0
    here = taking.begin(connection, book, ids, now)
    done = 0
    for id in sorted(here.orders):
        stored = list(_stored(connection, id))
        here.hear(one.said for one in stored)
        for at, one in enumerate(stored):
            overtaken = any(
                later.verdict is Verdict.OK and later.axis == one.axis for later in stored[at + 1 :]
            )
            if not overtaken and _waits(one, here.epoch):
                done += _judge(connection, here, one)
        _solve(connection, here, stored)
    here.write()
    return done


def _waits(one: _Stored, epoch: int) -> bool:
    parked = one.verdict in (Verdict.UNKNOWN, Verdict.INVALID)
    return parked and verdicts.waits(one.verdict, one.said, epoch)


def _judge(connection: Connection, here: Taking, one: _Stored) -> bool:
    verdict, reason = here.follow(one.said, one.row.bench)
    if (verdict, reason) == (one.verdict, one.row.reason):
        return False
    connection.execute(
        update(entry).where(*_same(one.row)).values(verdict=verdict.value, reason=reason)
    )
    one.verdict = verdict
    here.trouble(one.said, verdict, reason, one.row.bench)
    return verdict is Verdict.OK


def _solve(connection: Connection, here: Taking, stored: Sequence[_Stored]) -> None:
    """Close the troubles of shipments of which every entry has come true."""
    fine: dict[str, bool] = {}
    for one in stored:
        shipment = verdicts.shipment_named(one.said.fact)
        well = one.verdict in (Verdict.OK, Verdict.DUP) or isinstance(
            one.said.fact, verdicts.ANSWERS
        )
        fine[shipment] = fine.get(shipment, True) and well
    keys = [troubles.key(Kind.ENTRY, shipment) for shipment, well in fine.items() if well]
    troubles.solve(connection, keys, here.now)


def _stored(connection: Connection, order: str) -> Iterator[_Stored]:
    rows = connection.execute(
        select(entry)
        .where(entry.c.order_id == order, entry.c.bench != HUB, entry.c.kind != UNREADABLE)
        .order_by(entry.c.received_at, entry.c.bench, entry.c.incarnation, entry.c.seq)
    ).all()
    for row in rows:
        said = taking.read(row.body)
        if said is not None:
            yield _Stored(row, said, Verdict(row.verdict))


def _readable(connection: Connection, book: Book, now: float) -> int:
    """Read what a newer bench wrote, if this hub has been upgraded meanwhile."""
    rows = connection.execute(
        select(entry)
        .where(entry.c.order_id == "", entry.c.kind == UNREADABLE)
        .order_by(entry.c.received_at, entry.c.bench, entry.c.incarnation, entry.c.seq)
        .limit(AT_ONCE)
    ).all()
    read = [(row, said) for row in rows if (said := taking.read(row.body)) is not None]
    if not read:
        return 0
    there = taking.known_ids(connection, [said.id for _, said in read])
    here = taking.begin(connection, book, {said.order for _, said in read}, now)
    done = 0
    for row, said in read:
        id = taking.storable(said.id)
        verdict, reason = (Verdict.DUP, "") if id in there else here.follow(said, row.bench)
        there.add(id)
        done += verdict is Verdict.OK
        here.trouble(said, verdict, reason, row.bench)
        connection.execute(
            update(entry)
            .where(*_same(row))
            .values(
                id=id,
                order_id=taking.storable(said.order),
                at=utc(said.at),
                kind=kind_of(said.fact),
                verdict=verdict.value,
                reason=reason,
            )
        )
    here.write()
    left = {row.bench for row in rows} - {row.bench for row, _ in read}
    well = [troubles.key(Kind.ENTRY, row.bench) for row, _ in read if row.bench not in left]
    troubles.solve(connection, well, now)
    return done


def _same(row: Row[Any]) -> tuple[ColumnElement[bool], ...]:
    key = (entry.c.bench == row.bench, entry.c.incarnation == row.incarnation)
    return (*key, entry.c.seq == row.seq)


_AXES: tuple[tuple[object, str], ...] = (
    (facts.OfContents, "contents"),
    (facts.OfLabel, "label"),
    (facts.OfPrint, "print"),
    (facts.OfPlace, "place"),
)


def _axis(fact: Fact) -> tuple[str, str]:
    if isinstance(fact, facts.AddressChanged):
        return "", ""
    if isinstance(fact, facts.OfShipment):
        return fact.shipment, ""
    for kind, name in _AXES:
        if isinstance(fact, kind):  # type: ignore[arg-type]  # a union of classes is one
            return fact.parcel, name
    return fact.parcel, ""
