"""How does a layout file become a label?

`compile_layout` takes the text of a file and tries it on its own sample, so that what is loaded
has been drawn once; `draw` and `draw_pages` put an order's data in. Nothing here reads a file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from drivers.label_printers import label as paper
from drivers.label_printers import lint, typeset
from layouts.errors import BrokenLayout, DoesNotFit
from layouts.expression import expression, template
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
from layouts.place import Corner, Landed, Ready, landed, things
from layouts.source import Lines, read, suggestion

# Any, here and below: what the templates of a file ask for is between them and the caller.

_MOST_PAGES = 50
_LEAST_HEIGHT = 1.5
"""Millimetres: 12 dots at 203 dpi, under which letters close up."""
_ROLL_MARGIN = 4.0
"""Millimetres of white after the last ink of a roll's paper."""
_LONGEST = {False: 500, True: 2_000}
"""Millimetres, of a label and of a roll's paper."""


@dataclass(frozen=True, slots=True)
class Layout:
    """A layout that has drawn its sample."""

    name: str
    title: str
    width: float
    height: float
    """Of a roll's paper: the most."""
    roll: bool
    """Whether the paper ends where the ink does."""
    version: str
    """Of the file's text, twelve digits of SHA-256: a reprint can say what it was drawn with."""
    sample: Mapping[str, Any]
    parts: tuple[Ready, ...]
    paged: tuple[Ready, ...]
    """Of the parts, the repeats that go on over pages."""


def compile_layout(name: str, source: str, heads: Sequence[int] = typeset.HEADS) -> Layout:
    """Return the layout of a file's text, tried on its sample. Raises LayoutError.

    `heads`, in dots per millimetre, are those that its sample is to be right for: bars and letters
    are whole dots, so widths differ.
    """
    file, lines = read(f"{name}.toml", source)
    _refuse_the_size(file, lines)
    version = hashlib.sha256(source.encode("utf-8")).hexdigest()[:12]
    parts = _ready(lines, "", file.part)
    paged = tuple(p for p in parts if isinstance(p.part, RepeatPart) and p.part.pages)
    layout = Layout(
        name,
        file.title,
        file.width,
        file.height,
        file.roll,
        version,
        file.sample,
        parts,
        paged,
    )
    for page in _pages(layout, layout.sample):
        for head in heads:
            _refuse_the_faulty(page, head)
    return layout


def draw(layout: Layout, data: Mapping[str, Any]) -> paper.Label:
    """Return the label of these data. Raises LayoutError, also when one page is not enough."""
    pages = draw_pages(layout, data)
    if len(pages) > 1:
        raise DoesNotFit(f"{layout.name}.toml", f"needs {len(pages)} pages where one was asked for")
    return pages[0]


def draw_pages(layout: Layout, data: Mapping[str, Any]) -> tuple[paper.Label, ...]:
    """Return the labels of these data, one or more. Raises LayoutError."""
    drawn = []
    for page in _pages(layout, data):
        _refuse_the_faulty(page, 8)
        drawn.append(page.label)
    return tuple(drawn)


@dataclass(frozen=True, slots=True)
class _Page:
    label: paper.Label
    inked: tuple[Landed, ...]

    def owner(self, element: int) -> str:
        """Return the part that an element came from."""
        return [part.where for part in self.inked for _ in part.elements][element]


def _pages(layout: Layout, data: Mapping[str, Any]) -> Iterator[_Page]:
    pages = _pages_needed(layout, data)
    for page in range(1, pages + 1):
        scope = {**data, "page": page, "pages": pages}
        corner = Corner(scope, page, 0.0, 0.0, layout.width, page_itself=True)
        inked = tuple(landed(layout.parts, corner))
        elements = tuple(element for part in inked for element in part.elements)
        yield _Page(paper.Label(layout.width, _height(layout, inked), elements), inked)


def _height(layout: Layout, inked: tuple[Landed, ...]) -> float:
    if not layout.roll:
        return layout.height
    deepest = max((part.bottom for part in inked), default=0.0)
    return min(layout.height, deepest + _ROLL_MARGIN)


def _refuse_the_faulty(page: _Page, head: int) -> None:
    for i, said in lint.findings(page.label, head, fitted=True):
        raise DoesNotFit(page.owner(i), said)


def _refuse_the_size(file: LayoutFile, lines: Lines) -> None:
    if not 10 <= file.width <= 300:
        sentence = f"{file.width:g} mm is no width of label stock; sizes are millimetres, 10 to 300"
        raise BrokenLayout(lines.where(key="width"), sentence)
    most = _LONGEST[file.roll]
    if not 10 <= file.height <= most:
        sentence = f"{file.height:g} mm is no length of stock; sizes are millimetres, 10 to {most}"
        raise BrokenLayout(lines.where(key="height"), sentence)


def _ready(lines: Lines, above: str, parts: list[Part]) -> tuple[Ready, ...]:
    named: list[str] = []
    made = []
    for i, part in enumerate(parts):
        number = f"{above}{i + 1}"
        if part.below and part.below not in named:
            said = suggestion(part.below, [name for name in named if name])
            raise BrokenLayout(
                lines.where(number, part.name, "below"),
                f"no part before this one is called {part.below!r}; {said}",
            )
        made.append(_one(lines, number, part))
        named.append(part.name)
    asked = {part.below for part in parts if part.below}
    return tuple(replace(one, carries=one.part.name in asked) for one in made)


def _one(lines: Lines, number: str, part: Part) -> Ready:
    def at(key: str = "") -> str:
        return lines.where(number, part.name, key)

    when = expression(part.when, at("when")) if part.when else None
    match part:
        case TextPart():
            if part.height < part.minimum:
                raise BrokenLayout(
                    at("height"), "is lower than its minimum; lower `minimum` as well"
                )
            if part.minimum < _LEAST_HEIGHT:
                raise BrokenLayout(
                    at("minimum"),
                    f"letters of {part.minimum:g} mm cannot be read; {_LEAST_HEIGHT} is the least",
                )
            return Ready(at(), part, when, template(part.text, at("text")))
        case Code128Part() | QrPart() | DataMatrixPart():
            return Ready(at(), part, when, template(part.data, at("data")))
        case LinePart() | BoxPart():
            return Ready(at(), part, when, None)
        case RepeatPart():
            if part.rows < 1 or part.columns < 1:
                raise BrokenLayout(at(), "rows and columns are at least 1; write 1 or more")
            inside = _ready(lines, f"{number}.", part.part)
            return Ready(at(), part, when, expression(part.over, at("over")), inside)


def _pages_needed(layout: Layout, data: Mapping[str, Any]) -> int:
    needed = 1
    for ready in layout.paged:
        if isinstance(ready.part, RepeatPart):
            per_page = ready.part.rows * ready.part.columns
            needed = max(needed, -(-len(things(ready, data)) // per_page))
    if needed > _MOST_PAGES:
        raise DoesNotFit(
            f"{layout.name}.toml",
            f"needs {needed} pages; {_MOST_PAGES} is the most: split what it lists",
        )
    return needed
