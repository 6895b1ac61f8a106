"""Did the scanner read one code twice? A nervous trigger does; a packer's four mugs do not.

The same code from the same scanner within 0.8 s is one scan when there is one thing of its kind:
a label, an order, a tote, a badge, a card. Pieces are never dropped: four scans of one item are
four pieces, however fast the hand. What is no code of ours may be a piece's, so it counts too.

One thing is dropped whatever it is: the same code by the keyboard and by a wire, together. That is
one scanner which is set to do both, and it would count every piece twice.
"""

from __future__ import annotations

from dataclasses import dataclass

from station import codes
from station.codes.code import (
    BadgeCode,
    BenchCode,
    BinCode,
    BoxCode,
    Code,
    CommandCode,
    OrderCode,
    Sscc,
    ToteCode,
    Tracking,
)

DOUBLE_SECONDS = 0.8
"""A trigger held down repeats every 0.3 to 0.7 s; a person who means it takes longer than 0.8."""

TWIN_SECONDS = 0.3
"""A scanner types its code key by key, after the wire has had it at once; two hands with a scanner
each do not read the same code so closely."""
KEYBOARD = "wedge"
"""The source of what a scanner typed."""

ONE_OF_A_KIND = (
    Sscc | OrderCode | ToteCode | BoxCode | BinCode | BenchCode | BadgeCode | CommandCode | Tracking
)


@dataclass(frozen=True, slots=True)
class Reading:
    """One scan, as far as doubling goes."""

    text: str
    source: str
    at: float
    """Seconds on the monotonic clock, when its last byte came."""


def double_read(previous: Reading | None, scan: Reading, code: Code) -> bool:
    """Say whether `scan`, which means `code`, is the scan before it once more.

    `previous` is the last one heard, dropped or not: a trigger held down stays one scan. A dropped
    one is answered with a soft tick, so that the packer knows that it was heard.

    >>> first, again = Reading("PKBADGE7", "hand", 1.0), Reading("PKBADGE7", "hand", 1.4)
    >>> double_read(first, again, BadgeCode("7"))
    True
    """
    if previous is None:
        return False
    if _twins(previous, scan):
        return True
    return (
        isinstance(code, ONE_OF_A_KIND)
        and (scan.text, scan.source) == (previous.text, previous.source)
        and 0 <= scan.at - previous.at < DOUBLE_SECONDS
    )


def _twins(one: Reading, other: Reading) -> bool:
    """Say whether one pull of a trigger came by the keyboard and by a wire."""
    by_keyboard = (one.source, other.source).count(KEYBOARD)
    together = abs(other.at - one.at) < TWIN_SECONDS
    # Some send the AIM identifier by the wire alone.
    return by_keyboard == 1 and together and codes.bare(one.text) == codes.bare(other.text)
