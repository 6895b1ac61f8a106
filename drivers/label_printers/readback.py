"""Which barcodes are on this label?

Read back before printing, so that a carrier's wrong page never reaches a box, and in tests, so
that what we print is known to scan.
"""

from __future__ import annotations

import math

import msgspec
import zxingcpp
from PIL import Image

from drivers.label_printers import epl2, foreign, pdf, png, tspl
from drivers.label_printers.sniff import Kind, sniff

_LEAST_DOTS = 4
"""That a barcode is tall: words and frames make an EAN-13 of one row's height now and then."""


class Found(msgspec.Struct, frozen=True):
    """A barcode that was read."""

    symbology: str
    """As zxing-cpp names it: Code128, QRCode, DataMatrix, …"""
    text: str


def codes_in(data: bytes, dots_per_mm: int = 8) -> list[Found]:
    """Return the barcodes of a label file, or of a ZIP with one, from top to bottom.

    Page by page. Raises Undrawable for what is none, or cannot be drawn here.
    """
    return [found for picture in pictures(data, dots_per_mm) for found in read(picture)]


def pictures(data: bytes, dots_per_mm: int = 8) -> list[Image.Image]:
    """Return the pages of a ZPL, TSPL, EPL2, PDF or PNG file as images. Raises Undrawable."""
    # What we made ourselves: carriers send neither.
    if tspl.is_job(data):
        return tspl.pictures(data, dots_per_mm)
    if epl2.is_job(data):
        return epl2.pictures(data, dots_per_mm)
    sniffed = sniff(data)
    match sniffed.kind:
        case Kind.PDF:
            return pdf.pictures(sniffed.data, dots_per_mm)
        case Kind.PNG:
            return [png.picture(sniffed.data)]
        case Kind.ZPL:
            return foreign.pictures(sniffed.data, dots_per_mm)


def read(picture: Image.Image) -> list[Found]:
    """Return the barcodes of one image, from top to bottom."""
    grey = picture.convert("L")
    seen = zxingcpp.read_barcodes(grey, text_mode=zxingcpp.TextMode.Plain)
    codes = [code for code in seen if _tall(code) >= _LEAST_DOTS]
    codes.sort(key=lambda code: (code.position.top_left.y, code.position.top_left.x))
    return [Found(code.format.name, code.text) for code in codes]


def _tall(code: zxingcpp.Barcode) -> float:
    upper, lower = code.position.top_left, code.position.bottom_left
    return math.hypot(upper.x - lower.x, upper.y - lower.y)
