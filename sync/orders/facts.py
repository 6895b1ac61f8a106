"""What can happen to an order. Facts are in the past tense and are never edited.

Each fact names the shipment or the parcel it happened to. Three kinds, by who is believed:
what hands did (a piece was packed) is always true and only refused when it makes no sense;
what needs *authority* (asking for a label, printing, closing, handing over) is refused while
the shipment is held or called off; an *outcome* (the label was bought) is true whatever else
changed meanwhile. `sync.orders.lifecycle` says which is which.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from sync.orders.order import Claim, Label
from sync.orders.state import ConfirmAt, HoldKind, Mishap, Place, State


class _Fact(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """What every fact is."""


class _OfShipment(_Fact, frozen=True, kw_only=True):
    shipment: str


class _OfParcel(_Fact, frozen=True, kw_only=True):
    parcel: str


# --- the order and its shipments, as the hub and the marketplace see them


class AddressChanged(_Fact, frozen=True, kw_only=True, tag="address-changed"):
    """The buyer lives elsewhere now. The address itself travels beside the journal."""

    digest: str


class PaymentCleared(_OfShipment, frozen=True, kw_only=True, tag="payment-cleared"):
    """The money is there."""


class QuantityReduced(_OfShipment, frozen=True, kw_only=True, tag="quantity-reduced"):
    """The marketplace called off some pieces of a line."""

    line: str
    by: int


class ShipmentAllocated(_OfShipment, frozen=True, kw_only=True, tag="shipment-allocated"):
    """A bench of a warehouse may work on it."""

    warehouse: str
    bench: str
    claim: Claim


class AllocationWithdrawn(_OfShipment, frozen=True, kw_only=True, tag="allocation-withdrawn"):
    """The bench may not any more."""


class OrderHeld(_OfShipment, frozen=True, kw_only=True, tag="order-held"):
    """There is a reason not to ship now."""

    hold: HoldKind
    why: str = ""


class HoldReleased(_OfShipment, frozen=True, kw_only=True, tag="hold-released"):
    """The reason is gone."""

    hold: HoldKind


class CancelRequested(_OfShipment, frozen=True, kw_only=True, tag="cancel-requested"):
    """Somebody wants it called off."""

    why: str = ""


class CancelWithdrawn(_OfShipment, frozen=True, kw_only=True, tag="cancel-withdrawn"):
    """They want it after all."""


class CancelRefused(_OfShipment, frozen=True, kw_only=True, tag="cancel-refused"):
    """It ships all the same."""


class OrderCancelled(_OfShipment, frozen=True, kw_only=True, tag="order-cancelled"):
    """It was called off."""

    why: str = ""


class OrderCompleted(_OfShipment, frozen=True, kw_only=True, tag="order-completed"):
    """Nothing more will happen to it."""


class ReturnOpened(_OfShipment, frozen=True, kw_only=True, tag="return-opened"):
    """The buyer sends it back."""

    rma: str = ""


class ReturnArrived(_OfShipment, frozen=True, kw_only=True, tag="return-arrived"):
    """It is back."""


class BuyerRefunded(_OfShipment, frozen=True, kw_only=True, tag="buyer-refunded"):
    """The buyer has the money back."""


# --- picking and packing


class PickStarted(_OfShipment, frozen=True, kw_only=True, tag="pick-started"):
    """Somebody walks for it."""

    tote: str = ""


class PickStopped(_OfShipment, frozen=True, kw_only=True, tag="pick-stopped"):
    """Nobody walks for it any more, and nothing of it lies in a tote."""


class PiecePicked(_OfShipment, frozen=True, kw_only=True, tag="piece-picked"):
    """Pieces of a line went from their bin into the tote."""

    line: str
    quantity: int = 1


class PieceUnpicked(_OfShipment, frozen=True, kw_only=True, tag="piece-unpicked"):
    """They went back."""

    line: str
    quantity: int = 1


class LineShort(_OfShipment, frozen=True, kw_only=True, tag="line-short"):
    """Pieces of a line are not there, and ship no more."""

    line: str
    quantity: int


class ShortWithdrawn(_OfShipment, frozen=True, kw_only=True, tag="short-withdrawn"):
    """They are there after all."""

    line: str
    quantity: int


class PackStarted(_OfShipment, frozen=True, kw_only=True, tag="pack-started"):
    """It lies on a bench."""


class PackStopped(_OfShipment, frozen=True, kw_only=True, tag="pack-stopped"):
    """It was put aside with nothing packed."""

    back_to: State


class ParcelPlanned(_OfParcel, frozen=True, kw_only=True, tag="parcel-planned"):
    """There will be such a parcel."""

    replaces: str = ""
    """The parcel that is shipped again in this one; "" for a first one."""


class ParcelDropped(_OfParcel, frozen=True, kw_only=True, tag="parcel-dropped"):
    """There will not: it was empty and had no label."""


class ParcelOpened(_OfParcel, frozen=True, kw_only=True, tag="parcel-opened"):
    """A box stands open for it."""


class ParcelShut(_OfParcel, frozen=True, kw_only=True, tag="parcel-shut"):
    """The box was put away empty."""


class ItemPacked(_OfParcel, frozen=True, kw_only=True, tag="item-packed"):
    """Pieces of a line went into the box."""

    line: str
    quantity: int = 1
    serial: str = ""
    """Of the one piece, where the item demands it."""


class ItemUnpacked(_OfParcel, frozen=True, kw_only=True, tag="item-unpacked"):
    """They came out again."""

    line: str
    quantity: int = 1
    serial: str = ""


class ParcelChecked(_OfParcel, frozen=True, kw_only=True, tag="parcel-checked"):
    """Every piece that goes into this box is in it."""


class ParcelUnchecked(_OfParcel, frozen=True, kw_only=True, tag="parcel-unchecked"):
    """The box is open again."""


class BoxChosen(_OfParcel, frozen=True, kw_only=True, tag="box-chosen"):
    """It goes in a box of this kind."""

    box: str


class BoxReturned(_OfParcel, frozen=True, kw_only=True, tag="box-returned"):
    """It does not."""


class ParcelWeighed(_OfParcel, frozen=True, kw_only=True, tag="parcel-weighed"):
    """The parcel stood still on the scale, or was given a weight."""

    grams: int
    how: str = "scale"
    """scale | typed | expected."""


class WeightWithdrawn(_OfParcel, frozen=True, kw_only=True, tag="weight-withdrawn"):
    """That weight was wrong."""


# --- the label: intent first, then the call, then the outcome


class LabelRequested(_OfParcel, frozen=True, kw_only=True, tag="label-requested"):
    """A carrier is about to be asked for a label."""

    key: str
    """Idempotency key: the same key is the same label, however often it is sent."""
    grams: int
    address: str
    """`Address.digest` it is for."""


class LabelBought(_OfParcel, frozen=True, kw_only=True, tag="label-bought"):
    """The carrier sold it; the bytes are stored under its hash."""

    label: Label


class LabelFailed(_OfParcel, frozen=True, kw_only=True, tag="label-failed"):
    """The carrier refused."""

    why: str


class LabelUncertain(_OfParcel, frozen=True, kw_only=True, tag="label-uncertain"):
    """The answer was lost."""

    why: str = ""


class VoidRequested(_OfParcel, frozen=True, kw_only=True, tag="void-requested"):
    """The label must not be used: it is to be given back."""

    why: str


class LabelVoided(_OfParcel, frozen=True, kw_only=True, tag="label-voided"):
    """The carrier took it back."""


class VoidRefused(_OfParcel, frozen=True, kw_only=True, tag="void-refused"):
    """The carrier did not take it back."""

    why: str = ""


# --- the print


class PrintQueued(_OfParcel, frozen=True, kw_only=True, tag="print-queued"):
    """The label is to come out of a printer."""

    job: str
    copy: int = 1
    reason: str = ""
    """Why again; a first print needs none."""


class PrintWithdrawn(_OfParcel, frozen=True, kw_only=True, tag="print-withdrawn"):
    """It is not, and no byte had gone out."""

    job: str


class PrintStarted(_OfParcel, frozen=True, kw_only=True, tag="print-started"):
    """The first byte is about to go out."""

    job: str


class PrintSent(_OfParcel, frozen=True, kw_only=True, tag="print-sent"):
    """The last byte went out. That proves nothing."""

    job: str


class LabelPrinted(_OfParcel, frozen=True, kw_only=True, tag="label-printed"):
    """It came out."""

    job: str
    evidence: str
    """odometer | acknowledgement | person | closing scan."""


class PrintUncertain(_OfParcel, frozen=True, kw_only=True, tag="print-uncertain"):
    """Nobody knows whether it came out."""

    job: str
    why: str = ""


class LabelNotPrinted(_OfParcel, frozen=True, kw_only=True, tag="label-not-printed"):
    """It did not come out, and that is proven: it may be sent again."""

    job: str
    evidence: str


# --- closing, the dock, the road


class ParcelClosed(_OfParcel, frozen=True, kw_only=True, tag="parcel-closed"):
    """The label on it was scanned."""

    tracking: str


class ParcelReopened(_OfParcel, frozen=True, kw_only=True, tag="parcel-reopened"):
    """The box was opened again."""


class ParcelStaged(_OfParcel, frozen=True, kw_only=True, tag="parcel-staged"):
    """It lies in a carrier's lane."""

    lane: str


class ParcelUnstaged(_OfParcel, frozen=True, kw_only=True, tag="parcel-unstaged"):
    """It was pulled from the lane."""


class ParcelManifested(_OfParcel, frozen=True, kw_only=True, tag="parcel-manifested"):
    """It is on the carrier's list."""

    manifest: str


class ParcelHandedOver(_OfParcel, frozen=True, kw_only=True, tag="parcel-handed-over"):
    """The carrier has it."""


class HandoverUndone(_OfParcel, frozen=True, kw_only=True, tag="handover-undone"):
    """The carrier has not."""

    back_to: Place


class ParcelScannedByCarrier(_OfParcel, frozen=True, kw_only=True, tag="parcel-scanned-by-carrier"):
    """It is on its way."""


class ParcelDelivered(_OfParcel, frozen=True, kw_only=True, tag="parcel-delivered"):
    """The buyer has it."""


class MishapReported(_OfParcel, frozen=True, kw_only=True, tag="mishap-reported"):
    """It was lost or damaged."""

    mishap: Mishap


# --- what the marketplace was told


class ConfirmationQueued(_OfParcel, frozen=True, kw_only=True, tag="confirmation-queued"):
    """The marketplace is to be told that it ships."""

    at: ConfirmAt
    """The channel's rule; refused while the parcel has not come that far."""
    reference: str
    """What the parcel is called there, for ever."""


class ConfirmationSent(_OfParcel, frozen=True, kw_only=True, tag="confirmation-sent"):
    """The call is about to be made."""


class ConfirmationUncertain(_OfParcel, frozen=True, kw_only=True, tag="confirmation-uncertain"):
    """The answer was lost."""

    why: str = ""


class ConfirmationAccepted(_OfParcel, frozen=True, kw_only=True, tag="confirmation-accepted"):
    """The marketplace knows."""

    answer: str = ""


class ConfirmationRejected(_OfParcel, frozen=True, kw_only=True, tag="confirmation-rejected"):
    """The marketplace refused."""

    why: str


OfOrder = AddressChanged
OfShipment = (
    PaymentCleared
    | QuantityReduced
    | ShipmentAllocated
    | AllocationWithdrawn
    | OrderHeld
    | HoldReleased
    | CancelRequested
    | CancelWithdrawn
    | CancelRefused
    | OrderCancelled
    | OrderCompleted
    | ReturnOpened
    | ReturnArrived
    | BuyerRefunded
    | PickStarted
    | PickStopped
    | PiecePicked
    | PieceUnpicked
    | LineShort
    | ShortWithdrawn
    | PackStarted
    | PackStopped
)
OfContents = (
    ParcelOpened
    | ParcelShut
    | ItemPacked
    | ItemUnpacked
    | ParcelChecked
    | ParcelUnchecked
    | BoxChosen
    | BoxReturned
    | ParcelWeighed
    | WeightWithdrawn
)
OfLabel = (
    LabelRequested
    | LabelBought
    | LabelFailed
    | LabelUncertain
    | VoidRequested
    | LabelVoided
    | VoidRefused
)
OfPrint = (
    PrintQueued
    | PrintWithdrawn
    | PrintStarted
    | PrintSent
    | LabelPrinted
    | PrintUncertain
    | LabelNotPrinted
)
OfPlace = (
    ParcelClosed
    | ParcelReopened
    | ParcelStaged
    | ParcelUnstaged
    | ParcelManifested
    | ParcelHandedOver
    | HandoverUndone
    | ParcelScannedByCarrier
    | ParcelDelivered
    | MishapReported
)
OfConfirmation = (
    ConfirmationQueued
    | ConfirmationSent
    | ConfirmationUncertain
    | ConfirmationAccepted
    | ConfirmationRejected
)
OfParcel = ParcelPlanned | ParcelDropped | OfContents | OfLabel | OfPrint | OfPlace | OfConfirmation
Fact = OfOrder | OfShipment | OfParcel
"""Anything that can happen. A closed union: whoever matches it answers for every member."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A fact in the journal: what, to which order, when, and seen by whom."""

    id: str
    """Given by whoever saw it happen; the same id twice is the same entry."""
    order: str
    at: datetime
    bench: str = ""
    """"hub" for what the hub itself put on record."""
    by: str = ""
    """The packer's badge; never a name."""
    claim: Claim | None = None
    """The claim it was done under; None where none is needed."""
    fact: Fact


def print_job(tracking: str, copy: int) -> str:
    """Name the print of a label: the same label and copy is the same job for ever.

    >>> print_job("RR123456785DE", 1)
    'RR123456785DE:1'
    """
    return f"{tracking}:{copy}"
