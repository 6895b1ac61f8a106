"""The vocabulary that bench and hub share: orders, what happens to them, and when it may.

`order`, `state`, `address` and `money` say what an order is; `facts` what can happen to it;
`transitions` and `refusal` when it may; `lifecycle.apply` what it does; `compensation` how it is
taken back. An order changes by `apply` and in no other way. Imports nothing of ours.
"""

from sync.orders import facts
from sync.orders.address import Address
from sync.orders.compensation import NO_WAY_BACK, compensation
from sync.orders.facts import Entry, Fact
from sync.orders.learn import learn
from sync.orders.lifecycle import Impossible, apply, fold
from sync.orders.money import Money
from sync.orders.order import (
    Claim,
    Hold,
    Label,
    Line,
    Order,
    Packed,
    Parcel,
    Shipment,
    ShipmentLine,
    order_of,
    parcel_id,
    shipment_id,
    shipment_of,
)
from sync.orders.refusal import Reason, refusal
from sync.orders.state import (
    Cancellation,
    ConfirmAt,
    Confirmation,
    Contents,
    HoldKind,
    LabelState,
    Mishap,
    Place,
    PrintState,
    Returning,
    Shortage,
    State,
)

__all__ = [
    "NO_WAY_BACK",
    "Address",
    "Cancellation",
    "Claim",
    "ConfirmAt",
    "Confirmation",
    "Contents",
    "Entry",
    "Fact",
    "Hold",
    "HoldKind",
    "Impossible",
    "Label",
    "LabelState",
    "Line",
    "Mishap",
    "Money",
    "Order",
    "Packed",
    "Parcel",
    "Place",
    "PrintState",
    "Reason",
    "Returning",
    "Shipment",
    "ShipmentLine",
    "Shortage",
    "State",
    "apply",
    "compensation",
    "facts",
    "fold",
    "order_of",
    "parcel_id",
    "refusal",
    "shipment_id",
    "shipment_of",
]


learn(Order, Entry)
