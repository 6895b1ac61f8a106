"""The order book: how orders are read, changed and journaled.

`record` is the only way by which an order that is in the book changes: facts, applied by
`sync.orders.apply` and put in the journal, and the columns, the parcels' work and the benches'
feeds moved with them, in the caller's transaction. `Order.version` rises by one each time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from uuid import uuid4

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, case, insert, select, update

from sync.hub import feed, work
from sync.hub.engine import upsert
from sync.hub.schema import address, channel, counter, entry, orders, parcel, shipment
from sync.hub.setup import epoch
from sync.hub.vault import Vault
from sync.orders import (
    Address,
    Cancellation,
    ConfirmAt,
    Entry,
    Fact,
    Order,
    Parcel,
    Shipment,
    apply,
)
from sync.protocol import chain

HUB = "hub"
"""The bench of entries that the hub itself puts on record."""

_ADDRESS = b'"address":'
_NO_ADDRESS = b'"address":null'
"""How a stored order says that its address lies elsewhere."""

MOST_IDS = 500
"""Asked for in one statement: databases bound the number of parameters."""


class Book:
    """Reads and writes orders; their addresses are sealed."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def get(self, connection: Connection, id: str, *, lock: bool = False) -> Order | None:
        """Give an order as it stands; with `lock`, until the transaction ends."""
        found = self.get_all(connection, [id], lock=lock)
        return found.get(id)

    def get_all(
        self, connection: Connection, ids: Iterable[str], *, lock: bool = False
    ) -> dict[str, Order]:
        """Give the orders that are in the book, by id."""
        wanted = sorted(set(ids))
        found: dict[str, Order] = {}
        for at in range(0, len(wanted), MOST_IDS):
            found.update(self._some(connection, wanted[at : at + MOST_IDS], lock))
        return found

    def _some(self, connection: Connection, wanted: list[str], lock: bool) -> dict[str, Order]:
        statement = (
            select(orders.c.id, orders.c.doc, address.c.sealed)
            .outerjoin(address, address.c.order_id == orders.c.id)
            .where(orders.c.id.in_(wanted))
            .order_by(orders.c.id)
        )
        if lock:
            statement = statement.with_for_update(of=orders)
        found = {}
        for row in connection.execute(statement):
            order = msgspec.json.decode(row.doc, type=Order)
            if row.sealed is not None:
                there = self._vault.open(row.sealed, f"address {row.id}")
                order = replace(order, address=msgspec.json.decode(there, type=Address))
            found[order.id] = order
        return found

    def whole(self, id: str, doc: bytes, sealed: bytes | None) -> bytes:
        """Give an order's JSON with its address, from how both are stored; it is not read."""
        if sealed is None:
            return doc
        there = self._vault.open(sealed, f"address {id}")
        # An order without an address does not name it; one that an older version stored says null.
        # In a string every quote has a backslash before it, so that no buyer can write this.
        before, found, after = doc.rpartition(_NO_ADDRESS)
        if found:
            return b"".join((before, _ADDRESS, there, after))
        return b"".join((doc[:-1], b",", _ADDRESS, there, b"}"))

    def add(self, connection: Connection, order: Order, facts: Sequence[Fact], now: float) -> Order:
        """Put a new order in the book, with what happened to it already."""
        after = order
        for fact in facts:
            after = _keeping_address(apply(after, fact), after)
        journal(connection, order.id, facts, now)
        self._store(connection, None, after, now)
        return after

    def record(
        self,
        connection: Connection,
        order: Order,
        facts: Sequence[Fact],
        now: float,
        *,
        by: str = "",
        to: Order | None = None,
    ) -> Order:
        """Apply facts to an order and journal them. Raises Impossible.

        `to` brings what no fact tells (a new address, a later ship-by): the order as it is to be.
        """
        after = order
        for fact in facts:
            after = _keeping_address(apply(after, fact), after)
        if to is not None:
            after = replace(to, shipments=after.shipments)
        journal(connection, order.id, facts, now, by=by)
        return self.save(connection, order, after, now)

    def save(
        self,
        connection: Connection,
        before: Order,
        after: Order,
        now: float,
        moved: feed.Moves | None = None,
    ) -> Order:
        """Store an order that facts have changed; for those who journal them themselves.

        `moved`: gathers what moves in the feeds, for those who then put it there at once.
        """
        if after == before:
            return before
        seen_later = replace(before, changed_at=after.changed_at) == after
        if not seen_later:
            after = replace(after, version=before.version + 1)
        self._store(connection, before, after, now, moved)
        return after

    def _store(
        self,
        connection: Connection,
        before: Order | None,
        after: Order,
        now: float,
        moved: feed.Moves | None = None,
    ) -> None:
        row = _row(after)
        if before is None:
            connection.execute(insert(orders).values(**row, received_at=now, called_off=False))
        else:
            connection.execute(update(orders).where(orders.c.id == after.id).values(**row))
        if after.address is not None and (before is None or before.address != after.address):
            sealed = self._vault.seal(msgspec.json.encode(after.address), f"address {after.id}")
            row = {"order_id": after.id, "sealed": sealed, "stored_at": now}
            upsert(connection, address, [row], "order_id")
        _store_shipments(connection, before, after)
        _store_parcels(connection, before, after)
        if before is not None and before.version == after.version:
            return
        if moved is None:
            feed.move(connection, before, after, now)
        else:
            for name, rows in feed.moves(before, after).items():
                moved.setdefault(name, {}).update(rows)


def journal(
    connection: Connection, order: str, facts: Sequence[Fact], now: float, *, by: str = ""
) -> None:
    """Put facts on record that the hub itself saw or decided."""
    if not facts:
        return
    taken = connection.execute(
        update(counter)
        .where(counter.c.name == "entries")
        .values(value=counter.c.value + len(facts))
        .returning(counter.c.value, counter.c.hash)
    ).one()
    first, at = taken.value - len(facts) + 1, datetime.fromtimestamp(now, UTC)
    mine, previous = epoch(connection), taken.hash
    rows = []
    for number, fact in enumerate(facts, first):
        said = Entry(id=uuid4().hex, order=order, at=at, bench=HUB, by=by, fact=fact)
        body = msgspec.json.encode(said, order="sorted")
        previous = chain.link_body(previous, number, body)
        rows.append(
            {
                "bench": HUB,
                "incarnation": mine,
                "seq": number,
                "id": said.id,
                "order_id": order,
                "at": now,
                "captured_at": now,
                "received_at": now,
                "kind": kind_of(fact),
                "body": body,
                "hash": previous,
                "verdict": "ok",
                "reason": "",
            }
        )
    connection.execute(update(counter).where(counter.c.name == "entries").values(hash=previous))
    connection.execute(insert(entry), rows)


def kind_of(fact: Fact) -> str:
    """Name what happened: the fact's tag on the wire."""
    return str(type(fact).__struct_config__.tag)


def summary(order: Order) -> str:
    """Say in one word how an order is: cancelled, held, or how far it has come."""
    called_off = [s.cancellation is Cancellation.CANCELLED for s in order.shipments]
    if called_off and all(called_off):
        return "cancelled"
    if any(one.holds for one in order.shipments):
        return "held"
    return order.state.value


def _keeping_address(after: Order, before: Order) -> Order:
    """An address that is gone from the journal stays in the book while it is the right one."""
    if after.address is None and before.address is not None:
        return replace(after, address=before.address) if _same(after, before) else after
    return after


def _same(after: Order, before: Order) -> bool:
    return after.address_digest == before.address_digest


def _row(order: Order) -> dict[str, object]:
    return {
        "id": order.id,
        "channel": order.channel,
        "channel_order_id": order.channel_order_id,
        "version": order.version,
        "summary": summary(order),
        "payment": order.payment,
        "service": order.service,
        "ship_by": seconds(order.ship_by),
        "placed_at": seconds(order.placed_at),
        "doc": msgspec.json.encode(replace(order, address=None)),
    }


def seconds(moment: datetime | None) -> float | None:
    """Give a moment as the tables have it."""
    return moment.timestamp() if moment else None


def _store_shipments(connection: Connection, before: Order | None, after: Order) -> None:
    known = {one.id: one for one in before.shipments} if before else {}
    rows = []
    for one in after.shipments:
        claims = one.claim.n if one.claim else 0
        row = {
            "id": one.id,
            "order_id": after.id,
            "state": one.state.value,
            "stopped": one.stopped,
            "warehouse": one.warehouse,
            "bench": one.bench,
            "ship_by": seconds(after.ship_by),
        }
        if one.id not in known:
            connection.execute(insert(shipment).values(**row, claims=claims))
        elif one != known[one.id] or before is None or before.ship_by != after.ship_by:
            # A withdrawn claim keeps its number: the next one must be higher, also than the one
            # of an older epoch that a bench was given again.
            highest = case((shipment.c.claims > claims, shipment.c.claims), else_=claims)
            new = {**row, "claims": highest} if claims else row
            connection.execute(update(shipment).where(shipment.c.id == one.id).values(**new))
        rows.append(row)


def _store_parcels(connection: Connection, before: Order | None, after: Order) -> None:
    known = {p.id: (s, p) for s in before.shipments for p in s.parcels} if before else {}
    moved = before is None or before.address_digest != after.address_digest
    there = set()
    told: ConfirmAt | None = None
    asked = False
    for one in after.shipments:
        for box in one.parcels:
            there.add(box.id)
            old = known.get(box.id)
            if old and not moved and _same_work(*old, one, box):
                continue
            if not asked:
                told, asked = confirm_at(connection, after.channel), True
            row = _parcel_row(after, one, box, told)
            if old is None or before is None:
                connection.execute(insert(parcel).values(**row, tries=0, due_at=0.0))
                continue
            was = _parcel_row(before, *old, told)
            begins = any(row[name] and not was[name] for name in ("label_work", "confirm_work"))
            # Work that goes on keeps its back-off, and whoever is at it keeps it.
            fresh = {"tries": 0, "due_at": 0.0} if begins else {}
            connection.execute(update(parcel).where(parcel.c.id == box.id).values(**row, **fresh))
    dropped = sorted(known.keys() - there)
    if dropped:
        connection.execute(parcel.delete().where(parcel.c.id.in_(dropped)))


def _same_work(was: Shipment, had: Parcel, one: Shipment, box: Parcel) -> bool:
    alike = was.stopped == one.stopped and was.cancellation is one.cancellation
    return had == box and alike and was.state is one.state


def _parcel_row(
    order: Order, one: Shipment, box: Parcel, told: ConfirmAt | None
) -> dict[str, object]:
    return {
        "id": box.id,
        "order_id": order.id,
        "label_work": work.label_work(order, one, box) is not None,
        "confirm_work": work.confirm_work(one, box, told),
        "tracking": box.label.tracking if box.label else "",
    }


def confirm_at(connection: Connection, name: str) -> ConfirmAt | None:
    """Say when a channel is told of a parcel; None: there is no such channel to tell."""
    found = connection.execute(
        select(channel.c.confirm_at).where(channel.c.name == name)
    ).scalar_one_or_none()
    return ConfirmAt(found) if found else None
