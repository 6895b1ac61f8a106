"""How a fact is taken back: every undo has a name, or the fact is on the short list without one."""

from __future__ import annotations

from sync.orders import facts as f
from sync.orders.order import Order

NO_WAY_BACK: frozenset[type] = frozenset(
    {
        # What others did or were told cannot be untold.
        f.AddressChanged,
        f.PaymentCleared,
        f.QuantityReduced,
        f.CancelWithdrawn,
        f.CancelRefused,
        f.WishWithdrawn,
        # Another bench may have it by now, or the person who asked was told.
        f.ShipmentGivenBack,
        f.ShipmentKept,
        f.OrderCancelled,
        f.OrderCompleted,
        f.ReturnOpened,
        f.ReturnArrived,
        f.BuyerRefunded,
        # A label that was asked for may have cost money; replacing it is a verb of its own.
        f.LabelRequested,
        f.LabelBought,
        f.LabelFailed,
        f.LabelUncertain,
        f.VoidRequested,
        f.LabelVoided,
        f.VoidRefused,
        # A byte that went out does not come back.
        f.PrintWithdrawn,
        f.PrintStarted,
        f.PrintSent,
        f.LabelPrinted,
        f.PrintUncertain,
        f.LabelNotPrinted,
        # Only a scan of the label closes a box.
        f.ParcelReopened,
        f.ParcelManifested,
        f.ParcelScannedByCarrier,
        f.ParcelDelivered,
        f.MishapReported,
        f.ConfirmationQueued,
        f.ConfirmationSent,
        f.ConfirmationUncertain,
        f.ConfirmationAccepted,
        f.ConfirmationRejected,
    }
)
"""Facts without a compensating fact. Those that a packer can cause ask twice."""


def compensation(before: Order, fact: f.Fact) -> f.Fact | None:
    """Return the fact that takes this one back; None for those on NO_WAY_BACK.

    `before` is the order as it was when the fact happened.
    """
    if isinstance(fact, f.OfShipment):
        return _of_shipment(before, fact)
    if isinstance(fact, f.OfParcel):
        return _of_parcel(before, fact)
    return None


def _of_shipment(before: Order, fact: f.OfShipment) -> f.Fact | None:
    id = fact.shipment
    match fact:
        case f.ShipmentAllocated():
            return f.AllocationWithdrawn(shipment=id)
        case f.AllocationWithdrawn():
            was = before.shipment(id)
            if was.claim is None:
                return None
            return f.ShipmentAllocated(
                shipment=id, warehouse=was.warehouse, bench=was.bench, claim=was.claim
            )
        case f.ShipmentWanted():
            return _wish(id, before.shipment(id).wanted)
        case f.OrderHeld(hold=hold):
            return f.HoldReleased(shipment=id, hold=hold)
        case f.HoldReleased(hold=kind):
            why = next((h.why for h in before.shipment(id).holds if h.kind is kind), "")
            return f.OrderHeld(shipment=id, hold=kind, why=why)
        case f.CancelRequested() if before.shipment(id).cancellation == "none":
            return f.CancelWithdrawn(shipment=id)
        case f.PickStarted():
            return f.PickStopped(shipment=id)
        case f.PickStopped():
            return f.PickStarted(shipment=id, tote=before.shipment(id).tote)
        case f.PiecePicked(line=line, quantity=n):
            return f.PieceUnpicked(shipment=id, line=line, quantity=n)
        case f.PieceUnpicked(line=line, quantity=n):
            return f.PiecePicked(shipment=id, line=line, quantity=n)
        case f.LineShort(line=line, quantity=n):
            return f.ShortWithdrawn(shipment=id, line=line, quantity=n)
        case f.ShortWithdrawn(line=line, quantity=n):
            return f.LineShort(shipment=id, line=line, quantity=n)
        case f.PackStarted():
            return f.PackStopped(shipment=id, back_to=before.shipment(id).state)
        case f.PackStopped():
            return f.PackStarted(shipment=id)
        case _:
            return None


def _wish(id: str, bench: str) -> f.Fact:
    return f.ShipmentWanted(shipment=id, bench=bench) if bench else f.WishWithdrawn(shipment=id)


def _of_parcel(before: Order, fact: f.OfParcel) -> f.Fact | None:
    id = fact.parcel
    match fact:
        case f.ParcelPlanned():
            return f.ParcelDropped(parcel=id)
        case f.ParcelDropped():
            return f.ParcelPlanned(parcel=id, replaces=before.parcel(id).replaces)
        case f.ParcelOpened():
            return f.ParcelShut(parcel=id)
        case f.ParcelShut():
            return f.ParcelOpened(parcel=id)
        case f.ItemPacked(line=line, quantity=n, serial=serial):
            return f.ItemUnpacked(parcel=id, line=line, quantity=n, serial=serial)
        case f.ItemUnpacked(line=line, quantity=n, serial=serial):
            return f.ItemPacked(parcel=id, line=line, quantity=n, serial=serial)
        case f.ParcelChecked():
            return f.ParcelUnchecked(parcel=id)
        case f.ParcelUnchecked():
            return f.ParcelChecked(parcel=id)
        case f.BoxChosen():
            return f.BoxReturned(parcel=id)
        case f.BoxReturned():
            return f.BoxChosen(parcel=id, box=before.parcel(id).box)
        case f.ParcelWeighed():
            return f.WeightWithdrawn(parcel=id)
        case f.WeightWithdrawn():
            return f.ParcelWeighed(parcel=id, grams=before.parcel(id).grams)
        case f.PrintQueued(job=job):
            return f.PrintWithdrawn(parcel=id, job=job)
        case f.ParcelClosed():
            return f.ParcelReopened(parcel=id)
        case f.ParcelStaged():
            return f.ParcelUnstaged(parcel=id)
        case f.ParcelUnstaged():
            return f.ParcelStaged(parcel=id, lane=before.parcel(id).lane)
        case f.ParcelHandedOver():
            return f.HandoverUndone(parcel=id, back_to=before.parcel(id).place)
        case f.HandoverUndone():
            return f.ParcelHandedOver(parcel=id)
        case _:
            return None
