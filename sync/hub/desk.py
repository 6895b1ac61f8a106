"""What a person at the office does to orders: hold, release, cancel, refuse, decide a trouble.

Each verb is a fact for every shipment of the order that it can happen to, journaled with who.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Row

from sync.hub import troubles
from sync.hub.book import Book
from sync.hub.troubles import Kind, key
from sync.orders import ConfirmAt, Fact, HoldKind, Order, Shipment, State, facts, refusal

Trouble = Row[tuple[object, ...]]


def hold(order: Order, kind: HoldKind, why: str) -> list[Fact]:
    """Hold an order."""
    return [facts.OrderHeld(shipment=one.id, hold=kind, why=why) for one in order.shipments]


def release(order: Order, kind: HoldKind | None = None) -> list[Fact]:
    """Release an order from holds of that kind, or from all."""
    return [
        facts.HoldReleased(shipment=one.id, hold=hold.kind)
        for one in order.shipments
        for hold in one.holds
        if kind in (None, hold.kind)
    ]


def cancel(order: Order, why: str) -> list[Fact]:
    """Cancel an order; what nobody has begun goes back from its bench."""
    done: list[Fact] = []
    for one in order.shipments:
        done.append(facts.OrderCancelled(shipment=one.id, why=why))
        if one.state is State.ALLOCATED:
            done.append(facts.AllocationWithdrawn(shipment=one.id))
    return done


def refuse(order: Order) -> list[Fact]:
    """Ship it although somebody asked to cancel."""
    return [facts.CancelRefused(shipment=one.id) for one in order.shipments]


def why_not(order: Order, done: Sequence[Fact]) -> str:
    """Say why none of the facts can happen; "" when one can."""
    reasons = [refusal(order, fact) for fact in done]
    if not reasons:
        return "there is nothing to do"
    if all(reason is not None for reason in reasons):
        return str(reasons[0]).replace("_", " ")
    return ""


def do(
    connection: Connection, book: Book, order: Order, done: Sequence[Fact], now: float, by: str
) -> Order:
    """Put on record those of the facts that can happen, and close the troubles they end."""
    for fact in done:
        if refusal(order, fact) is None:
            order = book.record(connection, order, [fact], now, by=by)
    troubles.solve(connection, _ended(order), now, by=by or "office", action="decided")
    return order


def _ended(order: Order) -> list[str]:
    """Name the troubles that are none any more, as the order is now."""
    ended = []
    held = {hold.kind for one in order.shipments for hold in one.holds}
    if HoldKind.ADDRESS not in held:
        ended.append(key(Kind.ADDRESS, order.id))
        ended += [key(Kind.LABEL, box.id) for one in order.shipments for box in one.parcels]
    if HoldKind.UNKNOWN not in held:
        ended.append(key(Kind.STATUS, order.id))
    if HoldKind.OPERATOR not in held:
        ended += [key(Kind.CHANGED, order.id), key(Kind.SHIPPED_ELSEWHERE, order.id)]
        ended += [key(Kind.SHIPPED_ELSEWHERE, one.id) for one in order.shipments]
    ended += [key(Kind.CANCEL, one.id) for one in order.shipments if not _asked(one)]
    return ended


def _asked(shipment: Shipment) -> bool:
    return shipment.cancellation == "requested"


def retry(order: Order, subject: str) -> list[Fact]:
    """Try again what a parcel's trouble is about: its label, or its confirmation."""
    done: list[Fact] = list(release(order, HoldKind.ADDRESS))
    for one in order.shipments:
        for box in one.parcels:
            if box.id == subject and box.confirmation == "rejected":
                at = ConfirmAt.CLOSED
                done.append(facts.ConfirmationQueued(parcel=box.id, at=at, reference=box.reference))
    return done


def decide(trouble: Trouble, order: Order | None, action: str) -> list[Fact]:
    """Say which facts a choice comes to; none: it is only noted."""
    if order is None or action == "done":
        return []
    match action:
        case "release":
            return release(order)
        case "cancel":
            return cancel(order, "decided by a person")
        case "refuse":
            return refuse(order)
        case "hold":
            return hold(order, HoldKind.OPERATOR, "decided by a person")
        case "retry":
            return retry(order, str(trouble.subject))
        case _:
            raise ValueError(f"{action} is not among the actions of this trouble")
