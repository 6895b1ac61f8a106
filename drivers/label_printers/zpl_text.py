r"""What does somebody else's ZPL say of itself, without being drawn?

ZPL II Programming Guide: ^B (barcode fields), ^FH, ^FD, ^SN, ^PQ, ^GF, ~DG. Enough to know which
barcodes it asks for and how often it prints; where they come to lie only a drawing tells.

>>> barcodes(b"^XA^FO9,9^BCN,80^FH_^FD>;1234_35^FS^FO9,200^A0N,30^FDnot a barcode^FS^XZ")
['12345']
>>> once(b"^XA^FDx^FS^PQ2,0,1,Y^XZ")
b'^XA^FDx^FS^XZ'
"""

from __future__ import annotations

import re

_FIELD = re.compile(rb"\^B[0-9A-Z][^^]*(?:\^(?!F[DSOT]|X[AZ])[^^]*)*\^FD([^^]*)", re.IGNORECASE)
"""From a barcode command to its data; ^FH and others may stand between."""
_HEX = re.compile(rb"\^FH(.?)", re.IGNORECASE)
_COPIES = re.compile(rb"\^PQ[^^~]*", re.IGNORECASE)
_LABEL = re.compile(rb"\^XA(.*?)\^XZ", re.IGNORECASE | re.DOTALL)
_INK = re.compile(rb"\^(?:FD|GB|GC|GD|GE|GF|XG|IM|FV|SN)", re.IGNORECASE)
_PICTURE = re.compile(rb"\^GF|\^XG|\^IM|\^IL|~DG", re.IGNORECASE)
_CODE_128 = re.compile(rb">[0-9:;<=]")
"""Changes of code set and FNC1, which are no data; >0 is the > itself, which no number has."""


def barcodes(zpl: bytes) -> list[str]:
    """Return the data of the barcode fields, in order."""
    found = []
    for field in _FIELD.finditer(zpl):
        data = field[1]
        escape = _HEX.search(field[0][: field.start(1) - field.start()])
        if escape:
            sign = re.escape(escape[1].strip() or b"_")
            data = re.sub(sign + rb"([0-9A-Fa-f]{2})", lambda two: bytes((int(two[1], 16),)), data)
        found.append(_CODE_128.sub(b"", data).decode("utf-8", "replace").strip())
    return found


def labels(zpl: bytes) -> int:
    """Say how many labels it prints, copies aside: formats that leave ink."""
    return sum(bool(_INK.search(format[1])) for format in _LABEL.finditer(zpl))


def pictured(zpl: bytes) -> bool:
    """Whether it has pictures, in which barcodes may hide."""
    return bool(_PICTURE.search(zpl))


def once(zpl: bytes) -> bytes:
    """Return it without the number of its copies: a parcel has one label."""
    return _COPIES.sub(b"", zpl)
