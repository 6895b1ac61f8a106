"""What can be wrong with a layout, and whose fault is it?

LayoutError         one sentence: which file, which part, what to do
├── BrokenLayout    the file cannot be used: its author mends it
├── DataMissing     the layout asks for something that it was not given
└── DoesNotFit      this order's data cannot go on this paper: a person decides
"""

from __future__ import annotations


class LayoutError(ValueError):
    """Something that keeps a label from being drawn."""

    def __init__(self, where: str, sentence: str) -> None:
        super().__init__(f"{where}: {sentence}")
        self.where = where
        self.sentence = sentence


class BrokenLayout(LayoutError):
    """The file is wrong; no order can be drawn with it."""


class DataMissing(LayoutError):
    """The layout names a value that the caller did not give."""


class DoesNotFit(LayoutError):
    """The file is right and this order's data is too long or cannot be a barcode."""
