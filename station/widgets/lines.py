"""What is in this order, and how far is it? The list of lines, the current one always in view."""

from textual.strip import Strip

from station.prompt import Row
from station.widgets.drawn import Drawn
from station.widgets.fitting import Run, left, right, strip
from station.widgets.look import Ink, Look, paint

WIDE = 74
"""Below this width the list has narrower columns."""


class LineList(Drawn[tuple[Row, ...]]):
    """The lines of an order."""

    def __init__(self, look: Look, id: str | None = None) -> None:
        super().__init__((), look, id)

    def draw(self, width: int, height: int) -> list[Strip]:
        """Heading and rows."""
        return listing(self.value, self.look, width, height)


def listing(rows: tuple[Row, ...], look: Look, width: int, height: int) -> list[Strip]:
    """Heading, as many rows as fit around the current one, and how many are out of view."""
    if not rows or height < 2:
        return []
    headings, colours = look.headings, look.colours
    head = (headings.sku, headings.name, headings.bin, headings.need, headings.done)
    drawn = [_row("", head, colours.head, True, width)]
    first, count = window(len(rows), _current(rows), height - 1)
    for at in range(first, first + count):
        row = rows[at]
        finished = 0 < row.need <= row.done
        ink = (
            colours.current
            if row.current
            else colours.quiet
            if row.quiet
            else colours.finished
            if finished
            else (colours.stripe if at % 2 else colours.page)
        )
        # A row that asks for nothing (a page of help) has no figures.
        figures = (str(row.need), str(row.done)) if row.need else ("", "")
        cells = (row.sku, row.name, row.bin, *figures)
        mark = row.mark or _mark(row, look)
        drawn.append(_row(mark, cells, ink, row.current, width))
    _say_what_is_hidden(drawn, first, len(rows) - first - count, look, width)
    return drawn


def window(count: int, current: int, room: int) -> tuple[int, int]:
    """The first row shown and how many: the current one in view, with a neighbour on each side.

    >>> window(3, 0, 10), window(500, 250, 5), window(500, 499, 5)
    ((0, 3), (248, 5), (495, 5))
    """
    shown = min(count, room)
    first = min(max(0, current - shown // 2), count - shown)
    return first, shown


def _current(rows: tuple[Row, ...]) -> int:
    return next((at for at, row in enumerate(rows) if row.current), 0)


def _mark(row: Row, look: Look) -> str:
    marks = look.marks
    if row.current:
        return marks.current
    return marks.finished if 0 < row.need <= row.done else marks.open


def _row(mark: str, cells: tuple[str, ...], ink: Ink, bold: bool, width: int) -> Strip:
    sku, name, bin, need, done = cells
    wide = width >= WIDE
    columns = (16 if wide else 12, 9 if wide else 8, 6 if wide else 5)
    flexible = max(6, width - 4 - columns[0] - columns[1] - 2 * columns[2] - 2)
    style = paint(ink, bold=bold)
    # One run a cell: pictures of the screen stay aligned where a cell holds Chinese.
    runs: list[Run] = [
        (f" {left(mark, 1)}  ", style),
        (left(sku, columns[0] - 1) + " ", style),
        (left(name, flexible - 1) + " ", style),
        (left(bin, columns[1] - 1) + " ", style),
        (right(need, columns[2]), style),
        (right(done, columns[2]), style),
    ]
    return strip(runs, width, style)


def _say_what_is_hidden(drawn: list[Strip], above: int, below: int, look: Look, width: int) -> None:
    quiet = paint(look.colours.quiet)
    for at, hidden, sentence in (
        (1, above, look.headings.above),
        (len(drawn) - 1, below, look.headings.below),
    ):
        # With two rows or fewer the current row itself would be covered.
        if hidden and len(drawn) > 3:
            text = "    " + left(sentence.format(n=hidden + 1), width - 4)
            drawn[at] = strip([(text, quiet)], width, quiet)
