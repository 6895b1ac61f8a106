"""What can happen to an order and its shipments, as the hub and the marketplace see them."""

from __future__ import annotations

from sync.orders.facts.base import AnyFact, ShipmentFact
from sync.orders.order import Claim
from sync.orders.state import HoldKind


class AddressChanged(AnyFact, frozen=True, kw_only=True, tag="address-changed"):
    """The buyer lives elsewhere now. The address itself travels beside the journal."""

    digest: str


class PaymentCleared(ShipmentFact, frozen=True, kw_only=True, tag="payment-cleared"):
    """The money is there."""


class QuantityReduced(ShipmentFact, frozen=True, kw_only=True, tag="quantity-reduced"):
    """The marketplace called off some pieces of a line."""

    line: str
    by: int


class ShipmentAllocated(ShipmentFact, frozen=True, kw_only=True, tag="shipment-allocated"):
    """A bench of a warehouse may work on it."""

    warehouse: str
    bench: str
    claim: Claim


class AllocationWithdrawn(ShipmentFact, frozen=True, kw_only=True, tag="allocation-withdrawn"):
    """The bench may not any more."""


class ShipmentWanted(ShipmentFact, frozen=True, kw_only=True, tag="shipment-wanted"):
    """The hub wants it back, if the bench that has it has not begun, for another one to pack."""

    bench: str
    """Which packs it then."""


class WishWithdrawn(ShipmentFact, frozen=True, kw_only=True, tag="wish-withdrawn"):
    """It is not wanted back any more: the other bench has it, or this one may keep it."""


class ShipmentGivenBack(ShipmentFact, frozen=True, kw_only=True, tag="shipment-given-back"):
    """The bench had not begun, and will not."""


class ShipmentKept(ShipmentFact, frozen=True, kw_only=True, tag="shipment-kept"):
    """The bench was asked for it and has begun: it goes on."""


class OrderHeld(ShipmentFact, frozen=True, kw_only=True, tag="order-held"):
    """There is a reason not to ship now."""

    hold: HoldKind
    why: str = ""


class HoldReleased(ShipmentFact, frozen=True, kw_only=True, tag="hold-released"):
    """The reason is gone."""

    hold: HoldKind


class CancelRequested(ShipmentFact, frozen=True, kw_only=True, tag="cancel-requested"):
    """Somebody wants it called off."""

    why: str = ""


class CancelWithdrawn(ShipmentFact, frozen=True, kw_only=True, tag="cancel-withdrawn"):
    """They want it after all."""


class CancelRefused(ShipmentFact, frozen=True, kw_only=True, tag="cancel-refused"):
    """It ships all the same."""


class OrderCancelled(ShipmentFact, frozen=True, kw_only=True, tag="order-cancelled"):
    """It was called off."""

    why: str = ""


class OrderCompleted(ShipmentFact, frozen=True, kw_only=True, tag="order-completed"):
    """Nothing more will happen to it."""


class ReturnOpened(ShipmentFact, frozen=True, kw_only=True, tag="return-opened"):
    """The buyer sends it back."""

    rma: str = ""


class ReturnArrived(ShipmentFact, frozen=True, kw_only=True, tag="return-arrived"):
    """It is back."""


class BuyerRefunded(ShipmentFact, frozen=True, kw_only=True, tag="buyer-refunded"):
    """The buyer has the money back."""
