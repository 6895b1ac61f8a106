r"""What does a receipt printer say about itself? One byte a question.

Epson, ESC/POS Command Reference, DLE EOT n (transmit real-time status), answered at once, in
trouble too. In every answer bits 1 and 4 are set and bits 0 and 7 are not: that tells it from the
printer's other bytes (XON, XOFF, automatic status). Paper out and lid open, all four asked:

    10 04 01 10 04 02 10 04 03 10 04 04            1A 36 12 72

An answer does not say to which question it is: they come in order. So all four make one `Status`,
and whoever gave up waiting begins a new connection and a new `Reader`. No answer, or not all four,
is nothing known: never that all is well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ASK_STATUS = b"\x10\x04\x01\x10\x04\x02\x10\x04\x03\x10\x04\x04"
"""Printer, offline cause, error cause, roll sensor."""
_ANSWERS = 4
_FIXED, _MASK = 0x12, 0x93

_OFFLINE = 0x08
_COVER_OPEN, _FEED_PRESSED, _PAPER_STOP, _ERROR = 0x04, 0x08, 0x20, 0x40
_CUTTER, _UNRECOVERABLE, _RECOVERABLE = 0x08, 0x20, 0x40
_NEAR_END, _ROLL_END = 0x0C, 0x60

Needs = Literal["", "paper", "head", "cutter", "fault", "pause"]
"""What it wants of somebody's hands; "" for nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """All that the four answers say."""

    offline: bool
    cover_open: bool
    feed_pressed: bool
    paper_out: bool
    paper_low: bool
    cutter_jammed: bool
    too_hot: bool
    """It stopped, and goes on by itself: the head is too hot, or the voltage was wrong."""
    broken: bool
    """It must be switched off and on."""

    @property
    def needs(self) -> Needs:
        """What a person has to do first."""
        if self.cover_open:
            return "head"
        if self.paper_out:
            return "paper"
        if self.cutter_jammed:
            return "cutter"
        if self.broken:
            return "fault"
        return "pause" if self.offline or self.feed_pressed or self.too_hot else ""


class Reader:
    """Bytes in, answers out, however they are cut; made anew for each connection."""

    def __init__(self) -> None:
        self._answers: list[int] = []

    def receive(self, data: bytes) -> list[Status]:
        """Return what `data` completes, oldest first."""
        complete = []
        for byte in data:
            if byte & _MASK != _FIXED:
                continue
            self._answers.append(byte)
            if len(self._answers) == _ANSWERS:
                complete.append(_status(*self._answers))
                self._answers.clear()
        return complete


def _status(printer: int, offline: int, error: int, roll: int) -> Status:
    return Status(
        offline=bool(printer & _OFFLINE),
        cover_open=bool(offline & _COVER_OPEN),
        feed_pressed=bool(offline & _FEED_PRESSED),
        paper_out=bool(offline & _PAPER_STOP) or roll & _ROLL_END == _ROLL_END,
        paper_low=roll & _NEAR_END == _NEAR_END,
        cutter_jammed=bool(error & _CUTTER),
        too_hot=bool(error & _RECOVERABLE),
        broken=bool(error & _UNRECOVERABLE),
    )
