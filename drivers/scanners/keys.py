r"""Scanners that type, heard key by key from a grabbed input device (`transports.evdev`).

Sources: Linux include/uapi/linux/input.h and input-event-codes.h. What comes are the kernel's
`struct input_event`: time, type, code, value; here Shift and 1 are pressed, as 64-bit machines
write it, without the time and the end of each report:

    01 00 2a 00 01 00 00 00     EV_KEY KEY_LEFTSHIFT pressed
    01 00 02 00 01 00 00 00     EV_KEY KEY_1 pressed: "!"

The layout is the one that the scanner is set to, so the computer's own does not matter. Alt and
numbers on the keypad are a character by its number ("Alt 029" is GS), Ctrl and a key a control
character. What is typed goes through the line reader: CR ends a code, AIM identifiers come first.
"""

from __future__ import annotations

import struct
import unicodedata

from drivers.scanners import line
from drivers.scanners.keymap import LAYOUTS, SPACE, Level, Stroke
from drivers.scanners.scan import Garbled, Scan

EVENT = struct.Struct("llHHi")
EV_SYN, EV_KEY = 0, 1
SYN_DROPPED = 3
"""The kernel's buffer overran: keys were lost."""
RELEASED, PRESSED = 0, 1
ENTER, KEYPAD_ENTER, TAB = 28, 96, 15
SHIFTS, CONTROLS, ALT, ALTGR = frozenset((42, 54)), frozenset((29, 97)), 56, 100
CAPS_LOCK = 58
KEYPAD = {82: 0, 79: 1, 80: 2, 81: 3, 75: 4, 76: 5, 77: 6, 71: 7, 72: 8, 73: 9}
_LOST = "\x00"
"""Keys were lost: no code holds this, so the line reader calls the rest of it unreadable."""
_COMBINING = {"^": "\u0302", "´": "\u0301", "`": "\u0300", "¨": "\u0308"}
"""Dead keys, as they sit upon the letter that follows."""
_LARGEST_NUMBER = 0x10FFFF


class Reader:
    """Events in, scans out; an event may arrive in any number of pieces."""

    def __init__(self, layout: str = "us") -> None:
        self._layout = LAYOUTS[layout]
        self._line = line.Reader()
        self._rest = b""
        self._forget()

    def receive(self, data: bytes, at: float) -> list[Scan | Garbled]:
        """Return what `data` completes, oldest first."""
        said = self.idle(at)
        data = self._rest + data
        whole = len(data) - len(data) % EVENT.size
        self._rest = data[whole:]
        typed = "".join(
            self._typed(kind, code, value)
            for *_, kind, code, value in EVENT.iter_unpack(data[:whole])
        )
        return said + self._line.receive(typed.encode("utf-8", "replace"), at)

    def idle(self, at: float) -> list[Scan | Garbled]:
        """Give up a code that has begun and not gone on; nothing is held down any more."""
        if not self._line.silent(at):
            return []
        self._rest = b""
        self._forget()
        return self._line.idle(at)

    def _forget(self) -> None:
        self._held: set[int] = set()
        self._capitals = False
        self._number: int | None = None
        self._dead = ""

    def _typed(self, kind: int, code: int, value: int) -> str:
        if kind == EV_SYN and code == SYN_DROPPED:
            self._forget()
            return _LOST
        if kind != EV_KEY:
            return ""
        if value == RELEASED:
            return self._release(code)
        if code in SHIFTS or code in CONTROLS or code in (ALT, ALTGR):
            # Bounded: a device that presses every key and lets none go is noise.
            self._held.add(code)
            return ""
        # A key held down repeats; a scanner's never is.
        return self._press(code) if value == PRESSED else ""

    def _release(self, code: int) -> str:
        self._held.discard(code)
        if code != ALT or self._number is None:
            return ""
        number, self._number = self._number, None
        return chr(number) if number <= _LARGEST_NUMBER else _LOST

    def _press(self, code: int) -> str:
        if code in KEYPAD:
            return self._keypad(KEYPAD[code])
        if code == CAPS_LOCK:
            self._capitals = not self._capitals
            return ""
        if code in (ENTER, KEYPAD_ENTER):
            self._capitals = False
            return self._undead() + "\r"
        if code == TAB:
            return self._undead() + "\r"
        stroke = Stroke(code, self._level())
        character = self._layout.character(stroke)
        if self._held & CONTROLS:
            # Ctrl and "]" are GS: the fifth and sixth bit fall away.
            return chr(ord(character.upper()[:1]) & 0x1F) if character else ""
        if self._capitals and character.isalpha():
            character = character.swapcase()
        if stroke in self._layout.dead and not self._dead:
            self._dead = character
            return ""
        return self._upon(character, code)

    def _keypad(self, digit: int) -> str:
        if ALT not in self._held:
            return self._undead() + str(digit)
        self._number = min((self._number or 0) * 10 + digit, _LARGEST_NUMBER + 1)
        return ""

    def _level(self) -> Level:
        if ALTGR in self._held:
            return Level.ALTGR
        return Level.SHIFT if self._held & SHIFTS else Level.PLAIN

    def _upon(self, character: str, code: int) -> str:
        """Return a character, with the accent that was typed before it."""
        dead, self._dead = self._dead, ""
        if not dead:
            return character
        if code == SPACE:
            return dead
        return unicodedata.normalize("NFC", character + _COMBINING.get(dead, dead))

    def _undead(self) -> str:
        dead, self._dead = self._dead, ""
        return dead
