"""What goes with giving a shipment to a bench? Pure: its parcel is planned, its label asked for.

And what must be taken back before another bench may begin with it anew: what lies in a box that is
not closed is, on record, in no box any more, and a label that the first bench may have printed is
given back to the carrier, so that two boxes never bear a good one.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from msgspec.structs import replace

from sync.hub import work
from sync.orders import (
    Contents,
    Fact,
    LabelState,
    Order,
    Parcel,
    Shipment,
    State,
    apply,
    facts,
    parcel_id,
    refusal,
)
from sync.orders.label_key import label_key

OPEN = frozenset({State.ALLOCATED, State.PICKING, State.PACKING})


def ahead(order: Order, id: str) -> list[Fact]:
    """Plan a shipment's first parcel and ask for its label, where both may be done."""
    done: list[Fact] = []
    if not order.shipment(id).parcels:
        done.append(facts.ParcelPlanned(parcel=parcel_id(id, 1)))
        order = after(order, done[0])
    one = order.shipment(id)
    asked = request(order, one, one.parcels[0])
    return [*done, asked] if asked is not None else done


def request(order: Order, shipment: Shipment, parcel: Parcel) -> facts.LabelRequested | None:
    """Ask for a parcel's label; None where that may not be done now."""
    key = label_key(parcel, order.address_digest)
    if not work.may_request(order, shipment, parcel.id, key):
        return None
    return facts.LabelRequested(
        parcel=parcel.id,
        key=key,
        grams=work.expected_grams(order, shipment, parcel),
        address=order.address_digest,
    )


def given_anew(
    order: Order, given: facts.ShipmentAllocated, good: Collection[str] = ()
) -> list[Fact] | None:
    """Say what happens when a bench is given a shipment that another may have; None: it cannot.

    `good`: tracking numbers of labels that it has printed itself under this claim.
    """
    shipment = order.shipment(given.shipment)
    spoils = given.bench != shipment.bench
    back = taken_back(shipment, why="another bench packs it" if spoils else "", good=good)
    if back is None:
        return None
    changed = _all_after(order, [*back, *given_to(shipment, given)])
    if changed is None:
        return None
    return [*back, *given_to(shipment, given), *ahead(changed, given.shipment)]


def given_to(shipment: Shipment, given: facts.ShipmentAllocated) -> list[Fact]:
    """Give a shipment to a bench: whoever was wanted for it, that is settled."""
    settled = [facts.WishWithdrawn(shipment=shipment.id)] if shipment.wanted else []
    return [*settled, given]


def taken_back(shipment: Shipment, why: str, good: Collection[str] = ()) -> list[Fact] | None:
    """Say how a shipment becomes one that nobody has; None where a box of it is closed.

    `why`: its labels are given back for that reason; "": they stay good. So do those that are
    named in `good`.
    """
    if shipment.state is State.READY:
        return []
    if shipment.state not in OPEN or any(one.closed for one in shipment.parcels):
        return None
    done: list[Fact] = []
    for one in shipment.parcels:
        done += _emptied(one)
        if why and one.label and one.label_usable and one.label.tracking not in good:
            done.append(facts.VoidRequested(parcel=one.id, why=why))
    for one in reversed(shipment.parcels[1:]):
        if one.label_state is not LabelState.NONE:
            break
        done.append(facts.ParcelDropped(parcel=one.id))
    if shipment.state is State.PACKING:
        done.append(facts.PackStopped(shipment=shipment.id, back_to=State.PICKING))
    if shipment.state is not State.ALLOCATED:
        done += [
            facts.PieceUnpicked(shipment=shipment.id, line=line.line, quantity=line.picked)
            for line in shipment.lines
            if line.picked
        ]
        done.append(facts.PickStopped(shipment=shipment.id))
    return [*done, facts.AllocationWithdrawn(shipment=shipment.id)]


def _emptied(parcel: Parcel) -> list[Fact]:
    """Take a parcel's contents back, the last step first."""
    done: list[Fact] = []
    id, at = parcel.id, parcel.contents
    if at is Contents.WEIGHED:
        done.append(facts.WeightWithdrawn(parcel=id))
        at = Contents.BOXED if parcel.box else Contents.CHECKED
    if at is Contents.BOXED:
        done.append(facts.BoxReturned(parcel=id))
        at = Contents.CHECKED
    if at is Contents.CHECKED:
        done.append(facts.ParcelUnchecked(parcel=id))
        at = Contents.OPEN
    if at is Contents.PLANNED:
        return done
    for packed in parcel.packed:
        done += [
            facts.ItemUnpacked(parcel=id, line=packed.line, serial=serial)
            for serial in packed.serials
        ]
        rest = packed.quantity - len(packed.serials)
        if rest:
            done.append(facts.ItemUnpacked(parcel=id, line=packed.line, quantity=rest))
    return [*done, facts.ParcelShut(parcel=id)]


def after(order: Order, fact: Fact) -> Order:
    """Give an order after a fact, with the address that no fact carries. Raises Impossible."""
    return replace(apply(order, fact), address=order.address)


def _all_after(order: Order, done: Sequence[Fact]) -> Order | None:
    for fact in done:
        if refusal(order, fact) is not None:
            return None
        order = after(order, fact)
    return order
