"""An order as the simulated Amazon keeps it, and what may happen to it. Pure.

The rules of confirming are those of confirmShipment in the Orders API v0: a package reference id
told again edits that package, another id on an order that has nothing left to ship is refused
with PackageToUpdateNotFound, and nothing is shipped beyond what was ordered. Amazon's word for a
parcel is package; it appears only where its JSON is read or written.
"""

from __future__ import annotations

from datetime import datetime

import msgspec
from msgspec.structs import replace

from sync.orders.address import Address
from sync.orders.learn import learn
from sync.simulate.amazon.refusal import Refusal, invalid

ALREADY_FULFILLED = (
    "Failed to create package due to not finding a matching package or order already fulfilled. "
    "Reason: PackageToUpdateNotFound"
)
"""What a second reference id is told (amzn/selling-partner-api-models, issue 5037)."""


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One line of an order."""

    id: str
    sku: str
    asin: str
    title: str
    quantity: int
    price: int
    """Minor units of the order's currency, for one piece."""
    gift: str | None = None
    """The buyer's words on a wrapped gift, maybe none; None: not a gift."""
    serial: bool = False
    cancel_requested: str = ""
    """Why the buyer wants it cancelled; "" while nobody asked."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One parcel that we were told of."""

    reference: str
    carrier: str
    service: str
    tracking: str
    ship_time: datetime
    quantities: dict[str, int]
    """Pieces by item id."""
    first: datetime
    times: int = 1
    """How often we were told, the first time included."""
    edits: int = 0
    """How often the telling changed something."""


class Happening(msgspec.Struct, frozen=True):
    """What will happen to an order, unless it comes too late."""

    at: datetime
    kind: str
    """pay | cancel | request_cancel | drop | address; dropping is the seller's cancelling it."""
    address: Address | None = None
    """Where it is to go instead."""


class TurnedDown(msgspec.Struct, frozen=True, kw_only=True):
    """A confirmation that was refused."""

    at: datetime
    reference: str
    tracking: str
    why: str


class Sold(msgspec.Struct, frozen=True, kw_only=True):
    """One order."""

    id: str
    marketplace: str
    placed: datetime
    changed: datetime
    status: str
    """PENDING, UNSHIPPED or CANCELLED; what was shipped is counted. Or a word nobody knows."""
    buyer: str
    email: str
    address: Address | None
    currency: str
    service: str
    ship_by: datetime
    deliver_by: datetime
    items: tuple[Item, ...]
    kind: str = "plain"
    """Which oddity it was placed as."""
    cancelled_by: str = ""
    coming: tuple[Happening, ...] = ()
    late: tuple[str, ...] = ()
    """Happenings that came when it was too late."""
    told: tuple[Told, ...] = ()
    turned_down: tuple[TurnedDown, ...] = ()

    @property
    def fulfilment(self) -> str:
        """Give Amazon's word for how far it is."""
        if self.status != "UNSHIPPED" or not self.told:
            return self.status
        left = any(self.unfulfilled(item.id) for item in self.items)
        return "PARTIALLY_SHIPPED" if left else "SHIPPED"

    @property
    def cancel_requested(self) -> bool:
        """Whether the buyer asked to cancel any of it."""
        return any(item.cancel_requested for item in self.items)

    def fulfilled(self, item: str, *, beside: str = "") -> int:
        """Count the pieces of an item that were shipped, beside those of one reference id."""
        return sum(told.quantities.get(item, 0) for told in self.told if told.reference != beside)

    def unfulfilled(self, item: str, *, beside: str = "") -> int:
        """Count the pieces of an item that are still to ship."""
        ordered = sum(line.quantity for line in self.items if line.id == item)
        return ordered - self.fulfilled(item, beside=beside)


def confirm(order: Sold, told: Told) -> Sold | Refusal:
    """Take note of a parcel that was shipped."""
    refusal = _why_not(order, told)
    if refusal is not None:
        return refusal
    known = next((one for one in order.told if one.reference == told.reference), None)
    if known is None:
        return replace(order, told=(*order.told, told), changed=told.first)
    again = _told_again(known, told)
    others = tuple(again if one.reference == told.reference else one for one in order.told)
    # Telling the same again changes nothing, so the order does not come up in a search for it.
    changed = told.first if again.edits > known.edits else order.changed
    return replace(order, told=others, changed=changed)


def _why_not(order: Sold, told: Told) -> Refusal | None:
    if order.fulfilment == "CANCELLED":
        return invalid(f"Order {order.id} is cancelled and cannot be confirmed.")
    if order.fulfilment not in ("UNSHIPPED", "PARTIALLY_SHIPPED", "SHIPPED"):
        return invalid(f"Order {order.id} is not ready for shipment.")
    items = {item.id for item in order.items}
    for id, quantity in told.quantities.items():
        if id not in items:
            return invalid(f"Order item {id} does not belong to order {order.id}.")
        if quantity < 1:
            return invalid(f"The quantity of order item {id} must be positive.")
    new = all(one.reference != told.reference for one in order.told)
    if new and order.fulfilment == "SHIPPED":
        return invalid(ALREADY_FULFILLED)
    for id, quantity in told.quantities.items():
        left = order.unfulfilled(id, beside=told.reference)
        if quantity > left:
            return invalid(
                f"The quantity {quantity} of order item {id} exceeds the unfulfilled {left}."
            )
    return None


def _told_again(known: Told, told: Told) -> Told:
    said = replace(told, first=known.first, times=known.times, edits=known.edits)
    return replace(said, times=known.times + 1, edits=known.edits + (said != known))


def turn_down(order: Sold, turned: TurnedDown) -> Sold:
    """Take note of a confirmation that was refused; the order itself does not change."""
    return replace(order, turned_down=(*order.turned_down, turned))


def cancel(order: Sold, by: str, now: datetime) -> Sold | Refusal:
    """Cancel it, unless something of it is shipped."""
    if order.told or order.status == "CANCELLED":
        return invalid(f"Order {order.id} is {order.fulfilment} and cannot be cancelled.")
    return replace(order, status="CANCELLED", cancelled_by=by, changed=now)


def request_cancel(order: Sold, why: str, now: datetime) -> Sold | Refusal:
    """Let the buyer ask the seller to cancel what is not shipped."""
    if order.fulfilment not in ("PENDING", "UNSHIPPED", "PARTIALLY_SHIPPED"):
        return invalid(f"Order {order.id} is {order.fulfilment}; it is too late to ask.")
    asked = tuple(
        replace(item, cancel_requested=why) if order.unfulfilled(item.id) else item
        for item in order.items
    )
    return replace(order, items=asked, changed=now)


def change_address(order: Sold, address: Address | None, now: datetime) -> Sold | Refusal:
    """Send it somewhere else, unless something of it is shipped."""
    if order.told or order.status == "CANCELLED":
        return invalid(f"Order {order.id} is {order.fulfilment}; its address stays.")
    return replace(order, address=address, changed=now)


def pay(order: Sold, now: datetime) -> Sold | Refusal:
    """Take the payment, or clear whatever else the order waits for: it may be shipped."""
    if order.status in ("UNSHIPPED", "CANCELLED"):
        return invalid(f"Order {order.id} is {order.fulfilment} and waits for no payment.")
    kept = order.ship_by - order.placed
    return replace(order, status="UNSHIPPED", changed=now, ship_by=max(order.ship_by, now + kept))


def happen(order: Sold, now: datetime) -> Sold:
    """Let everything happen that is due; what comes too late is noted as such."""
    while order.coming and order.coming[0].at <= now:
        due, *rest = order.coming
        order = _happen(replace(order, coming=tuple(rest)), due)
    return order


def _happen(order: Sold, due: Happening) -> Sold:
    match due.kind:
        case "pay":
            after = pay(order, due.at)
        case "cancel":
            after = cancel(order, "BUYER", due.at)
        case "drop":
            after = cancel(order, "MERCHANT", due.at)
        case "request_cancel":
            after = request_cancel(order, "Ordered by mistake", due.at)
        case "address":
            after = change_address(order, due.address, due.at)
        case _:
            raise ValueError(f"nothing called {due.kind} can happen to an order")
    if isinstance(after, Refusal):
        return replace(order, late=(*order.late, due.kind))
    return after


learn(Sold)
