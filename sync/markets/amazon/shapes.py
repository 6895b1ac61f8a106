"""The parts of the Orders API 2026-01-01 that we read, as it names them (orders_2026-01-01.json).

Everything that the model does not require may be missing; what it requires may be missing as
well where we can do without.
"""

from __future__ import annotations

import msgspec

from sync.orders.learn import learn


class _Shape(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    pass


class Amount(_Shape, frozen=True):
    """Money."""

    amount: str | int | float = "0"
    currency_code: str = ""


class Window(_Shape, frozen=True):
    """DateTimeRange."""

    earliest_date_time: str = ""
    latest_date_time: str = ""


class Place(_Shape, frozen=True):
    """CustomerAddress."""

    name: str = ""
    company_name: str = ""
    address_line1: str = ""
    address_line2: str = ""
    address_line3: str = ""
    city: str = ""
    district_or_county: str = ""
    state_or_region: str = ""
    municipality: str = ""
    postal_code: str = ""
    country_code: str = ""
    phone: str = ""


class Recipient(_Shape, frozen=True):
    """Who gets it."""

    delivery_address: Place | None = None


class Price(_Shape, frozen=True):
    """ItemPrice."""

    unit_price: Amount | None = None


class Product(_Shape, frozen=True):
    """ItemProduct."""

    asin: str = ""
    title: str = ""
    seller_sku: str = ""
    price: Price | None = None


class Gift(_Shape, frozen=True):
    """GiftOption."""

    gift_message: str = ""
    gift_wrap_level: str = ""


class Serial(_Shape, frozen=True):
    """SerialNumberRequirement."""

    requirement_type: str = ""


class Packing(_Shape, frozen=True):
    """ItemPacking."""

    gift_option: Gift | None = None
    serial_number_requirement: Serial | None = None


class Abroad(_Shape, frozen=True):
    """ItemInternationalShipping."""

    ioss_number: str = ""


class Shipping(_Shape, frozen=True):
    """ItemShipping."""

    international_shipping: Abroad | None = None


class ItemFulfilment(_Shape, frozen=True):
    """ItemFulfillment."""

    packing: Packing | None = None
    shipping: Shipping | None = None


class Asked(_Shape, frozen=True):
    """ItemCancellationRequest."""

    requester: str = ""
    cancel_reason: str = ""


class ItemCancellation(_Shape, frozen=True):
    """What became of a line's cancellation."""

    cancellation_request: Asked | None = None


class Item(_Shape, frozen=True):
    """OrderItem."""

    order_item_id: str
    quantity_ordered: int
    product: Product | None = None
    fulfillment: ItemFulfilment | None = None
    cancellation: ItemCancellation | None = None


class Fulfilment(_Shape, frozen=True):
    """OrderFulfillment."""

    fulfillment_status: str = ""
    fulfilled_by: str = ""
    fulfillment_service_level: str = ""
    ship_by_window: Window | None = None
    deliver_by_window: Window | None = None


class Channel(_Shape, frozen=True):
    """SalesChannel."""

    marketplace_id: str = ""


class Proceeds(_Shape, frozen=True):
    """OrderProceeds."""

    grand_total: Amount | None = None


class Sold(_Shape, frozen=True):
    """Order."""

    order_id: str
    created_time: str = ""
    last_updated_time: str = ""
    sales_channel: Channel | None = None
    recipient: Recipient | None = None
    proceeds: Proceeds | None = None
    fulfillment: Fulfilment | None = None
    order_items: tuple[Item, ...] = ()


class Pagination(_Shape, frozen=True):
    """Where the next page is."""

    next_token: str = ""


class Page(_Shape, frozen=True):
    """SearchOrdersResponse, its orders not yet read."""

    orders: tuple[msgspec.Raw, ...]
    pagination: Pagination | None = None
    last_updated_before: str = ""


class Single(_Shape, frozen=True):
    """GetOrderResponse, its order not yet read."""

    order: msgspec.Raw


class Told(_Shape, frozen=True):
    """OrderPackage."""

    package_reference_id: str
    tracking_number: str = ""


class Packages(_Shape, frozen=True):
    """An order of which we only want its packages."""

    packages: tuple[Told, ...] = ()


class Found(_Shape, frozen=True):
    """GetOrderResponse, asked for PACKAGES."""

    order: Packages


class Problem(_Shape, frozen=True):
    """Error."""

    code: str = ""
    message: str = ""
    details: str = ""


class Problems(_Shape, frozen=True):
    """ErrorList."""

    errors: tuple[Problem, ...] = ()


learn(Page, Single, Sold, Found, Problems)
