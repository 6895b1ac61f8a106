"""What was already made of this very element?

A batch of labels shares most of its elements: the layout hands out the same object for the same
words in the same place. So what is costly, an extent or a command, is made once for each.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

from drivers.label_printers.label import Element

Made = TypeVar("Made")

_MOST = 256
"""Elements remembered; with many more, the collector of garbage gets slow."""
_MOST_WAYS = 16
"""Heads, encodings and sizes of paper that are in use at the same time; a bench has a few."""


class Once(Generic[Made]):
    """Remembers by identity, which costs a tenth of comparing the elements."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, dict[int, tuple[Element, Made]]] = {}

    def made(self, how: Hashable) -> dict[int, tuple[Element, Made]]:
        """Return what was made in this way: by id of an element, the element and what was made.

        The element is held with it, so no other object can have its id meanwhile.
        """
        kept = self._kept.get(how)
        if kept is None:
            if len(self._kept) >= _MOST_WAYS:  # every receipt has a length of its own
                self._kept.clear()
            kept = self._kept[how] = {}
        if len(kept) >= _MOST:
            kept.clear()
        return kept
