"""What happens to the print of a label."""

from __future__ import annotations

from sync.orders.facts.base import ParcelFact


class PrintQueued(ParcelFact, frozen=True, kw_only=True, tag="print-queued"):
    """The label is to come out of a printer."""

    job: str
    copy: int = 1
    reason: str = ""
    """Why again; a first print needs none."""


class PrintWithdrawn(ParcelFact, frozen=True, kw_only=True, tag="print-withdrawn"):
    """It is not, and no byte had gone out."""

    job: str


class PrintStarted(ParcelFact, frozen=True, kw_only=True, tag="print-started"):
    """The first byte is about to go out."""

    job: str


class PrintSent(ParcelFact, frozen=True, kw_only=True, tag="print-sent"):
    """The last byte went out. That proves nothing."""

    job: str


class LabelPrinted(ParcelFact, frozen=True, kw_only=True, tag="label-printed"):
    """It came out."""

    job: str
    evidence: str
    """odometer | acknowledgement | person | closing scan."""


class PrintUncertain(ParcelFact, frozen=True, kw_only=True, tag="print-uncertain"):
    """Nobody knows whether it came out."""

    job: str
    why: str = ""


class LabelNotPrinted(ParcelFact, frozen=True, kw_only=True, tag="label-not-printed"):
    """It did not come out, and that is proven: it may be sent again."""

    job: str
    evidence: str
