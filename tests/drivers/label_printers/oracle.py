"""What an independent renderer makes of our ZPL."""

from __future__ import annotations

from PIL import Image, ImageChops

from drivers.label_printers import foreign


def drawn(job: bytes, dots_per_mm: int = 8) -> list[Image.Image]:
    """Draw every label of a job with zplkit, here in the test's own process."""
    return list(foreign.images(foreign.stream(job, dots_per_mm)))


def ink(picture: Image.Image) -> tuple[int, int, int, int] | None:
    """Return the box around everything black."""
    return ImageChops.invert(picture.convert("L")).getbbox()
