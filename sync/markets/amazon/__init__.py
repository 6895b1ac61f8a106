"""Amazon: Orders API 2026-01-01 to read, confirmShipment of v0 to write.

`read` makes orders of Amazon's JSON, `access` knows how one gets in, this file holds the talks.
searchOrders takes exactly one of createdAfter and lastUpdatedAfter, a Before that is two minutes
old, upper-case names; its body has no envelope, unlike v0. Of the data sets only those are asked
for that packing needs: BUYER would demand tax roles (selling-partner-api-models, issue 5319).
A confirmation is safe to say twice because its packageReferenceId is kept: the same id edits.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import msgspec

from sync.markets.amazon import read
from sync.orders import Order, Parcel
from sync.ports import Accepted, Fetched, Rate, Rejected, Told, Unsure
from sync.talk import Failed, Lost, Request, Response, Talk

RATES: Mapping[str, Rate] = {
    "searchOrders": Rate(20, 0.0056),
    "getOrder": Rate(30, 0.5),
    "confirmShipment": Rate(10, 2.0),
}
"""As the Orders API models state them (2026-01-01 and v0)."""
RATE_HEADER = "x-amzn-ratelimit-limit"
SETTLED = timedelta(minutes=2)
"""lastUpdatedBefore must be at least two minutes before the time of the request."""

PAGE = 100
"""The most orders a page may hold."""
MOST_PAGES = 2_000
"""A window of more orders than this is a next token that leads in a circle."""
PARTS = ("RECIPIENT", "FULFILLMENT", "CANCELLATION", "PROCEEDS")
WITHOUT_ADDRESS = ("FULFILLMENT", "CANCELLATION")
"""What can be read without the role "Direct-to-Consumer Delivery (Restricted)"."""

CARRIER_CODES: Mapping[str, str] = {
    "amazon shipping": "AMZN_UK",
    "an post": "AN POST",
    "australia post": "Australia Post",
    "bpost": "BPOST",
    "canada post": "Canada Post",
    "china post": "China Post",
    "colissimo": "Colissimo",
    "correos": "Correos",
    "deutsche post": "Deutsche Post",
    "dhl": "DHL",
    "dhl ecommerce": "DHL eCommerce",
    "dpd": "DPD",
    "evri": "Evri",
    "fedex": "FedEx",
    "gls": "GLS",
    "japan post": "Japan Post",
    "ontrac": "OnTrac",
    "parcelforce": "Parcelforce",
    "postnl": "PostNL",
    "royal mail": "Royal Mail",
    "sf express": "SF Express",
    "ups": "UPS",
    "usps": "USPS",
    "yanwen": "Yanwen",
    "yunexpress": "YunExpress",
}
"""Our carriers' names, lower case, in Amazon's spelling; any other goes as "Other" by name."""

NOT_FOUND = "PackageToUpdateNotFound"
"""In the 400 to a reference that Amazon cannot match: told already, or fulfilled elsewhere."""


def fetch_orders(sites: tuple[str, ...], since: datetime, until: datetime) -> Talk[Fetched]:
    """Ask for what changed in that window, to the last page."""
    parts: tuple[str, ...] = PARTS
    query = {
        "lastUpdatedAfter": _iso(since),
        "lastUpdatedBefore": _iso(until),
        "fulfilledBy": "MERCHANT",
        "maxResultsPerPage": str(PAGE),
    }
    if sites:
        query["marketplaceIds"] = ",".join(sites)
    gathered = read.Gathered()
    token = ""
    for _ in range(MOST_PAGES):
        asked = {**query, "includedData": ",".join(parts)}
        if token:
            asked["paginationToken"] = token
        answer = yield Request("GET", "/orders/2026-01-01/orders", "searchOrders", asked)
        if parts is PARTS and _role_missing(answer):
            parts = WITHOUT_ADDRESS
            gathered.no_address()
            continue
        token = gathered.page(_body(answer, "searchOrders"))
        if not token:
            return gathered.fetched(until)
    raise Failed(f"Amazon's pages do not end after {MOST_PAGES}: ask for less", again=True)


def fetch_order(channel_order_id: str) -> Talk[Fetched]:
    """Ask for one order."""
    answer = yield _get(channel_order_id, PARTS)
    gathered = read.Gathered()
    gathered.single(_body(answer, "getOrder"))
    return gathered.fetched(None)


def confirm_shipment(order: Order, parcel: Parcel, shipped_at: datetime) -> Talk[Told]:
    """Tell Amazon that a parcel ships. Safe to say twice: its reference is kept."""
    path = f"/orders/v0/orders/{quote(order.channel_order_id, safe='')}/shipmentConfirmation"
    body = msgspec.json.encode(_confirmation(order, parcel, shipped_at))
    said = {"content-type": "application/json"}
    answer = yield Request("POST", path, "confirmShipment", body=body, headers=said)
    if isinstance(answer, Response):
        if answer.status in (200, 201, 204):
            return Accepted(str(answer.status))
        why = read.error(answer.body) or f"Amazon answered {answer.status}"
        if answer.status in (401, 403, 429) or answer.status >= 500:
            return Unsure(why)
        if NOT_FOUND not in why and "already fulfilled" not in why:
            return Rejected(why)
    else:
        why = answer.why
    found = yield from look_up_shipment(order, parcel)
    if isinstance(found, Rejected):
        return Rejected(why) if isinstance(answer, Response) else Unsure(why)
    return Unsure(why) if isinstance(found, Unsure) else found


def look_up_shipment(order: Order, parcel: Parcel) -> Talk[Told]:
    """Find out whether Amazon knows that a parcel ships: Rejected means that it does not."""
    look = yield _get(order.channel_order_id, ("PACKAGES",))
    if not isinstance(look, Response):
        return Unsure(look.why)
    known = read.tracking(look.body, parcel.reference)
    if known is None:
        return Unsure(read.error(look.body) or f"Amazon answered {look.status}")
    tracking = parcel.label.tracking if parcel.label else ""
    return Accepted("found there") if tracking in known else Rejected("Amazon does not know it")


def _confirmation(order: Order, parcel: Parcel, shipped_at: datetime) -> dict[str, object]:
    """Write the body of confirmShipment (model ordersV0.json, ConfirmShipmentRequest)."""
    if parcel.label is None or not parcel.reference.isdigit():
        raise ValueError(f"{parcel.id} has no label or no reference: nothing to tell")
    code = CARRIER_CODES.get(parcel.label.carrier.lower())
    named = {"carrierCode": code} if code else _other(parcel.label.carrier)
    return {
        "marketplaceId": order.site,
        "packageDetail": {
            "packageReferenceId": parcel.reference,
            **named,
            "shippingMethod": parcel.label.service,
            "trackingNumber": parcel.label.tracking,
            "shipDate": _iso(shipped_at),
            "orderItems": [
                {"orderItemId": packed.line, "quantity": packed.quantity}
                for packed in parcel.packed
            ],
        },
    }


def _other(carrier: str) -> dict[str, str]:
    return {"carrierCode": "Other", "carrierName": carrier}


def _get(channel_order_id: str, parts: tuple[str, ...]) -> Request:
    path = f"/orders/2026-01-01/orders/{quote(channel_order_id, safe='')}"
    return Request("GET", path, "getOrder", {"includedData": ",".join(parts)})


def _body(answer: Response | Lost, operation: str) -> bytes:
    """Give the body of a 200. Raises Failed with Amazon's own words."""
    if isinstance(answer, Lost):
        raise Failed(f"Amazon gave no answer to {operation}: {answer.why}", again=True)
    if answer.status == 200:
        return answer.body
    why = read.error(answer.body) or "no reason given"
    busy = answer.status == 429 or answer.status >= 500 or read.token_dead(answer.body)
    raise Failed(f"Amazon refused {operation} ({answer.status}): {why}", again=busy)


def _role_missing(answer: Response | Lost) -> bool:
    """Say whether all that is refused is the address."""
    if isinstance(answer, Lost) or answer.status != 403:
        return False
    return not read.token_dead(answer.body)


def _iso(moment: datetime) -> str:
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
