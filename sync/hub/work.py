"""What is there to do, outside, for a parcel? Pure: the rounds ask it, the book marks by it."""

from __future__ import annotations

from enum import StrEnum

from sync.orders import (
    Cancellation,
    ConfirmAt,
    Confirmation,
    LabelState,
    Order,
    Parcel,
    Place,
    Shipment,
    State,
    facts,
    refusal,
)
from sync.orders.box import tare_grams

WORKED_ON = frozenset({State.ALLOCATED, State.PICKING, State.PACKING})
HERE = frozenset({Place.BENCH, Place.STAGED, Place.MANIFESTED})
LEAST_GRAMS = 20
"""The weight of a parcel whose items nobody ever weighed: an empty letter's."""


class LabelWork(StrEnum):
    """What the carrier has to be asked."""

    BUY = "buy"
    """It was requested: buy it, under the key that is on record."""
    LOOK_UP = "look_up"
    """The answer was lost: find out, and buy under the same key if there was no purchase."""
    GIVE_UP = "give_up"
    """It was requested and may not be bought any more; find out whether it was."""
    VOID = "void"
    """It must not be used: give it back."""
    REPLACE = "replace"
    """The old one is given back, or there was none: ask for a new one."""


def label_work(order: Order, shipment: Shipment, parcel: Parcel) -> LabelWork | None:
    """Say what the carrier has to be asked for a parcel; None: nothing."""
    if parcel.closed:
        return None
    match parcel.label_state:
        case LabelState.REQUESTED:
            return LabelWork.GIVE_UP if shipment.stopped else LabelWork.BUY
        case LabelState.UNCERTAIN:
            return LabelWork.GIVE_UP if shipment.stopped else LabelWork.LOOK_UP
        case LabelState.BOUGHT:
            return LabelWork.VOID if why_void(order, shipment, parcel) else None
        case LabelState.VOIDED | LabelState.VOID_REFUSED | LabelState.FAILED:
            # What a carrier declined is held; once it is released, it is asked again.
            wanted = _wants_label(order, shipment)
            return LabelWork.REPLACE if wanted else None
        case LabelState.NONE:
            return None


def why_void(order: Order, shipment: Shipment, parcel: Parcel) -> str:
    """Say why a label that was bought must be given back; "" when it may be used."""
    if parcel.void_wanted:
        return parcel.void_wanted
    if shipment.cancellation is Cancellation.CANCELLED:
        return "the order was cancelled"
    if parcel.label and order.address_digest and parcel.label.address != order.address_digest:
        return "the address changed"
    return ""


def _wants_label(order: Order, shipment: Shipment) -> bool:
    free = not shipment.stopped and shipment.state in WORKED_ON
    there = order.address
    return free and there is not None and there.complete and not there.masked


def may_request(order: Order, shipment: Shipment, parcel: str, key: str) -> bool:
    """Say whether a label may be asked for now, for a parcel that is planned."""
    if order.address is None or not order.address.complete or order.address.masked:
        return False
    fact = facts.LabelRequested(parcel=parcel, key=key, grams=1, address=order.address_digest)
    return refusal(order, fact) is None


def expected_grams(order: Order, shipment: Shipment, parcel: Parcel | None) -> int:
    """Say what a parcel will weigh: what the scale said, else its pieces and a box."""
    if parcel is not None and parcel.grams:
        return parcel.grams
    contents = sum(order.line(line.line).grams * line.due for line in shipment.lines)
    pieces = sum(line.due for line in shipment.lines)
    return max(contents + tare_grams(pieces), LEAST_GRAMS)


def confirm_work(shipment: Shipment, parcel: Parcel, at: ConfirmAt | None) -> bool:
    """Say whether the marketplace is to be told of a parcel now; `at` None: there is none."""
    if at is None:
        return False
    match parcel.confirmation:
        case Confirmation.SENT | Confirmation.UNCERTAIN:
            return True  # nobody knows what became of it: that has to be settled, held or not
        case Confirmation.QUEUED:
            return not shipment.stopped
        case Confirmation.NOT_DUE:
            return not shipment.stopped and _reached(parcel, at)
        case Confirmation.ACCEPTED | Confirmation.REJECTED:
            return False


def _reached(parcel: Parcel, at: ConfirmAt) -> bool:
    if parcel.replaces:
        return False  # the marketplace knows its first parcel
    match at:
        case ConfirmAt.ARRANGE:
            return parcel.label_usable
        case ConfirmAt.CLOSED:
            return parcel.closed
        case ConfirmAt.HANDOVER:
            return parcel.place not in HERE
        case ConfirmAt.FIRST_SCAN:
            return parcel.place in (Place.IN_TRANSIT, Place.DELIVERED)


def reference(order: Order, shipment: Shipment, parcel: Parcel) -> str:
    """Name a parcel to the marketplace: digits, different for every parcel of the order."""
    number = next(at for at, one in enumerate(order.shipments) if one.id == shipment.id)
    return str(number * MOST_PARCELS + parcel.number)


MOST_PARCELS = 1_000
"""Of one shipment, so that the next one's references begin above them."""
