"""What comes out of a printer of each language, drawn by somebody who does not know our label."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PIL import Image

from drivers.label_printers import LANGUAGES, epl2, language, preview, readback, tspl
from drivers.label_printers.label import Label, Symbol
from drivers.receipt_printers import escpos
from drivers.receipt_printers import readback as receipts
from tests.drivers.label_printers.oracle import drawn

SPOKEN = (*LANGUAGES, "escpos", "png", "pdf")
"""Every language that a label can be asked for in; a new one is found here by its name."""

_SHEETS: Mapping[str, Callable[[bytes], list[Image.Image]]] = {
    "zpl": drawn,
    "tspl": tspl.pictures,
    "epl2": epl2.pictures,
    "escpos": receipts.pictures,
    "png": readback.pictures,
    "pdf": readback.pictures,
}


def job(page: Label, spoken: str) -> bytes:
    """Return the bytes of one label."""
    match spoken:
        case "escpos":
            return escpos.render(page)
        case "png":
            return preview.render(page)
        case "pdf":
            return preview.to_pdf(page)
        case _:
            return language(spoken).render(page, 8)


def sheets(data: bytes, spoken: str) -> list[Image.Image]:
    """Return the sheets that come out of a job."""
    return _SHEETS[spoken](data)


def printed(page: Label, spoken: str) -> list[Image.Image]:
    """Return the sheets that come out for a label."""
    return sheets(job(page, spoken), spoken)


def codes(page: Label) -> list[str]:
    """Return what the label's barcodes say."""
    return sorted(e.data for e in page.elements if isinstance(e, Symbol))
