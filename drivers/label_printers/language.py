"""What does a printer language offer?"""

from __future__ import annotations

from typing import Protocol

from drivers.label_printers.label import Label


class Language(Protocol):
    """A module that turns a label into the bytes of a print job."""

    def render(self, label: Label, dots_per_mm: int = 8) -> bytes:
        """Return the whole job for one copy. Raises Undrawable."""
