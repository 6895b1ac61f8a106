r"""What would a scanner read on a label that came out? The Code 128 fields of a ZPL job.

Source: Zebra, ZPL II Programming Guide, ^BC: in the field data `>` starts a subset or a code
(`>:` `>;` `>9` begin, `>5` `>6` `>7` change, `>8` is FNC1, `><` is the sign itself).

>>> codes(b"^XA^BY3^BCN,208,N,N,N,N^FH_^FD>:SP0>504006381333931>6GB^FS^FDSP0040^FS^XZ")
('SP004006381333931GB',)
"""

from __future__ import annotations

import re

import msgspec

from station.codes import read
from station.codes.code import Tracking

_FIELD = re.compile(rb"\^BC[^\^]*(?:\^F[HN]([^\^]?)[^\^]*)?\^FD([^\^]*)\^FS")
_TEXT = re.compile(rb"\^A0[A-Z]?,(\d+),\d+(?:\^F[HN]([^\^]?)[^\^]*)?\^FD([^\^]*)\^FS")
_LARGE_DOTS = 40
"""Letters of 5 mm and more, at 8 dots a millimetre: carrier, service, and where it goes."""
_SUBSET = re.compile(r">(.)")


class Line(msgspec.Struct, frozen=True):
    """A line of the printer's record, as far as it is our business."""

    n: int
    file: str
    first_byte_at: float = 0.0


def codes(job: bytes) -> tuple[str, ...]:
    """Return what the barcodes of a label say, top to bottom."""
    return tuple(_read(field[2], field[1]) for field in _FIELD.finditer(job))


def summary(job: bytes) -> tuple[str, ...]:
    """Return what a carrier's label is about; () for a paper of our own."""
    numbers = [code for code in codes(job) if isinstance(read(code), Tracking)]
    return (*words(job), *numbers) if numbers else ()


def words(job: bytes) -> tuple[str, ...]:
    """Return what a label says in large letters, each once; rasterised lines are not read."""
    large = (
        _unescaped(field[3], field[2])
        for field in _TEXT.finditer(job)
        if int(field[1]) >= _LARGE_DOTS
    )
    # "1 / 1" is which parcel of how many: nothing to know a label by.
    return tuple(dict.fromkeys(word for word in large if not word[:1].isdigit()))


def _read(data: bytes, escape: bytes | None) -> str:
    text = _unescaped(data, escape)
    return _SUBSET.sub(lambda found: ">" if found[1] == "<" else "", text)


def _unescaped(data: bytes, escape: bytes | None) -> str:
    text = data.decode("utf-8", errors="replace")
    if escape is not None:
        sign = re.escape(escape.decode("ascii", errors="replace") or "_")
        text = re.sub(f"{sign}([0-9A-Fa-f]{{2}})", lambda hex: chr(int(hex[1], 16)), text)
    return text
