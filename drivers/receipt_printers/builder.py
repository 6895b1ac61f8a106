"""How is a job for a receipt printer put together? By python-escpos, into memory and nowhere else.

Of python-escpos 3.1 only `Dummy` is used, which collects bytes: its own wires block for a minute,
and its `paper_status` calls a closed connection "adequate". Importing it costs 0.7 s, so it is
imported when the first job is built. What its import leaves behind is undone here: a folder with a
pickle in it (it makes one at each start), and a handler on the root logger.
"""

from __future__ import annotations

import functools
import logging
import shutil
from pathlib import Path
from typing import Any

BAND_ROWS = 128
"""Rows of one raster image: small printers buffer 4 KB and stutter on more."""
LINES_TO_CUTTER = 6
"""Lines between the head and the knife."""


def built(pictures: list[Any]) -> bytes:  # Any: PIL's images, whose import is drawing's business
    """Return the job that prints 1-bit images below each other, and cuts."""
    printer = _dummy()()
    printer.hw("INIT")
    for picture in pictures:
        # It prints a remark to standard output where its profile does not say how wide a roll is.
        printer.profile.profile_data["media"]["width"]["pixels"] = picture.width
        # Without dithering: what comes in is black or white already.
        printer.image(picture, impl="bitImageRaster", fragment_height=BAND_ROWS)
    printer.cut()
    job: bytes = printer.output
    return job


@functools.cache
def _dummy() -> Any:  # noqa: ANN401 - python-escpos has no types worth the name
    handlers = logging.root.handlers[:]
    from escpos import capabilities  # 0.7 s
    from escpos.printer import Dummy

    logging.root.handlers[:] = handlers
    shutil.rmtree(Path(capabilities.pickle_dir), ignore_errors=True)
    return Dummy
