r"""What does a scan mean? One file a family; this one asks them in order.

Every text has an answer: `read` never raises. Whoever needs to know what a code *stands for* (which
order, whose badge) looks it up; here only its shape is known. `write` is the other direction, for
our own codes. Nobody else looks at prefixes.

>>> read("4006381333931")
Gtin(digits='04006381333931', lot='', serial='', expiry='', count=1)
>>> read("]C10104006381333931\x1d10AB")
Gtin(digits='04006381333931', lot='AB', serial='', expiry='', count=1)
>>> read("pkcmdqty12")
CommandCode(name='QTY', n=12)
>>> read("hello")
Unknown(text='hello')
"""

from __future__ import annotations

import re
from collections.abc import Callable

from station.codes import damage, gs1, gtin, market, own, sscc, tracking
from station.codes.code import Code, Garbled, Unknown
from station.codes.gs1 import preload
from station.codes.own import Own, reserved, write

FAMILIES: tuple[Callable[[str, str], Code | None], ...] = (
    damage.read,  # before anyone believes a character of it
    own.read,  # our prefixes are nobody else's
    market.read,  # hyphens, or letters where a GTIN has none
    tracking.read,  # letters; before GS1, which would find an AI in "1Z…"
    sscc.read,  # 18 digits, or 20 with 00: before GS1, which needs an import for the same
    gs1.read,  # what says that it is GS1; before plain digits, because AI 01 + 14 digits are 16
    gtin.read,  # any 8, 12, 13 or 14 digits with the right check digit are goods
    tracking.read_digits,  # what is left of the digits
    damage.read_stuck,  # last: a long number may well be somebody's
)
"""The first that knows the text has the last word."""

_AIM = re.compile(r"\][A-Za-z][0-9A-Za-z]")


def read(text: str, aim: str | None = None) -> Code:
    """Say what a scan means. `aim`: the symbology identifier, where the scanner sent it apart."""
    if not aim and (sent := _AIM.match(text)):
        aim, text = sent[0], text[3:]
    for family in FAMILIES:
        code = family(text, aim or "")
        if code is not None:
            return code
    return Unknown(text.strip())


def bare(text: str) -> str:
    """Return a scan's text without the symbology identifier before it.

    >>> bare("]C0MUG-BL")
    'MUG-BL'
    """
    return text[3:].strip() if _AIM.match(text) else text.strip()


__all__ = [
    "FAMILIES",
    "Code",
    "Garbled",
    "Own",
    "Unknown",
    "bare",
    "preload",
    "read",
    "reserved",
    "write",
]
