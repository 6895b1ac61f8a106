"""What does a new printer print, so that we learn what it draws?

Two squares, A drawn by the short encoding of graphics (Z64), B by the older one (ACS). A printer
that leaves A empty, as some clones do, still draws B. Whoever scans a square says what can be
drawn; the label's own answer (`zpl_acknowledge`), whether it can say that it came out.
"""

from __future__ import annotations

from typing import Literal

from drivers.label_printers import symbol, zpl
from drivers.label_printers.graphic import gf
from drivers.label_printers.label import Label, QrCode, Text

SQUARES: dict[str, Literal["z64", "acs"]] = {"PACKBENCH-A": "z64", "PACKBENCH-B": "acs"}
"""What a scanned square proves."""
_WIDTH, _HEIGHT = 50, 30
"""Millimetres: smaller than any label that a parcel gets."""


def render(name: str, dots_per_mm: int) -> bytes:
    """Return the test label of the printer of that name, in ZPL."""
    words = Text(x=2, y=2, height=3, text=f"Packbench · {name} · {dots_per_mm} dots/mm")
    letters = [Text(x=x, y=26, height=3, text=text) for x, text in ((8, "A"), (32, "B"))]
    frame = zpl.render(Label(_WIDTH, _HEIGHT, (words, *letters)), dots_per_mm, graphics="acs")
    end = frame.rindex(b"^XZ")
    drawn = ""
    for (text, encoding), x in zip(SQUARES.items(), (4, 28), strict=True):
        square = symbol.bitmap(QrCode(x=x, y=8, data=text, module=0.625), dots_per_mm)
        drawn += f"^FO{x * dots_per_mm},{8 * dots_per_mm}{gf(square, encoding)}^FS"
    return frame[:end] + drawn.encode("ascii") + frame[end:]
