"""What goes into the bench's end of the link, and what comes out of it. `bench_end` is the machine.

Inputs and effects are plain values: the driver of the product carries effects out with threads
and sockets, the simulation with a virtual network.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sync.protocol.cursor import Cursor
from sync.protocol.messages import Acked, Batch, Enrolled, Heartbeat, Page, Rejoin


class Lane(StrEnum):
    """Each has its own requests and its own back-off: none waits for another."""

    FEED = "feed"
    UP = "up"
    BEAT = "beat"


@dataclass(frozen=True, slots=True)
class Moment:
    """Now, on both of the machine's clocks."""

    boottime: float
    """Seconds since the machine started; it never jumps."""
    wall: datetime
    """What the machine takes for UTC; it may be wrong by years."""


# -- what a bench is to the hub, for the lamp


@dataclass(frozen=True, slots=True)
class Online:
    """The hub answers; `at` is when it last did, by the bench's own clock."""

    at: datetime
    offset: float = 0.0
    """Seconds that the hub's clock is ahead of the bench's."""


@dataclass(frozen=True, slots=True)
class Offline:
    """The hub does not answer; the bench goes on."""

    why: str


@dataclass(frozen=True, slots=True)
class Unwelcome:
    """The hub does not know this bench (any more): enrol again."""

    why: str


@dataclass(frozen=True, slots=True)
class Outdated:
    """The hub takes what happened here and gives nothing new: a newer Packbench is due."""

    why: str


LinkState = Online | Offline | Unwelcome | Outdated
_WORSE = (Online, Offline, Outdated, Unwelcome)


def worst(met: Iterable[LinkState]) -> LinkState | None:
    """Give the worst of what lanes met, the latest of two alike; None: they met nothing."""
    return max(reversed(tuple(met)), key=lambda one: _WORSE.index(type(one)), default=None)


# -- what comes in


@dataclass(frozen=True, slots=True)
class FeedDue:
    """The feed may be asked, from that position on."""

    cursor: Cursor
    ahead: bool = False
    """What comes before that position is not stored yet."""


@dataclass(frozen=True, slots=True)
class UpDue:
    """The bench may tell what happened, or fetch bytes."""

    batch: Batch | None
    wanted: tuple[str, ...] = ()
    """SHA-256 of bytes that orders here name and that are not here yet."""
    rejoin: Rejoin | None = None
    """What the hub must be told before any entry: the journal goes on after a gap."""


@dataclass(frozen=True, slots=True)
class BeatDue:
    """The bench may say that it lives."""

    heartbeat: Heartbeat


@dataclass(frozen=True, slots=True)
class Ask:
    """A request; signing and sending it is the driver's."""

    lane: Lane
    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    boottime: float = 0.0
    """When it was made: a lease that its answer gives is counted from here."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What the hub said to a request."""

    to: Ask
    status: int
    body: bytes
    retry_after: float = 0.0
    """Seconds; 0 where the hub does not say."""
    page: Page | None = None
    """The body of a page of the feed, where the driver has read it already."""


@dataclass(frozen=True, slots=True)
class Lost:
    """A request that brought no whole answer: nobody knows whether the hub heard it."""

    to: Ask
    why: str


@dataclass(frozen=True, slots=True)
class Took:
    """The store has dealt with a page; `digest` is the replica's, where it was counted."""

    page: Page
    digest: int | None
    quick: bool = False
    """As the `Take` said."""
    wanted: bool = True
    """Whether its orders name bytes, and some are not here yet."""


@dataclass(frozen=True, slots=True)
class Stumbled:
    """The bench's own store could not do its part of a lane's round (its disk is full)."""

    lane: Lane
    why: str


Input = FeedDue | UpDue | BeatDue | Answered | Lost | Took | Stumbled


# -- what goes out


@dataclass(frozen=True, slots=True)
class Send:
    """Ask the hub."""

    ask: Ask


@dataclass(frozen=True, slots=True)
class Rest:
    """Make the lane due again after so long; sooner when there is news for it and it may wake."""

    lane: Lane
    seconds: float
    wakes: bool = False
    """Whether something written at the bench ends the rest."""


@dataclass(frozen=True, slots=True)
class Take:
    """Store a page, if it was read from the present cursor; then tell `Took`."""

    page: Page
    quick: bool = False
    """The hub did not wait for news before it answered."""


@dataclass(frozen=True, slots=True)
class StartOver:
    """Read the feed from 0, under that epoch, and go on working meanwhile."""

    epoch: int


@dataclass(frozen=True, slots=True)
class Settle:
    """Everything up to `answer.acked` is on the hub's disk."""

    answer: Acked


@dataclass(frozen=True, slots=True)
class Joined:
    """The hub has begun a new incarnation of this bench: be that from now on."""

    enrolled: Enrolled


@dataclass(frozen=True, slots=True)
class Resend:
    """The hub lost entries from that number on, or never had them."""

    need: int


@dataclass(frozen=True, slots=True)
class StoreBytes:
    """Keep these bytes under their hash, which the store verifies."""

    sha256: str
    data: bytes


@dataclass(frozen=True, slots=True)
class HoldLease:
    """What is in the feed may be begun until then, on the machine's own clock; infinity: always."""

    until: float


@dataclass(frozen=True, slots=True)
class KnowHubs:
    """Ask one of these where the one that was asked does not answer."""

    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tell:
    """How the link is, for the lamp."""

    state: LinkState


@dataclass(frozen=True, slots=True)
class Wake:
    """End the lane's rest: there is something for it."""

    lane: Lane


Effect = (
    Send
    | Rest
    | Take
    | StartOver
    | Settle
    | Joined
    | Resend
    | StoreBytes
    | HoldLease
    | KnowHubs
    | Tell
    | Wake
)
