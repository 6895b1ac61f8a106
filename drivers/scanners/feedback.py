r"""What makes a scanner beep? A few bytes, and every maker has others.

A scanner beeps by itself when it could read; whether it was right, only the bench knows. Sources:
Datalogic PowerScan Product Reference Guide, "RS-232 host commands"; Honeywell Xenon 1900 User's
Guide, "Host ACK" (with Host ACK on, the scanner reads no more until it is answered, for 10 s at
most); Zebra DS2208 Product Reference Guide, "Beep on <BEL>" (which must be on). Untried on
hardware.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Answer(Enum):
    """What the bench says to a scan."""

    GOOD = "good"
    BAD = "bad"
    IGNORED = "ignored"
    """Heard, and not counted: the same code once more, or one that lay beside the right one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """What to send to one make of scanner; b"" for nothing."""

    good: bytes = b""
    bad: bytes = b""
    ignored: bytes = b""

    def of(self, answer: Answer) -> bytes:
        """Return the bytes that say this."""
        match answer:
            case Answer.GOOD:
                return self.good
            case Answer.BAD:
                return self.bad
            case Answer.IGNORED:
                return self.ignored


FEEDBACKS = {
    "none": Feedback(),
    # B: good read beep; F: long error beeps.
    "datalogic": Feedback(good=b"B", bad=b"F"),
    # ESC 7, 8: as after a good read, razz; ESC 4: one low beep. A comma ends a sequence.
    "honeywell": Feedback(good=b"\x1b7,", bad=b"\x1b8,", ignored=b"\x1b4,"),
    # Its own beep has said "good"; BEL is for an illegal entry.
    "zebra": Feedback(bad=b"\x07\x07\x07", ignored=b"\x07"),
}
"""By the name that station.toml gives them."""
