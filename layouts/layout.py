"""How does a layout file become a label?

`compile_layout` takes the text of a file and tries it on its own sample, so that what is loaded
has been drawn once; `draw` and `draw_pages` put an order's data in. Nothing here reads a file.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from drivers.label_printers import label as paper
from drivers.label_printers import lint, symbol
from layouts.errors import BrokenLayout, DoesNotFit
from layouts.expression import Expression, expression, template
from layouts.fit import fitted
from layouts.format import (
    BoxPart,
    Code128Part,
    DataMatrixPart,
    LayoutFile,
    LinePart,
    Part,
    QrPart,
    RepeatPart,
    TextPart,
)

# Any, here and below: what the templates of a file ask for is between them and the caller.

_MOST_PAGES = 50
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


@dataclass(frozen=True, slots=True)
class Layout:
    """A layout that has drawn its sample."""

    name: str
    title: str
    width: float
    height: float
    version: str
    """Of the file's text, twelve digits of SHA-256: a reprint can say what it was drawn with."""
    sample: Mapping[str, Any]
    parts: tuple[Ready, ...]


def compile_layout(name: str, source: str) -> Layout:
    """Return the layout of a file's text, tried on its sample. Raises LayoutError."""
    where = f"{name}.toml"
    try:
        file = msgspec.toml.decode(source, type=LayoutFile)
    except (msgspec.DecodeError, RecursionError) as error:  # ValidationError is one of them
        raise BrokenLayout(where, f"is not a layout: {error}") from error
    if not (10 <= file.width <= 300 and 10 <= file.height <= 500):
        size = f"{file.width:g} x {file.height:g} mm"
        raise BrokenLayout(where, f"{size} is no label stock; sizes are millimetres")
    layout = Layout(
        name,
        file.title,
        file.width,
        file.height,
        hashlib.sha256(source.encode("utf-8")).hexdigest()[:12],
        file.sample,
        tuple(_ready(where, str(i + 1), part) for i, part in enumerate(file.part)),
    )
    draw_pages(layout, layout.sample)
    return layout


def draw(layout: Layout, data: Mapping[str, Any]) -> paper.Label:
    """Return the label of these data. Raises LayoutError, also when one page is not enough."""
    pages = draw_pages(layout, data)
    if len(pages) > 1:
        raise DoesNotFit(f"{layout.name}.toml", f"needs {len(pages)} pages where one was asked for")
    return pages[0]


def draw_pages(layout: Layout, data: Mapping[str, Any]) -> tuple[paper.Label, ...]:
    """Return the labels of these data, one or more. Raises LayoutError."""
    pages = _pages_needed(layout, data)
    drawn = []
    for page in range(1, pages + 1):
        scope = {**data, "page": page, "pages": pages}
        owners: list[str] = []
        elements: list[paper.Element] = []
        for owner, element in _elements(layout.parts, scope, 0.0, 0.0, layout.width, page):
            owners.append(owner)
            elements.append(element)
        label = paper.Label(layout.width, layout.height, tuple(elements))
        for i, said in lint.findings(label):
            raise DoesNotFit(owners[i], said)
        drawn.append(label)
    return tuple(drawn)


def _ready(file: str, number: str, part: Part) -> Ready:
    where = f"{file}, part {number}" + (f" ({part.name})" if part.name else "")
    when = expression(part.when, where) if part.when else None
    match part:
        case TextPart():
            if part.height < part.minimum:
                raise BrokenLayout(where, "is lower than its minimum; lower `minimum` as well")
            return Ready(where, part, when, template(part.text, where))
        case Code128Part() | QrPart() | DataMatrixPart():
            return Ready(where, part, when, template(part.data, where))
        case LinePart() | BoxPart():
            return Ready(where, part, when, None)
        case RepeatPart():
            if part.rows < 1 or part.columns < 1:
                raise BrokenLayout(where, "rows and columns are at least 1")
            inside = tuple(
                _ready(file, f"{number}.{i + 1}", inner) for i, inner in enumerate(part.part)
            )
            return Ready(where, part, when, expression(part.over, where), inside)


def _pages_needed(layout: Layout, data: Mapping[str, Any]) -> int:
    needed = 1
    for ready in layout.parts:
        if isinstance(ready.part, RepeatPart) and ready.part.pages:
            per_page = ready.part.rows * ready.part.columns
            needed = max(needed, -(-len(_things(ready, data)) // per_page))
    if needed > _MOST_PAGES:
        raise DoesNotFit(f"{layout.name}.toml", f"needs {needed} pages; {_MOST_PAGES} is the most")
    return needed


def _things(ready: Ready, data: Mapping[str, Any]) -> Sequence[Any]:
    assert ready.content is not None, "a repeat has its list"
    things = ready.content.value({"page": 1, "pages": 1, **data})
    if not isinstance(things, (list, tuple)):
        raise BrokenLayout(ready.where, f"`over` is no list but {type(things).__name__}")
    return things


Drawn = Iterator[tuple[str, paper.Element]]
"""Elements, each with the part that it came from."""


def _elements(
    parts: tuple[Ready, ...], data: Mapping[str, Any], x: float, y: float, edge: float, page: int
) -> Drawn:
    for ready in parts:
        if ready.when is not None and not ready.when.value(data):
            continue
        part = ready.part
        match part:
            case TextPart():
                yield from _text(ready, part, data, x, y, edge)
            case Code128Part() | QrPart() | DataMatrixPart():
                yield from _barcode(ready, part, data, x, y)
            case LinePart():
                at = {"x": x + part.x, "y": y + part.y}
                yield ready.where, paper.Line(**at, width=part.width, height=part.height)
            case BoxPart():
                yield (
                    ready.where,
                    paper.Box(
                        x=x + part.x,
                        y=y + part.y,
                        width=part.width,
                        height=part.height,
                        thickness=part.thickness,
                    ),
                )
            case RepeatPart():
                yield from _repeat(ready, part, data, x, y, edge, page)


def _text(
    ready: Ready, part: TextPart, data: Mapping[str, Any], x: float, y: float, edge: float
) -> Drawn:
    assert ready.content is not None, "a text has its template"
    text = ready.content.text(data)
    width = part.width if part.width is not None else edge - x - part.x
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
    for i, line in enumerate(done.lines):
        if line.strip():
            yield (
                ready.where,
                paper.Text(
                    x=x + part.x,
                    y=y + part.y + i * done.height * part.leading,
                    height=done.height,
                    text=line,
                    width=width,
                    align=part.align,
                    bold=part.bold,
                ),
            )


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
    data: Mapping[str, Any],
    x: float,
    y: float,
) -> Drawn:
    assert ready.content is not None, "a barcode has its template"
    content = ready.content.text(data)
    element = _symbol(part, content, x + part.x, y + part.y)
    try:
        symbol.rows(element)
    except paper.Undrawable as error:
        raise DoesNotFit(ready.where, str(error)) from error
    yield ready.where, element
    if isinstance(part, Code128Part) and part.caption:
        # Centred under the bars; a caption wider than they are would be longer than the code.
        bars = symbol.size(element, 8)[0] / 8
        left = symbol.start(element, 8) / 8
        yield (
            ready.where,
            paper.Text(
                x=left,
                y=y + part.y + part.height + _CAPTION_GAP,
                height=part.caption,
                text=content.replace("\x1d", " "),
                width=bars,
                align="center",
            ),
        )


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


def _repeat(
    ready: Ready,
    part: RepeatPart,
    data: Mapping[str, Any],
    x: float,
    y: float,
    edge: float,
    page: int,
) -> Drawn:
    things = _things(ready, data)
    room = part.rows * part.columns
    if part.pages:
        first = (page - 1) * room
        things = things[first : first + room]
    else:
        first = 0
        if len(things) > room:
            raise DoesNotFit(ready.where, f"has {len(things)} things and room for {room}")
    for i, thing in enumerate(things):
        row, column = divmod(i, part.columns)
        left = x + part.x + column * part.across
        right = left + part.across if part.across else edge
        inner = {**data, part.each: thing, "number": first + i + 1}
        yield from _elements(ready.inside, inner, left, y + part.y + row * part.down, right, page)
