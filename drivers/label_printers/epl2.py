r"""What bytes make an EPL2 printer draw a label?

Zebra, EPL2 Programmer's Manual: N, q, Q, GW, P. Old desktop printers (LP 2844) speak it and no
ZPL. Everything is one bitmap, as in TSPL; in GW, too, a 1 is white.

`\nN\nq800\nQ1200,24\nGW0,0,100,1200,<120000 bytes>\nP1\n`
"""

from __future__ import annotations

from drivers.label_printers import preview
from drivers.label_printers.label import Label
from drivers.label_printers.tspl import GAP_MM, white_is_one


def render(label: Label, dots_per_mm: int = 8) -> bytes:
    """Return the whole job for one copy. Raises Undrawable for an element that cannot be."""
    dots = preview.bitmap(label, dots_per_mm)
    gap = GAP_MM * dots_per_mm
    # The first line feed ends what a broken connection may have left.
    head = f"\nN\nq{dots.width}\nQ{dots.height},{gap}\nGW0,0,{dots.row_bytes},{dots.height},"
    return head.encode("ascii") + white_is_one(dots) + b"\nP1\n"
