"""Is it an order's number as a marketplace itself prints it?

Marketplaces whose numbers have no shape of their own are read from our own order codes.
"""

from __future__ import annotations

import re

from station.codes.code import Code, OrderCode

PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("amazon", re.compile(r"\d{3}-\d{7}-\d{7}")),
    ("ebay", re.compile(r"\d{2}-\d{5}-\d{5}")),
    # The date, then eight letters and digits of which one at least is a letter: never a GTIN-14.
    ("shopee", re.compile(r"\d{6}(?=\d*[A-Z])[0-9A-Z]{8}")),
)


def read(text: str, aim: str) -> Code | None:
    """Return the order's number.

    >>> read("202-1234567-1234567", "")
    OrderCode(number='202-1234567-1234567')
    """
    upper = text.strip().upper()
    if not upper.isascii():
        return None
    known = any(pattern.fullmatch(upper) for _, pattern in PATTERNS)
    return OrderCode(upper) if known else None
