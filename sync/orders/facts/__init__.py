"""What can happen to an order. Facts are in the past tense and are never edited.

Each fact names the shipment or the parcel it happened to. Three kinds, by who is believed:
what hands did (a piece was packed) is always true and only refused when it makes no sense;
what needs *authority* (asking for a label, printing, closing, handing over) is refused while
the shipment is held or called off; an *outcome* (the label was bought) is true whatever else
changed meanwhile. `sync.orders.lifecycle` says which is which.

One file a kind; the unions here are closed: whoever matches one answers for every member.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from sync.orders.facts.confirmation import (
    ConfirmationAccepted,
    ConfirmationQueued,
    ConfirmationRejected,
    ConfirmationSent,
    ConfirmationUncertain,
)
from sync.orders.facts.label import (
    LabelBought,
    LabelFailed,
    LabelRequested,
    LabelUncertain,
    LabelVoided,
    VoidRefused,
    VoidRequested,
)
from sync.orders.facts.packing import (
    BoxChosen,
    BoxReturned,
    ItemPacked,
    ItemUnpacked,
    LineShort,
    PackStarted,
    PackStopped,
    ParcelChecked,
    ParcelDropped,
    ParcelOpened,
    ParcelPlanned,
    ParcelShut,
    ParcelUnchecked,
    ParcelWeighed,
    PickStarted,
    PickStopped,
    PiecePicked,
    PieceUnpicked,
    ShortWithdrawn,
    WeightWithdrawn,
)
from sync.orders.facts.place import (
    HandoverUndone,
    MishapReported,
    ParcelClosed,
    ParcelDelivered,
    ParcelHandedOver,
    ParcelManifested,
    ParcelReopened,
    ParcelScannedByCarrier,
    ParcelStaged,
    ParcelUnstaged,
)
from sync.orders.facts.printing import (
    LabelNotPrinted,
    LabelPrinted,
    PrintQueued,
    PrintSent,
    PrintStarted,
    PrintUncertain,
    PrintWithdrawn,
)
from sync.orders.facts.shipment import (
    AddressChanged,
    AllocationWithdrawn,
    BuyerRefunded,
    CancelRefused,
    CancelRequested,
    CancelWithdrawn,
    HoldReleased,
    OrderCancelled,
    OrderCompleted,
    OrderHeld,
    PaymentCleared,
    QuantityReduced,
    ReturnArrived,
    ReturnOpened,
    ShipmentAllocated,
    ShipmentGivenBack,
    ShipmentKept,
    ShipmentWanted,
    WishWithdrawn,
)
from sync.orders.order import Claim

OfOrder = AddressChanged
OfShipment = (
    PaymentCleared
    | QuantityReduced
    | ShipmentAllocated
    | AllocationWithdrawn
    | ShipmentWanted
    | WishWithdrawn
    | ShipmentGivenBack
    | ShipmentKept
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


__all__ = [
    "AddressChanged",
    "AllocationWithdrawn",
    "BoxChosen",
    "BoxReturned",
    "BuyerRefunded",
    "CancelRefused",
    "CancelRequested",
    "CancelWithdrawn",
    "ConfirmationAccepted",
    "ConfirmationQueued",
    "ConfirmationRejected",
    "ConfirmationSent",
    "ConfirmationUncertain",
    "Entry",
    "Fact",
    "HandoverUndone",
    "HoldReleased",
    "ItemPacked",
    "ItemUnpacked",
    "LabelBought",
    "LabelFailed",
    "LabelNotPrinted",
    "LabelPrinted",
    "LabelRequested",
    "LabelUncertain",
    "LabelVoided",
    "LineShort",
    "MishapReported",
    "OfConfirmation",
    "OfContents",
    "OfLabel",
    "OfOrder",
    "OfParcel",
    "OfPlace",
    "OfPrint",
    "OfShipment",
    "OrderCancelled",
    "OrderCompleted",
    "OrderHeld",
    "PackStarted",
    "PackStopped",
    "ParcelChecked",
    "ParcelClosed",
    "ParcelDelivered",
    "ParcelDropped",
    "ParcelHandedOver",
    "ParcelManifested",
    "ParcelOpened",
    "ParcelPlanned",
    "ParcelReopened",
    "ParcelScannedByCarrier",
    "ParcelShut",
    "ParcelStaged",
    "ParcelUnchecked",
    "ParcelUnstaged",
    "ParcelWeighed",
    "PaymentCleared",
    "PickStarted",
    "PickStopped",
    "PiecePicked",
    "PieceUnpicked",
    "PrintQueued",
    "PrintSent",
    "PrintStarted",
    "PrintUncertain",
    "PrintWithdrawn",
    "QuantityReduced",
    "ReturnArrived",
    "ReturnOpened",
    "ShipmentAllocated",
    "ShipmentGivenBack",
    "ShipmentKept",
    "ShipmentWanted",
    "ShortWithdrawn",
    "VoidRefused",
    "VoidRequested",
    "WeightWithdrawn",
    "WishWithdrawn",
    "print_job",
]
