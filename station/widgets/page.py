"""What is there to look at, and which of it is chosen? A page of entries, each a few rows.

An entry is one row with its lamp, its name and how it is; below it, what it said last, and what to
do. Where not all fit, those around the chosen one are shown. A barcode to be scanned from the
screen stands black on white whatever the palette, at the right where there is room, else below.
"""

from rich.cells import cell_len
from textual.strip import Strip

from station.prompt import Entry, Page
from station.terminal import clean
from station.widgets.drawn import Drawn
from station.widgets.fitting import Run, folded, left, strip
from station.widgets.look import Ink, Look, paint

_NAME, _KIND = 12, 9
_MARGIN = 4
"""Cells before the name: the chosen mark and the lamp."""
_BESIDE = 40
"""Cells that the entries need beside a drawing."""
_PAPER: Ink = ("#000000", "#ffffff")
"""A scanner reads dark bars on a light field, and most read nothing else."""


class PageList(Drawn[Page]):
    """The entries of a page."""

    def __init__(self, look: Look, id: str | None = None) -> None:
        super().__init__(Page(title=""), look, id)

    def draw(self, width: int, height: int) -> list[Strip]:
        """Title, notice, entries; the drawing beside or below them."""
        page, look = self.value, self.look
        across = max((cell_len(row) for row in page.drawn), default=0)
        beside = bool(across) and width - across >= _BESIDE and len(page.drawn) < height
        room = width - across - 2 if beside else width
        below = len(page.drawn) if page.drawn and not beside and across <= width else 0
        rows = [_title(page.title, look, room)]
        if page.notice:
            rows += _notice(page.notice, look, room)
        rows += _entries(page, look, room, max(1, height - len(rows) - below))
        if below:
            rows = rows[: height - below]
            return rows + [_drawing(row, 1, width, look) for row in page.drawn]
        if beside:
            return _side_by_side(rows, page.drawn, room, width, height, look)
        return rows


def _title(text: str, look: Look, width: int) -> Strip:
    head = paint(look.colours.head, bold=True)
    return strip([(" " + left(text, width - 1), head)], width, head)


def _notice(text: str, look: Look, width: int) -> list[Strip]:
    ink = paint(look.colours.notice, bold=True)
    rows = folded(text, width - 2, 2)
    return [strip([(f" {row} ", ink)], width, ink) for row in rows]


def _entries(page: Page, look: Look, width: int, height: int) -> list[Strip]:
    blocks = [
        _entry(entry, at == page.chosen, look, width) for at, entry in enumerate(page.entries)
    ]
    chosen = max(page.chosen, 0)
    first = last = min(chosen, max(len(blocks) - 1, 0))
    used = len(blocks[first]) if blocks else 0
    while True:
        if last + 1 < len(blocks) and used + len(blocks[last + 1]) <= height:
            last += 1
            used += len(blocks[last])
        elif first > 0 and used + len(blocks[first - 1]) <= height:
            first -= 1
            used += len(blocks[first])
        else:
            break
    return [row for block in blocks[first : last + 1] for row in block][:height]


def _entry(entry: Entry, chosen: bool, look: Look, width: int) -> list[Strip]:
    colours, marks = look.colours, look.marks
    ink = colours.current if chosen else colours.page
    style, bold, quiet = paint(ink), paint(ink, bold=True), paint(colours.quiet)
    lamp = marks.lamps[entry.state] if entry.state else " "
    lamp_ink = ink if chosen or entry.state is None else (colours.lamps[entry.state], ink[1])
    runs: list[Run] = [
        (f"{marks.current if chosen else ' '} ", bold),
        (f"{lamp} ", paint(lamp_ink, bold=True)),
    ]
    indent = _MARGIN
    if entry.name:
        runs += [(left(entry.name, _NAME) + " ", bold), (left(entry.kind, _KIND) + " ", style)]
        indent += _NAME + _KIND + 2
    what = folded(entry.what, max(8, width - indent), 2)
    runs.append((what[0], style))
    rows = [strip(runs, width, style)]
    rows += [strip([(" " * indent + more, style)], width, style) for more in what[1:]]
    page = paint(colours.page)
    if entry.last:
        rows.append(strip([(" " * indent + clean(entry.last), quiet)], width, page))
    if entry.do:
        do = paint((colours.next[0], colours.page[1]), bold=True)
        for at, part in enumerate(folded(entry.do, max(8, width - indent - 2), 2)):
            mark = f"{marks.next} " if at == 0 else "  "
            rows.append(strip([(" " * indent + mark + part, do)], width, page))
    return rows


def _drawing(row: str, before: int, width: int, look: Look) -> Strip:
    page = paint(look.colours.page)
    return strip([(" " * before, page), (row, paint(_PAPER))], width, page)


def _side_by_side(
    rows: list[Strip], drawn: tuple[str, ...], room: int, width: int, height: int, look: Look
) -> list[Strip]:
    page = paint(look.colours.page)
    both = []
    for at in range(height):
        here = rows[at] if at < len(rows) else Strip.blank(room, page)
        beside = drawn[at - 1] if 0 < at <= len(drawn) else ""
        runs: list[Run] = [("  ", page), (beside, paint(_PAPER))]
        both.append(Strip.join([here, strip(runs, width - room, page)]))
    return both
