r"""What bytes make an ESC/POS receipt printer draw a label?

Epson, ESC/POS Application Programming Guide: ESC @ (initialise), GS v 0 (raster bit image),
ESC d (feed lines), GS V (cut). Everything is one picture, sent in bands: code pages differ
between makers, and none of them holds Chinese and Thai at once.

An 80 mm roll has 576 dots. What is wider is drawn again with fewer dots to the millimetre, not
resampled, so bars stay whole dots.

`\x1b@ \x1dv0\x00H\x00\x80\x00 <72 x 128 bytes> … \x1bd\x06 \x1dV\x00`
"""

from __future__ import annotations

from drivers.label_printers import preview
from drivers.label_printers.label import Label, Undrawable
from drivers.receipt_printers import builder

HEAD_DOTS = 576
"""Of an 80 mm printer with 72 mm of print; 58 mm ones have 384."""


def render(label: Label, dots_per_mm: int = 8, *, head_dots: int = HEAD_DOTS) -> bytes:
    """Return the whole job for one copy. Raises Undrawable for what no head is wide enough for."""
    fitting = min(dots_per_mm, int(head_dots / label.width))
    if fitting < 1:
        raise Undrawable(f"a label {label.width:g} mm wide does not go on {head_dots} dots")
    return builder.built([preview.picture(label, fitting)])
