"""Label printers: what can be on a label, and one module a printer language.

`label.py` is the drawing vocabulary, in millimetres. A language (`zpl`, `tspl`) turns a `Label`
into the bytes of a job; `preview` draws the same label as PNG and PDF. All of them share
`symbol` (barcodes) and `typeset` (text), so what is measured once is true everywhere: never
measure text or encode Code 128 a second time.

What bites, and is dealt with here and nowhere else: fields are hexadecimal (`zpl.field`);
letters beyond ASCII become dots (`typeset`), since printers have no Chinese and misplace Thai
marks; a barcode is always the printer's own, since bars scaled by software smear.

To add a language: one file with `render`, one line in LANGUAGES.
"""

from __future__ import annotations

from drivers.label_printers import preview, tspl, zpl
from drivers.label_printers.language import Language

LANGUAGES: dict[str, Language] = {"zpl": zpl, "tspl": tspl}
"""What a label printer may speak."""

PICTURES: dict[str, Language] = {"png": preview}
"""What a person may look at."""

__all__ = ["LANGUAGES", "PICTURES", "Language"]
