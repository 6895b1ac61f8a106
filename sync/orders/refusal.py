"""Why a fact cannot follow: the rules that look at what an order holds, not only at its states."""

from __future__ import annotations

from enum import StrEnum

from sync.orders import facts as f
from sync.orders.order import Order, Parcel, Shipment, parcel_id, shipment_of
from sync.orders.state import (
    Cancellation,
    ConfirmAt,
    Confirmation,
    Contents,
    LabelState,
    Place,
    PrintState,
    Returning,
    State,
)
from sync.orders.transitions import (
    CONFIRMATION,
    CONTENTS,
    LABEL,
    NEEDS_AUTHORITY,
    NOT_WHEN_CANCELLED,
    PLACE,
    PRINT,
    SHIPMENT,
)


class Reason(StrEnum):
    """Why a fact was refused; `station.wording` has the sentences."""

    UNKNOWN_SHIPMENT = "unknown_shipment"
    UNKNOWN_PARCEL = "unknown_parcel"
    UNKNOWN_LINE = "unknown_line"
    NOT_IN_THIS_STATE = "not_in_this_state"
    CANCELLED = "cancelled"
    CANCEL_REQUESTED = "cancel_requested"
    NO_CANCEL_REQUESTED = "no_cancel_requested"
    HELD = "held"
    NOT_HELD = "not_held"
    ALREADY_HELD = "already_held"
    HANDED_OVER = "handed_over"
    NOT_HANDED_OVER = "not_handed_over"
    TOO_MANY = "too_many"
    NOT_SO_MANY = "not_so_many"
    NO_PIECES = "no_pieces"
    SERIAL_MISSING = "serial_missing"
    SERIAL_TWICE = "serial_twice"
    PARCEL_EXISTS = "parcel_exists"
    PARCEL_IN_USE = "parcel_in_use"
    PARCEL_CLOSED = "parcel_closed"
    PARCEL_OPEN = "parcel_open"
    NOT_WEIGHED = "not_weighed"
    NO_LABEL = "no_label"
    NOT_PRINTED = "not_printed"
    OTHER_LABEL = "other_label"
    SPOILED_LABEL = "spoiled_label"
    OTHER_JOB = "other_job"
    COPY_WITHOUT_REASON = "copy_without_reason"
    ADDRESS_CHANGED = "address_changed"
    WEIGHT_CHANGED = "weight_changed"
    TOLD_THE_MARKETPLACE = "told_the_marketplace"
    NOT_DUE = "not_due"
    OTHER_REFERENCE = "other_reference"
    BEGUN = "begun"
    SAME_BENCH = "same_bench"
    NOT_WANTED = "not_wanted"


def refusal(order: Order, fact: f.Fact) -> Reason | None:
    """Say why the fact cannot happen to the order now; None if it can."""
    if isinstance(fact, f.AddressChanged):
        return None
    id = fact.shipment if isinstance(fact, f.OfShipment) else shipment_of(fact.parcel)
    shipment = next((shipment for shipment in order.shipments if shipment.id == id), None)
    if shipment is None:
        return Reason.UNKNOWN_SHIPMENT
    stopped = _stopped(shipment, fact)
    if stopped is not None:
        return stopped
    if isinstance(fact, f.OfShipment):
        return _of_shipment(shipment, fact)
    return _of_parcel(order, shipment, fact)


def _stopped(shipment: Shipment, fact: f.Fact) -> Reason | None:
    cancelled = shipment.cancellation is Cancellation.CANCELLED
    if cancelled and type(fact) in NOT_WHEN_CANCELLED:
        return Reason.CANCELLED
    if type(fact) not in NEEDS_AUTHORITY:
        return None
    if shipment.cancellation is Cancellation.REQUESTED:
        return Reason.CANCEL_REQUESTED
    return Reason.HELD if shipment.holds else None


def _of_shipment(shipment: Shipment, fact: f.OfShipment) -> Reason | None:
    gone = any(parcel.place not in _HERE for parcel in shipment.parcels)
    match fact:
        case f.OrderHeld(hold=kind):
            if gone:
                return Reason.HANDED_OVER
            held = any(hold.kind is kind for hold in shipment.holds)
            return Reason.ALREADY_HELD if held else None
        case f.HoldReleased(hold=kind):
            held = any(hold.kind is kind for hold in shipment.holds)
            return None if held else Reason.NOT_HELD
        case f.CancelRequested():
            if gone:
                return Reason.HANDED_OVER
            requested = shipment.cancellation is Cancellation.REQUESTED
            return Reason.CANCEL_REQUESTED if requested else None
        case f.CancelWithdrawn() | f.CancelRefused():
            requested = shipment.cancellation is Cancellation.REQUESTED
            return None if requested else Reason.NO_CANCEL_REQUESTED
        case f.OrderCancelled():
            return Reason.HANDED_OVER if gone else None
        case f.ReturnOpened():
            fresh = shipment.returning is Returning.NONE
            return None if fresh and gone else Reason.NOT_HANDED_OVER
        case f.ReturnArrived():
            coming = shipment.returning is Returning.RETURNING
            return None if coming else Reason.NOT_IN_THIS_STATE
        case f.BuyerRefunded():
            done = shipment.returning is Returning.REFUNDED
            return Reason.NOT_IN_THIS_STATE if done else None
        case f.QuantityReduced():
            return _reduced(shipment, fact)
        case f.WishWithdrawn():
            return None if shipment.wanted else Reason.NOT_WANTED
        case f.ShipmentKept():
            return None  # it was asked before it was told that nobody asks any more
        case _:
            if type(fact) not in SHIPMENT[shipment.state]:
                return Reason.NOT_IN_THIS_STATE
            return _of_work(shipment, fact)


_HERE = (Place.BENCH, Place.STAGED, Place.MANIFESTED)


def _reduced(shipment: Shipment, fact: f.QuantityReduced) -> Reason | None:
    line = next((line for line in shipment.lines if line.line == fact.line), None)
    if line is None:
        return Reason.UNKNOWN_LINE
    return None if 0 < fact.by <= line.due else Reason.NOT_SO_MANY


def _of_work(shipment: Shipment, fact: f.OfShipment) -> Reason | None:
    match fact:
        case f.ShipmentWanted(bench=bench):
            return Reason.SAME_BENCH if bench in (shipment.bench, shipment.wanted) else None
        case f.ShipmentGivenBack():
            # A label of it may be at the printer, although packing was taken back.
            out = any(parcel.print_state is not PrintState.NONE for parcel in shipment.parcels)
            return Reason.BEGUN if out else None
        case f.PickStopped():
            picked = any(line.picked for line in shipment.lines)
            return Reason.PARCEL_IN_USE if picked else None
        case f.PackStopped(back_to=back_to):
            begun = shipment.tote or any(line.picked for line in shipment.lines)
            if back_to is not State.PICKING and (begun or back_to is not State.ALLOCATED):
                return Reason.NOT_IN_THIS_STATE
            opened = any(parcel.contents is not Contents.PLANNED for parcel in shipment.parcels)
            return Reason.PARCEL_IN_USE if opened else None
        case f.PiecePicked() | f.PieceUnpicked() | f.LineShort() | f.ShortWithdrawn():
            line = next((line for line in shipment.lines if line.line == fact.line), None)
            if line is None:
                return Reason.UNKNOWN_LINE
            room = {
                f.PiecePicked: line.due - line.picked,
                f.PieceUnpicked: line.picked,
                f.LineShort: line.due - shipment.packed(line.line),
                f.ShortWithdrawn: line.short,
            }[type(fact)]
            if fact.quantity < 1:
                return Reason.NO_PIECES
            return None if fact.quantity <= room else Reason.TOO_MANY
        case _:
            return None


def _of_parcel(order: Order, shipment: Shipment, fact: f.OfParcel) -> Reason | None:
    parcel = next((parcel for parcel in shipment.parcels if parcel.id == fact.parcel), None)
    if isinstance(fact, f.ParcelPlanned):
        return _planned(shipment, parcel, fact)
    if parcel is None:
        return Reason.UNKNOWN_PARCEL
    allowed: bool
    match fact:
        case f.ParcelDropped():
            last = parcel is shipment.parcels[-1]
            unused = parcel.contents is Contents.PLANNED and parcel.label_state is LabelState.NONE
            return None if last and unused else Reason.PARCEL_IN_USE
        case _ if isinstance(fact, f.OfContents):
            if shipment.state is not State.PACKING or parcel.closed:
                return Reason.PARCEL_CLOSED if parcel.closed else Reason.NOT_IN_THIS_STATE
            allowed = type(fact) in CONTENTS[parcel.contents]
            return _of_contents(order, shipment, parcel, fact) if allowed else _NOT_NOW
        case _ if isinstance(fact, f.OfLabel):
            allowed = type(fact) in LABEL[parcel.label_state]
            return _of_label(order, shipment, parcel, fact) if allowed else _NOT_NOW
        case _ if isinstance(fact, f.OfPrint):
            allowed = type(fact) in PRINT[parcel.print_state]
            return _of_print(order, parcel, fact) if allowed else _NOT_NOW
        case _ if isinstance(fact, f.OfPlace):
            allowed = type(fact) in PLACE[parcel.place]
            return _of_place(order, shipment, parcel, fact) if allowed else _NOT_NOW
        case _:
            allowed = type(fact) in CONFIRMATION[parcel.confirmation]
            return _of_confirmation(parcel, fact) if allowed else _NOT_NOW


_NOT_NOW = Reason.NOT_IN_THIS_STATE


def _planned(shipment: Shipment, parcel: Parcel | None, fact: f.ParcelPlanned) -> Reason | None:
    if parcel is not None:
        return Reason.PARCEL_EXISTS
    if fact.parcel != parcel_id(shipment.id, len(shipment.parcels) + 1):
        return Reason.UNKNOWN_PARCEL
    if not fact.replaces:
        early = (State.READY, State.ALLOCATED, State.PICKING, State.PACKING)
        return None if shipment.state in early else Reason.NOT_IN_THIS_STATE
    first = next((parcel for parcel in shipment.parcels if parcel.id == fact.replaces), None)
    if first is None:
        return Reason.UNKNOWN_PARCEL
    if any(other.replaces == first.id for other in shipment.parcels):
        return Reason.PARCEL_EXISTS  # shipped again already: what may be lost now is that one
    return None if first.place not in _HERE else Reason.NOT_HANDED_OVER


def _of_contents(
    order: Order, shipment: Shipment, parcel: Parcel, fact: f.OfContents
) -> Reason | None:
    match fact:
        case f.ParcelShut() | f.ParcelChecked():
            empty = not parcel.packed
            wanted = isinstance(fact, f.ParcelShut)
            if empty is wanted:
                return None
            return Reason.PARCEL_IN_USE if wanted else Reason.NO_PIECES
        case f.ItemPacked() | f.ItemUnpacked():
            return _of_piece(order, shipment, parcel, fact)
        case f.ParcelWeighed(grams=grams):
            return None if grams > 0 else Reason.NOT_WEIGHED
        case _:
            return None


def _of_piece(
    order: Order, shipment: Shipment, parcel: Parcel, fact: f.ItemPacked | f.ItemUnpacked
) -> Reason | None:
    line = next((line for line in shipment.lines if line.line == fact.line), None)
    if line is None:
        return Reason.UNKNOWN_LINE
    if fact.quantity < 1 or (fact.serial and fact.quantity != 1):
        return Reason.NO_PIECES
    here = next((packed for packed in parcel.packed if packed.line == fact.line), None)
    serials = here.serials if here else ()
    if isinstance(fact, f.ItemUnpacked):
        missing = here is None or here.quantity < fact.quantity
        if missing or (fact.serial and fact.serial not in serials):
            return Reason.NOT_SO_MANY
        return None
    if order.line(fact.line).serial_required and not fact.serial:
        return Reason.SERIAL_MISSING
    if fact.serial and any(
        fact.serial in packed.serials for other in shipment.parcels for packed in other.packed
    ):
        return Reason.SERIAL_TWICE
    packed = shipment.packed(fact.line)
    if parcel.replaces:
        packed = here.quantity if here else 0
    return None if packed + fact.quantity <= line.due else Reason.TOO_MANY


def _of_label(order: Order, shipment: Shipment, parcel: Parcel, fact: f.OfLabel) -> Reason | None:
    if parcel.closed:
        return Reason.PARCEL_CLOSED
    match fact:
        case f.LabelRequested():
            if shipment.state is State.PENDING_PAYMENT:
                return Reason.NOT_IN_THIS_STATE
            same = fact.address == order.address_digest
            return None if same else Reason.ADDRESS_CHANGED
        case f.LabelBought(label=label):
            return Reason.SPOILED_LABEL if label.tracking in parcel.spoiled else None
        case _:
            return None


def _of_print(order: Order, parcel: Parcel, fact: f.OfPrint) -> Reason | None:
    label = parcel.label
    match fact:
        case f.PrintQueued():
            if label is None or not parcel.label_usable:
                return Reason.NO_LABEL
            if fact.job != f.print_job(label.tracking, fact.copy):
                return Reason.OTHER_JOB
            if fact.copy != parcel.copies + 1:
                return Reason.OTHER_JOB
            if fact.copy > 1 and not fact.reason:
                return Reason.COPY_WITHOUT_REASON
            return _still_the_same(order, parcel)
        case f.PrintStarted():
            if fact.job != parcel.print_job:
                return Reason.OTHER_JOB
            return _still_the_same(order, parcel) if parcel.label_usable else Reason.NO_LABEL
        case _:
            return None if fact.job == parcel.print_job else Reason.OTHER_JOB


def _still_the_same(order: Order, parcel: Parcel) -> Reason | None:
    """Why the label is not for this parcel any more, if so."""
    label = parcel.label
    if label is None:
        return Reason.NO_LABEL
    if label.address != order.address_digest:
        return Reason.ADDRESS_CHANGED
    off = abs(label.grams - parcel.grams) if parcel.grams else 0
    return Reason.WEIGHT_CHANGED if off > label.tolerance_grams else None


def _of_place(order: Order, shipment: Shipment, parcel: Parcel, fact: f.OfPlace) -> Reason | None:
    if isinstance(fact, f.ParcelClosed):
        return _closed(order, shipment, parcel, fact)
    if not parcel.closed:
        return Reason.PARCEL_OPEN
    match fact:
        case f.ParcelReopened():
            told = parcel.confirmation is not Confirmation.NOT_DUE
            return Reason.TOLD_THE_MARKETPLACE if told else None
        case f.HandoverUndone(back_to=back_to):
            return None if back_to in _HERE else Reason.NOT_IN_THIS_STATE
        case _:
            return None


def _closed(
    order: Order, shipment: Shipment, parcel: Parcel, fact: f.ParcelClosed
) -> Reason | None:
    if parcel.closed:
        return Reason.PARCEL_CLOSED
    if parcel.contents is not Contents.WEIGHED:
        return Reason.NOT_WEIGHED
    if fact.tracking in parcel.spoiled:
        return Reason.SPOILED_LABEL
    if parcel.label is None or not parcel.label_usable:
        return Reason.NO_LABEL
    if fact.tracking != parcel.label.tracking:
        return Reason.OTHER_LABEL
    if parcel.print_state is not PrintState.PRINTED:
        return Reason.NOT_PRINTED
    if not parcel.replaces and any(_over_full(shipment, packed.line) for packed in parcel.packed):
        return Reason.TOO_MANY
    return _still_the_same(order, parcel)


def _over_full(shipment: Shipment, line: str) -> bool:
    """Whether more of a line is packed than still ships: the buyer called some off."""
    return any(one.line == line and shipment.packed(line) > one.due for one in shipment.lines)


def _of_confirmation(parcel: Parcel, fact: f.OfConfirmation) -> Reason | None:
    if not isinstance(fact, f.ConfirmationQueued):
        return None
    if parcel.reference and fact.reference != parcel.reference:
        return Reason.OTHER_REFERENCE
    reached = {
        ConfirmAt.ARRANGE: parcel.label_state is not LabelState.VOIDED,
        ConfirmAt.CLOSED: parcel.closed,
        ConfirmAt.HANDOVER: parcel.place not in _HERE,
        ConfirmAt.FIRST_SCAN: parcel.place in (Place.IN_TRANSIT, Place.DELIVERED),
    }[fact.at]
    return None if reached else Reason.NOT_DUE
