"""Which fact may follow which state: one table a kind of state, drawn in README.

A row that names the state it starts from says that the fact leaves this state alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from sync.orders import facts as f
from sync.orders.state import Confirmation, Contents, LabelState, Place, PrintState, State

S = TypeVar("S")
Table = Mapping[S, Mapping[type, S]]

SHIPMENT: Table[State] = {
    State.PENDING_PAYMENT: {f.PaymentCleared: State.READY},
    State.READY: {
        f.ShipmentAllocated: State.ALLOCATED,
        f.LineShort: State.READY,
        f.ShortWithdrawn: State.READY,
    },
    State.ALLOCATED: {
        f.AllocationWithdrawn: State.READY,
        f.ShipmentWanted: State.ALLOCATED,
        f.ShipmentGivenBack: State.READY,
        f.PickStarted: State.PICKING,
        f.PackStarted: State.PACKING,
        f.LineShort: State.ALLOCATED,
        f.ShortWithdrawn: State.ALLOCATED,
    },
    State.PICKING: {
        f.PickStopped: State.ALLOCATED,
        f.PiecePicked: State.PICKING,
        f.PieceUnpicked: State.PICKING,
        f.LineShort: State.PICKING,
        f.ShortWithdrawn: State.PICKING,
        f.PackStarted: State.PACKING,
    },
    State.PACKING: {
        # Back to where it came from: `PackStopped.back_to` says which of the two.
        f.PackStopped: State.ALLOCATED,
        f.LineShort: State.PACKING,
        f.ShortWithdrawn: State.PACKING,
    },
    # The last piece was said to be missing, and turned up.
    State.PACKED: {f.ShortWithdrawn: State.PACKED},
    State.STAGED: {},
    State.HANDED_OVER: {},
    State.IN_TRANSIT: {},
    State.DELIVERED: {f.OrderCompleted: State.COMPLETED},
    State.COMPLETED: {},
}
"""From PACKING on, a shipment is where the last of its parcels is: see `OF_PLACE`."""

OF_PLACE: Mapping[Place, State] = {
    Place.BENCH: State.PACKED,
    Place.STAGED: State.STAGED,
    Place.MANIFESTED: State.STAGED,
    Place.HANDED_OVER: State.HANDED_OVER,
    Place.IN_TRANSIT: State.IN_TRANSIT,
    Place.DELIVERED: State.DELIVERED,
}
"""The state of a shipment whose parcels are all closed, by where the last of them is."""

CONTENTS: Table[Contents] = {
    Contents.PLANNED: {f.ParcelOpened: Contents.OPEN},
    Contents.OPEN: {
        f.ParcelShut: Contents.PLANNED,
        f.ItemPacked: Contents.OPEN,
        f.ItemUnpacked: Contents.OPEN,
        f.ParcelChecked: Contents.CHECKED,
    },
    Contents.CHECKED: {
        f.ParcelUnchecked: Contents.OPEN,
        f.BoxChosen: Contents.BOXED,
        f.ParcelWeighed: Contents.WEIGHED,
    },
    Contents.BOXED: {f.BoxReturned: Contents.CHECKED, f.ParcelWeighed: Contents.WEIGHED},
    # Back to CHECKED where no box was chosen.
    Contents.WEIGHED: {f.WeightWithdrawn: Contents.BOXED},
}

LABEL: Table[LabelState] = {
    LabelState.NONE: {f.LabelRequested: LabelState.REQUESTED},
    LabelState.REQUESTED: {
        f.LabelBought: LabelState.BOUGHT,
        f.LabelFailed: LabelState.FAILED,
        f.LabelUncertain: LabelState.UNCERTAIN,
    },
    LabelState.UNCERTAIN: {
        f.LabelBought: LabelState.BOUGHT,
        f.LabelFailed: LabelState.FAILED,
        f.LabelVoided: LabelState.VOIDED,
    },
    LabelState.FAILED: {f.LabelRequested: LabelState.REQUESTED},
    LabelState.BOUGHT: {
        f.VoidRequested: LabelState.BOUGHT,
        f.LabelVoided: LabelState.VOIDED,
        f.VoidRefused: LabelState.VOID_REFUSED,
        # A hub that was put back to an older copy does not know what became of it since.
        f.LabelUncertain: LabelState.UNCERTAIN,
    },
    LabelState.VOIDED: {f.LabelRequested: LabelState.REQUESTED},
    LabelState.VOID_REFUSED: {
        f.LabelVoided: LabelState.VOIDED,
        f.LabelRequested: LabelState.REQUESTED,
    },
}

PRINT: Table[PrintState] = {
    PrintState.NONE: {f.PrintQueued: PrintState.QUEUED},
    PrintState.QUEUED: {
        # Back to PRINTED where an earlier copy came out.
        f.PrintWithdrawn: PrintState.NONE,
        f.PrintStarted: PrintState.SENDING,
        # What became of it is true, also where a hold came between and its start was overruled.
        f.PrintSent: PrintState.SENT,
        f.LabelPrinted: PrintState.PRINTED,
        f.PrintUncertain: PrintState.UNCERTAIN,
        f.LabelNotPrinted: PrintState.QUEUED,
    },
    PrintState.SENDING: {
        f.PrintSent: PrintState.SENT,
        f.LabelPrinted: PrintState.PRINTED,
        f.PrintUncertain: PrintState.UNCERTAIN,
        f.LabelNotPrinted: PrintState.QUEUED,
    },
    PrintState.SENT: {
        f.LabelPrinted: PrintState.PRINTED,
        f.PrintUncertain: PrintState.UNCERTAIN,
        f.LabelNotPrinted: PrintState.QUEUED,
    },
    PrintState.UNCERTAIN: {
        f.LabelPrinted: PrintState.PRINTED,
        f.LabelNotPrinted: PrintState.QUEUED,
    },
    PrintState.PRINTED: {f.PrintQueued: PrintState.QUEUED},
}

PLACE: Table[Place] = {
    Place.BENCH: {
        f.ParcelClosed: Place.BENCH,
        f.ParcelReopened: Place.BENCH,
        f.ParcelStaged: Place.STAGED,
        f.ParcelHandedOver: Place.HANDED_OVER,
        f.MishapReported: Place.BENCH,
    },
    Place.STAGED: {
        f.ParcelUnstaged: Place.BENCH,
        f.ParcelManifested: Place.MANIFESTED,
        f.ParcelHandedOver: Place.HANDED_OVER,
        f.MishapReported: Place.STAGED,
    },
    Place.MANIFESTED: {
        f.ParcelHandedOver: Place.HANDED_OVER,
        f.MishapReported: Place.MANIFESTED,
    },
    Place.HANDED_OVER: {
        # Back to where it was: `HandoverUndone.back_to` says where.
        f.HandoverUndone: Place.STAGED,
        f.ParcelScannedByCarrier: Place.IN_TRANSIT,
        f.ParcelDelivered: Place.DELIVERED,
        f.MishapReported: Place.HANDED_OVER,
    },
    Place.IN_TRANSIT: {
        f.ParcelDelivered: Place.DELIVERED,
        f.MishapReported: Place.IN_TRANSIT,
    },
    Place.DELIVERED: {f.MishapReported: Place.DELIVERED},
}

CONFIRMATION: Table[Confirmation] = {
    Confirmation.NOT_DUE: {f.ConfirmationQueued: Confirmation.QUEUED},
    Confirmation.QUEUED: {f.ConfirmationSent: Confirmation.SENT},
    Confirmation.SENT: {
        f.ConfirmationUncertain: Confirmation.UNCERTAIN,
        f.ConfirmationAccepted: Confirmation.ACCEPTED,
        f.ConfirmationRejected: Confirmation.REJECTED,
    },
    Confirmation.UNCERTAIN: {
        f.ConfirmationSent: Confirmation.SENT,
        f.ConfirmationAccepted: Confirmation.ACCEPTED,
        f.ConfirmationRejected: Confirmation.REJECTED,
    },
    Confirmation.REJECTED: {f.ConfirmationQueued: Confirmation.QUEUED},
    Confirmation.ACCEPTED: {},
}

NEEDS_AUTHORITY: frozenset[type] = frozenset(
    {
        f.LabelRequested,
        f.PrintQueued,
        f.PrintStarted,
        f.ParcelClosed,
        f.ParcelStaged,
        f.ParcelManifested,
        f.ParcelHandedOver,
        f.ConfirmationQueued,
        f.ConfirmationSent,
    }
)
"""A hold holds: none of these while the shipment is held or a cancellation stands open."""

NOT_WHEN_CANCELLED: frozenset[type] = NEEDS_AUTHORITY | {
    f.PaymentCleared,
    f.ShipmentAllocated,
    f.ShipmentWanted,
    f.PickStarted,
    f.PiecePicked,
    f.PackStarted,
    f.ParcelPlanned,
    f.ParcelOpened,
    f.ItemPacked,
    f.ParcelChecked,
    f.BoxChosen,
    f.ParcelWeighed,
    f.CancelRequested,
    f.CancelWithdrawn,
    f.CancelRefused,
    f.OrderCancelled,
}
"""What is left to do for a cancelled shipment is to take it apart and give its label back."""
