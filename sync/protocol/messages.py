"""The messages. Unknown fields are kept out of the way: an older bench must not choke."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from sync.orders import Entry, Order


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a feed: a shipment of this bench as it is now, or that it left."""

    seq: int
    shipment: str
    order: Order | None
    """The whole order; None: not this bench's any more."""
    through: int
    """Entries of this bench up to this number are in it, or were overruled: forget them."""


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One answer of `GET /v1/feed?after=E.S&wait=25&limit=500`."""

    after: str
    """The cursor it was read from: a page is applied at this cursor only."""
    next: str
    head: str
    """Where the feed ends now; `next == head` means caught up."""
    changes: tuple[Change, ...] = ()
    items: tuple[Item, ...] = ()
    packers: tuple[Packer, ...] = ()
    server_time: datetime


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One SKU of ours as a bench needs it where no order names it (wrong-item answers)."""

    sku: str
    gtins: tuple[str, ...] = ()
    name: str = ""
    bin: str = ""
    grams: int = 0


class Packer(msgspec.Struct, frozen=True, kw_only=True):
    """A person that may log in at the bench."""

    badge: str
    name: str
    role: str = "packer"
    """packer | supervisor."""
    language: str = ""
    """The language of their screen; "" for the bench's own."""


class Reset(msgspec.Struct, frozen=True, kw_only=True):
    """409 to a feed request: that cursor means nothing here. Read from 0, and go on working."""

    epoch: int
    reason: str


class Numbered(msgspec.Struct, frozen=True, kw_only=True):
    """An entry with its place in the bench's journal."""

    seq: int
    entry: Entry
    hash: str


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """The body of `POST /v1/entries`: entries in order, at most 500."""

    bench: str
    incarnation: int
    previous: str
    """The hash before the first of them."""
    entries: tuple[Numbered, ...]


class Verdict(StrEnum):
    """What the hub made of an entry. It is stored whatever the verdict."""

    OK = "ok"
    FENCED = "fenced"
    """Another bench holds the claim now: no label, no confirmation; a trouble."""
    LATE = "late"
    """The order had been called off."""
    DUP = "dup"
    """The same entry id was there already."""
    UNKNOWN = "unknown"
    """No such order here (any more)."""
    INVALID = "invalid"
    """It does not follow the order's state."""


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict on one entry."""

    seq: int
    verdict: Verdict
    reason: str = ""
    """A `sync.orders.Reason` where the order's state refused it."""


class Acked(msgspec.Struct, frozen=True, kw_only=True):
    """200 to `POST /v1/entries`: everything up to `acked` is on the hub's disk."""

    acked: int
    verdicts: tuple[Judged, ...]
    server_time: datetime


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """409 to `POST /v1/entries`: send again from `need`."""

    need: int
    fork: bool = False
    """This journal is not the one the hub knows (a cloned or restored disk): enrol again."""


class Lamp(msgspec.Struct, frozen=True, kw_only=True):
    """What a bench says of one of its devices."""

    device: str
    state: str
    text: str = ""


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True):
    """The body of `POST /v1/heartbeat`, every few seconds."""

    bench: str
    packer: str = ""
    pending: int = 0
    lamps: tuple[Lamp, ...] = ()


class Enrol(msgspec.Struct, frozen=True, kw_only=True):
    """The body of `POST /v1/enrol`: a one-time code for a place at the hub."""

    code: str
    host: str = ""


class Enrolled(msgspec.Struct, frozen=True, kw_only=True):
    """201 to `POST /v1/enrol`."""

    bench: str
    incarnation: int
    token: str
    """Sent as `Authorization: Bench <token>` with every request from then on."""
    epoch: int
    server_time: datetime
