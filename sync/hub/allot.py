"""Who works on what? Ready shipments go to the bench with the least to do, most urgent first.

A claim carries the hub's epoch and a number that rises with every assignment of the shipment.
The parcel's label is asked for in the same transaction, so that a bench never sees a shipment of
its own for which nobody has asked yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from sync.hub import feed, giveback, unheard
from sync.hub.ahead import after, ahead, given_to, taken_back
from sync.hub.benches import may_be_given
from sync.hub.book import Book
from sync.hub.engine import Store
from sync.hub.reconsider import waits_for
from sync.hub.schema import bench, orders, shipment
from sync.hub.setup import epoch, restoring
from sync.orders import Claim, State, facts, order_of, refusal

OPEN = (State.ALLOCATED.value, State.PICKING.value, State.PACKING.value)
AT_ONCE = 50
"""Shipments in one transaction: some tens of milliseconds, so that scans need not wait."""
MOST_SHOWN = 10_000
"""Shipments in a dry run: more than a person reads, and than benches hold."""


Plan = list[tuple[str, str, str]]
"""Shipment, bench, why."""


@dataclass(frozen=True, slots=True)
class Allotted:
    """One shipment that went to a bench."""

    shipment: str
    bench: str
    why: str


def allot(store: Store, book: Book, now: float, *, dry: bool = False) -> list[Allotted]:
    """Give ready shipments to benches that have room; `dry` only says what would be done."""
    if dry:
        with store.read() as connection:
            return [Allotted(*one) for one in _plan(connection, now, MOST_SHOWN)]
    done: list[Allotted] = []
    while True:

        def give(connection: Connection) -> tuple[Plan, Plan]:
            plan = _plan(connection, now, AT_ONCE)
            book.get_all(connection, (order_of(id) for id, _, _ in plan), lock=True)
            given = [_give(connection, book, id, name, why, now) for id, name, why in plan]
            return plan, [one for one in given if one is not None]

        plan, given = store.transact(give)
        done += [Allotted(*one) for one in given]
        if not given or len(plan) < AT_ONCE:
            return done


def _plan(connection: Connection, now: float, most: int) -> Plan:
    room = _room(connection, now)
    free = min(most, sum(left for left in room.values() if left > 0))
    if free <= 0:
        return []
    wanted = select(shipment.c.id).where(
        shipment.c.state == State.READY.value, shipment.c.stopped.is_(False)
    )
    since = unheard.ordered_since(connection)
    if since is not None:
        of = orders.c.id == shipment.c.order_id
        wanted = wanted.join(orders, of).where(orders.c.placed_at > since)
    ready = connection.execute(
        wanted.order_by(func.coalesce(shipment.c.ship_by, 4e9), shipment.c.id).limit(free)
    ).scalars()
    plan = []
    for id in ready:
        name = max(sorted(room), key=lambda one: room[one])
        plan.append((id, name, f"{name} has the most room ({room[name]})"))
        room[name] -= 1
    return plan


def _room(connection: Connection, now: float) -> dict[str, int]:
    """Say how many more shipments each bench may be given."""
    if restoring(connection, now):
        return {}  # a bench may have packed what this book takes for open
    load: Mapping[str, int] = {
        row.bench: row.number
        for row in connection.execute(
            select(shipment.c.bench, func.count().label("number"))
            .where(shipment.c.state.in_(OPEN))
            .group_by(shipment.c.bench)
        )
    }
    rows = connection.execute(select(bench.c.name, bench.c.prefetch).where(may_be_given(now)))
    return {row.name: row.prefetch - load.get(row.name, 0) for row in rows}


def _give(
    connection: Connection, book: Book, id: str, name: str, why: str, now: float
) -> tuple[str, str, str] | None:
    row = connection.execute(
        select(shipment.c.order_id, shipment.c.claims).where(shipment.c.id == id)
    ).one()
    order = book.get(connection, row.order_id, lock=True)
    warehouse = connection.execute(
        select(bench.c.warehouse).where(bench.c.name == name)
    ).scalar_one()
    if order is None or waits_for(connection, order.id):
        # A restored hub just got it back, and some bench has told already what it did to it.
        return None
    wanted = giveback.handed_on(connection, order, id, now)
    if wanted:
        book.record(connection, order, wanted, now)
        return id, order.shipment(id).wanted, "a person wanted it there"
    given = facts.ShipmentAllocated(
        shipment=id,
        warehouse=warehouse,
        bench=name,
        claim=Claim(epoch(connection), row.claims + 1),
    )
    if refusal(order, given) is not None:
        return None
    done = given_to(order.shipment(id), given)
    book.record(connection, order, [*done, *ahead(after(order, given), id)], now)
    return id, name, why


def expired(connection: Connection, book: Book, now: float) -> int:
    """Take from benches whose lease is over what nobody has begun; say how many went back.

    The bench has not begun anything since, by its own clock, which is earlier than ours. What was
    begun stays with it.
    """
    late = (bench.c.lease_until > 0.0) & (bench.c.lease_until < now)
    rows = connection.execute(
        select(shipment.c.id, shipment.c.order_id, shipment.c.bench)
        .join(bench, bench.c.name == shipment.c.bench)
        .where(shipment.c.state == State.ALLOCATED.value, late)
        .order_by(shipment.c.order_id, shipment.c.id)
        .limit(AT_ONCE)
    ).all()
    why = "its bench was not heard of"
    book.get_all(connection, (row.order_id for row in rows), lock=True)
    # One that was heard of meanwhile was told where its feed ended, and begins: it keeps its work.
    silent = feed.lock(connection, {row.bench for row in rows}, late)
    return sum(
        _take_back(connection, book, row.order_id, row.id, now, why)
        for row in rows
        if row.bench in silent
    )


def take_back(connection: Connection, book: Book, name: str, now: float) -> tuple[int, int]:
    """Take from a bench what nobody has begun there; give how many went back, and stayed.

    What was begun stays with it: there are pieces on its table, and only a person can look.
    """
    rows = connection.execute(
        select(shipment.c.id, shipment.c.order_id, shipment.c.state)
        .where(shipment.c.bench == name, shipment.c.state.in_(OPEN))
        .order_by(shipment.c.order_id, shipment.c.id)
    ).all()
    why = "its bench was shut out"
    book.get_all(connection, (row.order_id for row in rows), lock=True)
    back = sum(_take_back(connection, book, row.order_id, row.id, now, why) for row in rows)
    return back, len(rows) - back


def _take_back(connection: Connection, book: Book, of: str, id: str, now: float, why: str) -> bool:
    """Take one shipment back, if nobody has begun; say whether it went.

    The bench may have begun all the same, and not told yet. So the label that it has goes back to
    the carrier: whoever packs next puts another one on the box.
    """
    order = book.get(connection, of, lock=True)
    if order is None or order.shipment(id).state is not State.ALLOCATED:
        return False
    back = taken_back(order.shipment(id), why)
    if back is None or any(one.copies for one in order.shipment(id).parcels):
        return False  # a label of it is out of the printer: it is begun
    order = book.record(connection, order, back, now)
    wanted = giveback.handed_on(connection, order, id, now)
    if wanted:
        book.record(connection, order, wanted, now)
    return True
