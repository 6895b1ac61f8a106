"""What does a printer need a job's bytes to be?"""

from __future__ import annotations

import msgspec

from drivers.label_printers.graphic import Encoding


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """Its language, its dots and its labels."""

    language: str = "zpl"
    dots_per_mm: int = 8
    graphics: Encoding = "z64"
    stock: tuple[float, float] = (101.6, 152.4)
    """Width and height in millimetres of the labels on its roll."""

    @property
    def mark(self) -> str:
        """Everything that the bytes depend on: for equal marks they are equal.

        >>> Head().mark
        'zpl/8/z64/101.6x152.4'
        """
        wide, high = self.stock
        return f"{self.language}/{self.dots_per_mm}/{self.graphics}/{wide:g}x{high:g}"

    @property
    def dots(self) -> tuple[int, int]:
        """Width and height of a label in dots."""
        wide, high = (int(mm * self.dots_per_mm + 0.02) for mm in self.stock)
        return wide, high
