"""How are 100,000 orders shown? As an array of ids, and pages of rows fetched when they are seen.

The list of ids is the filter's answer (40 ms for 100,000 rows); a page of 128 rows by id takes
0.2 ms anywhere in it. So the scroll bar is exact, End is free, and rows keep their place while
their contents change. The cursor stands on an id, not on a row number.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from rich.style import Style
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from station.widgets.fitting import Run, left, right, strip
from station.widgets.look import Look, paint

PAGE = 128
"""Rows fetched at once."""
PAGES_KEPT = 64
"""A screenful is one page or two; the rest is for scrolling back."""

Fetch = Callable[[Sequence[int]], Mapping[int, tuple[str, ...]]]
"""The cells of each id; an id that is gone is left out."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column; width 0 takes what is left."""

    title: str
    width: int = 0
    align: Literal["left", "right"] = "left"


class VirtualGrid(ScrollView, can_focus=True):
    """A table of any length. Not for floor screens: it takes arrow keys."""

    DEFAULT_CSS = "VirtualGrid { overflow-x: hidden; overflow-y: auto; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home", "edge(0)", show=False),
        Binding("end", "edge(-1)", show=False),
        Binding("enter", "choose", show=False),
    ]

    class Moved(Message):
        """The cursor stands on another row."""

        def __init__(self, id: int) -> None:
            super().__init__()
            self.id = id

    class Chosen(Message):
        """Enter was pressed on a row."""

        def __init__(self, id: int) -> None:
            super().__init__()
            self.id = id

    def __init__(
        self, columns: Sequence[Column], fetch: Fetch, look: Look, id: str | None = None
    ) -> None:
        super().__init__(id=id)
        self.columns = tuple(columns)
        self.look = look
        self._fetch = fetch
        self._ids: Sequence[int] = ()
        self._row = 0
        self._pages: dict[int, Mapping[int, tuple[str, ...]]] = {}

    # -- what the screen says ----------------------------------------------------------------

    def show(self, ids: Sequence[int]) -> None:
        """Another filter's ids; the cursor stays on its id where that is still there."""
        kept = self.current
        self._ids = ids
        self._pages.clear()
        self._row = self._find(kept)
        self.virtual_size = Size(self.size.width, len(ids) + 1)
        self._in_view()
        self.refresh()

    def refresh_rows(self, ids: Iterable[int] | None = None) -> None:
        """Contents changed: fetch anew what is seen, or only the pages that hold these ids."""
        if ids is None:
            self._pages.clear()
        else:
            changed = set(ids)
            for page in [at for at, rows in self._pages.items() if changed & rows.keys()]:
                del self._pages[page]
        self.refresh()

    def select(self, id: int) -> bool:
        """Put the cursor on an id (a scanned order); False: it is not in this filter."""
        row = self._find(id)
        if not self._ids or self._ids[row] != id:
            return False
        self._move_to(row)
        return True

    @property
    def current(self) -> int | None:
        """The id under the cursor."""
        return self._ids[self._row] if self._row < len(self._ids) else None

    def dress(self, look: Look) -> None:
        """Another palette."""
        self.look = look
        self.refresh()

    # -- keys --------------------------------------------------------------------------------

    def action_move(self, rows: int) -> None:
        """Up or down."""
        self._move_to(self._row + rows)

    def action_page(self, pages: int) -> None:
        """A screenful."""
        self._move_to(self._row + pages * max(1, self.size.height - 2))

    def action_edge(self, row: int) -> None:
        """First or last."""
        self._move_to(row if row >= 0 else len(self._ids) - 1)

    def action_choose(self) -> None:
        """Enter."""
        if self.current is not None:
            self.post_message(self.Chosen(self.current))

    # -- drawing -----------------------------------------------------------------------------

    def on_resize(self) -> None:
        """The cursor stays in view."""
        self.virtual_size = Size(self.size.width, len(self._ids) + 1)
        self._in_view()

    def render_line(self, y: int) -> Strip:
        """The heading stays at the top, rows scroll below it."""
        colours = self.look.colours
        width = self.scrollable_content_region.width
        if y == 0:
            titles = tuple(column.title for column in self.columns)
            return self._cells(titles, paint(colours.head, bold=True), width)
        row = y - 1 + self.scroll_offset.y
        if row >= len(self._ids):
            return Strip.blank(width, paint(colours.page))
        ink = colours.stripe if row % 2 else colours.page
        current = row == self._row
        style = paint(colours.current if current else ink, bold=current)
        return self._cells(self._contents(row), style, width)

    def _cells(self, cells: Sequence[str], style: Style, width: int) -> Strip:
        fixed = sum(column.width + 1 for column in self.columns if column.width)
        flexible = [column for column in self.columns if not column.width]
        share = max(4, (width - 1 - fixed) // max(1, len(flexible)) - 1)
        runs: list[Run] = [(" ", style)]
        for at, column in enumerate(self.columns):
            fit = right if column.align == "right" else left
            text = cells[at] if at < len(cells) else ""
            runs.append((fit(text, column.width or share) + " ", style))
        return strip(runs, width, style)

    def _contents(self, row: int) -> tuple[str, ...]:
        page = row // PAGE
        if page not in self._pages:
            if len(self._pages) >= PAGES_KEPT:
                del self._pages[next(iter(self._pages))]
            self._pages[page] = self._fetch(self._ids[page * PAGE : (page + 1) * PAGE])
        return self._pages[page].get(self._ids[row], ())

    def _find(self, id: int | None) -> int:
        """The row of an id; where it has gone, the row the cursor was at."""
        if id is not None:
            try:
                return self._ids.index(id)
            except ValueError:
                pass
        return min(self._row, max(0, len(self._ids) - 1))

    def _move_to(self, row: int) -> None:
        row = max(0, min(row, len(self._ids) - 1))
        if row == self._row or not self._ids:
            return
        self._row = row
        self._in_view()
        self.refresh()
        self.post_message(self.Moved(self._ids[row]))

    def _in_view(self) -> None:
        room = max(1, self.size.height - 1)
        top = self.scroll_offset.y
        if self._row < top:
            top = self._row
        elif self._row >= top + room:
            top = self._row - room + 1
        self.scroll_to(y=top, animate=False, immediate=True, force=True)
