"""What is an order found by? The rows that stand for it beside its document."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import msgspec

from sync.orders import Contents, Order, Shipment, State

NEVER = 253_402_300_799
"""Urgency of an order that nobody promised: the last second of the year 9999."""

_MARKS = bytes(code for code in range(128) if not chr(code).isalnum())
_UNBEGUN = (State.ALLOCATED, State.PICKING)
_PLANNED = Contents.PLANNED


CodeRow = tuple[str, str, int]
"""A code that leads to a shipment: its kind, itself as it is compared, its parcel's number or 0."""


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

    @property
    def several(self) -> int:
        """0 where it is of one piece: such ones are begun first."""
        return 1 if self.pieces > 1 else 0

    @property
    def marks(self) -> tuple[object, ...]:
        """What the shipment's own row says of it: state, stopped, urgency, pieces, begun."""
        # As the driver stores it: a row of plain values takes it half of the time.
        return (str(self.state), int(self.stopped), self.urgency, self.pieces, int(self.begun))


UNSEEN = Found("", False, NEVER, 0, False, (), ())
"""Of a shipment that its order does not show, or whose order has not been looked at yet."""


class Keys(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Which rows a shipment is found by: what it takes to take them away again."""

    codes: tuple[tuple[str, str], ...]
    """Kind and code."""
    needs: tuple[str, ...]
    several: int
    urgency: int


_KEYS = msgspec.json.Encoder()
_READ_KEYS = msgspec.json.Decoder(Keys)


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
    codes: list[CodeRow] = [("order", plain(order.channel_order_id), 0)]
    if shipment.tote:
        codes.append(("tote", plain(shipment.tote), 0))
    for parcel in shipment.parcels:
        begun = begun or parcel.contents is not _PLANNED
        if parcel.label:
            codes.append(("tracking", plain(parcel.label.tracking), parcel.number))
        codes += [("spoiled", plain(code), parcel.number) for code in parcel.spoiled]
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


def keys(found: Found) -> bytes:
    """Give what the shipment's own row says of the others."""
    codes = tuple((kind, code) for kind, code, _ in found.codes)
    return _KEYS.encode(Keys(codes, found.needs, found.several, found.urgency))


def code_rows(number: int, found: Found) -> list[tuple[object, ...]]:
    """Give the rows of the codes that lead to a shipment."""
    return [(kind, code, number, parcel) for kind, code, parcel in found.codes]


def need_rows(number: int, found: Found) -> list[tuple[object, ...]]:
    """Give the rows of the pieces that may begin a shipment."""
    several, urgency = found.several, found.urgency
    return [(gtin, several, urgency, number) for gtin in found.needs]


def old_code_keys(number: int, kept: bytes) -> list[tuple[object, ...]]:
    """Give the keys of the rows of `codes` that a shipment has: kind, code, shipment."""
    return [(kind, code, number) for kind, code in _READ_KEYS.decode(kept).codes]


def old_need_keys(number: int, kept: bytes) -> list[tuple[object, ...]]:
    """Give the keys of the rows of `needs` that it has."""
    had = _READ_KEYS.decode(kept)
    return [(gtin, had.several, had.urgency, number) for gtin in had.needs]
