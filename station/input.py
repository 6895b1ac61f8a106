"""Who hears a scan? One override of ``on_event`` that owns the keyboard, before anything else.

Stock Textual lets a scanned DC1 quit the program and a scanned Enter press the focused button.
Here every key goes through the wedge first, whatever has focus: bindings, focus, screens and
fields see only what the wedge gives back. Scanners on a wire post ``Scanned`` from their thread
and join the keys in order of arrival.
"""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual import events
from textual.app import App
from textual.message import Message
from textual.widgets import Input, TextArea

from station.terminal import watch_terminal
from station.wedge import Broken, Heard, Released, Scan, Wedge, WedgeSettings


@dataclass(frozen=True, slots=True)
class RawScan:
    """What a scanner said, before anyone knows what it means."""

    text: str
    source: str
    """wedge, typed, paste, or the name of a scanner device."""
    at: float
    """Seconds on the monotonic clock, taken where the bytes arrived."""


class Scanned(Message):
    """A scanner on a wire says something; may be posted from any thread."""

    def __init__(self, text: str, source: str, at: float) -> None:
        super().__init__()
        self.scan = RawScan(text, source, at)


class FloorApp(App[int], inherit_bindings=False):
    """An app that is driven by scanning: no palette, no selection, no inherited quit key.

    Override ``scanned``, ``broken``, ``pressed`` and, where the line typed by hand is shown,
    ``typing``. A screen with ``FLOOR = False`` (the supervisor's) gets its letters like any
    Textual screen; a burst is a scan there too.
    """

    CSS_PATH = Path(__file__).with_name("station.tcss")
    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False
    ESCAPE_TO_MINIMIZE: ClassVar[bool] = False

    def __init__(self, wedge: WedgeSettings | None = None) -> None:
        super().__init__()
        self.wedge = Wedge(wedge)
        self._alarm: asyncio.TimerHandle | None = None
        self._line = ""
        self._hearing = True

    def on_mount(self) -> None:
        """Watch the terminal: without it nobody is there to scan."""
        watch_terminal(self)

    # -- to override -------------------------------------------------------------------------

    async def scanned(self, raw: RawScan) -> None:
        """A whole code came in. The next key is not looked at before this returns."""

    async def from_wire(self, raw: RawScan) -> None:
        """A whole code came in from a scanner on a wire."""
        await self.scanned(raw)

    async def broken(self, broken: Broken) -> None:
        """Half a code came in, or a damaged one: say RESCAN, never guess."""

    async def pressed(self, key: str) -> None:
        """A person pressed a key on a floor screen: f1, enter, pageup, ctrl+q."""

    def typing(self, line: str) -> None:
        """The line typed by hand is now this."""
        if isinstance(self.screen, Listens):
            self.screen.typing(line)

    def listening(self, hears: bool) -> None:
        """The terminal got or lost the keyboard; scans go to another window when it is lost."""
        for screen in self.screen_stack:
            if isinstance(screen, Listens):
                screen.listening(hears)

    # -- the one reader ----------------------------------------------------------------------

    async def on_event(self, event: events.Event) -> None:
        """Every event of the terminal passes here first; Textual sees what is left."""
        if isinstance(event, events.Key) and not event.is_forwarded:
            self._hears(True)
            self.wedge.text_mode = self._field_has_focus()
            await self._act(self.wedge.feed(event.key, event.character, event.time), "wedge")
            self._arm()
            return
        if (
            isinstance(event, events.Paste)
            and not event.is_forwarded
            and not self._field_has_focus()
        ):
            await self._act(self.wedge.paste(event.text, event.time), "paste")
            return
        if isinstance(event, events.AppBlur | events.AppFocus):
            self._hears(isinstance(event, events.AppFocus))
        await super().on_event(event)

    async def on_scanned(self, message: Scanned) -> None:
        """A scan from a wire takes the same road, after what was typed before it."""
        message.stop()
        await self.from_wire(message.scan)

    async def _act(self, heard: list[Heard], source: str) -> None:
        for one in heard:
            match one:
                case Scan(text, at, burst):
                    await self.scanned(RawScan(text, source if burst else "typed", at))
                case Broken():
                    await self.broken(one)
                case Released(strokes):
                    for stroke in strokes:
                        await self._release(stroke.key, stroke.character)
        if self.wedge.line != self._line:
            self._line = self.wedge.line
            self.typing(self._line)

    async def _release(self, key: str, character: str | None) -> None:
        if self.wedge.text_mode:
            await super().on_event(events.Key(key, character))
        else:
            await self.pressed(key)

    def _field_has_focus(self) -> bool:
        if not self.screen_stack:
            return False
        typing = isinstance(self.focused, Input | TextArea)
        return typing or not getattr(self.screen, "FLOOR", True)

    def _hears(self, hears: bool) -> None:
        if hears != self._hearing:
            self._hearing = hears
            # A key proves the keyboard is back where no focus report came; Textual must know
            # too, or it gives no widget focus.
            self.app_focus = hears
            self.listening(hears)

    # -- silence -----------------------------------------------------------------------------

    def _arm(self) -> None:
        """One lazy alarm: set again when it rings, not at every key (a timer a key costs 1 ms)."""
        deadline = self.wedge.deadline()
        if deadline is None:
            return
        loop = asyncio.get_running_loop()
        delay = max(0.001, deadline - time.monotonic())
        if self._alarm is not None and loop.time() + delay < self._alarm.when() - 0.002:
            self._alarm.cancel()
            self._alarm = None
        if self._alarm is None:
            self._alarm = loop.call_later(delay, self._ring)

    def _ring(self) -> None:
        # Through the queue: keys that arrived before the deadline are heard before it.
        self._alarm = None
        self.call_later(self._expire)

    async def _expire(self) -> None:
        await self._act(self.wedge.expire(time.monotonic()), "wedge")
        self._arm()


class Listens:
    """A screen that shows whether the terminal has the keyboard, and what is typed by hand."""

    def listening(self, hears: bool) -> None:
        """Paint it."""
        raise NotImplementedError

    def typing(self, line: str) -> None:
        """Show what is being typed by hand."""
