"""Until when may a bench begin on what it has? What answers say of it, and when it is believed.

A lease is counted on the bench's own clock, from when it asked, and ends there before it ends at
the hub. While it lasts the hub takes nothing back. Once it was over, what nobody had begun may be
another bench's: the feed says so. So a lease that comes after one that was over is held only when
the feed has been read as far as the hub had written it when it gave that lease.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from sync.protocol.cursor import START, Cursor, read

MARGIN = 0.1
MARGIN_SECONDS = 60.0
"""So much earlier than the hub the bench takes its lease to be over: this part, at most so long."""


@dataclass(frozen=True, slots=True)
class Lease:
    """What a bench holds and what it is offered; seconds on the clock of one start of it."""

    asked: float = -math.inf
    """When the request was made whose answer gave it."""
    until: float = -math.inf
    """What is held; before the first answer nothing is known."""
    offered: float = -math.inf
    """What will be held when the feed has been read to `head`."""
    head: Cursor | None = None
    """None: nothing is offered."""
    feed: Cursor = START
    """How far it has been read."""


def given(lease: Lease, seconds: float, asked: float, now: float, head: str) -> Lease:
    """Take what an answer says: so many seconds since it was asked for, 0 for ever.

    `head` is where the feed ended when the hub gave it; "" where the hub does not say.
    """
    if asked < lease.asked:
        return lease  # it waited at the hub while another lane was told more lately
    until = asked + seconds - min(seconds * MARGIN, MARGIN_SECONDS) if seconds else math.inf
    lease = replace(lease, asked=asked)
    if now < lease.until or not seconds or not head:
        return replace(lease, until=until, head=None)
    # Since the first of several offers nothing more was taken back, if they follow one another.
    waits = lease.head is not None and now < lease.offered
    return _held(replace(lease, offered=until, head=lease.head if waits else read(head)))


def reached(lease: Lease, feed: Cursor) -> Lease:
    """Know how far the feed has been read and stored."""
    return _held(replace(lease, feed=feed))


def _held(lease: Lease) -> Lease:
    head, feed = lease.head, lease.feed
    if head is None or feed.epoch != head.epoch or feed.seq < head.seq:
        return lease
    return replace(lease, until=lease.offered, head=None)
