"""The life of an order: what each fact does to it.

Bench and hub both call `apply`, so they cannot disagree. What may follow what is in
`transitions` (by state) and `refusal` (by what the order holds); this file only carries it out.
The same facts in the same order make the same order, on every machine.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from sync.orders import facts as f
from sync.orders.order import (
    Hold,
    Order,
    Packed,
    Parcel,
    Shipment,
    ShipmentLine,
    shipment_of,
)
from sync.orders.refusal import Reason, refusal
from sync.orders.state import Cancellation, Contents, LabelState, PrintState, Returning, State
from sync.orders.transitions import CONFIRMATION, CONTENTS, LABEL, OF_PLACE, PLACE, PRINT, SHIPMENT


class Impossible(ValueError):
    """The fact cannot follow the order's present state."""

    def __init__(self, order: Order, fact: f.Fact, reason: Reason) -> None:
        super().__init__(f"{type(fact).__name__} cannot happen to {order.id}: {reason}")
        self.order = order
        self.fact = fact
        self.reason = reason


def apply(order: Order, fact: f.Fact) -> Order:
    """Return the order as it is after the fact. Raises Impossible."""
    reason = refusal(order, fact)
    if reason is not None:
        raise Impossible(order, fact, reason)
    if isinstance(fact, f.AddressChanged):
        return replace(order, address=None, address_digest=fact.digest)
    if isinstance(fact, f.OfShipment):
        shipment = _after(order.shipment(fact.shipment), fact)
    else:
        shipment = _with_parcel(order.shipment(shipment_of(fact.parcel)), fact)
    others = (shipment if old.id == shipment.id else old for old in order.shipments)
    return replace(order, shipments=tuple(others))


def fold(order: Order, facts: Iterable[f.Fact]) -> Order:
    """Return the order after all of them, oldest first. Raises Impossible."""
    for fact in facts:
        order = apply(order, fact)
    return order


def _after(shipment: Shipment, fact: f.OfShipment) -> Shipment:
    match fact:
        case f.OrderHeld(hold=kind, why=why):
            holds = sorted((*shipment.holds, Hold(kind, why)), key=lambda hold: hold.kind)
            return replace(shipment, holds=tuple(holds))
        case f.HoldReleased(hold=kind):
            return replace(shipment, holds=tuple(h for h in shipment.holds if h.kind is not kind))
        case f.CancelRequested():
            return replace(shipment, cancellation=Cancellation.REQUESTED)
        case f.CancelWithdrawn():
            return replace(shipment, cancellation=Cancellation.NONE)
        case f.CancelRefused():
            return replace(shipment, cancellation=Cancellation.REFUSED)
        case f.OrderCancelled():
            return replace(shipment, cancellation=Cancellation.CANCELLED, wanted="")
        case f.ReturnOpened():
            return replace(shipment, returning=Returning.RETURNING)
        case f.ReturnArrived():
            return replace(shipment, returning=Returning.RETURNED)
        case f.BuyerRefunded():
            return replace(shipment, returning=Returning.REFUNDED)
        case f.QuantityReduced(line=line, by=by):
            lines = _changed(shipment, line, quantity=-by)
            return _settled(replace(shipment, lines=lines))
        case f.PiecePicked(line=line, quantity=n):
            return replace(shipment, lines=_changed(shipment, line, picked=n))
        case f.PieceUnpicked(line=line, quantity=n):
            return replace(shipment, lines=_changed(shipment, line, picked=-n))
        case f.LineShort(line=line, quantity=n):
            return _settled(replace(shipment, lines=_changed(shipment, line, short=n)))
        case f.ShortWithdrawn(line=line, quantity=n):
            return _settled(replace(shipment, lines=_changed(shipment, line, short=-n)))
        case f.PackStopped(back_to=back_to):
            return replace(shipment, state=back_to)
        case f.WishWithdrawn() | f.ShipmentKept():
            return replace(shipment, wanted="")
        case _:
            state = SHIPMENT[shipment.state][type(fact)]
            return replace(_assigned(shipment, fact), state=state)


def _assigned(shipment: Shipment, fact: f.OfShipment) -> Shipment:
    match fact:
        case f.ShipmentAllocated(warehouse=warehouse, bench=bench, claim=claim):
            return replace(shipment, warehouse=warehouse, bench=bench, claim=claim)
        case f.ShipmentWanted(bench=bench):
            return replace(shipment, wanted=bench)
        case f.AllocationWithdrawn() | f.ShipmentGivenBack():
            return replace(shipment, warehouse="", bench="", claim=None)
        case f.PickStarted(tote=tote):
            return replace(shipment, tote=tote)
        case f.PickStopped():
            return replace(shipment, tote="")
        case _:
            return shipment


def _changed(
    shipment: Shipment, line: str, *, quantity: int = 0, picked: int = 0, short: int = 0
) -> tuple[ShipmentLine, ...]:
    return tuple(
        replace(
            old,
            quantity=old.quantity + quantity,
            picked=old.picked + picked,
            short=old.short + short,
        )
        if old.line == line
        else old
        for old in shipment.lines
    )


def _with_parcel(shipment: Shipment, fact: f.OfParcel) -> Shipment:
    if isinstance(fact, f.ParcelPlanned):
        number = len(shipment.parcels) + 1
        parcel = Parcel(id=fact.parcel, number=number, replaces=fact.replaces)
        return _settled(replace(shipment, parcels=(*shipment.parcels, parcel)))
    if isinstance(fact, f.ParcelDropped):
        return _settled(replace(shipment, parcels=shipment.parcels[:-1]))
    parcels = (_advanced(old, fact) if old.id == fact.parcel else old for old in shipment.parcels)
    return _settled(replace(shipment, parcels=tuple(parcels)))


_RANK = {state: rank for rank, state in enumerate(State)}
_FARNESS = {place: far for far, place in enumerate(OF_PLACE)}
"""Asked for after every fact: looking through the enumeration each time took longer than applying
one."""


def _settled(shipment: Shipment) -> Shipment:
    """From packing on, a shipment has come as far as the last of its parcels."""
    if _RANK[shipment.state] < _RANK[State.PACKING]:
        return shipment
    if shipment.state is State.COMPLETED:
        return shipment
    replaced = {parcel.replaces for parcel in shipment.parcels}
    live = [parcel for parcel in shipment.parcels if parcel.id not in replaced]
    if not live or not shipment.complete or not all(parcel.closed for parcel in live):
        return replace(shipment, state=State.PACKING)
    last = min((parcel.place for parcel in live), key=_FARNESS.__getitem__)
    return replace(shipment, state=OF_PLACE[last])


def _advanced(parcel: Parcel, fact: f.OfParcel) -> Parcel:
    if isinstance(fact, f.OfContents):
        return _filled(replace(parcel, contents=CONTENTS[parcel.contents][type(fact)]), fact)
    if isinstance(fact, f.OfLabel):
        return _labelled(replace(parcel, label_state=LABEL[parcel.label_state][type(fact)]), fact)
    if isinstance(fact, f.OfPrint):
        return _printed(replace(parcel, print_state=PRINT[parcel.print_state][type(fact)]), fact)
    if isinstance(fact, f.OfPlace):
        return _moved(replace(parcel, place=PLACE[parcel.place][type(fact)]), fact)
    if isinstance(fact, f.OfConfirmation):
        told = CONFIRMATION[parcel.confirmation][type(fact)]
        return _told(replace(parcel, confirmation=told), fact)
    raise AssertionError(fact)  # planned and dropped are the shipment's


def _filled(parcel: Parcel, fact: f.OfContents) -> Parcel:
    match fact:
        case f.ItemPacked(line=line, quantity=n, serial=serial):
            return replace(parcel, packed=_counted(parcel.packed, line, n, serial))
        case f.ItemUnpacked(line=line, quantity=n, serial=serial):
            return replace(parcel, packed=_counted(parcel.packed, line, -n, serial))
        case f.BoxChosen(box=box):
            return replace(parcel, box=box)
        case f.BoxReturned():
            return replace(parcel, box="")
        case f.ParcelWeighed(grams=grams):
            return replace(parcel, grams=grams)
        case f.WeightWithdrawn():
            contents = Contents.BOXED if parcel.box else Contents.CHECKED
            return replace(parcel, grams=0, contents=contents)
        case _:
            return parcel


def _counted(packed: tuple[Packed, ...], line: str, change: int, serial: str) -> tuple[Packed, ...]:
    """Lines stay in the order of their ids, so that packing and unpacking leaves no trace."""
    old = next((p for p in packed if p.line == line), Packed(line=line, quantity=0))
    serials = set(old.serials) ^ {serial} if serial else set(old.serials)
    new = Packed(line=line, quantity=old.quantity + change, serials=tuple(sorted(serials)))
    others = [p for p in packed if p.line != line]
    kept = [*others, new] if new.quantity else others
    return tuple(sorted(kept, key=lambda p: p.line))


def _labelled(parcel: Parcel, fact: f.OfLabel) -> Parcel:
    match fact:
        case f.LabelRequested(key=key):
            fresh = _without_label(parcel)
            return replace(fresh, label_key=key, label_error="", label_state=parcel.label_state)
        case f.LabelBought(label=label):
            return replace(parcel, label=label, label_error="")
        case f.LabelFailed(why=why):
            return replace(_without_label(parcel), label_error=why)
        case f.LabelUncertain(why=why) | f.VoidRefused(why=why):
            return replace(parcel, label_error=why)
        case f.VoidRequested(why=why):
            return replace(parcel, void_wanted=why or "void")
        case f.LabelVoided():
            return _without_label(parcel)


def _without_label(parcel: Parcel) -> Parcel:
    """A label that was given back, or given up, must never close a parcel again."""
    spoiled = (*parcel.spoiled, parcel.label.tracking) if parcel.label else parcel.spoiled
    return replace(
        parcel,
        label=None,
        void_wanted="",
        spoiled=spoiled,
        print_state=PrintState.NONE,
        print_job="",
        copies=0,
    )


def _printed(parcel: Parcel, fact: f.OfPrint) -> Parcel:
    match fact:
        case f.PrintQueued(job=job):
            return replace(parcel, print_job=job)
        case f.PrintWithdrawn():
            if parcel.copies and parcel.label:
                job = f.print_job(parcel.label.tracking, parcel.copies)
                return replace(parcel, print_state=PrintState.PRINTED, print_job=job)
            return replace(parcel, print_job="")
        case f.LabelPrinted():
            return replace(parcel, copies=parcel.copies + 1)
        case _:
            return parcel


def _moved(parcel: Parcel, fact: f.OfPlace) -> Parcel:
    match fact:
        case f.ParcelClosed():
            return replace(parcel, closed=True)
        case f.ParcelReopened():
            return replace(parcel, closed=False)
        case f.ParcelStaged(lane=lane):
            return replace(parcel, lane=lane)
        case f.ParcelUnstaged():
            return replace(parcel, lane="")
        case f.ParcelManifested(manifest=manifest):
            return replace(parcel, manifest=manifest)
        case f.HandoverUndone(back_to=back_to):
            return replace(parcel, place=back_to)
        case f.MishapReported(mishap=mishap):
            return replace(parcel, mishap=mishap)
        case _:
            return parcel


def _told(parcel: Parcel, fact: f.OfConfirmation) -> Parcel:
    match fact:
        case f.ConfirmationQueued(reference=reference):
            return replace(parcel, reference=reference, confirmation_error="")
        case f.ConfirmationUncertain(why=why) | f.ConfirmationRejected(why=why):
            return replace(parcel, confirmation_error=why)
        case f.ConfirmationSent() | f.ConfirmationAccepted():
            return replace(parcel, confirmation_error="")


__all__ = ["Impossible", "LabelState", "apply", "fold"]
