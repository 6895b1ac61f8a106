"""What on this label would be cut off, or not be read by a scanner?

Measured with every bar a dot too fat on each side, as a hot head prints it: a Code 128 reads
from 3 dots to the module at 203 dpi, a matrix from 4.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from drivers.label_printers import symbol, typeset
from drivers.label_printers.label import (
    Box,
    Code128,
    DataMatrix,
    Element,
    Label,
    Line,
    Picture,
    QrCode,
    Symbol,
    Text,
    Undrawable,
)
from drivers.label_printers.once import Once

LEAST_DOTS = {Code128: 3, QrCode: 4, DataMatrix: 4}
"""Dots to the module at 203 dpi; half as many again at 300 dpi."""


class Area(msgspec.Struct, frozen=True, gc=False):
    """A rectangle in dots."""

    left: int
    top: int
    right: int
    bottom: int

    def holds(self, other: Area) -> bool:
        """Whether the other lies within it."""
        return (
            self.left <= other.left
            and self.top <= other.top
            and other.right <= self.right
            and other.bottom <= self.bottom
        )

    def meets(self, other: Area) -> bool:
        """Whether the two share a dot."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


_EXTENTS: Once[Area] = Once()
_SYMBOLS = frozenset(LEAST_DOTS)


def findings(
    label: Label, dots_per_mm: int = 8, *, fitted: bool = False
) -> tuple[tuple[int, str], ...]:
    """Return (index of the element, sentence) for everything that is wrong; empty is good.

    `fitted` says that each text was made to go into its own box: then where the boxes are right,
    no word need be measured.
    """
    paper = Area(0, 0, round(label.width * dots_per_mm), round(label.height * dots_per_mm))
    if fitted and not _found(label, paper, dots_per_mm, boxes=True):
        return ()
    return tuple(sorted(_found(label, paper, dots_per_mm, boxes=False), key=lambda one: one[0]))


def extent(element: Element, dots_per_mm: int) -> Area:
    """Return where an element may leave ink. Raises Undrawable."""
    return _measured(element, dots_per_mm, boxes=False)


def _found(label: Label, paper: Area, dots_per_mm: int, *, boxes: bool) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    areas: list[Area | None] = []
    symbols: list[int] = []
    # Of what was seen on such paper before and lay within it.
    made = _EXTENTS.made((dots_per_mm, boxes, paper.right, paper.bottom))
    for i, element in enumerate(label.elements):
        if type(element) in _SYMBOLS:
            symbols.append(i)
        known = made.get(id(element))
        if known is not None:
            areas.append(known[1])
            continue
        try:
            area = _measured(element, dots_per_mm, boxes=boxes)
        except Undrawable as error:
            areas.append(None)
            found.append((i, str(error)))
            continue
        areas.append(area)
        if paper.holds(area):
            made[id(element)] = (element, area)
            continue
        found += [
            (i, f"reaches {beyond / dots_per_mm:.1f} mm over the {side} edge; move it")
            for side, beyond in _beyond(area, paper)
        ]
    for i in symbols:
        symbol_, own = label.elements[i], areas[i]
        if own is None or not isinstance(symbol_, Symbol):
            continue
        quiet = _quiet(symbol_, own, dots_per_mm)
        found += [(i, said) for said in _readable(symbol_, quiet, paper, dots_per_mm)]
        left, top, right, bottom = quiet.left, quiet.top, quiet.right, quiet.bottom
        for j, other in enumerate(areas):
            # `meets`, written out: it is asked of every element of every label.
            if other is None or other.left >= right or left >= other.right:
                continue
            if other.top >= bottom or top >= other.bottom or i == j:
                continue
            if any(quiet.meets(ink) for ink in _inked(label.elements[j], other, dots_per_mm)):
                found.append(
                    (i, f"has no quiet zone: element {j + 1} lies in it; move one of them")
                )
    return found


def _measured(element: Element, dots_per_mm: int, *, boxes: bool) -> Area:
    left, top = round(element.x * dots_per_mm), round(element.y * dots_per_mm)
    match element:
        case Text():
            dots = round(element.height * dots_per_mm)
            if boxes and element.width is not None:
                right = round((element.x + element.width) * dots_per_mm)
                return Area(left, top, right, top + dots)
            width = round(typeset.dots_wide(element.text, dots, bold=element.bold))
            left += typeset.indent(element, width, dots_per_mm)
            return Area(left, top, left + width, top + dots)
        case Code128() | QrCode() | DataMatrix():
            left = symbol.start(element, dots_per_mm)
            width, height = symbol.size(element, dots_per_mm)
        case Line() | Box():
            width = round(element.width * dots_per_mm)
            height = round(element.height * dots_per_mm)
        case Picture():
            times = dots_per_mm // element.dots_per_mm
            width, height = element.bitmap.width * times, element.bitmap.height * times
    return Area(left, top, left + width, top + height)


def _inked(element: Element, area: Area, dots_per_mm: int) -> tuple[Area, ...]:
    """Return where there is ink: of a frame, its four sides and not what it frames."""
    if not isinstance(element, Box):
        return (area,)
    thick = max(1, round(element.thickness * dots_per_mm))
    return (
        replace(area, right=area.left + thick),
        replace(area, left=area.right - thick),
        replace(area, bottom=area.top + thick),
        replace(area, top=area.bottom - thick),
    )


def _beyond(area: Area, paper: Area) -> list[tuple[str, int]]:
    sides = (
        ("left", -area.left),
        ("upper", -area.top),
        ("right", area.right - paper.right),
        ("lower", area.bottom - paper.bottom),
    )
    return [(side, beyond) for side, beyond in sides if beyond > 0]


def _readable(element: Symbol, quiet: Area, paper: Area, dots_per_mm: int) -> list[str]:
    said = []
    least = round(LEAST_DOTS[type(element)] * dots_per_mm / 8)
    dots = symbol.module_dots(element, dots_per_mm)
    if dots < least:
        said.append(
            f"has modules of {dots} dots; a hot head smears what is under {least}: "
            f"module = {least / dots_per_mm:.3f} or more"
        )
    if quiet.left < paper.left or quiet.right > paper.right:
        zone = symbol.QUIET[type(element)] * dots / dots_per_mm
        said.append(
            f"needs {zone:.1f} mm of white on both sides before the edge; move or shorten it"
        )
    return said


def _quiet(element: Symbol, area: Area, dots_per_mm: int) -> Area:
    zone = symbol.QUIET[type(element)] * symbol.module_dots(element, dots_per_mm)
    above = 0 if isinstance(element, Code128) else zone
    return Area(area.left - zone, area.top - above, area.right + zone, area.bottom + above)
