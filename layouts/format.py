"""What may stand in a layout file?

A layout is TOML: the size of the stock, a list of parts in drawing order, and a sample. Texts and
barcode data are Jinja templates, `when` and `over` are Jinja expressions. Unknown keys are
refused: a misspelt `heigth` is a sentence today and a wrong label next year.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Overflow = Literal["shrink", "wrap", "error"]
Align = Literal["left", "center", "right"]


class Placed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every part has: a place, and whether it is drawn at all."""

    x: float
    """Millimetres from the left edge; inside a repeat, from the left edge of its cell."""
    y: float
    """Millimetres from the upper edge; inside a repeat, from the upper edge of its cell."""
    name: str = ""
    """What complaints call the part; without one it is known by its number."""
    when: str = ""
    """An expression; the part is drawn when it is true. Empty is always."""
    below: str = ""
    """The name of a part before this one; `y` is then counted from where that one's ink ends."""


class TextPart(Placed, frozen=True, kw_only=True, tag_field="kind", tag="text"):
    """Text of one or more lines."""

    text: str
    height: float
    """Of a line, from the top of a capital to below a descender."""
    width: float | None = None
    """The box; None reaches to the right edge."""
    lines: int = 1
    """The most lines."""
    depth: float | None = None
    """The room for all lines together: many lines get smaller. None leaves it to `lines`."""
    align: Align = "left"
    bold: bool = False
    inverse: bool = False
    """White where the paper is black already: for words on a thick line."""
    overflow: Overflow = "shrink"
    """Text that is too long: gets smaller; is broken into lines, then gets smaller; is refused."""
    minimum: float = 2.2
    """The smallest height that shrinking may reach; 2.2 mm can still be read at arm's length."""
    leading: float = 1.2
    """From line to line, as a multiple of the height."""


class Barcode(Placed, frozen=True, kw_only=True):
    """What every barcode has."""

    data: str
    width: float | None = None
    """The box that `align` refers to."""
    align: Align = "left"


class Code128Part(Barcode, frozen=True, kw_only=True, tag_field="kind", tag="code128"):
    """A Code 128 with its data in print below."""

    height: float
    module: float = 0.375
    """The thinnest bar; 0.375 mm is 3 dots at 203 dpi, the least that a hot head leaves legible."""
    gs1: bool = False
    caption: float = 0.0
    """Height of the data in print below; 0 leaves it out."""


class QrPart(Barcode, frozen=True, kw_only=True, tag_field="kind", tag="qr"):
    """A QR code."""

    module: float = 0.5


class DataMatrixPart(Barcode, frozen=True, kw_only=True, tag_field="kind", tag="datamatrix"):
    """A Data Matrix."""

    module: float = 0.5


class LinePart(Placed, frozen=True, kw_only=True, tag_field="kind", tag="line"):
    """A black bar, lying or standing."""

    width: float
    height: float = 0.4


class BoxPart(Placed, frozen=True, kw_only=True, tag_field="kind", tag="box"):
    """A frame."""

    width: float
    height: float
    thickness: float = 0.4


class RepeatPart(Placed, frozen=True, kw_only=True, tag_field="kind", tag="repeat"):
    """Parts drawn once for each thing in a list, in a grid filled row by row."""

    over: str
    """An expression for the list."""
    each: str = "it"
    """What the parts inside call the thing; its number, from 1, is `number`."""
    part: list[Part]
    columns: int = 1
    across: float = 0.0
    """From one column to the next."""
    rows: int = 1
    """The most rows on one page."""
    down: float = 0.0
    """From one row to the next."""
    pages: bool = False
    """Whether what does not fit goes on the next page; else it is refused."""


Part = TextPart | Code128Part | QrPart | DataMatrixPart | LinePart | BoxPart | RepeatPart


class LayoutFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole file."""

    title: str
    """What people call the paper."""
    width: float
    height: float
    part: list[Part]
    roll: bool = False
    """Paper without an end, as in a receipt printer: cut after the last ink, at most `height`."""
    sample: dict[str, Any]  # Any: whatever the templates of this file ask for
    """Data to draw when there is none: for previews, tests, and the trial of every edit."""
