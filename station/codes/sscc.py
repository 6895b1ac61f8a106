"""Is it the number of a logistic unit? 18 digits, or 20 with the 00 that says so.

GS1 General Specifications 3.3.1. Some carriers' tracking numbers are of this kind: whoever
compares them with a label compares the digits.
"""

from __future__ import annotations

from station.codes.code import Code, Sscc
from station.codes.gtin import check_digit


def read(text: str, aim: str) -> Code | None:
    """Return the unit's number.

    >>> read("(00)106141411234567897", "")
    Sscc(digits='106141411234567897')
    """
    digits = text.replace(" ", "").removeprefix("(00)")
    if not (digits.isascii() and digits.isdigit()):
        return None
    if len(digits) == 20 and digits.startswith("00"):
        digits = digits[2:]
    if len(digits) != 18 or not digits.strip("0"):
        return None
    return Sscc(digits) if check_digit(digits[:-1]) == digits[-1] else None
