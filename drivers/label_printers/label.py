"""What can be on a label?

All measures are millimetres from the top left corner; elements are drawn in order, black
on white. Text is one line: breaking and shrinking are the layout's business, so that every
language prints the same lines.

These stay inside and are structs all the same: a label makes some dozen anew, and a frozen
dataclass takes ten times as long to make and is looked at by the collector of garbage.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Align = Literal["left", "center", "right"]


class Text(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One line of text."""

    x: float
    y: float
    """Top of the line, which is the top of its capitals."""
    height: float
    """From the top of a capital to below a descender; the capital is three quarters of it."""
    text: str
    width: float | None = None
    """The box that `align` refers to; None aligns to the left of x."""
    align: Align = "left"
    bold: bool = False
    inverse: bool = False
    """White where it lies on black, black where it lies on white."""


class Code128(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A Code 128 symbol, without its number in print."""

    x: float
    y: float
    height: float
    data: str
    """Printable ASCII; with gs1 also GS (0x1D) between fields, which prints as FNC1."""
    module: float = 0.375
    """Width of the thinnest bar, made a whole number of dots; 0.375 is 3 dots at 203 dpi."""
    gs1: bool = False
    width: float | None = None
    align: Align = "left"


class QrCode(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A QR code, error correction M."""

    x: float
    y: float
    data: str
    module: float = 0.5
    """Edge of one square, made a whole number of dots; 0.5 is 4 dots at 203 dpi."""
    width: float | None = None
    align: Align = "left"


class DataMatrix(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A Data Matrix ECC 200."""

    x: float
    y: float
    data: str
    module: float = 0.5
    """Edge of one square, made a whole number of dots; 0.5 is 4 dots at 203 dpi."""
    width: float | None = None
    align: Align = "left"


class Line(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A black bar, lying or standing."""

    x: float
    y: float
    width: float
    height: float


class Box(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A frame; its thickness lies inside."""

    x: float
    y: float
    width: float
    height: float
    thickness: float = 0.4


class Bitmap(msgspec.Struct, frozen=True, gc=False):
    """Dots: rows padded to whole bytes, the leftmost dot the highest bit, 1 is black."""

    width: int
    height: int
    data: bytes

    @property
    def row_bytes(self) -> int:
        """Bytes of one row."""
        return (self.width + 7) // 8


class Picture(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A bitmap made for one resolution; it is printed dot for dot or in whole multiples."""

    x: float
    y: float
    bitmap: Bitmap
    dots_per_mm: int


Symbol = Code128 | QrCode | DataMatrix
Element = Text | Symbol | Line | Box | Picture


class Label(msgspec.Struct, frozen=True, gc=False):
    """A sheet of label stock and what is drawn on it, in drawing order."""

    width: float
    height: float
    elements: tuple[Element, ...]


class Undrawable(ValueError):
    """An element that no printer can be asked for; the sentence says which and why."""
