"""What was already made of this very element?

A batch of labels shares most of its elements: the layout hands out the same object for the same
words in the same place. So what is costly, an extent or a command, is made once for each.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

from drivers.label_printers.label import Element

Made = TypeVar("Made")

_MOST = 4_096
"""Elements remembered: some hundred labels' own, a few megabytes."""


class Once(Generic[Made]):
    """Remembers by identity, which costs a tenth of comparing the elements."""

    def __init__(self) -> None:
        self._kept: dict[tuple[int, Hashable], tuple[Element, Made]] = {}

    def get(self, element: Element, how: Hashable) -> Made | None:
        """Return what was made of this object in this way; None when nothing was."""
        kept = self._kept.get((id(element), how))
        # The element is held with it, so no other object can have its id meanwhile.
        return kept[1] if kept is not None and kept[0] is element else None

    def keep(self, element: Element, how: Hashable, made: Made) -> Made:
        """Remember, and forget all when there is too much."""
        if len(self._kept) >= _MOST:
            self._kept.clear()
        self._kept[id(element), how] = (element, made)
        return made
