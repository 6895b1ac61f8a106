r"""What bytes make an ESC/POS receipt printer draw a label?

Epson, ESC/POS Application Programming Guide: ESC @ (initialise), GS v 0 (raster bit image),
ESC d (feed lines), GS V (cut). Everything is one picture, sent in bands: code pages differ
between makers, and none of them holds Chinese and Thai at once.

An 80 mm roll has 576 dots. What is wider is drawn again with fewer dots to the millimetre, not
resampled, so bars stay whole dots.

`\x1b@ \x1dv0\x00H\x00\x80\x00 <72 x 128 bytes> … \x1bd\x05 \x1dVA\x03`
"""

from __future__ import annotations

from PIL import Image, ImageChops

from drivers.label_printers import preview
from drivers.label_printers.label import Label, Undrawable

HEAD_DOTS = 576
"""Of an 80 mm printer with 72 mm of print; 58 mm ones have 384."""
_BAND_ROWS = 128
"""Rows of one GS v 0: small printers buffer 4 KB and stutter on more."""

_RASTER = b"\x1dv0\x00"
_INITIALISE = b"\x1b@"
_FEED_5 = b"\x1bd\x05"
_CUT = b"\x1dVA\x03"


def render(label: Label, dots_per_mm: int = 8, *, head_dots: int = HEAD_DOTS) -> bytes:
    """Return the whole job for one copy. Raises Undrawable for what no head is wide enough for."""
    fitting = min(dots_per_mm, int(head_dots / label.width))
    if fitting < 1:
        raise Undrawable(f"a label {label.width:g} mm wide does not go on {head_dots} dots")
    dots = preview.bitmap(label, fitting)
    job = [_INITIALISE]
    for first in range(0, dots.height, _BAND_ROWS):
        rows = min(_BAND_ROWS, dots.height - first)
        band = dots.data[first * dots.row_bytes : (first + rows) * dots.row_bytes]
        size = dots.row_bytes.to_bytes(2, "little") + rows.to_bytes(2, "little")
        job.append(_RASTER + size + band)
    return b"".join((*job, _FEED_5, _CUT))


def is_job(data: bytes) -> bool:
    """Whether the bytes look like an ESC/POS job."""
    return data.startswith(_INITIALISE)


def pictures(job: bytes) -> list[Image.Image]:
    """Return the receipts of a job that holds nothing but pictures, as ours do: up to each cut.

    Raises Undrawable.
    """
    receipts: list[Image.Image] = []
    bands: list[Image.Image] = []
    at = 0
    while at < len(job):
        if job.startswith(_INITIALISE, at):
            at += len(_INITIALISE)
        elif job.startswith(_RASTER, at) and at + 8 <= len(job):
            row_bytes, rows = (int.from_bytes(job[at + n : at + n + 2], "little") for n in (4, 6))
            dots = job[at + 8 : at + 8 + row_bytes * rows]
            if not dots or len(dots) < row_bytes * rows:
                raise Undrawable("this ESC/POS has half a picture")
            black_is_one = Image.frombytes("1", (row_bytes * 8, rows), dots)
            bands.append(ImageChops.invert(black_is_one))
            at += 8 + len(dots)
        elif job.startswith(b"\x1bd", at):
            at += 3
        elif job.startswith(b"\x1dV", at):
            if bands:
                receipts.append(_joined(bands))
            bands = []
            at += 4 if job[at + 2 : at + 3] in (b"A", b"B") else 3
        else:
            raise Undrawable(f"this ESC/POS cannot be drawn: byte {at} begins no picture")
    return receipts


def _joined(bands: list[Image.Image]) -> Image.Image:
    whole = Image.new(
        "L", (max(band.width for band in bands), sum(band.height for band in bands)), "white"
    )
    top = 0
    for band in bands:
        whole.paste(band, (0, top))
        top += band.height
    return whole
