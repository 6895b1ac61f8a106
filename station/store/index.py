"""What is an order found by? The rows that stand for it beside its document."""

from __future__ import annotations

from typing import NamedTuple

from sync.orders import Contents, Order, Shipment, State

NEVER = 253_402_300_799
"""Urgency of an order that nobody promised: the last second of the year 9999."""

_MARKS = bytes(code for code in range(128) if not chr(code).isalnum())
_UNBEGUN = (State.ALLOCATED, State.PICKING)


class CodeRow(NamedTuple):
    """A code that leads to a shipment."""

    kind: str
    code: str
    parcel_id: str = ""


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
        return code.upper().encode("ascii").translate(None, _MARKS).decode("ascii")
    return "".join(filter(str.isalnum, code.upper()))


def index(order: Order, shipment: Shipment) -> Found:
    """Return the rows for a shipment of the order."""
    due = {part.line: part.quantity - part.short for part in shipment.lines}
    pieces = sum(due.values())
    begun = any(parcel.contents is not Contents.PLANNED for parcel in shipment.parcels)
    gtins: set[str] = set()
    if shipment.state in _UNBEGUN and not shipment.stopped and not begun:
        known = {line.id: line.gtins for line in order.lines}
        for line, count in due.items():
            if count > 0:
                gtins.update(known[line])
    return Found(
        state=shipment.state,
        stopped=shipment.stopped,
        urgency=int(order.ship_by.timestamp()) if order.ship_by else NEVER,
        pieces=pieces,
        begun=begun,
        codes=tuple(_codes(order, shipment)),
        needs=tuple(sorted(gtins)),
    )


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


def _codes(order: Order, shipment: Shipment) -> list[CodeRow]:
    rows = [CodeRow("order", plain(order.channel_order_id))]
    if shipment.tote:
        rows.append(CodeRow("tote", plain(shipment.tote)))
    for parcel in shipment.parcels:
        if parcel.label:
            rows.append(CodeRow("tracking", plain(parcel.label.tracking), parcel.id))
        rows += [CodeRow("spoiled", plain(tracking), parcel.id) for tracking in parcel.spoiled]
    return rows
