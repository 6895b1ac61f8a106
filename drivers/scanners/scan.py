"""What a scanner says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Scan:
    """One pull of the trigger, as the scanner sent it, framing removed."""

    text: str
    aim: str | None
    """AIM identifier of the symbology, such as "]C1" for GS1-128; None when the scanner is not set
    to send it."""
    at: float
    """When its last byte came, in seconds on the clock of the caller."""


class Flaw(Enum):
    """Why bytes are not a scan."""

    UNFINISHED = "unfinished"
    """No terminator came: the cable moved, or the scanner is not set to end codes with CR."""
    TOO_LONG = "too long"
    """Longer than any barcode of ours: the wrong baud rate, or a scanner that forgot its suffix."""
    UNREADABLE = "unreadable"
    """Control characters that no barcode of ours holds: noise, or two codes that ran together."""


@dataclass(frozen=True, slots=True)
class Garbled:
    """Bytes that came from a scanner and are not a scan. Someone pulled a trigger: answer them."""

    flaw: Flaw
    text: str
    """The bytes as far as they can be shown, cut where a scan would be too long."""
    at: float


class Reader(Protocol):
    """Turns what a scanner sends into scans."""

    def receive(self, data: bytes, at: float) -> list[Scan | Garbled]:
        """Return what `data` completes, oldest first."""

    def idle(self, at: float) -> list[Scan | Garbled]:
        """Return what the silence until `at` ends."""
