"""What is an order found by? The rows that stand for it beside its document."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from sync.orders import Contents, Order, Shipment, State

NEVER = 253_402_300_799
"""Urgency of an order that nobody promised: the last second of the year 9999."""

_MARKS = bytes(code for code in range(128) if not chr(code).isalnum())
_UNBEGUN = (State.ALLOCATED, State.PICKING)
_PLANNED = Contents.PLANNED


CodeRow = tuple[str, str, str]
"""A code that leads to a shipment: its kind, the code as it is compared, the parcel or ""."""


class Found(NamedTuple):
    """Everything that the tables know of a shipment beside its order's document."""

    state: str
    stopped: bool
    urgency: int
    pieces: int
    begun: bool
    codes: tuple[CodeRow, ...]
    needs: tuple[str, ...]
    """GTINs of pieces that may begin it; empty once it has begun or must not."""


def plain(code: str) -> str:
    """A code as it is compared: scanners change case, and layouts move punctuation.

    >>> plain("202-0000001-x")
    '2020000001X'
    """
    if code.isascii():
        if code.isalnum():
            return code.upper()
        return code.upper().encode("ascii").translate(None, _MARKS).decode("ascii")
    return "".join(filter(str.isalnum, code.upper()))


def index(order: Order, shipment: Shipment) -> Found:
    """Return the rows for a shipment of the order."""
    state, stopped = shipment.state, shipment.stopped
    begun = False
    codes: list[CodeRow] = [("order", plain(order.channel_order_id), "")]
    if shipment.tote:
        codes.append(("tote", plain(shipment.tote), ""))
    for parcel in shipment.parcels:
        begun = begun or parcel.contents is not _PLANNED
        if parcel.label:
            codes.append(("tracking", plain(parcel.label.tracking), parcel.id))
        codes += [("spoiled", plain(tracking), parcel.id) for tracking in parcel.spoiled]
    pieces, open_lines = 0, set()
    for part in shipment.lines:
        due = part.quantity - part.short
        pieces += due
        if due > 0:
            open_lines.add(part.line)
    needs: tuple[str, ...] = ()
    if not begun and not stopped and state in _UNBEGUN:
        needs = _gtins(order, open_lines)
    urgency = int(order.ship_by.timestamp()) if order.ship_by else NEVER
    return Found(state, stopped, urgency, pieces, begun, tuple(codes), needs)


def _gtins(order: Order, lines: Collection[str]) -> tuple[str, ...]:
    """Give what the pieces of those lines may bear, each once."""
    found = [gtin for line in order.lines if line.id in lines for gtin in line.gtins]
    return tuple(sorted(set(found))) if len(found) > 1 else tuple(found)


def marks(found: Found) -> dict[str, object]:
    """Give what the shipment's own row says of it."""
    return {
        "state": found.state,
        "stopped": found.stopped,
        "urgency": found.urgency,
        "pieces": found.pieces,
        "begun": found.begun,
    }


def code_rows(shipment_id: str, found: Found) -> list[tuple[object, ...]]:
    """Give the rows of the codes that lead to a shipment."""
    return [(kind, code, shipment_id, parcel) for kind, code, parcel in found.codes]


def need_rows(shipment_id: str, found: Found) -> list[tuple[object, ...]]:
    """Give the rows of the pieces that may begin a shipment."""
    several = 1 if found.pieces > 1 else 0
    return [(gtin, several, found.urgency, shipment_id) for gtin in found.needs]
