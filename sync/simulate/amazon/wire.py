"""What the simulated Amazon writes: an order as JSON of the Orders API 2026-01-01.

Model: orders_2026-01-01.json. Which parts of an order are there is the caller's choice
(`includedData`); what is not known is left out, never null.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sync.orders.address import Address
from sync.orders.money import digits_of
from sync.simulate.amazon import sites
from sync.simulate.amazon.refusal import Refusal
from sync.simulate.amazon.sold import Item, Sold, Told

PARTS = frozenset(
    {
        *("BUYER", "RECIPIENT", "PROCEEDS", "EXPENSE", "PROMOTION", "CANCELLATION"),
        *("FULFILLMENT", "PACKAGES", "TAX", "PAYMENT", "FULFILLMENT_ORDERS"),
    }
)

Json = dict[str, Any]  # JSON of Amazon's model; its shape is checked against the model in tests


def order(sold: Sold, parts: AbstractSet[str]) -> Json:
    """Write one order."""
    # An order whose payment is pending tells nothing of the buyer.
    known = sold.status != "PENDING"
    return _told_only(
        {
            "orderId": sold.id,
            "createdTime": when(sold.placed),
            "lastUpdatedTime": when(sold.changed),
            "salesChannel": {
                "channelName": "AMAZON",
                "marketplaceId": sold.marketplace,
                "marketplaceName": sites.BY_ID[sold.marketplace].name,
            },
            "buyer": _buyer(sold) if "BUYER" in parts and known else None,
            "recipient": _recipient(sold) if "RECIPIENT" in parts and known else None,
            "proceeds": _proceeds(sold) if "PROCEEDS" in parts else None,
            "fulfillment": _fulfilment(sold) if "FULFILLMENT" in parts else None,
            "orderItems": [_item(sold, item, parts) for item in sold.items],
            "packages": [_package(told) for told in sold.told] if "PACKAGES" in parts else None,
        }
    )


def errors(refusal: Refusal) -> Json:
    """Write Amazon's error body."""
    said = {"code": refusal.code, "message": refusal.message, "details": refusal.details}
    return {"errors": [said]}


def when(moment: datetime) -> str:
    """Write a moment, to the millisecond, as Amazon does.

    >>> when(datetime(2026, 3, 1, 9, 30, tzinfo=UTC))
    '2026-03-01T09:30:00.000Z'
    """
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _buyer(sold: Sold) -> Json:
    return {"buyerName": sold.buyer, "buyerEmail": sold.email}


def _recipient(sold: Sold) -> Json | None:
    return {"deliveryAddress": _address(sold.address)} if sold.address else None


def _address(address: Address) -> Json:
    lines = dict(zip(("addressLine1", "addressLine2", "addressLine3"), address.lines, strict=False))
    return _told_only(
        {
            "name": address.name or None,
            "companyName": address.company or None,
            **lines,
            "city": address.city or None,
            "stateOrRegion": address.region or None,
            "postalCode": address.postcode or None,
            "countryCode": address.country or None,
            "phone": address.phone or None,
            "addressType": "RESIDENTIAL",
        }
    )


def _proceeds(sold: Sold) -> Json:
    total = sum(item.price * item.quantity for item in sold.items)
    return {"grandTotal": _money(total, sold.currency)}


def _fulfilment(sold: Sold) -> Json:
    return {
        "fulfillmentStatus": sold.fulfilment,
        "fulfilledBy": "MERCHANT",
        "fulfillmentServiceLevel": sold.service,
        "shipByWindow": {
            "earliestDateTime": when(sold.placed),
            "latestDateTime": when(sold.ship_by),
        },
        "deliverByWindow": {
            "earliestDateTime": when(sold.ship_by),
            "latestDateTime": when(sold.deliver_by),
        },
    }


def _item(sold: Sold, item: Item, parts: AbstractSet[str]) -> Json:
    return _told_only(
        {
            "orderItemId": item.id,
            "quantityOrdered": item.quantity,
            "product": {
                "asin": item.asin,
                "title": item.title,
                "sellerSku": item.sku,
                "condition": {"conditionType": "NEW"},
                "price": {"unitPrice": _money(item.price, sold.currency)},
            },
            "proceeds": {"proceedsTotal": _money(item.price * item.quantity, sold.currency)}
            if "PROCEEDS" in parts
            else None,
            "cancellation": _cancellation(sold, item) if "CANCELLATION" in parts else None,
            "fulfillment": _item_fulfilment(sold, item) if "FULFILLMENT" in parts else None,
        }
    )


def _cancellation(sold: Sold, item: Item) -> Json | None:
    request = execution = None
    if item.cancel_requested:
        request = {"requester": "BUYER", "cancelReason": item.cancel_requested}
    if sold.cancelled_by:
        execution = {"cancelledBy": sold.cancelled_by, "cancelReason": "Cancelled before shipment"}
    said = _told_only({"cancellationRequest": request, "cancellationExecution": execution})
    return said or None


def _item_fulfilment(sold: Sold, item: Item) -> Json:
    gift = serial = None
    if item.gift is not None:
        message = {"giftMessage": item.gift} if item.gift else {}
        gift = {**message, "giftWrapLevel": "CLASSIC"}
    if item.serial:
        serial = {"requirementType": "REQUIRED"}
    packing = _told_only({"giftOption": gift, "serialNumberRequirement": serial})
    return _told_only(
        {
            "quantityFulfilled": sold.fulfilled(item.id),
            # What is cancelled is owed to nobody.
            "quantityUnfulfilled": 0 if sold.status == "CANCELLED" else sold.unfulfilled(item.id),
            "packing": packing or None,
        }
    )


def _package(told: Told) -> Json:
    return _told_only(
        {
            "packageReferenceId": told.reference,
            "createdTime": when(told.first),
            "packageStatus": {"status": "SHIPPED"},
            "carrier": told.carrier,
            "shipTime": when(told.ship_time),
            "shippingService": told.service or None,
            "trackingNumber": told.tracking,
            "packageItems": [
                {"orderItemId": id, "quantity": quantity}
                for id, quantity in told.quantities.items()
            ],
        }
    )


def _money(minor: int, currency: str) -> Json:
    digits = digits_of(currency)
    return {"amount": f"{Decimal(minor).scaleb(-digits):.{digits}f}", "currencyCode": currency}


def _told_only(said: Json) -> Json:
    return {name: value for name, value in said.items() if value is not None}
