"""Where on its page does a carrier's label lie?

Rules are data: `sheets.toml` here, and a file of the warehouse's own before it. A page that is no
larger than the printer's labels is the label. For any other page without a rule `blocks` finds
what stands apart from the rest; whichever bears the parcel's own barcode is the label.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from PIL import Image, ImageChops

from drivers.label_printers.bitmap import BLACK_BELOW
from drivers.label_printers.sheet_rule import Box, Rule, read_rules

_CELL_MM = 1.0
"""Ink is looked for in squares of this size."""
GAPS_MM = (14.0, 8.0, 4.0)
"""White that may part two blocks, tried in turn: the widest first, since a label without a frame
has gaps itself, and half of one must not be taken for the whole."""
_LEAST_MM = 20.0
"""A block that is smaller both ways is no label."""
_MOST_BLOCKS = 12
"""Of one page that are looked at; a page of text is hundreds."""


@cache
def builtin() -> tuple[Rule, ...]:
    """Return our own rules."""
    return read_rules(Path(__file__).with_name("sheets.toml"))


def rule_for(
    rules: Sequence[Rule], carrier: str, width: float, height: float, number: int
) -> Rule | None:
    """Return the first rule for page `number` of a carrier's file; its own before anybody's."""
    fitting = [
        rule for rule in rules if rule.fits(carrier, width, height) and rule.number in (0, number)
    ]
    return min(fitting, key=lambda rule: not rule.carrier, default=None)


def names_pages(rules: Sequence[Rule], carrier: str, width: float, height: float) -> bool:
    """Whether a rule says which of such pages the label is on: then no other page is it."""
    return any(rule.number for rule in rules if rule.fits(carrier, width, height))


def ink(picture: Image.Image) -> Box | None:
    """Return the box around everything that will be black; None for a white page."""
    return picture.point(_INK).getbbox()


_INK = [255 if grey < BLACK_BELOW else 0 for grey in range(256)]


def blocks(picture: Image.Image, dots_per_mm: int, gap_mm: float) -> Iterator[Box]:
    """Return what so much white parts from the rest of the page, the largest first."""
    cell = max(1, round(_CELL_MM * dots_per_mm))
    coarse = ImageChops.invert(picture).reduce(cell)
    reach = max(1, round(gap_mm / _CELL_MM / 2))
    rows = _grown(coarse, reach)
    found = [
        (left * cell, top * cell, right * cell, bottom * cell)
        for left, top, right, bottom in _islands(rows)
    ]
    least = _LEAST_MM * dots_per_mm
    large = [box for box in found if box[2] - box[0] >= least or box[3] - box[1] >= least]
    large.sort(key=lambda box: (box[0] - box[2]) * (box[3] - box[1]))
    given: list[Box] = []
    for box in large:
        # What stands within a frame is part of what the frame holds.
        if not any(_within(box, other) for other in given):
            given.append(box)
    for box in given[:_MOST_BLOCKS]:
        yield _tight(picture, box)


def _within(box: Box, other: Box) -> bool:
    return box[0] >= other[0] and box[1] >= other[1] and box[2] <= other[2] and box[3] <= other[3]


def _grown(coarse: Image.Image, reach: int) -> list[int]:
    """Return the inked cells a row, each as wide as half the gap more: bit x is column x."""
    width, height = coarse.size
    shades = coarse.tobytes()
    inked = [
        sum(1 << x for x, shade in enumerate(shades[y * width : (y + 1) * width]) if shade > 2)
        for y in range(height)
    ]
    edge = (1 << width) - 1
    wide = []
    for row in inked:
        for _ in range(reach):
            row |= (row << 1 | row >> 1) & edge  # the row itself grows
        wide.append(row)
    grown = []
    for y in range(height):
        joined = 0
        for near in wide[max(0, y - reach) : y + reach + 1]:
            joined |= near
        grown.append(joined)
    return grown


def _islands(rows: list[int]) -> Iterator[Box]:
    """Return the box of each group of cells that touch, by flooding whole rows at a time."""
    left = list(rows)
    for y in range(len(left)):
        while left[y]:
            flood = {y: _run(left[y], left[y] & -left[y])}
            left[y] &= ~flood[y]
            todo = [y]
            while todo:
                at = todo.pop()
                for near in (at - 1, at + 1, at):
                    if not 0 <= near < len(left):
                        continue
                    met = left[near] & flood[at]
                    if met:
                        more = _run(left[near], met)
                        left[near] &= ~more
                        flood[near] = flood.get(near, 0) | more
                        todo.append(near)
            every = 0
            for row in flood.values():
                every |= row
            low = (every & -every).bit_length() - 1
            yield low, min(flood), every.bit_length(), max(flood) + 1


def _run(row: int, seed: int) -> int:
    """Return the cells of a row that hang together with the seed."""
    while True:
        more = (seed | seed << 1 | seed >> 1) & row
        if more == seed:
            return seed
        seed = more


def _tight(picture: Image.Image, box: Box) -> Box:
    """Return the box of the ink in it; what was grown around it was for joining alone."""
    left, top = max(0, box[0]), max(0, box[1])
    right, bottom = min(picture.width, box[2]), min(picture.height, box[3])
    dark = ink(picture.crop((left, top, right, bottom)))
    if dark is None:
        return left, top, right, bottom
    return left + dark[0], top + dark[1], left + dark[2], top + dark[3]
