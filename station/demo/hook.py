"""What does the demo do inside a bench process? It plays the hands of the packer.

The app opens a hook when it was started with `--robot FILE`, and calls it so:

    hook = open_hook(file, repaint)      # `repaint` may be called from any thread
    hook.saw(session, heard, waiting)    # after each paint; must return at once
    hook.pressed(key)                    # a key that means nothing to the bench; True: it did here
    hook.leaf                            # a page that a key has just asked for; None for none
    hook.notice                          # a line to show below the order; "" for none
    hook.close()
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from station.demo.around import Around
from station.prompt import Page
from station.session import Session
from sync.orders import Order


class Leaf(Protocol):
    """As `station.over.Leaf`, which must not be imported here: the app imports the terminal."""

    closes: frozenset[str]

    def page(self, language: str) -> Page:
        """Return what is to be seen."""

    def pressed(self, key: str) -> bool:
        """Say whether the key meant something here."""


class Hook(Protocol):
    """What the app calls."""

    @property
    def notice(self) -> str:
        """One line for the packer: which keys fire the scanner, which label came out."""

    def saw(self, session: Session, heard: str = "", waiting: Sequence[Order] = ()) -> None:
        """Take note of what is on the screen now.

        `heard` is the raw scan that led here, "" when it was something else; `waiting` the next
        orders of the queue while none is open.
        """

    def pressed(self, key: str) -> bool:
        """A key was pressed that no command has; say whether it meant something here."""

    @property
    def leaf(self) -> Leaf | None:
        """A page that a key has just asked for; asked again, none."""

    def close(self) -> None:
        """The bench ends."""


def open_hook(file: Path, repaint: Callable[[], None]) -> Hook:
    """Open the hook that the file describes. Raises OSError, msgspec.DecodeError."""
    from station.demo.hands import Hands  # no bench but the demo's pays for it

    return Hands(msgspec.json.decode(file.read_bytes(), type=Around), repaint)
