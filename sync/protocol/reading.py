"""How is a page read? With each order's document as it came beside what this version sees in it.

A bench keeps what the hub wrote, not what it understood: a newer hub's documents have fields that
an older bench does not know, and a newer bench will find them there.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec

from sync.orders import Order
from sync.protocol.messages import Change, Item, Packer, Page


class Came(Change, frozen=True, kw_only=True, gc=False):
    """A change with its order's JSON."""

    document: bytes
    """As it came; "null" where the order is None."""


class _Told(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    seq: int
    shipment: str
    order: msgspec.Raw
    through: int


class Unread(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A `Page` whose orders are not read yet; `Page` says what the fields are."""

    after: str
    next: str
    head: str
    changes: tuple[_Told, ...] = ()
    items: tuple[Item, ...] = ()
    packers: tuple[Packer, ...] = ()
    digest: int | None = None
    lease_seconds: float = 0.0
    server_time: datetime


_PAGE = msgspec.json.Decoder(Unread)
_ORDER = msgspec.json.Decoder(Order | None)
Made = Callable[[int, str, Order | None, int, bytes], Change]
"""Makes a change of its number, shipment, order and "through", and of the order's document."""


def _came(seq: int, shipment: str, order: Order | None, through: int, document: bytes) -> Came:
    return Came(seq=seq, shipment=shipment, order=order, through=through, document=document)


def page(body: bytes) -> Page:
    """Read a page; its changes are `Came`. Raises msgspec.DecodeError, UnicodeDecodeError."""
    return whole(unread(body))


def unread(body: bytes) -> Unread:
    """Read a page but for its orders. Raises msgspec.DecodeError, UnicodeDecodeError."""
    return _PAGE.decode(body)


def whole(told: Unread, made: Made = _came) -> Page:
    """Read its orders; the changes are as `made` makes them.

    Raises msgspec.DecodeError, UnicodeDecodeError.
    """
    return Page(
        after=told.after,
        next=told.next,
        head=told.head,
        changes=tuple(
            made(one.seq, one.shipment, _ORDER.decode(document), one.through, document)
            for one in told.changes
            for document in (bytes(one.order),)
        ),
        items=told.items,
        packers=told.packers,
        digest=told.digest,
        lease_seconds=told.lease_seconds,
        server_time=told.server_time,
    )


def document(change: Change) -> bytes:
    """Give an order's JSON: as it came, where it did."""
    return change.document if isinstance(change, Came) else msgspec.json.encode(change.order)
