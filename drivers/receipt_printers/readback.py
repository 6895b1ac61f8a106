r"""What is on a receipt that is all pictures, as ours are?

Epson, ESC/POS Command Reference: GS v 0 (raster bit image, 1 is black), ESC d (feed), GS V (cut).
A receipt is everything up to a cut. For reading back what we print; somebody else's receipt of
words and native barcodes is refused.

`\x1b@ \x1dv0\x00H\x00\x80\x00 <72 x 128 bytes> … \x1bd\x05 \x1dVA\x03`
"""

from __future__ import annotations

from PIL import Image, ImageChops

from drivers.label_printers.label import Undrawable

_INITIALISE = b"\x1b@"
_RASTER = b"\x1dv0\x00"
_FEED = b"\x1bd"
_CUT = b"\x1dV"
_FED_CUTS = (b"A", b"B")
"""Kinds of cut that say how far to feed before it."""


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
        elif job.startswith(_FEED, at):
            at += 3
        elif job.startswith(_CUT, at):
            if bands:
                receipts.append(_joined(bands))
            bands = []
            at += 4 if job[at + 2 : at + 3] in _FED_CUTS else 3
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
