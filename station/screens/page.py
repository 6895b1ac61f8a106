"""What is on the screen while someone looks at devices, or chooses something? A page, by keys.

It lies over the working screen and takes nothing from it: scans go where they always go, and the
app takes the page away at the first one. No widget here has the focus; keys come from the app.
"""

from typing import ClassVar

from textual.app import ComposeResult
from textual.screen import Screen

from station.input import Listens
from station.prompt import Page, StatusLine
from station.widgets.bars import KeyBar, Next, NextLine, StatusBar
from station.widgets.look import Look
from station.widgets.page import PageList


class PageScreen(Screen[None], Listens, inherit_bindings=False):
    """Status bar, page, next step, keys."""

    FLOOR: ClassVar[bool] = True
    AUTO_FOCUS = None

    def __init__(self, look: Look, asleep: str = "") -> None:
        super().__init__()
        self._asleep = asleep
        """Said in place of the next step while another window has the keyboard."""
        self._hears = True
        self._typed = ""
        self._page = Page(title="")
        self._status_bar = StatusBar(look, id="status")
        self._list = PageList(look, id="page")
        self._next = NextLine(look, id="next")
        self._keys = KeyBar(look, id="keys")

    def compose(self) -> ComposeResult:
        """Top to bottom."""
        yield self._status_bar
        yield self._list
        yield self._next
        yield self._keys

    def show(self, page: Page) -> None:
        """Show another page, or the same one as it is now."""
        self._page = page
        self._list.show(page)
        self._keys.show(page.keys)
        self._say_next()

    def tick(self, status: StatusLine) -> None:
        """Clock and lamps."""
        self._status_bar.show(status)

    def typing(self, line: str) -> None:
        """What is typed by hand."""
        self._typed = line
        self._say_next()

    def listening(self, hears: bool) -> None:
        """Say it when scans would go to another window."""
        self._hears = hears
        self._say_next()

    def _say_next(self) -> None:
        said = self._page.instruction if self._hears or not self._asleep else self._asleep
        self._next.show(Next(said, self._typed))
