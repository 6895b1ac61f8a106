"""What happens when a person wants work that nobody has begun at another bench?

The wish goes down the feed with the order. The bench answers in one of its own turns, so that
nothing lies between: it gives the shipment back, and with that has nothing of it any more, or it
has begun and keeps it, and a trouble says so. What comes back goes to the bench that is wanted in
the same transaction, under the next claim. Its label stays good: nobody has printed it.

A bench that does not answer (switched off, or older than the question) is waited for. The wish can
be withdrawn, the lease goes on counting, and a takeover goes over it.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from sync.hub import ahead, troubles
from sync.hub.benches import may_be_given
from sync.hub.book import Book
from sync.hub.schema import bench, shipment
from sync.hub.setup import epoch, restoring
from sync.hub.troubles import Kind, Trouble
from sync.orders import Claim, Fact, Order, Reason, Shipment, State, facts, refusal


class Refused(Exception):
    """It cannot be given; the sentence says why."""


def facts_of(connection: Connection, order: Order, name: str, now: float) -> list[Fact]:
    """Say what it comes to for an order's shipments, which the caller has locked. Raises Refused.

    To give it to the bench that has it already is to withdraw the wish.
    """
    warehouse = _warehouse(connection, name, now)
    if warehouse is None:
        raise Refused(f"{name} is no bench, or was not heard of: see `packbench-hub bench list`")
    done: list[Fact] = []
    reasons = []
    for one in order.shipments:
        why = _why_not(order, one, name)
        if why:
            reasons.append(why)
        elif one.state is not State.READY:
            done.append(
                facts.WishWithdrawn(shipment=one.id)
                if one.bench == name
                else facts.ShipmentWanted(shipment=one.id, bench=name)
            )
        elif restoring(connection, now):
            reasons.append("this hub was just put back: it first hears what its benches have done")
        else:
            done += _given(connection, order, one, name, warehouse)
    if not done:
        raise Refused(reasons[0] if reasons else "there is nothing to pack")
    return done


def _why_not(order: Order, one: Shipment, name: str) -> str:
    if one.cancellation == "cancelled":
        return "it is cancelled"
    if one.state is State.READY:
        return ""
    if one.state in (State.PICKING, State.PACKING):
        return f"{one.bench} has begun it: `packbench-hub order takeover` gives begun work away"
    if one.state is not State.ALLOCATED:
        return f"it is {one.state.value.replace('_', ' ')}"
    if one.bench == name:
        return "" if one.wanted else f"{name} has it already"
    if one.wanted == name:
        return f"{one.bench} was asked for it already, and has not answered"
    if refusal(order, facts.ShipmentGivenBack(shipment=one.id)) is Reason.BEGUN:
        return f"a label of it is out at {one.bench}: it is begun"
    return ""


def give(
    connection: Connection, book: Book, order: Order, done: Sequence[Fact], now: float, *, by: str
) -> Order:
    """Put it on record; what a bench once answered about it is old news then."""
    told = {fact.shipment for fact in done if isinstance(fact, facts.OfShipment)}
    troubles.solve(connection, [troubles.key(Kind.KEPT, id) for id in sorted(told)], now)
    return book.record(connection, order, done, now, by=by)


def what(order: Order, done: Sequence[Fact]) -> str:
    """Say in a few words what giving it comes to, for who asked."""
    said = []
    for fact in done:
        match fact:
            case facts.ShipmentAllocated(bench=name):
                said.append(f"{name} has it")
            case facts.ShipmentWanted(shipment=id):
                said.append(f"{order.shipment(id).bench} is asked for it")
            case facts.WishWithdrawn(shipment=id) if order.shipment(id).bench:
                said.append(f"{order.shipment(id).bench} keeps it")
    return ", ".join(said)


def handed_on(connection: Connection, order: Order, id: str, now: float) -> list[Fact]:
    """Say how a shipment that came back goes to the bench that is wanted; [] where it cannot now.

    While a restored hub hears its benches, one of them may have it already.
    """
    one = order.shipment(id)
    if not one.wanted or one.state is not State.READY or restoring(connection, now):
        return []
    warehouse = _warehouse(connection, one.wanted, now)
    return [] if warehouse is None else _given(connection, order, one, one.wanted, warehouse)


def kept(order: Order, id: str) -> Trouble:
    """Say to whoever wanted it that the bench has begun."""
    one = order.shipment(id)
    sentence = (
        f"{one.bench} has begun {order.channel_order_id} and keeps it; {one.wanted} packs it only "
        "after `packbench-hub order takeover`"
    )
    return Trouble(kind=Kind.KEPT, subject=id, sentence=sentence, order=order.id)


def _warehouse(connection: Connection, name: str, now: float) -> str | None:
    """Give the warehouse of a bench that may be given work; None: it may not."""
    there = select(bench.c.warehouse).where(bench.c.name == name, may_be_given(now))
    return connection.execute(there).scalar_one_or_none()


def _given(
    connection: Connection, order: Order, one: Shipment, name: str, warehouse: str
) -> list[Fact]:
    number = connection.execute(
        select(shipment.c.claims).where(shipment.c.id == one.id)
    ).scalar_one()
    claim = Claim(epoch(connection), number + 1)
    given = facts.ShipmentAllocated(shipment=one.id, warehouse=warehouse, bench=name, claim=claim)
    return ahead.given_anew(order, given) or []
