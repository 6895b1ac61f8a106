"""How is a page read? With each order's document as it came beside what this version sees in it.

A bench keeps what the hub wrote, not what it understood: a newer hub's documents have fields that
an older bench does not know, and a newer bench will find them there.
"""

from __future__ import annotations

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


class _Page(msgspec.Struct, frozen=True, kw_only=True, gc=False):
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


_PAGE = msgspec.json.Decoder(_Page)
_ORDER = msgspec.json.Decoder(Order | None)


def page(body: bytes) -> Page:
    """Read a page; its changes are `Came`. Raises msgspec.DecodeError, UnicodeDecodeError."""
    told = _PAGE.decode(body)
    return Page(
        after=told.after,
        next=told.next,
        head=told.head,
        changes=tuple(_came(one, bytes(one.order)) for one in told.changes),
        items=told.items,
        packers=told.packers,
        digest=told.digest,
        lease_seconds=told.lease_seconds,
        server_time=told.server_time,
    )


def _came(told: _Told, document: bytes) -> Came:
    return Came(
        seq=told.seq,
        shipment=told.shipment,
        order=_ORDER.decode(document),
        through=told.through,
        document=document,
    )


def document(change: Change) -> bytes:
    """Give an order's JSON: as it came, where it did."""
    return change.document if isinstance(change, Came) else msgspec.json.encode(change.order)


def names_bytes(page: Page) -> bool:
    """Whether there may be something to fetch. Looking costs the next scan more than this does."""
    return any(
        parcel.label is not None
        for change in page.changes
        if change.order is not None
        for shipment in change.order.shipments
        for parcel in shipment.parcels
    )
