"""What Simpost's label looks like: our own shipping layout, as ZPL or PDF."""

from __future__ import annotations

from datetime import datetime
from functools import cache

import layouts
from drivers.label_printers import language, preview
from sync.orders.address import Address

FORMATS = ("zpl", "pdf")
DOTS_PER_MM = 8


def draw(
    *,
    sender: Address,
    to: Address,
    title: str,
    tracking: str,
    order: str,
    grams: int,
    lane: str,
    day: datetime,
    format: str,
) -> bytes:
    """Draw a label. Raises `layouts.LayoutError` for an address that no label holds."""
    label = layouts.draw(
        _layout(),
        {
            "ship_from": _written(sender),
            "ship_to": _written(to),
            "country": to.country,
            "carrier": "SIMPOST",
            "service": title,
            "tracking": tracking,
            "order": order,
            "grams": grams,
            "parcel": 1,
            "parcels": 1,
            "date": day.date().isoformat(),
            "lane": lane,
            "note": "Simulated: no carrier transports this",
        },
    )
    if format == "pdf":
        return preview.to_pdf(label, DOTS_PER_MM)
    return language("zpl").render(label, DOTS_PER_MM)


@cache
def _layout() -> layouts.Layout:
    return layouts.builtin("shipping")


def _written(address: Address) -> str:
    place = " ".join(part for part in (address.postcode, address.city, address.region) if part)
    rows = (address.name, address.company, *address.lines, place, address.country)
    return "\n".join(row for row in rows if row)
