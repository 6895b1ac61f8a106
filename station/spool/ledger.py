"""What must the store keep for the spool, and what may the spool ask of it?

The spool holds no truth of its own: after a crash it asks the ledger what was in flight. Every
method is one transaction, on disk when it returns, and may be called from any thread.
"""

from __future__ import annotations

from enum import Enum
from typing import Protocol

import msgspec

from drivers.label_printers.capability import Capability


class JobState(Enum):
    """How far a print job has come."""

    QUEUED = "queued"
    SENDING = "sending"
    """The first byte is about to go out, or some have."""
    SENT = "sent"
    """The last byte went out. That proves nothing."""
    PRINTED = "printed"
    UNCERTAIN = "uncertain"
    """Nobody knows whether it came out; a person or the closing scan will say."""
    DROPPED = "dropped"
    """It is not to be printed any more, and no byte had gone out."""


class JobKind(Enum):
    """Whose bytes they are."""

    LABEL = "label"
    """A carrier's label: every step is a fact of its parcel."""
    PAPER = "paper"
    """One of our own papers: the job's state is kept, no fact is made."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What is to come out of one printer, byte for byte."""

    id: str
    """For a label `facts.print_job(tracking, copy)`."""
    printer: str
    """The printer's name in station.toml."""
    kind: JobKind
    order_id: str
    parcel_id: str
    """"" for a paper that belongs to no parcel."""
    data: bytes
    sha256: str
    """Of `data`, as it was when the job was made."""
    state: JobState
    attempts: int = 0
    """How often `starting` was said."""
    counter_before: int | None = None
    """What the last `starting` gave; None when the printer has no counter."""


class Ledger(Protocol):
    """The spool's end of the store.

    An outcome for a job that has meanwhile gone another way (the closing scan or a person was
    faster) is not an error: nothing happens. For a paper, facts are left out.
    """

    def next_job(self, printer: str) -> Job | None:
        """Return what this printer is to deal with, None when there is nothing.

        The one in flight first (sending, sent, or an uncertain label), else the oldest that is
        queued. An uncertain paper is not in flight: whoever misses it asks for it again.
        """

    def starting(self, job: str, counter: int | None) -> bool:
        """Put PrintStarted on record, before the first byte: queued → sending, one more attempt.

        False when it must not be printed any more (held, cancelled, label void, another address);
        then the job is dropped, or stays out of `next_job` for as long as that lasts.
        """

    def sent(self, job: str) -> None:
        """Put on record that the last byte went out: sending → sent, PrintSent."""

    def printed(self, job: str, evidence: str) -> None:
        """Put on record that it came out: sending, sent → printed, LabelPrinted."""

    def uncertain(self, job: str, why: str) -> None:
        """Put on record that nobody knows: sending, sent → uncertain, PrintUncertain."""

    def not_printed(self, job: str, evidence: str) -> None:
        """Put on record that it did not come out: sending, sent → queued, LabelNotPrinted."""

    def capability(self, printer: str) -> Capability | None:
        """Return what is known of a printer; None before it was first met."""

    def keep(self, printer: str, capability: Capability) -> None:
        """Keep what is known of a printer."""

    def trouble(self, printer: str, needs: str) -> None:
        """Hear that a printer's needs have changed: one of `verdict.NEEDS`, "" when it is well.

        Called from the printer's thread at each change, first after its first look.
        """
