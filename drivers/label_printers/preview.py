"""What will the label look like?

Our own drawing of a label, dot for dot at the resolution of a head: for the screen (PNG), for
PDF, and for printers that know nothing but bitmaps.
"""

from __future__ import annotations

from io import BytesIO

from PIL import Image, ImageChops, ImageDraw

from drivers.label_printers import symbol, typeset
from drivers.label_printers.bitmap import enlarged
from drivers.label_printers.label import (
    Bitmap,
    Box,
    Code128,
    DataMatrix,
    Element,
    Label,
    Line,
    Picture,
    QrCode,
    Text,
)

MM_PER_INCH = 25.4
_WHITE = 255  # not 1: Pillow keeps what it is given, and inverts it bit by bit


def picture(label: Label, dots_per_mm: int = 8) -> Image.Image:
    """Return the label as a 1-bit image, white on, black off. Raises Undrawable."""
    size = (round(label.width * dots_per_mm), round(label.height * dots_per_mm))
    page = Image.new("1", size, _WHITE)
    for element in label.elements:
        _draw(page, element, dots_per_mm)
    return page


def bitmap(label: Label, dots_per_mm: int = 8) -> Bitmap:
    """Return the label as dots, 1 black."""
    page = picture(label, dots_per_mm)
    return Bitmap(page.width, page.height, ImageChops.invert(page).tobytes())


def render(label: Label, dots_per_mm: int = 8) -> bytes:
    """Return the label as a PNG that knows its resolution."""
    return _png(picture(label, dots_per_mm), dots_per_mm)


def render_pages(labels: tuple[Label, ...], dots_per_mm: int = 8) -> bytes:
    """Return labels as one PNG, one below the other."""
    pages = [picture(label, dots_per_mm) for label in labels]
    sheet = Image.new("1", (max(p.width for p in pages), sum(p.height for p in pages)), _WHITE)
    top = 0
    for page in pages:
        sheet.paste(page, (0, top))
        top += page.height
    return _png(sheet, dots_per_mm)


def to_pdf(label: Label, dots_per_mm: int = 8) -> bytes:
    """Return the label as a PDF of one page, of the label's size."""
    return to_pdf_pages((label,), dots_per_mm)


def to_pdf_pages(labels: tuple[Label, ...], dots_per_mm: int = 8) -> bytes:
    """Return labels as a PDF, a page each. Its dates are left out: equal labels, equal bytes."""
    first, *others = (picture(label, dots_per_mm) for label in labels)
    out = BytesIO()
    resolution = dots_per_mm * MM_PER_INCH
    first.save(
        out,
        "PDF",
        resolution=resolution,
        save_all=True,
        append_images=others,
        creationDate=None,
        modDate=None,
    )
    return out.getvalue()


def paste(page: Image.Image, dots: Bitmap, left: int, top: int, *, inverse: bool = False) -> None:
    """Blacken the page where the bitmap is black; inverse, turn it over there."""
    mask = Image.frombytes("1", (dots.width, dots.height), dots.data)
    if not inverse:
        page.paste(0, (left, top), mask)
        return
    box = (left, top, left + dots.width, top + dots.height)
    page.paste(ImageChops.logical_xor(page.crop(box), mask), box)


def _png(page: Image.Image, dots_per_mm: int) -> bytes:
    out = BytesIO()
    dpi = dots_per_mm * MM_PER_INCH
    page.save(out, "PNG", dpi=(dpi, dpi))
    return out.getvalue()


def _draw(page: Image.Image, element: Element, dpmm: int) -> None:
    match element:
        case Text():
            _text(page, element, dpmm)
        case Code128() | QrCode() | DataMatrix():
            left, top = symbol.start(element, dpmm), round(element.y * dpmm)
            paste(page, symbol.bitmap(element, dpmm), left, top)
        case Line() | Box():
            _box(page, element, dpmm)
        case Picture():
            left, top = round(element.x * dpmm), round(element.y * dpmm)
            paste(page, enlarged(element, dpmm), left, top)


def _text(page: Image.Image, text: Text, dpmm: int) -> None:
    words = typeset.printable(text.text)
    dots = max(1, round(text.height * dpmm))
    line = typeset.drawn(words, dots, bold=text.bold and not text.inverse)
    if line is None:
        return
    width = typeset.dots_wide(words, dots, bold=text.bold)
    left = round(text.x * dpmm) + typeset.indent(text, width, dpmm)
    top = round(text.y * dpmm) + round(dots * typeset.BASELINE) - line.top
    paste(page, line.bitmap, left + line.left, max(0, top), inverse=text.inverse)


def _box(page: Image.Image, at: Line | Box, dpmm: int) -> None:
    left, top = round(at.x * dpmm), round(at.y * dpmm)
    width, height = max(1, round(at.width * dpmm)), max(1, round(at.height * dpmm))
    corners = (left, top, left + width - 1, top + height - 1)
    brush = ImageDraw.Draw(page)
    if isinstance(at, Line):
        brush.rectangle(corners, fill=0)
    else:
        brush.rectangle(corners, outline=0, width=max(1, round(at.thickness * dpmm)))
