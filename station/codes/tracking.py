"""Is it a carrier's tracking number, and whose?

One row a pattern. What has a check digit is checked; what has none is only a shape. The patterns
are here so that a label scanned at the wrong moment gets the right answer: a parcel is closed by
comparing with its own label, whatever shape that has.

S10: UPU standard S10-12. 1Z: UPS Tracking Number check digit (mod 10). 20-22 digits: USPS
Publication 199, IMpb (mod 10, as GS1). 12 digits: FedEx Express (mod 11). 10 digits: DHL Express
(mod 7).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from station.codes.code import Code, Tracking
from station.codes.gtin import check_digit


def _any(number: str) -> bool:
    return True


def _s10(number: str) -> bool:
    """Weights 8 6 4 2 3 5 9 7, modulo 11."""
    weights = (8, 6, 4, 2, 3, 5, 9, 7)
    rest = 11 - sum(w * int(d) for w, d in zip(weights, number[2:10], strict=True)) % 11
    return int(number[10]) == {10: 0, 11: 5}.get(rest, rest)


def _ups(number: str) -> bool:
    """Letters count as (place in the alphabet + 2) mod 10; every second one twice."""
    values = [int(c) if c.isdigit() else (ord(c) - 63) % 10 for c in number[2:-1]]
    return str(-(sum(values) + sum(values[1::2])) % 10) == number[-1]


def _mod_10(number: str) -> bool:
    return check_digit(number[:-1]) == number[-1]


def _fedex(number: str) -> bool:
    weights = (3, 1, 7, 3, 1, 7, 3, 1, 7, 3, 1)
    total = sum(w * int(d) for w, d in zip(weights, number[:11], strict=True))
    return total % 11 % 10 == int(number[11])


def _mod_7(number: str) -> bool:
    return int(number[:9]) % 7 == int(number[9])


@dataclass(frozen=True, slots=True)
class Pattern:
    """A shape of numbers, and what its check digit must be."""

    carrier: str
    """"" where many carriers share it."""
    shape: re.Pattern[str]
    checks: Callable[[str], bool] = _any


LETTERED: tuple[Pattern, ...] = (
    Pattern("", re.compile(r"[A-Z]{2}\d{9}[A-Z]{2}"), _s10),
    Pattern("UPS", re.compile(r"1Z[0-9A-Z]{15}\d"), _ups),
    Pattern("DHL", re.compile(r"J[JV]?D\d{16,20}")),
    Pattern("DHL", re.compile(r"JVGL\d{10,20}")),
    Pattern("Amazon", re.compile(r"TB[ACM]\d{12}")),
    Pattern("Yun Express", re.compile(r"YT\d{16}")),
)
"""Asked before article numbers: letters keep them apart."""

DIGITS: tuple[Pattern, ...] = (
    Pattern("USPS", re.compile(r"9[1-5]\d{18,20}"), _mod_10),
    Pattern("USPS", re.compile(r"420\d{5}(?:\d{4})?9[1-5]\d{20}"), _mod_10),
    Pattern("FedEx", re.compile(r"\d{12}"), _fedex),
    Pattern("FedEx", re.compile(r"96\d{20}")),
    Pattern("FedEx", re.compile(r"\d{34}")),
    Pattern("DHL", re.compile(r"\d{10}"), _mod_7),
    Pattern("GLS", re.compile(r"\d{11}")),
    Pattern("DPD", re.compile(r"0\d{13}")),
)
"""Asked after article numbers: a 12-digit number that is a UPC-A too is taken for goods."""


def read(text: str, aim: str) -> Code | None:
    """Return a tracking number that has letters in it.

    >>> read("RR123456785GB", "")
    Tracking(carrier='', number='RR123456785GB')
    """
    return _matched(text, LETTERED)


def read_digits(text: str, aim: str) -> Code | None:
    """Return a tracking number of digits alone."""
    return _matched(text, DIGITS)


def _matched(text: str, patterns: tuple[Pattern, ...]) -> Code | None:
    number = text.replace(" ", "").upper()
    if not (number.isascii() and number.isalnum()):
        return None
    for pattern in patterns:
        if pattern.shape.fullmatch(number) and pattern.checks(number):
            return Tracking(pattern.carrier, number)
    return None
