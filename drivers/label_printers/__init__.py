"""Label printers: what can be on a label, and one module a printer language.

`label.py` is the drawing vocabulary, in millimetres. A language (`zpl`, `tspl`, `epl2`) turns a
`Label` into the bytes of a job; `preview` draws the same label as PNG and PDF. All of them share
`symbol` (barcodes) and `typeset` (text), so what is measured once is true everywhere: never
measure text or encode Code 128 a second time. `lint` says what a scanner would not read.
`zpl_status`, `tspl_status` and `zpl_acknowledge` are what a printer may be asked, in its own
language and in no other; `trial` is the label that it is tried with, `capability` what is known.

A carrier's label comes the other way: `outside` takes PDF, PNG or ZPL (`sniff` says which) and
gives the job for one head, once `readback` has found the parcel's own barcode on it. `unusable` has
the reasons why not, `sheet` where on a page a label lies, `resolution` for which dots it was made.

What bites, and is dealt with here and nowhere else: fields are hexadecimal (`zpl.field`);
letters beyond ASCII become dots (`typeset`), since printers have no Chinese and misplace Thai
marks; a barcode is always the printer's own, since bars scaled by software smear.

To add a language: one file with `render`, one name in LANGUAGES.
"""

from __future__ import annotations

from importlib import import_module
from typing import cast

from drivers.label_printers.language import Language

LANGUAGES = ("zpl", "tspl", "epl2")
"""What a label printer may speak."""


def language(name: str) -> Language:
    """Return the module of a language, loaded when first asked for: drawing costs 100 ms.

    >>> language("zpl").render.__name__
    'render'
    """
    if name not in LANGUAGES:
        raise KeyError(f"no label printer speaks {name!r}; known are {', '.join(LANGUAGES)}")
    # A module cannot be checked against a protocol when its name is data; the tests do it.
    return cast(Language, import_module(f"{__name__}.{name}"))


__all__ = ["LANGUAGES", "Language", "language"]
