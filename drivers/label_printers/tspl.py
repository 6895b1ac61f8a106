r"""What bytes make a TSPL printer draw a label?

TSC, TSPL/TSPL2 Programming Manual: SIZE, GAP, DIRECTION, CLS, BITMAP, PRINT. Everything is one
bitmap: the fonts and barcodes of cheap printers differ, their dots do not. In BITMAP a 1 is
white, the opposite of ZPL's ^GF.

`SIZE 100 mm,150 mm\r\n … CLS\r\nBITMAP 0,0,100,1200,0,<120000 bytes>\r\nPRINT 1,1\r\n`
"""

from __future__ import annotations

import re

from PIL import Image

from drivers.label_printers import preview
from drivers.label_printers.label import Bitmap, Label, Undrawable

GAP_MM = 3
"""Between two labels on the roll; the usual stock."""

_BITMAP = re.compile(rb"BITMAP +(\d+) *, *(\d+) *, *(\d+) *, *(\d+) *, *0 *,")
_SIZE = re.compile(rb"SIZE +([\d.]+) *mm *, *([\d.]+) *mm")
_NO_INK = (b"GAP", b"DIRECTION", b"REFERENCE", b"SPEED", b"DENSITY", b"SET")
_MOST_MM = 2_000
_WHITE = 255


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


def is_job(data: bytes) -> bool:
    """Whether the bytes look like a TSPL job."""
    return data.lstrip()[:5].upper() == b"SIZE " and b"PRINT" in data


def pictures(job: bytes, dots_per_mm: int = 8) -> list[Image.Image]:
    """Return the labels of a job that holds nothing but bitmaps, as ours do. Raises Undrawable."""
    page: Image.Image | None = None
    size, labels, at = (0, 0), [], 0
    while at < len(job):
        if bitmap := _BITMAP.match(job, at):
            left, top, row_bytes, rows = (int(n) for n in bitmap.groups())
            at = bitmap.end() + row_bytes * rows
            dots = job[bitmap.end() : at]
            if page is None or len(dots) < row_bytes * rows:
                raise Undrawable("this TSPL has half a bitmap, or one before CLS")
            page.paste(Image.frombytes("1", (row_bytes * 8, rows), dots), (left, top))
            continue
        end = job.find(b"\n", at)
        line, at = job[at : end if end >= 0 else None].strip(), end + 1 if end >= 0 else len(job)
        if given := _SIZE.fullmatch(line):
            millimetres = [min(float(n), _MOST_MM) for n in given.groups()]
            size = (round(millimetres[0] * dots_per_mm), round(millimetres[1] * dots_per_mm))
        elif line == b"CLS" and all(size):
            page = Image.new("1", size, _WHITE)
        elif line.startswith(b"PRINT") and page is not None:
            labels.append(page.convert("L"))
        elif line and not line.startswith(_NO_INK):
            word = line.split()[0][:20].decode("ascii", "replace")
            raise Undrawable(f"this TSPL cannot be drawn: it asks for {word}, which is no bitmap")
    return labels
