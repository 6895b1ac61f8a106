"""For which head were these dots made?

A label for 300 dpi comes out of a 203 dpi printer half as large again and is cut off; the other
way round it comes out at two thirds, and looks nearly right. So it is known before it is printed:
as the carrier declares it, else as the label's own measures say, in millimetres that such labels
have, else not at all.

>>> declared("ZPL_300"), declared("zpl")
(12, None)
>>> of_size(1200, 1800), of_size(812, 1218), of_size(832, 400)
(12, 8, None)
>>> of_zpl(b"^XA^PW1218^LL1827^FO0,0^GB9,9^FS^XZ")
12
"""

from __future__ import annotations

import re

DOTS_PER_MM = {6: 152, 8: 203, 12: 300, 24: 600}
"""Of the heads that are sold, and what they are called."""

_SIZES_MM = (
    # 4x6, 4x8 and 4x4 inches, and as thermal rolls are cut outside America
    *((101.6, 152.4), (101.6, 203.2), (101.6, 101.6), (101.6, 190.5), (101.6, 171.4)),
    *(
        (100, 150),
        (100, 200),
        (100, 100),
        (105, 148),
        (105, 210),
        (102, 152),
        (103, 199),
        (103, 165),
    ),
)
"""Labels that carriers make; width first."""
_TOLERANCE_MM = 1.6
"""203 dpi is called 8 dots/mm, 300 dpi 12 and 150 mm six inches: up to 1.6 % each."""
_DECLARED = re.compile(r"(?<!\d)(152|203|300|600)(?!\d)")
_NUMBER = rb"0*(\d{1,5})"
_WIDTH = re.compile(rb"\^PW" + _NUMBER, re.IGNORECASE)
_LENGTH = re.compile(rb"\^LL" + _NUMBER, re.IGNORECASE)
_FULL_PAGE = re.compile(
    rb"\^FO" + _NUMBER + rb"," + _NUMBER + rb"[^^~]*\^GF[ABC]," + rb"\d+,(\d{1,8}),(\d{1,5}),",
    re.IGNORECASE,
)


def declared(format: str) -> int | None:
    """Return the dots to the millimetre that a carrier's name of the format speaks of."""
    found = _DECLARED.search(format)
    return _named(int(found[1])) if found else None


def of_dpi(dpi: float) -> int | None:
    """Return the dots to the millimetre of a picture that says its dpi."""
    near = min(DOTS_PER_MM.values(), key=lambda one: abs(one - dpi))
    return _named(near) if abs(near - dpi) <= 0.02 * near else None


def of_size(width: int, height: int) -> int | None:
    """Return the dots to the millimetre at which this is a label as carriers make them."""
    fitting = [
        dots
        for dots in DOTS_PER_MM
        if any(
            _near(width / dots, wide) and _near(height / dots, high)
            for one in _SIZES_MM
            for wide, high in (one, one[::-1])
        )
    ]
    return fitting[0] if len(fitting) == 1 else None


def of_zpl(zpl: bytes) -> int | None:
    """Return the dots to the millimetre that ^PW and ^LL, or a picture of the whole, speak of."""
    width, length = _most(_WIDTH, zpl), _most(_LENGTH, zpl)
    if width and length:
        return of_size(width, length)
    for x, y, total, row in (map(int, found.groups()) for found in _FULL_PAGE.finditer(zpl)):
        if row:
            # Both margins alike, or none: either is tried.
            wide, high = row * 8, total // row
            dots = of_size(wide + 2 * x, high + 2 * y) or of_size(width or wide, length or high)
            if dots:
                return dots
    return None


def _most(command: re.Pattern[bytes], zpl: bytes) -> int:
    return max((int(number) for number in command.findall(zpl)), default=0)


def _near(one: float, other: float) -> bool:
    return abs(one - other) <= _TOLERANCE_MM + 0.016 * other


def _named(dpi: int) -> int:
    return next(dots for dots, called in DOTS_PER_MM.items() if called == dpi)
