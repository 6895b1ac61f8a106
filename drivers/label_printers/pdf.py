"""How does a carrier's PDF become a label, dot for dot?

Drawn at exactly the resolution of the head, one threshold and no dither: a page fitted to size
has bars two and three dots wide where all should be three, and a dithered one has grey bars.
"""

from __future__ import annotations

from collections.abc import Iterator

import pypdfium2
from PIL import Image

from drivers.label_printers.bitmap import from_grey
from drivers.label_printers.label import Label
from drivers.label_printers.unusable import Unusable, Why

_POINTS_PER_MM = 72 / 25.4
_MOST_PAGES = 50
_MOST_MM = 450
"""A4 is 297 mm long; a page of metres would be gigabytes of dots."""


def pictures(pdf: bytes, dots_per_mm: int = 8) -> list[Image.Image]:
    """Return the pages as grey images. Raises Unusable for what is no usable PDF."""
    return list(pages(pdf, dots_per_mm))


def pages(pdf: bytes, dots_per_mm: int = 8) -> Iterator[Image.Image]:
    """Draw one page after the other, each when it is asked for. Raises Unusable."""
    try:
        document = pypdfium2.PdfDocument(pdf)
    except pypdfium2.PdfiumError as error:
        raise _refused(error) from error
    try:
        count = len(document)
        if count > _MOST_PAGES:
            raise Unusable(Why.TOO_LARGE, f"this PDF has {count} pages; {_MOST_PAGES} is the most")
        if not count:
            raise Unusable(Why.BROKEN, "this PDF has no pages")
        for number in range(count):
            yield _picture(document, number, dots_per_mm)
    finally:
        document.close()


def labels(pdf: bytes, dots_per_mm: int = 8) -> list[Label]:
    """Return the pages as labels of one picture each. Raises Unusable."""
    return [from_grey(picture, dots_per_mm) for picture in pages(pdf, dots_per_mm)]


def whole_dots(points: float, dots_per_mm: int) -> int:
    """Return how many dots of a head lie within a length.

    Down, not to the nearest: four inches are 812.8 dots, and the 812 of a picture made for 203 dpi
    then fall each on one of ours.

    >>> whole_dots(288, 8), whole_dots(72 / 25.4 * 100, 8)
    (812, 800)
    """
    return max(1, int(points * dots_per_mm / _POINTS_PER_MM + 0.02))


def _picture(document: pypdfium2.PdfDocument, number: int, dots_per_mm: int) -> Image.Image:
    try:
        page = document[number]
    except pypdfium2.PdfiumError as error:
        raise Unusable(Why.BROKEN, f"page {number + 1} of this PDF is damaged") from error
    try:
        width, height = page.get_size()
        if not 0 < max(width, height) <= _MOST_MM * _POINTS_PER_MM:
            size = f"{width / _POINTS_PER_MM:.0f} x {height / _POINTS_PER_MM:.0f} mm"
            raise Unusable(Why.TOO_LARGE, f"a page of {size} is no label")
        # pdfium rounds a page up to whole dots and stretches it to them: 800.0001 dots would
        # become 801, and somewhere a bar one dot too wide. A hair less than the whole number
        # stays it.
        across = whole_dots(width, dots_per_mm)
        bitmap = page.render(scale=(across - 0.001) / width, grayscale=True)
        picture: Image.Image = bitmap.to_pil().convert("L")
    except pypdfium2.PdfiumError as error:
        raise Unusable(Why.BROKEN, f"page {number + 1} of this PDF is damaged") from error
    finally:
        page.close()
    return picture


def _refused(error: pypdfium2.PdfiumError) -> Unusable:
    # FPDF_ERR_PASSWORD (4) and FPDF_ERR_SECURITY (5) of fpdfview.h
    if getattr(error, "err_code", None) in (4, 5):
        said = "this PDF is locked by a password; ask whoever made it for one without"
        return Unusable(Why.LOCKED, said)
    return Unusable(Why.BROKEN, f"this is no PDF that can be read: {error}")
