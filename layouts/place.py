"""Where on the paper does each part of a layout land, and what does it say there?

The parts of a page in their order, each with its expressions worked out, its text broken and
shrunk, its place counted from the edge or from the part that it lies below.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec.structs import replace

from drivers.label_printers import label as paper
from drivers.label_printers import symbol
from layouts.errors import BrokenLayout, DoesNotFit
from layouts.expression import Expression
from layouts.fit import fitted
from layouts.format import (
    BoxPart,
    Code128Part,
    DataMatrixPart,
    LinePart,
    Part,
    QrPart,
    RepeatPart,
    TextPart,
)

# Any, here and below: what the templates of a file ask for is between them and the caller.

_MOST_BEFORE = 32
"""Drawings that a part remembers; of what is kept longer, the collector of garbage gets slow."""
_CAPTION_GAP = 1.0
"""Millimetres between a barcode and its print."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A part with its expressions compiled."""

    where: str
    part: Part
    when: Expression | None
    content: Expression | None
    """The text, the barcode's data, or the list that a repeat goes over."""
    inside: tuple[Ready, ...] = ()
    carries: bool = False
    """Whether another part lies below it."""
    before: dict[str | tuple[str, float, float, float], Landed] = field(
        default_factory=dict, compare=False, repr=False
    )
    """What it drew before, by words, place and edge: labels of a batch share most of their parts,
    and the same object is measured and written once (`drivers.label_printers.once`)."""


class Corner(msgspec.Struct, frozen=True):
    """From where the parts of a page, or of a repeat's cell, are measured; and what they know."""

    data: Mapping[str, Any]
    page: int
    x: float
    y: float
    edge: float
    """The right end of the room, millimetres from the paper's left edge."""
    page_itself: bool = False


class Landed(msgspec.Struct, frozen=True, gc=False):
    """A part's ink: its elements, and how deep it went."""

    where: str
    elements: tuple[paper.Element, ...]
    bottom: float
    """Millimetres from the paper's upper edge."""


def landed(parts: tuple[Ready, ...], corner: Corner) -> list[Landed]:
    """Return every part that is drawn. Raises LayoutError."""
    bottoms: dict[str, float] = {}
    found: list[Landed] = []
    for ready in parts:
        part = ready.part
        here = replace(corner, y=bottoms[part.below], page_itself=False) if part.below else corner
        before = len(found)
        if ready.when is None or ready.when.value(corner.data):
            found += _drawn(ready, here)
        if ready.carries:
            # What is left out has a place, and takes up no room.
            depths = [here.y + part.y, *(one.bottom for one in found[before:])]
            bottoms[part.name] = max(*depths, bottoms.get(part.name, 0.0))
    return found


def things(ready: Ready, data: Mapping[str, Any]) -> Sequence[Any]:
    """Return the list that a repeat goes over. Raises LayoutError."""
    assert ready.content is not None, "a repeat has its list"
    found = ready.content.value({"page": 1, "pages": 1, **data})
    if not isinstance(found, (list, tuple)):
        raise BrokenLayout(
            ready.content.where,
            f"`over` names no list but {type(found).__name__}; name a list of the data",
        )
    return found


def _drawn(ready: Ready, corner: Corner) -> Iterable[Landed]:
    part = ready.part
    x, y = corner.x + part.x, corner.y + part.y
    if isinstance(part, RepeatPart):
        return _repeat(ready, part, corner, x, y)
    words = ready.content.text(corner.data) if ready.content is not None else ""
    # On the page itself a part has one place; in a repeat it has many.
    at = words if corner.page_itself else (words, x, y, corner.edge)
    done = ready.before.get(at)
    if done is None:
        if len(ready.before) >= _MOST_BEFORE:
            ready.before.clear()
        done = ready.before[at] = _made(ready, words, x, y, corner.edge)
    return (done,)


def _made(ready: Ready, words: str, x: float, y: float, edge: float) -> Landed:
    part = ready.part
    match part:
        case TextPart():
            return _text(ready, part, words, x, y, edge)
        case Code128Part() | QrPart() | DataMatrixPart():
            return _barcode(ready, part, words, x, y)
        case LinePart():
            line = paper.Line(x=x, y=y, width=part.width, height=part.height)
            return Landed(ready.where, (line,), y + part.height)
        case BoxPart():
            box = paper.Box(
                x=x, y=y, width=part.width, height=part.height, thickness=part.thickness
            )
            return Landed(ready.where, (box,), y + part.height)
        case RepeatPart():
            raise TypeError("a repeat is no one thing")


def _text(ready: Ready, part: TextPart, text: str, x: float, y: float, edge: float) -> Landed:
    width = part.width if part.width is not None else edge - x
    done = fitted(
        text,
        width=width,
        height=part.height,
        most=part.lines,
        minimum=part.height if part.overflow == "error" else part.minimum,
        wrap=part.overflow == "wrap",
        bold=part.bold,
        depth=math.inf if part.depth is None else part.depth,
        leading=part.leading,
    )
    if done is None:
        raise DoesNotFit(ready.where, _too_long(part, text, width))
    step = done.height * part.leading
    elements = tuple(
        paper.Text(
            x=x,
            y=y + i * step,
            height=done.height,
            text=line,
            width=width,
            align=part.align,
            bold=part.bold,
            inverse=part.inverse,
        )
        for i, line in enumerate(done.lines)
        if line.strip()
    )
    bottom = elements[-1].y + done.height if elements else y
    return Landed(ready.where, elements, bottom)


def _too_long(part: TextPart, text: str, width: float) -> str:
    # The text itself is left out: this sentence is shown and logged, and it may be an address.
    lines = "one line" if part.lines == 1 else f"{part.lines} lines"
    deep = "" if part.depth is None else f", {part.depth:g} mm deep,"
    least = part.height if part.overflow == "error" else part.minimum
    return (
        f"the text of {len(text)} characters does not go into {lines} of {width:g} mm{deep} "
        f"even at {least:g} mm; shorten it, or give the part more lines or width"
    )


def _barcode(
    ready: Ready,
    part: Code128Part | QrPart | DataMatrixPart,
    content: str,
    x: float,
    y: float,
) -> Landed:
    assert ready.content is not None, "a barcode has its template"
    element = _symbol(part, content, x, y)
    try:
        width, height = symbol.size(element, 8)
    except paper.Undrawable as error:
        raise DoesNotFit(ready.content.where, str(error)) from error
    if not (isinstance(part, Code128Part) and part.caption):
        return Landed(ready.where, (element,), y + height / 8)
    # Centred under the bars; a caption wider than they are would be longer than the code.
    caption = paper.Text(
        x=symbol.start(element, 8) / 8,
        y=y + part.height + _CAPTION_GAP,
        height=part.caption,
        text=content.replace("\x1d", " "),
        width=width / 8,
        align="center",
    )
    return Landed(ready.where, (element, caption), caption.y + part.caption)


def _symbol(
    part: Code128Part | QrPart | DataMatrixPart, data: str, x: float, y: float
) -> paper.Symbol:
    match part:
        case Code128Part():
            return paper.Code128(
                x=x,
                y=y,
                height=part.height,
                data=data,
                module=part.module,
                gs1=part.gs1,
                width=part.width,
                align=part.align,
            )
        case QrPart():
            kind: type[paper.QrCode] | type[paper.DataMatrix] = paper.QrCode
        case DataMatrixPart():
            kind = paper.DataMatrix
    return kind(x=x, y=y, data=data, module=part.module, width=part.width, align=part.align)


def _repeat(ready: Ready, part: RepeatPart, corner: Corner, x: float, y: float) -> Iterator[Landed]:
    listed = things(ready, corner.data)
    room = part.rows * part.columns
    first = 0
    if part.pages:
        first = (corner.page - 1) * room
        listed = listed[first : first + room]
    elif len(listed) > room:
        raise DoesNotFit(
            ready.where,
            f"has {len(listed)} things and room for {room}; give it more rows, or `pages = true`",
        )
    for i, thing in enumerate(listed):
        row, column = divmod(i, part.columns)
        left, top = x + column * part.across, y + row * part.down
        right = left + part.across if part.across else corner.edge
        inner = {**corner.data, part.each: thing, "number": first + i + 1}
        yield from landed(ready.inside, Corner(inner, corner.page, left, top, right))
        yield Landed(ready.where, (), top + part.down)
