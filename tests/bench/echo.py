"""The floor of scan to frame: a Textual app that does nothing but echo the scan.

    python tests/bench/echo.py [--delay SECONDS]

It takes its keys where the bench takes them, before bindings and focus, and paints one coloured
field. No codes, no wedge, no store. `--delay` answers late on purpose, to test the clock.
"""

from __future__ import annotations

import asyncio
import sys

from textual import events
from textual.app import App, ComposeResult
from textual.widgets import Static

READY = "echo is ready"


class Echo(App[None], inherit_bindings=False):
    """Echoes."""

    CSS = """
    #echo { height: 12; content-align: center middle; background: #222222; }
    #echo.good { background: #00a000; }
    #echo.bad { background: #c00000; }
    """
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, delay: float) -> None:
        super().__init__()
        self._delay = delay
        self._keys: list[str] = []
        self._heard = 0
        self._field = Static(READY, id="echo")

    def compose(self) -> ComposeResult:
        """One field."""
        yield self._field

    async def on_event(self, event: events.Event) -> None:
        """Keys are the scan; the rest is Textual's."""
        if not isinstance(event, events.Key) or event.is_forwarded:
            await super().on_event(event)
        elif event.key == "enter":
            if self._delay:
                await asyncio.sleep(self._delay)
            self._answer("".join(self._keys))
            self._keys.clear()
        elif event.character:
            self._keys.append(event.character)

    def _answer(self, text: str) -> None:
        self._heard += 1
        self._field.set_class(self._heard % 2 == 0, "good")
        self._field.set_class(self._heard % 2 == 1, "bad")
        self._field.update(f"{self._heard} {text}")


if __name__ == "__main__":
    Echo(float(sys.argv[2]) if sys.argv[1:2] == ["--delay"] else 0.0).run()
