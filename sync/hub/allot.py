"""Who works on what? Ready shipments go to the bench with the least to do, most urgent first.

A claim carries the hub's epoch and a number that rises with every assignment of the shipment.
The parcel's label is asked for in the same transaction, so that a bench never sees a shipment of
its own for which nobody has asked yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import uuid4

from msgspec.structs import replace
from sqlalchemy import Connection, func, select

from sync.hub import work
from sync.hub.book import Book
from sync.hub.engine import Store
from sync.hub.schema import bench, shipment
from sync.hub.setup import epoch, restoring
from sync.orders import Claim, Fact, Order, State, apply, facts, parcel_id, refusal

OPEN = (State.ALLOCATED.value, State.PICKING.value, State.PACKING.value)
AT_ONCE = 50
"""Shipments in one transaction: some tens of milliseconds, so that scans need not wait."""
MOST_SHOWN = 10_000
"""Shipments in a dry run: more than a person reads, and than benches hold."""
LEASE_SECONDS = 12 * 3600.0
"""A bench that was not heard of for a shift gets nothing new."""


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
        with store.write() as connection:
            plan = _plan(connection, now, AT_ONCE)
            given = [one for one in plan if _give(connection, book, *one[:2], now)]
        done += [Allotted(*one) for one in given]
        if not given or len(plan) < AT_ONCE:
            return done


def _plan(connection: Connection, now: float, most: int) -> list[tuple[str, str, str]]:
    room = _room(connection, now)
    free = min(most, sum(left for left in room.values() if left > 0))
    if free <= 0:
        return []
    ready = connection.execute(
        select(shipment.c.id)
        .where(shipment.c.state == State.READY.value, shipment.c.stopped.is_(False))
        .order_by(func.coalesce(shipment.c.ship_by, 4e9), shipment.c.id)
        .limit(free)
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
    rows = connection.execute(
        select(bench.c.name, bench.c.prefetch).where(
            bench.c.token_hash != "", bench.c.seen_at > now - LEASE_SECONDS
        )
    )
    return {row.name: row.prefetch - load.get(row.name, 0) for row in rows}


def _give(connection: Connection, book: Book, id: str, name: str, now: float) -> bool:
    row = connection.execute(
        select(shipment.c.order_id, shipment.c.claims).where(shipment.c.id == id)
    ).one()
    order = book.get(connection, row.order_id, lock=True)
    warehouse = connection.execute(
        select(bench.c.warehouse).where(bench.c.name == name)
    ).scalar_one()
    if order is None:
        return False
    given = facts.ShipmentAllocated(
        shipment=id,
        warehouse=warehouse,
        bench=name,
        claim=Claim(epoch(connection), row.claims + 1),
    )
    if refusal(order, given) is not None:
        return False
    book.record(connection, order, [given, *_ahead(_after(order, given), id)], now)
    return True


def _ahead(order: Order, id: str) -> list[Fact]:
    """Plan a shipment's first parcel and ask for its label, where both may be done."""
    done: list[Fact] = []
    parcel = parcel_id(id, 1)
    if not order.shipment(id).parcels:
        done.append(facts.ParcelPlanned(parcel=parcel))
        order = _after(order, done[0])
    one = order.shipment(id)
    key = new_key(parcel)
    if work.may_request(order, one, parcel, key):
        done.append(
            facts.LabelRequested(
                parcel=parcel,
                key=key,
                grams=work.expected_grams(order, one, one.parcels[0]),
                address=order.address_digest,
            )
        )
    return done


def _after(order: Order, fact: Fact) -> Order:
    return replace(apply(order, fact), address=order.address)


def new_key(parcel: str) -> str:
    """Make an idempotency key: a new one for every label, the same for every try at it."""
    return f"{parcel}~{uuid4().hex[:12]}"


def take_back(connection: Connection, book: Book, name: str, now: float) -> tuple[int, int]:
    """Take from a bench what nobody has begun there; give how many went back, and stayed.

    What was begun stays with it: there are pieces on its table, and only a person can look.
    """
    rows = connection.execute(
        select(shipment.c.id, shipment.c.order_id, shipment.c.state)
        .where(shipment.c.bench == name, shipment.c.state.in_(OPEN))
        .order_by(shipment.c.id)
    ).all()
    back = 0
    for row in rows:
        order = book.get(connection, row.order_id, lock=True)
        gone = facts.AllocationWithdrawn(shipment=row.id)
        if order is not None and refusal(order, gone) is None:
            book.record(connection, order, [gone], now)
            back += 1
    return back, len(rows) - back
