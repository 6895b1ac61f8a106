"""Scanners: bytes in, scans out. One module a way of framing; `READERS` is the list.

    line            nearly all: each code ends with CR, LF or both
    keys-us …       a keyboard scanner that is grabbed; the layout is the scanner's own
    keymap          the layouts, as data
    batch           is it a scan of now, or one that a scanner kept while it was out of range
    feedback        what to send so that a scanner beeps
    setup           what is wrong with how a scanner is set, from one code

A reader keeps half codes and never waits: the bench's listener brings the bytes, and the silences.
What a code means is not known here, nor whether the same code twice was meant (`station`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from drivers.scanners import keys, line
from drivers.scanners.batch import Batch, Gate
from drivers.scanners.feedback import FEEDBACKS, Answer, Feedback
from drivers.scanners.scan import Flaw, Garbled, Reader, Scan

READERS: dict[str, Callable[[], Reader]] = {
    "line": line.Reader,
    "keys-us": partial(keys.Reader, "us"),
    "keys-de": partial(keys.Reader, "de"),
    "keys-fr": partial(keys.Reader, "fr"),
}

__all__ = [
    "FEEDBACKS",
    "READERS",
    "Answer",
    "Batch",
    "Feedback",
    "Flaw",
    "Garbled",
    "Gate",
    "Reader",
    "Scan",
]
