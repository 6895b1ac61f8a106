"""What happens when a person gives begun work to another bench?

The claim rises, so that whatever the first bench still tells changes nothing. What it had packed
is, on record, in no box; a label that it may have printed goes back to the carrier, and the other
bench is given a new one. A token cannot stop cardboard: the trouble that is opened sends somebody
to look for the first bench's box.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from sync.hub import ahead, troubles
from sync.hub.book import Book
from sync.hub.schema import bench, shipment
from sync.hub.setup import epoch
from sync.hub.troubles import Kind, Trouble
from sync.orders import Claim, Fact, Order, Shipment, State, facts, refusal


class Refused(Exception):
    """It cannot be taken over; the sentence says why."""


def facts_of(connection: Connection, order: Order, name: str) -> list[Fact]:
    """Say what it comes to for an order's shipments, which the caller has locked. Raises Refused.

    A shipment that the bench has already, or that is through, is left where it is.
    """
    warehouse = connection.execute(
        select(bench.c.warehouse).where(bench.c.name == name, bench.c.public_key != "")
    ).scalar_one_or_none()
    if warehouse is None:
        raise Refused(f"no machine is bench {name}: see `packbench-hub bench list`")
    done: list[Fact] = []
    reasons = []
    for one in order.shipments:
        why = why_not(one, name)
        if why:
            reasons.append(why)
            continue
        number = connection.execute(
            select(shipment.c.claims).where(shipment.c.id == one.id)
        ).scalar_one()
        claim = Claim(epoch(connection), number + 1)
        given = facts.ShipmentAllocated(
            shipment=one.id, warehouse=warehouse, bench=name, claim=claim
        )
        new = ahead.given_anew(order, given)
        if new is None:
            stopped = refusal(order, given)
            reasons.append(str(stopped or "it cannot be taken back").replace("_", " "))
            continue
        done += new
    if not done:
        raise Refused(reasons[0] if reasons else "there is nothing to pack")
    return done


def why_not(one: Shipment, name: str) -> str:
    """Say why a shipment stays where it is; "" when it may be taken over."""
    if one.cancellation == "cancelled":
        return "it is cancelled"
    if one.state is State.READY:
        return ""
    if one.state not in ahead.OPEN:
        return f"it is {one.state.value.replace('_', ' ')}"
    if one.bench == name:
        return f"{name} has it already"
    if any(parcel.closed for parcel in one.parcels):
        return "a box of it is closed: open it at its bench, or pack the rest there"
    return ""


def take_over(
    connection: Connection,
    book: Book,
    order: Order,
    done: Sequence[Fact],
    now: float,
    *,
    why: str,
    by: str,
) -> Order:
    """Put it on record, and send somebody to look at the first bench."""
    after = book.record(connection, order, done, now, by=by)
    found = []
    for fact in done:
        if not isinstance(fact, facts.ShipmentAllocated):
            continue
        first = order.shipment(fact.shipment)
        if first.bench:
            sentence = (
                f"{fact.bench} packs it instead of {first.bench} ({why}): look for a box at "
                f"{first.bench}, take it apart, and destroy its label"
            )
            found.append(
                Trouble(kind=Kind.ENTRY, subject=first.id, sentence=sentence, order=order.id)
            )
    troubles.open_(connection, found, now)
    return after
