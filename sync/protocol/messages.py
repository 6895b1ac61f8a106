"""The messages. Unknown fields are kept out of the way: an older bench must not choke."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec

from sync.orders import Entry, Order
from sync.orders.learn import learn

Number = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
"""Of an entry; every reader of JSON holds integers up to there."""
Hash = Annotated[str, msgspec.Meta(pattern="^([0-9a-f]{64})?$", max_length=64)]
"""SHA-256 in hex; "" before the first entry."""
PublicKey = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$", max_length=64)]


class Change(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One row of a feed: a shipment of this bench as it is now, or that it left."""

    seq: int
    shipment: str
    order: Order | None
    """The whole order; None: not this bench's any more."""
    through: int
    """Entries of this bench up to this number are in it, or were overruled: forget them."""


class Page(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One answer of `GET /v1/feed?after=E.S&wait=25&limit=500`."""

    after: str
    """The cursor it was read from: a page is applied at this cursor only."""
    next: str
    head: str
    """Where the feed ends now; `next == head` means caught up."""
    changes: tuple[Change, ...] = ()
    items: tuple[Item, ...] = ()
    packers: tuple[Packer, ...] = ()
    digest: int | None = None
    """Of the whole feed at its head (`protocol.digest`); None where the page does not reach it."""
    lease_seconds: float = 0.0
    """How long, from the moment it asked, the bench may begin on what it has; 0: not said."""
    server_time: datetime


class Item(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One SKU of ours as a bench needs it where no order names it (wrong-item answers)."""

    sku: str
    gtins: tuple[str, ...] = ()
    name: str = ""
    bin: str = ""
    grams: int = 0


class Packer(msgspec.Struct, frozen=True, kw_only=True, gc=False):
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
    boot: str = ""
    """Which start of the machine it happened in; "" where the system does not say."""
    boottime: float = 0.0
    """Seconds since that start: says when it happened although the clock was wrong."""


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """The body of `POST /v1/entries`: entries in order, at most 500."""

    bench: str
    incarnation: int
    previous: str
    """The hash before the first of them."""
    boot: str = ""
    sent_boottime: float = 0.0
    """The same clock when the batch was sent."""
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
    lease_seconds: float = 0.0
    head: str = ""
    """As in `Beaten`."""
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
    last_seq: int = 0
    """The last entry of its journal: a hub that has fewer has lost some. 0: not said."""
    lamps: tuple[Lamp, ...] = ()
    mismatches: int = 0
    """How often, since it started, the bench's digest was not the hub's: a bug of the feed."""
    app: str = ""
    """The version of the program."""
    at: datetime | None = None
    """What the bench's own clock, uncorrected, says."""


class Beaten(msgspec.Struct, frozen=True, kw_only=True):
    """200 to `POST /v1/heartbeat`."""

    lease_seconds: float = 0.0
    head: str = ""
    """Where the bench's feed ended when the lease was given: one that was over holds from there."""
    hubs: tuple[str, ...] = ()
    """Where the hub's processes listen: if one does not answer, the bench asks another."""
    server_time: datetime


class Enrol(msgspec.Struct, frozen=True, kw_only=True):
    """The body of `POST /v1/enrol`: a one-time code for a place at the hub."""

    code: str
    public_key: PublicKey
    """Ed25519, 32 bytes in hex: what the bench's requests are signed with from then on."""
    host: str = ""
    after: Number = 0
    """The last entry of this machine's journal that a hub has acknowledged: the next one's number
    is one higher, and joins the hash below. 0 for a new machine."""
    hash: Hash = ""


class Rejoin(msgspec.Struct, frozen=True, kw_only=True):
    """The body of `POST /v1/rejoin`, signed: begin a new incarnation with the key I have.

    For a bench whose journal lost entries in a damaged file. A clone of another bench's disk
    cannot: whoever comes second shows an incarnation that is over.
    """

    after: Number
    hash: Hash


class Enrolled(msgspec.Struct, frozen=True, kw_only=True):
    """201 to `POST /v1/enrol` and `/v1/rejoin`."""

    bench: str
    incarnation: int
    epoch: int
    lease_seconds: float = 0.0
    server_time: datetime


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """200 to `GET /v1/me`: what the hub knows of this bench."""

    bench: str
    incarnation: int
    epoch: int
    last_seq: int
    last_hash: str
    lease_seconds: float
    version: int
    """What the hub speaks; it feeds benches that speak this or the one before."""
    server_time: datetime


class Kind(StrEnum):
    """Why a request was turned down."""

    UNREADABLE = "unreadable"
    """400: the request is not what the protocol says."""
    UNKNOWN_BENCH = "unknown-bench"
    """401: no such bench, or its incarnation is over, or it was shut out: enrol again."""
    BAD_SIGNATURE = "bad-signature"
    """401: signed with another key, or changed on its way."""
    CLOCK = "clock"
    """401: the request's moment is too far from the hub's, which `server_time` tells."""
    NOT_YOURS = "not-yours"
    """403: for another bench; or a code that is no good."""
    NOT_THERE = "not-there"
    """404."""
    NOT_ALLOWED = "not-allowed"
    """405: what is there is asked in another way."""
    TOO_LARGE = "too-large"
    """413."""
    OUTDATED = "outdated"
    """426: this hub does not feed that version any more; it still takes entries."""
    TOO_MANY = "too-many"
    """429: this bench asks more often than its share; `Retry-After` says when."""
    BUSY = "busy"
    """503: the hub or its database; `Retry-After` says when."""


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Every answer of 400 and above but the two 409s, which are `Reset` and `Gap`."""

    kind: Kind
    error: str
    """A sentence for a person."""
    server_time: datetime


learn(Page, Reset, Batch, Acked, Gap, Heartbeat, Beaten, Enrol, Rejoin, Enrolled, Me, Refusal)
