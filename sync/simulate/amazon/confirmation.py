"""What confirmShipment is told: the request body of the Orders API v0, read strictly. Pure."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

import msgspec

from sync.orders.learn import learn
from sync.simulate.amazon.refusal import Refusal, invalid
from sync.simulate.amazon.sold import Told


class _Item(msgspec.Struct, frozen=True, rename="camel"):
    order_item_id: str
    quantity: int
    transparency_codes: tuple[str, ...] = ()


class _Package(msgspec.Struct, frozen=True, rename="camel"):
    package_reference_id: str
    carrier_code: str
    tracking_number: str
    ship_date: datetime
    order_items: tuple[_Item, ...]
    carrier_name: str = ""
    shipping_method: str = ""
    ship_from_supply_source_id: str = ""


class _Confirmation(msgspec.Struct, frozen=True, rename="camel"):
    marketplace_id: str
    package_detail: _Package
    cod_collection_method: str = ""


def read(body: bytes, marketplace: str, now: datetime) -> Told | Refusal:
    """Read what we are told of a parcel of an order on that marketplace."""
    try:
        said = msgspec.json.decode(body, type=_Confirmation)
    except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
        return invalid(f"The request body is invalid: {wrong}")
    parcel = said.package_detail
    reference = parcel.package_reference_id
    if not (reference.isascii() and reference.isdigit() and int(reference) > 0):
        return invalid("packageReferenceId must be a positive number.")
    if not parcel.tracking_number.strip():
        return invalid("trackingNumber is required.")
    if not parcel.carrier_code.strip():
        return invalid("carrierCode is required.")
    if parcel.carrier_code == "Other" and not parcel.carrier_name.strip():
        return invalid("carrierName is required when carrierCode is Other.")
    if not parcel.order_items:
        return invalid("orderItems is required.")
    if said.marketplace_id != marketplace:
        return invalid(f"The order does not belong to marketplace {said.marketplace_id}.")
    quantities: Counter[str] = Counter()
    for item in parcel.order_items:
        quantities[item.order_item_id] += item.quantity
    return Told(
        reference=reference,
        carrier=parcel.carrier_name if parcel.carrier_code == "Other" else parcel.carrier_code,
        service=parcel.shipping_method,
        tracking=parcel.tracking_number,
        ship_time=parcel.ship_date,
        quantities=dict(quantities),
        first=now,
    )


learn(_Confirmation)
