"""What do we keep of the label in flight, beside what the ledger has?"""

from __future__ import annotations

import time
from dataclasses import dataclass

from drivers.label_printers import zpl_acknowledge
from station.spool import verdict as v
from station.spool.ledger import Job, JobKind


@dataclass(slots=True)
class Flown:
    """A label that is leaving, or has left."""

    job: Job
    flight: v.Flight
    data: bytes
    """What goes over the wire: the job's bytes, and the question whether they came out."""
    offset: int = 0
    """How many bytes the wire has taken."""
    pause: float = 0.0
    moved_at: float = 0.0
    """When the wire last took a byte."""
    sent_at: float = 0.0
    """When the last byte went out; 0 while that is not known, or says nothing."""
    looked_at: float = 0.0
    """When it was last asked about, and was not out yet."""

    @property
    def whole(self) -> bool:
        """Whether the wire has taken all of it."""
        return self.offset >= len(self.data)

    @property
    def gone(self) -> float:
        """Seconds since the last byte went out."""
        return time.monotonic() - self.sent_at

    @property
    def not_before(self) -> float:
        """Seconds after the last byte at which it was not out yet."""
        return max(self.looked_at - self.sent_at, 0.0)


def begun(job: Job, counter: int | None, *, asked: bool, acknowledged: bool) -> Flown:
    """Return a job whose first byte is about to go out.

    `acknowledged`: the printer can say itself that this label came out, so it is asked to.
    """
    token, data = "", job.data
    if acknowledged and zpl_acknowledge.askable(data):
        token = zpl_acknowledge.token(job.id, job.attempts + 1)
        data = zpl_acknowledge.asked(data, token)
    flight = _flight(job, v.Way.WHOLE, counter, token=token, asked=asked)
    return Flown(job, flight, data, moved_at=time.monotonic())


def resumed(job: Job, *, asked: bool) -> Flown:
    """Return what was in flight when the bench stopped."""
    flight = _flight(job, v.Way.UNKNOWN, job.counter_before, token="", asked=asked)
    return Flown(job, flight, job.data, offset=len(job.data))


def _flight(job: Job, way: v.Way, before: int | None, *, token: str, asked: bool) -> v.Flight:
    return v.Flight(
        way=way,
        before=before,
        token=token,
        formats=max(job.data.upper().count(b"^XZ"), 1),
        proof=job.kind is JobKind.LABEL,
        asked=asked,
    )
