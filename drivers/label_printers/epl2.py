r"""What bytes make an EPL2 printer draw a label?

Zebra, EPL2 Programmer's Manual: N, q, Q, GW, P. Old desktop printers (LP 2844) speak it and no
ZPL. Everything is one bitmap, as in TSPL; in GW, too, a 1 is white.

`\nN\nq800\nQ1200,24\nGW0,0,100,1200,<120000 bytes>\nP1\n`
"""

from __future__ import annotations

import re

from PIL import Image

from drivers.label_printers import preview
from drivers.label_printers.label import Label, Undrawable
from drivers.label_printers.tspl import GAP_MM, white_is_one

_GRAPHIC = re.compile(rb"GW(\d{1,5}),(\d{1,5}),(\d{1,5}),(\d{1,5}),")
_WIDTH, _HEIGHT = re.compile(rb"q(\d{1,4})"), re.compile(rb"Q(\d{1,4}),\d+")
_WHITE = 255


def render(label: Label, dots_per_mm: int = 8) -> bytes:
    """Return the whole job for one copy. Raises Undrawable for an element that cannot be."""
    dots = preview.bitmap(label, dots_per_mm)
    gap = GAP_MM * dots_per_mm
    # The first line feed ends what a broken connection may have left.
    head = f"\nN\nq{dots.width}\nQ{dots.height},{gap}\nGW0,0,{dots.row_bytes},{dots.height},"
    return head.encode("ascii") + white_is_one(dots) + b"\nP1\n"


def is_job(data: bytes) -> bool:
    """Whether the bytes look like an EPL2 job."""
    return data.lstrip()[:2] == b"N\n" and b"\nP" in data


def pictures(job: bytes, dots_per_mm: int = 8) -> list[Image.Image]:
    """Return the labels of a job that holds nothing but graphics, as ours do. Raises Undrawable.

    The dots say themselves how many there are; `dots_per_mm` is there for languages in millimetres.
    """
    labels: list[Image.Image] = []
    page: Image.Image | None = None
    width, at = 0, 0
    while at < len(job):
        if graphic := _GRAPHIC.match(job, at):
            left, top, row_bytes, rows = (int(n) for n in graphic.groups())
            at = graphic.end() + row_bytes * rows
            dots = job[graphic.end() : at]
            if page is None or len(dots) < row_bytes * rows:
                raise Undrawable("this EPL2 has half a graphic, or one before its size")
            page.paste(Image.frombytes("1", (row_bytes * 8, rows), dots), (left, top))
            continue
        end = job.find(b"\n", at)
        line, at = job[at : end if end >= 0 else None].strip(), end + 1 if end >= 0 else len(job)
        if given := _WIDTH.fullmatch(line):
            width = int(given[1])
        elif (given := _HEIGHT.fullmatch(line)) and width:
            page = Image.new("1", (width, int(given[1])), _WHITE)
        elif line.startswith(b"P") and page is not None:
            labels.append(page.convert("L"))
        elif line not in (b"", b"N"):
            word = line[:2].decode("ascii", "replace")
            raise Undrawable(f"this EPL2 cannot be drawn: it asks for {word}, which is no graphic")
    return labels
