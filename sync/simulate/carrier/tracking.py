"""Tracking numbers as the posts of the world write them.

UPU standard S10: two letters for the service, eight digits, a check digit, the country of origin.
"""

from __future__ import annotations

_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)


def number(service: str, serial: int, country: str) -> str:
    """Write the number of an item.

    >>> number("RR", 47312482, "US")
    'RR473124829US'
    """
    digits = f"{serial:08d}"
    return f"{service}{digits}{check_digit(digits)}{country}"


def check_digit(digits: str) -> str:
    """Give the check digit of eight digits (S10, section 5.4).

    >>> check_digit("12345678")
    '5'
    """
    rest = sum(int(d) * weight for d, weight in zip(digits, _WEIGHTS, strict=True)) % 11
    return str({0: 5, 1: 0}.get(rest, 11 - rest))
