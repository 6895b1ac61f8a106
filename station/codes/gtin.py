"""Is it an article number: EAN-8, EAN-13, UPC-A, UPC-E or ITF-14?

GS1 General Specifications 7.9 (check digit) and 5.2.2.4 (UPC-E). A damaged number is another
valid one in one case of ten: one check digit cannot do better, and the order's lines are asked
next. 8 digits without an AIM identifier are an EAN-8 if they can be one, else a UPC-E.
"""

from __future__ import annotations

from station.codes.code import Code, Garbled, Gtin

LENGTHS = (8, 12, 13, 14)
RETAIL = ("]E0", "]E1", "]E2", "]E3", "]E4", "]I1", "]X0")
"""AIM identifiers of EAN/UPC (with its add-ons) and of ITF with a checked digit."""


def check_digit(digits: str) -> str:
    """Return the last digit of a GS1 number from those before it.

    >>> check_digit("400638133393")
    '1'
    """
    total = sum(int(d) * (3 if at % 2 == 0 else 1) for at, d in enumerate(reversed(digits)))
    return str(-total % 10)


def valid(digits: str) -> bool:
    """Whether these are the digits of a GTIN, and not only noughts."""
    return (
        len(digits) in LENGTHS
        and digits.isascii()
        and digits.isdigit()
        and digits.strip("0") != ""
        and check_digit(digits[:-1]) == digits[-1]
    )


def read(text: str, aim: str) -> Code | None:
    """Return the article number, as 14 digits.

    >>> read("4006381333931", "")
    Gtin(digits='04006381333931', lot='', serial='', expiry='', count=1)
    """
    digits = text.replace(" ", "")
    if not (digits.isascii() and digits.isdigit()):
        return None
    if aim == "]E3" and len(digits) in (15, 18):
        digits = digits[:13]  # two or five more digits: a magazine's issue
    if aim == "]E0" and len(digits) in (6, 7, 8):
        return _upc_e(digits) or Garbled(text)
    if valid(digits):
        return Gtin(digits.zfill(14))
    if aim in RETAIL or len(digits) == 13:
        return Garbled(text)
    return _upc_e(digits) if len(digits) == 8 else None


def _upc_e(digits: str) -> Gtin | None:
    """Blow the noughts up that UPC-E leaves out; 6 digits mean number system 0."""
    body = digits.zfill(7) if len(digits) < 8 else digits[:7]
    system, six = body[0], body[1:]
    if system not in "01":
        return None
    last = six[5]
    if last in "012":
        full = six[:2] + last + "0000" + six[2:5]
    elif last == "3":
        full = six[:3] + "00000" + six[3:5]
    elif last == "4":
        full = six[:4] + "00000" + six[4]
    else:
        full = six[:5] + "0000" + last
    number = system + full + check_digit(system + full)
    if len(digits) == 8 and digits[7] != number[-1]:
        return None
    return Gtin(number.zfill(14)) if valid(number) else None
