"""How does a carrier's PDF become a label, dot for dot?

Drawn at exactly the resolution of the head, one threshold and no dither: a page fitted to size
has bars two and three dots wide where all should be three, and a dithered one has grey bars.
"""

from __future__ import annotations

import pypdfium2
from PIL import Image

from drivers.label_printers.bitmap import from_grey
from drivers.label_printers.label import Label, Undrawable

_POINTS_PER_MM = 72 / 25.4
_MOST_PAGES = 50
_MOST_MM = 450
"""A4 is 297 mm long; a page of metres would be gigabytes of dots."""


def pictures(pdf: bytes, dots_per_mm: int = 8) -> list[Image.Image]:
    """Return the pages as grey images. Raises Undrawable for what is no usable PDF."""
    try:
        document = pypdfium2.PdfDocument(pdf)
    except pypdfium2.PdfiumError as error:
        raise Undrawable(f"this is no PDF that can be read: {error}") from error
    try:
        if len(document) > _MOST_PAGES:
            raise Undrawable(f"this PDF has {len(document)} pages; {_MOST_PAGES} is the most")
        return [_picture(page, dots_per_mm) for page in document]
    finally:
        document.close()


def labels(pdf: bytes, dots_per_mm: int = 8) -> list[Label]:
    """Return the pages as labels of one picture each. Raises Undrawable."""
    return [from_grey(picture, dots_per_mm) for picture in pictures(pdf, dots_per_mm)]


def _picture(page: pypdfium2.PdfPage, dots_per_mm: int) -> Image.Image:
    width, height = page.get_size()
    if max(width, height) > _MOST_MM * _POINTS_PER_MM:
        raise Undrawable(
            f"a page of {width / _POINTS_PER_MM:.0f} x {height / _POINTS_PER_MM:.0f} mm is no label"
        )
    # pdfium rounds a page up to whole dots and stretches it to them: 800.0001 dots would become
    # 801, and somewhere a bar one dot too wide. A hair less than the whole number stays it.
    whole = max(1, round(width * dots_per_mm / _POINTS_PER_MM))
    bitmap = page.render(scale=(whole - 0.001) / width, grayscale=True)
    picture: Image.Image = bitmap.to_pil().convert("L")
    page.close()
    return picture
