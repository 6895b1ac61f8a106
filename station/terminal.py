r"""What must be true of the terminal, so that neither a scan nor a lost line can stop the bench?

``harden`` is the one place where we reach into Textual's private parts (8.2.8, pinned exactly);
``tests/station/test_terminal.py`` fails when they are no longer where we reach. Each patch stands
for a way in which bytes from a scanner ended or deafened the program:

a byte that is no UTF-8         the input thread decodes strictly: "M\xfcller" ends the program.
ESC [ 99999999999 u             a Kitty key whose number is no character: ValueError, the same end.
ESC before a punctuation mark   is forgotten: the code is another one without it.
ESC [ 200 ~                     begins a paste that nothing ends: every later scan is swallowed.
ESC [ 48 ; 9 9 9 9 9 ; ... t    a terminal a hundred thousand rows high.
"""

import codecs
import io
import os
import sys
import time
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from functools import partial

from textual import events
from textual._xterm_parser import BRACKETED_PASTE_END, BRACKETED_PASTE_START, XTermParser
from textual.app import App
from textual.drivers import linux_driver
from textual.message import Message

PASTE_SILENCE = 0.5
"""Seconds: a paste comes at the speed of a wire; one that pauses so long will never end."""
LARGEST = 1000
"""Columns or rows; beyond it a size report is not about a terminal."""
TTY_CHECK = 2.0
"""Seconds between two looks whether the terminal is still there."""
LOST_TERMINAL = 3
"""Exit status when it is not: a supervisor starts the bench again on the next terminal."""
CHATTY = {"dumb", "unknown", ""}
"""TERM values that cannot move a cursor; Textual would take them for a full-colour terminal."""


class SturdyParser(XTermParser):
    """Textual's parser of terminal input, made safe against what barcodes can contain."""

    def __init__(self, debug: bool = False, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(debug)
        self._clock = clock
        self._tail = ""
        self._pasting = False
        self._heard = 0.0

    def feed(self, data: str) -> Iterable[Message]:
        """Parse input; an impossible size report is dropped."""
        self._heard = self._clock()
        seen = self._tail + data
        begun, ended = seen.rfind(BRACKETED_PASTE_START), seen.rfind(BRACKETED_PASTE_END)
        if begun != ended:
            self._pasting = begun > ended
        self._tail = seen[-len(BRACKETED_PASTE_END) + 1 :]
        for message in super().feed(data):
            if not isinstance(message, events.Resize) or (
                min(message.size) > 0 and max(message.size) <= LARGEST
            ):
                yield message

    def tick(self) -> Iterable[Message]:
        """Called by the driver every 100 ms: ends a paste that nobody ends."""
        if self._pasting and self._clock() - self._heard > PASTE_SILENCE:
            self._pasting = False
            yield from super().feed(BRACKETED_PASTE_END)
        yield from super().tick()

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> Iterable[events.Key]:
        keys = list(super()._sequence_to_key_events(sequence, alt))
        if alt and not any(key.key.startswith("alt+") for key in keys):
            # ESC before anything but a letter or digit is forgotten: half a code would be left.
            yield events.Key("escape", "\x1b")
        yield from keys

    def _parse_extended_key(self, sequence: str) -> list[events.Key] | None:  # type: ignore[override]  # Textual's is an lru_cache object
        try:
            return super()._parse_extended_key(sequence)
        except (ValueError, OverflowError):
            return None


def harden() -> None:
    """Make Textual's Linux driver survive any bytes. Call before the app runs; twice is once."""
    decoder = codecs.getincrementaldecoder("utf-8")
    linux_driver.getincrementaldecoder = lambda _: partial(decoder, errors="replace")  # type: ignore[attr-defined]  # Textual exports nothing here
    linux_driver.XTermParser = SturdyParser  # type: ignore[attr-defined]
    errors = sys.__stderr__
    if errors is not None and not isinstance(errors.buffer, io.BufferedWriter):
        # PYTHONUNBUFFERED: what a busy terminal does not take at once of a frame would be dropped.
        sys.__stderr__ = open(errors.fileno(), "w", encoding="utf-8", closefd=False)  # type: ignore[misc]  # noqa: SIM115  # Textual writes frames there, until the process ends


def watch_terminal(app: App[int]) -> None:
    """End the app when its terminal is gone: a dead descriptor is ready for ever, at 80 % CPU.

    An app without a terminal (a test's) is left alone.
    """
    stdin = sys.__stdin__
    if stdin is None or app.is_headless:
        return

    def look() -> None:
        try:
            alive = os.isatty(stdin.fileno())
        except ValueError:  # closed
            alive = False
        if not alive:
            app.exit(return_code=LOST_TERMINAL)

    app.set_interval(TTY_CHECK, look)


def unfit(environ: Mapping[str, str], interactive: bool) -> str:
    """Why the bench cannot be shown here, as a sentence; "" if it can.

    >>> unfit({"TERM": "xterm-256color"}, True)
    ''
    >>> unfit({"TERM": "dumb"}, True)[:25]
    'This terminal (TERM=dumb)'
    """
    if not interactive:
        return "This is no terminal. Start the bench in one, or use --headless where there is such."
    term = environ.get("TERM", "")
    if term in CHATTY:
        return (
            f"This terminal (TERM={term}) cannot show the bench. "
            "Start it in a terminal window, or on a console with TERM=linux."
        )
    return ""


def refuse_dumb_terminal() -> None:
    """Leave with a sentence, before anything is drawn, where nothing can be drawn."""
    if why := unfit(os.environ, sys.stdin.isatty() and sys.stdout.isatty()):
        sys.stderr.write(why + "\n")
        raise SystemExit(1)


_PICTURES = (
    {code: 0x2400 + code for code in range(0x20)}
    | {0x7F: 0x2421}
    | {code: 0xFFFD for code in (*range(0x80, 0xA0), *range(0xD800, 0xE000))}
    | {0x2028: 0x20, 0x2029: 0x20}
)
_INVISIBLE = {
    code: None for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F)
}
"""Direction marks: they would turn the rest of the row around."""
_MAP: dict[int, int | None] = {**_PICTURES, **_INVISIBLE}


def clean(text: str) -> str:
    r"""The text as it may be drawn: no control character ever reaches the terminal.

    >>> clean("10ABC\x1d21XYZ")
    '10ABC␝21XYZ'
    >>> clean("a\x1b[31mred\x9b1m\ud800\u202egnp.exe")
    'a␛[31mred�1m�gnp.exe'
    """
    if text.isascii() and text.isprintable():
        return text
    return unicodedata.normalize("NFC", text.translate(_MAP))
