"""What lies over the working screen? A page, until the next scan, or a key that takes it away.

Whatever happens to it, the working screen under it goes on: verdicts are painted there, so the
page is closed before anything is said that a packer must see.
"""

from __future__ import annotations

from typing import Protocol

from textual.app import App

from station.prompt import Page, StatusLine, Verdict
from station.screens.page import PageScreen
from station.widgets.look import Look


class Leaf(Protocol):
    """What a page says and does: the devices, a menu."""

    closes: frozenset[str]
    """Keys that take it away, and do nothing else."""

    def page(self, language: str) -> Page:
        """Return what is to be seen now."""

    def pressed(self, key: str) -> bool:
        """Say whether the key meant something here; the page stays open then."""


class Over:
    """The page over the working screen, while there is one."""

    def __init__(self, app: App[int]) -> None:
        """Lie over the screens of that app."""
        self._app = app
        self._screen: PageScreen | None = None
        self._leaf: Leaf | None = None

    def open(self, leaf: Leaf, look: Look, asleep: Verdict) -> None:
        """Show a leaf; `asleep` is said while another window has the keyboard."""
        if self._screen is None:
            self._screen = PageScreen(look, f"{asleep.line1} {asleep.line2}")
            self._app.push_screen(self._screen)
        self._leaf = leaf

    def close(self) -> None:
        """Take the page away, if there is one."""
        if self._screen is not None:
            self._screen = self._leaf = None
            self._app.pop_screen()

    def pressed(self, key: str) -> bool:
        """Give the page a key; say whether it was for the page."""
        if self._leaf is None:
            return False
        if key in self._leaf.closes:
            self.close()
            return True
        return self._leaf.pressed(key)

    def refresh(self, language: str, status: StatusLine) -> None:
        """Show the page as it is now."""
        if self._screen is not None and self._leaf is not None:
            self._screen.show(self._leaf.page(language))
            self._screen.tick(status)

    def typing(self, line: str) -> None:
        """Show what is typed by hand."""
        if self._screen is not None:
            self._screen.typing(line)
