"""What can be said of where a carrier has its label on a page?"""

from __future__ import annotations

from pathlib import Path

import msgspec

_TOLERANCE_MM = 2.0
"""By which pages of one kind differ: A4 is cut to 210 mm, 595 points are 209.9."""

Box = tuple[int, int, int, int]
"""Left, top, right, bottom, in dots."""


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where one carrier, or one kind of page, has its label."""

    carrier: str = ""
    """As `Label.carrier` says it, any case; "" is every carrier."""
    page: tuple[float, float]
    """Width and height of the page in millimetres."""
    label: tuple[float, float, float, float]
    """Left, top, width and height of the label on it, in millimetres."""
    number: int = 0
    """Which page of the file, from 1; 0 is whichever bears the parcel's barcode."""

    def __post_init__(self) -> None:
        left, top, width, height = self.label
        inside = left + width <= self.page[0] + 1 and top + height <= self.page[1] + 1
        if min(left, top) < 0 or min(width, height) <= 0 or not inside or self.number < 0:
            raise ValueError(f"label = {list(self.label)} does not lie on page = {list(self.page)}")

    def fits(self, carrier: str, width: float, height: float) -> bool:
        """Whether it speaks of that carrier's page of so many millimetres."""
        return self.carrier.casefold() in ("", carrier.casefold()) and (
            abs(self.page[0] - width) <= _TOLERANCE_MM
            and abs(self.page[1] - height) <= _TOLERANCE_MM
        )

    def box(self, dots_per_mm: int) -> Box:
        """Return the label's place in dots."""
        left, top, width, height = (round(mm * dots_per_mm) for mm in self.label)
        return left, top, left + width, top + height


class _Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    sheet: tuple[Rule, ...] = ()


class BadRules(ValueError):
    """A file of rules that says something we cannot follow; the sentence says what and where."""


def read_rules(path: Path) -> tuple[Rule, ...]:
    """Read a file of rules; one that is not there has none. Raises BadRules."""
    try:
        return msgspec.toml.decode(path.read_bytes(), type=_Rules).sheet
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeError, msgspec.DecodeError) as error:
        raise BadRules(f"{path}: {error}. Mend that line, or move the file away.") from error
