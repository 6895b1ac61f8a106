r"""What bytes make a TSPL printer draw a label?

TSC, TSPL/TSPL2 Programming Manual: SIZE, GAP, DIRECTION, CLS, BITMAP, PRINT. Everything is one
bitmap: the fonts and barcodes of cheap printers differ, their dots do not. In BITMAP a 1 is
white, the opposite of ZPL's ^GF.

`SIZE 100 mm,150 mm\r\n … CLS\r\nBITMAP 0,0,100,1200,0,<120000 bytes>\r\nPRINT 1,1\r\n`
"""

from __future__ import annotations

from drivers.label_printers import preview
from drivers.label_printers.label import Bitmap, Label

GAP_MM = 3
"""Between two labels on the roll; the usual stock."""


def render(label: Label, dots_per_mm: int = 8) -> bytes:
    """Return the whole job for one copy. Raises Undrawable for an element that cannot be."""
    dots = preview.bitmap(label, dots_per_mm)
    head = (
        f"SIZE {label.width:g} mm,{label.height:g} mm\r\nGAP {GAP_MM} mm,0 mm\r\n"
        f"DIRECTION 1\r\nREFERENCE 0,0\r\nCLS\r\nBITMAP 0,0,{dots.row_bytes},{dots.height},0,"
    )
    return head.encode("ascii") + white_is_one(dots) + b"\r\nPRINT 1,1\r\n"


def white_is_one(dots: Bitmap) -> bytes:
    """Return the dots with 1 for white."""
    return bytes(byte ^ 0xFF for byte in dots.data)
