"""What Amazon's JSON says: an order of the Orders API 2026-01-01 becomes an order of ours.

Model: orders_2026-01-01.json. Unknown fields are passed over and every order is read by itself,
so that one which cannot be read never costs the others of its page. A status that we do not know
is a reason to hold, never a crash. What is missing is left empty; the hub decides what it needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import InvalidOperation

import msgspec

from sync.markets.amazon.shapes import Found, Item, Page, Problems, Single, Sold
from sync.orders import (
    Address,
    Cancellation,
    Line,
    Money,
    Order,
    Shipment,
    ShipmentLine,
    State,
    shipment_id,
)
from sync.orders import money as money_of
from sync.ports import Fetched
from sync.talk import Failed

STATES: Mapping[str, State] = {
    "PENDING_AVAILABILITY": State.PENDING_PAYMENT,
    "PENDING": State.PENDING_PAYMENT,
    "UNSHIPPED": State.READY,
    "PARTIALLY_SHIPPED": State.READY,
    "SHIPPED": State.HANDED_OVER,
    "CANCELLED": State.READY,
    "UNFULFILLABLE": State.READY,
}
"""fulfillmentStatus, and how far the shipment is; a cancellation stands beside it."""
CANCELLED = frozenset({"CANCELLED", "UNFULFILLABLE"})
MOST_PIECES = 1_000_000
"""Of one line. More is a mistake of somebody's, and would cost days of scanning."""

NO_ROLE = (
    "Amazon keeps the addresses back: the app lacks the role "
    "Direct-to-Consumer Delivery (Restricted)"
)


class Gathered:
    """Orders as page after page brings them."""

    def __init__(self) -> None:
        self._orders: dict[str, Order] = {}
        self._held: dict[str, str] = {}
        self._refused: dict[str, str] = {}
        self._cancel_requested: set[str] = set()
        self._statuses: dict[str, str] = {}
        self._until: datetime | None = None
        self._role_missing = False

    def no_address(self) -> None:
        """Remember that addresses are kept back."""
        self._role_missing = True

    def page(self, body: bytes) -> str:
        """Take in a page of searchOrders; give the next token. Raises Failed."""
        try:
            page = msgspec.json.decode(body, type=Page)
        except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
            raise Failed(f"Amazon's page cannot be read: {wrong}", again=True) from wrong
        for raw in page.orders:
            self._add(bytes(raw))
        self._until = moment(page.last_updated_before) or self._until
        return page.pagination.next_token if page.pagination else ""

    def single(self, body: bytes) -> None:
        """Take in the answer of getOrder. Raises Failed."""
        try:
            single = msgspec.json.decode(body, type=Single)
        except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
            raise Failed(f"Amazon's order cannot be read: {wrong}", again=True) from wrong
        self._add(bytes(single.order))

    def fetched(self, until: datetime | None) -> Fetched:
        """Give all of it; `until` is where the window ended that was asked for."""
        ends = [end for end in (until, self._until) if end is not None]
        status = self._statuses.items()
        return Fetched(
            orders=tuple(self._orders.values()),
            held=dict(self._held),
            cancel_requested=frozenset(self._cancel_requested),
            cancelled=frozenset(id for id, word in status if word in CANCELLED),
            shipped=frozenset(id for id, word in status if word == "SHIPPED"),
            partly_shipped=frozenset(id for id, word in status if word == "PARTIALLY_SHIPPED"),
            refused=dict(self._refused),
            remarks=(NO_ROLE,) if self._role_missing else (),
            until=min(ends, default=None),
        )

    def _add(self, raw: bytes) -> None:
        try:
            # "2" is as good as 2, and null as good as nothing: both were seen in answers.
            plain = _without_nulls(msgspec.json.decode(raw))
            said = msgspec.convert(plain, type=Sold, strict=False)
            order = _order(said)
        except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as wrong:
            self._refused[_id(raw)] = f"the order cannot be read: {wrong}"
            return
        if said.fulfillment and said.fulfillment.fulfilled_by == "AMAZON":
            return  # Amazon's own warehouse sends it
        id = order.channel_order_id
        before = self._orders.get(id)
        if before and _older(order, before):
            return
        self._orders[id] = order
        self._statuses[id] = status = (
            said.fulfillment.fulfillment_status if said.fulfillment else ""
        )
        self._cancel_requested.discard(id)
        if any(_cancel_asked(item) for item in said.order_items):
            self._cancel_requested.add(id)
        self._held.pop(id, None)
        why = _why_hold(order, status)
        if why:
            self._held[id] = why


def _older(order: Order, other: Order) -> bool:
    if order.changed_at is None or other.changed_at is None:
        return False
    return order.changed_at < other.changed_at


def _without_nulls(said: object) -> object:
    if isinstance(said, dict):
        return {name: _without_nulls(value) for name, value in said.items() if value is not None}
    if isinstance(said, list):
        return [_without_nulls(value) for value in said if value is not None]
    return said


def _why_hold(order: Order, status: str) -> str:
    if status not in STATES:
        return f"Amazon gives the status {clean(status) or 'none'}, which is not known here"
    if status in CANCELLED or status == "SHIPPED":
        return ""
    if not order.lines:
        return "nothing is to be sent: the order has no line with a quantity"
    return ""


def _order(said: Sold) -> Order:
    """Make an order of ours. Raises ValueError with what is wrong."""
    id = clean(said.order_id)
    if not id:
        raise ValueError("it has no orderId")
    full = said.fulfillment
    status = full.fulfillment_status if full else ""
    state = STATES.get(status, State.READY)
    lines = tuple(_line(item) for item in said.order_items if item.quantity_ordered)
    if len({line.id for line in lines}) != len(lines):
        raise ValueError("two of its lines have one orderItemId")
    address = _address(said)
    proceeds = said.proceeds.grand_total if said.proceeds else None
    gifts = [gift for item in said.order_items if (gift := _gift(item)) is not None]
    return Order(
        id=id,
        channel="",
        channel_order_id=id,
        marketplace="amazon",
        site=said.sales_channel.marketplace_id if said.sales_channel else "",
        placed_at=moment(said.created_time),
        changed_at=moment(said.last_updated_time),
        ship_by=moment(
            full.ship_by_window.latest_date_time if full and full.ship_by_window else ""
        ),
        deliver_by=moment(
            full.deliver_by_window.latest_date_time if full and full.deliver_by_window else ""
        ),
        service=(full.fulfillment_service_level if full else "").lower(),
        payment="pending" if state is State.PENDING_PAYMENT else "paid",
        total=_money(proceeds.amount, proceeds.currency_code) if proceeds else None,
        lines=lines,
        shipments=(
            Shipment(
                id=shipment_id(id, 1),
                state=state,
                lines=tuple(ShipmentLine(line=line.id, quantity=line.quantity) for line in lines),
                cancellation=(Cancellation.CANCELLED if status in CANCELLED else Cancellation.NONE),
            ),
        ),
        address=address,
        address_digest=address.digest if address else "",
        gift=bool(gifts),
        gift_message="\n".join(text for text in gifts if text),
        ioss=next((code for item in said.order_items if (code := _ioss(item))), ""),
    )


def _line(item: Item) -> Line:
    if not 0 <= item.quantity_ordered <= MOST_PIECES:
        raise ValueError(f"a line has the quantity {item.quantity_ordered}")
    if not item.order_item_id:
        raise ValueError("a line has no orderItemId")
    product = item.product
    price = product.price.unit_price if product and product.price else None
    packing = item.fulfillment.packing if item.fulfillment else None
    serial = packing.serial_number_requirement if packing else None
    return Line(
        id=clean(item.order_item_id),
        sku=clean(product.seller_sku or product.asin) if product else "",
        name=clean(product.title) if product else "",
        quantity=item.quantity_ordered,
        price=_money(price.amount, price.currency_code) if price else None,
        serial_required=bool(serial and serial.requirement_type == "REQUIRED"),
    )


def _address(said: Sold) -> Address | None:
    there = said.recipient.delivery_address if said.recipient else None
    if there is None:
        return None
    lines = (there.address_line1, there.address_line2, there.address_line3)
    return Address(
        name=clean(there.name),
        company=clean(there.company_name),
        lines=tuple(clean(line) for line in lines if clean(line)),
        city=clean(there.city or there.municipality or there.district_or_county),
        region=clean(there.state_or_region),
        postcode=clean(there.postal_code),
        country=clean(there.country_code).upper(),
        phone=clean(there.phone),
    )


def _gift(item: Item) -> str | None:
    packing = item.fulfillment.packing if item.fulfillment else None
    option = packing.gift_option if packing else None
    return clean(option.gift_message) if option else None


def _ioss(item: Item) -> str:
    shipping = item.fulfillment.shipping if item.fulfillment else None
    abroad = shipping.international_shipping if shipping else None
    return abroad.ioss_number if abroad else ""


def _cancel_asked(item: Item) -> bool:
    return bool(item.cancellation and item.cancellation.cancellation_request is not None)


def _money(amount: str | int | float, currency: str) -> Money | None:
    """Read an amount; None for one that makes no sense: no parcel waits for a price."""
    try:
        return money_of.of(str(amount), currency)
    except (ValueError, InvalidOperation):
        return None


def moment(text: str) -> datetime | None:
    """Read an ISO 8601 moment; None for none, or for one that cannot be read.

    >>> moment("2026-03-01T09:30:00.000Z")
    datetime.datetime(2026, 3, 1, 9, 30, tzinfo=datetime.timezone.utc)
    """
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return None
    return when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)


def clean(text: str) -> str:
    r"""Take control characters out of a text; all else stays, in any script.

    >>> clean("Łódź\t^XZ~JA\x00 ")
    'Łódź ^XZ~JA'
    """
    spaced = "".join(" " if sign in "\t\r\n\v\f\x85\u2028\u2029" else sign for sign in text)
    return "".join(sign for sign in spaced if sign >= " " and sign != "\x7f").strip()


def error(body: bytes) -> str:
    """Give the first reason of an error body; "" when it has none."""
    try:
        problems = msgspec.json.decode(body, type=Problems)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    return next((f"{one.code}: {one.message}".strip(": ") for one in problems.errors), "")


def token_dead(body: bytes) -> bool:
    """Say whether a 403 is about the access token, and not about what the app may read."""
    try:
        problems = msgspec.json.decode(body, type=Problems)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return any("token" in one.details.lower() for one in problems.errors)


def tracking(body: bytes, reference: str) -> frozenset[str] | None:
    """Give the tracking numbers that Amazon has under a reference; None: it did not say."""
    try:
        found = msgspec.json.decode(body, type=Found)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    packages = found.order.packages
    return frozenset(
        one.tracking_number for one in packages if one.package_reference_id == reference
    )


def _id(raw: bytes) -> str:
    try:
        said = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return "?"
    id = said.get("orderId") if isinstance(said, dict) else None
    return clean(id) if isinstance(id, str) and clean(id) else "?"
