"""How often one may ask: a token bucket, as the marketplaces keep one for each operation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Plan:
    """What a service promises for one operation."""

    rate: float
    """Requests a second that come back."""
    burst: int
    """Requests that may be saved up."""

    def faster(self, times: float) -> Plan:
        """Give the plan of a world whose clock runs so many times faster."""
        return Plan(self.rate * times, self.burst)


@dataclass(frozen=True, slots=True)
class Bucket:
    """What is left of a plan at a moment."""

    left: float
    at: datetime


def full(plan: Plan, now: datetime) -> Bucket:
    """Give the bucket of someone who has not asked for long."""
    return Bucket(float(plan.burst), now)


def take(plan: Plan, bucket: Bucket, now: datetime) -> tuple[bool, Bucket]:
    """Take one request; say whether there was one, and what is left now."""
    waited = max(0.0, (now - bucket.at).total_seconds())
    left = min(float(plan.burst), bucket.left + waited * plan.rate)
    if left < 1.0:
        return False, Bucket(left, now)
    return True, Bucket(left - 1.0, now)
