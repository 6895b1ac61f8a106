"""What is this order, how far is it, what must be read, and where does the parcel go?

Facts in a row above the list; the parcel and its lane in the panel at the right.
"""

from dataclasses import dataclass

from rich.cells import cell_len
from textual.strip import Strip

from station.glyphs.face import draw, in_letters, size_of, spell
from station.terminal import clean
from station.widgets.drawn import Drawn
from station.widgets.fitting import Run, centre, folded, left, strip
from station.widgets.look import Look, paint

Pairs = tuple[tuple[str, str], ...]
"""Label and value."""


@dataclass(frozen=True, slots=True)
class Facts:
    """The rows above the list."""

    title: str = ""
    facts: Pairs = ()
    notice: str = ""
    progress: tuple[int, int] | None = None


class FactsPanel(Drawn[Facts]):
    """Title and facts, the notice, the progress bar."""

    def __init__(self, look: Look, id: str | None = None) -> None:
        super().__init__(Facts(), look, id)

    def draw(self, width: int, height: int) -> list[Strip]:
        """The bar at the bottom, the notice above it, facts in what is left."""
        value, look = self.value, self.look
        tail: list[Strip] = []
        if value.progress is not None:
            tail.append(_progress(value.progress, look, width))
        if value.notice and height - len(tail) > 1:
            tail.insert(0, _notice(value.notice, look, width))
        rows = _facts(value, look, width, max(1, height - len(tail)))
        return rows + tail


def _facts(value: Facts, look: Look, width: int, rows: int) -> list[Strip]:
    page, bold, quiet = (
        paint(look.colours.page),
        paint(look.colours.page, bold=True),
        paint(look.colours.quiet),
    )
    lines: list[list[Run]] = [
        [(" " + left(value.title, min(width - 1, _cells(value.title))), bold)]
    ]
    used = 1 + _cells(value.title)
    for label, text in value.facts:
        pair = (clean(label) + " " if label else "", clean(text))
        needed = 3 + cell_len(pair[0]) + cell_len(pair[1])
        if used + needed > width and len(lines) < rows and used > 1:
            lines.append([])
            used = -2
        gap = "   " if used > 0 else " "
        lines[-1] += [(gap, page), (pair[0], quiet), (pair[1], bold)]
        used += needed
    return [strip(runs, width, page) for runs in lines]


def _notice(text: str, look: Look, width: int) -> Strip:
    shown = left(text, min(width - 4, _cells(text)))
    page = paint(look.colours.page)
    runs: list[Run] = [(" ", page), (f" {shown} ", paint(look.colours.notice, bold=True))]
    return strip(runs, width, page)


def _progress(progress: tuple[int, int], look: Look, width: int) -> Strip:
    done, asked = progress
    figure = f" {done}/{asked} "
    room = max(0, width - len(figure) - 2)
    full = room * min(done, asked) // asked if asked > 0 else 0
    colour, rest = look.colours.progress
    runs: list[Run] = [
        (" ", paint(look.colours.page)),
        (look.marks.full * full, paint((colour, rest))),
        (look.marks.empty * (room - full), paint((look.colours.quiet[0], rest))),
        (figure, paint(look.colours.page, bold=True)),
    ]
    return strip(runs, width, paint(look.colours.page))


@dataclass(frozen=True, slots=True)
class ParcelFacts:
    """The panel at the right."""

    parcel: Pairs = ()
    lane: str = ""


class ParcelPanel(Drawn[ParcelFacts]):
    """Box, weight, label; and the lane in letters that can be read while walking."""

    def __init__(self, look: Look, id: str | None = None) -> None:
        super().__init__(ParcelFacts(), look, id)

    def draw(self, width: int, height: int) -> list[Strip]:
        """Values below each other, the lane at the bottom."""
        value, look = self.value, self.look
        page = paint(look.colours.page)
        rows = [_title(look.headings.parcel, look, width)] if value.parcel else []
        room = max((_cells(label) for label, _ in value.parcel), default=0) + 2
        for label, text in value.parcel:
            parts = folded(text, max(4, width - room - 4), 3)
            for at, part in enumerate(parts):
                runs: list[Run] = [
                    (look.marks.bar + " ", paint(look.colours.quiet)),
                    (left("" if at else label, room), paint(look.colours.quiet)),
                    (part, paint(look.colours.page, bold=True)),
                ]
                rows.append(strip(runs, width, page))
        lane = _lane(value.lane, look, width) if value.lane else []
        blank = strip([(look.marks.bar, paint(look.colours.quiet))], width, page)
        rows = rows[: max(0, height - len(lane))]
        return rows + [blank] * (height - len(rows) - len(lane)) + lane


def _title(text: str, look: Look, width: int) -> Strip:
    head = paint(look.colours.head, bold=True)
    return strip([(" " + left(text, width - 2), head)], width, head)


def _lane(lane: str, look: Look, width: int) -> list[Strip]:
    """The lane's name, large if it fits."""
    page = paint(look.colours.next, bold=True)
    rows = [_title(look.headings.lane, look, width)]
    large: tuple[str, ...] = (clean(lane),)
    if in_letters(lane) and not look.ascii:
        bitmap = spell(lane)
        for across, down in ((2, 2), (1, 1)):
            if size_of(bitmap, across, down)[0] <= width - 4:
                large = draw(bitmap, across, down)
                break
    body = ["", *large, ""]
    return rows + [strip([(centre(row, width), page)], width, page) for row in body]


def _cells(text: str) -> int:
    return cell_len(clean(text))
