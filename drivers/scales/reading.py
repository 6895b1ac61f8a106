"""What a scale says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import Enum
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Reading:
    """One weight, as the scale gave it."""

    grams: int
    stable: bool
    """False while the pan still moves; such a weight is for the eye, not for the label."""


class Why(Enum):
    """Why a scale gives no weight."""

    MOVING = "moving"
    TOO_HEAVY = "too heavy"
    BELOW_ZERO = "below zero"
    OUT_OF_ORDER = "out of order"
    """Not zeroed since switched on, or a fault that the scale found in itself."""
    WRONG_UNIT = "wrong unit"
    """It counts pieces, or weighs in carats: a number, and no weight of a parcel."""


@dataclass(frozen=True, slots=True)
class NoWeight:
    """The scale answered, and the answer is no weight."""

    why: Why


class Reader(Protocol):
    """Turns what a scale sends into readings."""

    def receive(self, data: bytes) -> list[Reading | NoWeight]:
        """Return the readings that `data` completes, oldest first."""


LONGEST_BYTES = 64
"""The longest answer of any protocol here is 24 bytes; more without an end is noise."""

GRAMS = {
    "g": Decimal(1),
    "kg": Decimal(1000),
    "oz": Decimal("28.349523125"),
    "lb": Decimal("453.59237"),
}
"""Grams in a unit, as scales write it in small letters."""

HEAVIEST_GRAMS = 10_000_000
"""More than any bench scale carries; a digit of noise must not weigh ten tonnes."""


def in_grams(number: bytes, unit: str) -> int | None:
    """Return a printed weight in whole grams, None when it is not a weight.

    >>> in_grams(b"  1.2345", "kg"), in_grams(b"-0.5", "g"), in_grams(b"1e9", "kg")
    (1235, -1, None)
    """
    if unit not in GRAMS or not is_number(number):
        return None
    grams = Decimal(number.replace(b" ", b"").decode("ascii")) * GRAMS[unit]
    if abs(grams) > HEAVIEST_GRAMS:
        return None
    return int(grams.quantize(Decimal(1), ROUND_HALF_UP))


_NUMBER = re.compile(rb" *[+-]? *(?=[0-9.]*[0-9])[0-9]*\.?[0-9]* *")


def is_number(text: bytes) -> bool:
    """Say whether a scale printed a number there.

    >>> is_number(b"- 0.50"), is_number(b"1e9"), is_number(b"NaN"), is_number(b".")
    (True, False, False, False)
    """
    # Decimal would take "1e9", "NaN" and digits of other scripts.
    return _NUMBER.fullmatch(text) is not None
