"""Is it half a code, a damaged one, or two that ran together? Then nobody guesses: scan again."""

from __future__ import annotations

from station.codes import gtin
from station.codes.code import Code, Garbled

LONGEST = 512
"""Characters. Our own codes and every carrier's stay far below; a QR code of 4 kB is no code of
ours, and its text must not fill a journal or a screen."""
SEPARATORS = frozenset("\x1c\x1d\x1e\x1f\x04")
"""GS1 and ISO 15434 put these between fields: GS FS RS US EOT."""
REPLACEMENT = "\ufffd"
"""Where the reader met a byte that is no UTF-8."""


def read(text: str, aim: str) -> Code | None:
    """Return Garbled for what no barcode can say."""
    damaged = not text.strip(" \x1c\x1d\x1e\x1f\x04") or len(text) > LONGEST
    damaged = damaged or any(_control(character) for character in text)
    return Garbled(text[:LONGEST]) if damaged else None


def _control(character: str) -> bool:
    if character in SEPARATORS:
        return False
    return character == REPLACEMENT or not (character.isprintable() or character == " ")


def read_stuck(text: str, aim: str) -> Code | None:
    """Return Garbled for two article numbers in one scan: two scanners, or a lost terminator.

    >>> read_stuck("40063813339314006381333931", "")
    Garbled(text='40063813339314006381333931')
    """
    half = len(text) // 2
    if len(text) >= 12 and len(text) % 2 == 0 and text[:half] == text[half:]:
        return Garbled(text)
    if text.isascii() and text.isdigit():
        cuts = [cut for cut in (8, 12, 13, 14) if len(text) - cut in (8, 12, 13, 14)]
        if any(gtin.valid(text[:cut]) and gtin.valid(text[cut:]) for cut in cuts):
            return Garbled(text)
    return None
