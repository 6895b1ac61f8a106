"""When did an entry happen, by the hub's clock? Pure: a bench's clock may be wrong by years.

The seconds since the machine's start never jump, so that an entry of this start is dated by how
long before its batch it happened; else the bench's clock is put right by how far it was off when
it was last heard. Nothing is ordered by these moments: they are what people and marketplaces read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

FARTHEST_SECONDS = 10 * 365 * 86400.0
"""Between what happened and when it was told: more is a broken clock, not a patient bench."""
AHEAD_SECONDS = 5.0
"""By how much two clocks that were set by each other may still differ."""


@dataclass(frozen=True, slots=True)
class Sending:
    """What is known of both clocks when a batch came in."""

    received: float
    boot: str = ""
    """The bench's machine's start; "" where its system does not say."""
    boottime: float = 0.0
    """Its seconds since then when it sent the batch."""
    offset: float | None = None
    """Seconds that the hub's clock was ahead of the bench's; None: not known."""


def captured(at: datetime, boot: str, boottime: float, sending: Sending) -> float | None:
    """Give when it happened, in UTC seconds; None where nothing tells.

    >>> captured(datetime(1999, 1, 1, tzinfo=UTC), "b", 60.0, Sending(1000.0, "b", 160.0))
    900.0
    """
    if boot and boot == sending.boot:
        ago = sending.boottime - boottime
        if 0.0 <= ago <= FARTHEST_SECONDS:
            return sending.received - ago
    if sending.offset is None:
        return None
    by_clock = utc(at) + sending.offset
    if sending.received < by_clock <= sending.received + AHEAD_SECONDS:
        return sending.received
    return by_clock if 0.0 <= sending.received - by_clock <= FARTHEST_SECONDS else None


def utc(at: datetime) -> float:
    """Give a moment in seconds; one without a zone is taken for UTC, as benches write it."""
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def moment(captured_at: float | None, received_at: float, earliest: float | None) -> float:
    """Give what to say of when it happened: never in the future, never before its order was."""
    if captured_at is None or captured_at > received_at:
        return received_at
    return captured_at if captured_at >= (earliest or 0.0) else received_at
