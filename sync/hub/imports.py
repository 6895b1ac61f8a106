"""Orders from a file: what a shop without a connected marketplace sells, as JSON.

[{"id": "1001", "lines": [{"sku": "MUG-BL", "quantity": 2}], "ship_by": "2026-11-23T16:00:00Z",
"address": {"name": "Ada Byron", "lines": ["12 St James's Square"], "city": "London",
"postcode": "SW1Y 4JH", "country": "GB"}}]
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from sync.orders import (
    Address,
    Line,
    Money,
    Order,
    Shipment,
    ShipmentLine,
    State,
    shipment_id,
)
from sync.orders.learn import learn
from sync.ports import Fetched

MOST_PIECES = 1_000_000
"""Of one line: more is a mistake."""


class Unreadable(ValueError):
    """A file that is no list of orders."""


class _Line(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    sku: str
    id: str = ""
    name: str = ""
    gtins: tuple[str, ...] = ()
    quantity: int = 1
    grams: int = 0
    price: Money | None = None


class _Order(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: str
    lines: tuple[_Line, ...] = ()
    address: Address | None = None
    placed_at: datetime | None = None
    ship_by: datetime | None = None
    service: str = "standard"
    paid: bool = True
    note: str = ""
    gift_message: str = ""


def read(raw: bytes) -> Fetched:
    """Read a file of orders; what cannot be read is refused by name. Raises Unreadable."""
    try:
        rows = msgspec.json.decode(raw, type=tuple[msgspec.Raw, ...])
    except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
        raise Unreadable(f"it is no JSON list of orders ({wrong})") from None
    found: dict[str, Order] = {}
    refused: dict[str, str] = {}
    for at, row in enumerate(rows, 1):
        try:
            said = msgspec.json.decode(row, type=_Order)
            order = _made(said)
        except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as wrong:
            refused[f"row {at}"] = f"the order cannot be read: {wrong}"
            continue
        if order.channel_order_id in found:
            refused[f"row {at}"] = f"order {order.channel_order_id} is in the file twice"
        found.setdefault(order.channel_order_id, order)
    held = {
        id: "nothing is to be sent: the order has no line with a quantity"
        for id, order in found.items()
        if not order.lines
    }
    return Fetched(orders=tuple(found.values()), held=held, refused=refused)


def _made(said: _Order) -> Order:
    if not said.id.strip() or set(said.id) & set("#/"):
        raise ValueError(f"{said.id!r} is no order number")
    if any(not 0 <= line.quantity <= MOST_PIECES for line in said.lines):
        raise ValueError("a line has an impossible quantity")
    lines = tuple(
        Line(
            id=line.id or str(number),
            sku=line.sku,
            name=line.name,
            gtins=tuple(gtin.zfill(14) for gtin in line.gtins),
            quantity=line.quantity,
            grams=line.grams,
            price=line.price,
        )
        for number, line in enumerate(said.lines, 1)
        if line.quantity
    )
    if len({line.id for line in lines}) != len(lines):
        raise ValueError("two of its lines have one id")
    shipment = Shipment(
        id=shipment_id(said.id, 1),
        state=State.READY if said.paid else State.PENDING_PAYMENT,
        lines=tuple(ShipmentLine(line=line.id, quantity=line.quantity) for line in lines),
    )
    return Order(
        id=said.id,
        channel="",
        channel_order_id=said.id,
        placed_at=said.placed_at,
        ship_by=said.ship_by,
        service=said.service,
        payment="paid" if said.paid else "pending",
        lines=lines,
        shipments=(shipment,),
        address=said.address,
        address_digest=said.address.digest if said.address else "",
        note=said.note,
        gift=bool(said.gift_message),
        gift_message=said.gift_message,
    )


learn(_Order)
