r"""Which character is on which key? The keyboard layouts that scanners and computers are set to.

A scanner that types sends keys, not characters: the key right of L is ";" on an American keyboard,
"ö" on a German one, "m" on a French one. Sources: USB HID Usage Tables 1.4, chapter 10; the key
numbers are those of linux/input-event-codes.h; the layouts are us, de and fr of xkeyboard-config.

>>> LAYOUTS["us"].typed(";"), LAYOUTS["de"].character(Stroke(39, Level.PLAIN))
(Stroke(key=39, level=<Level.PLAIN: 0>), 'ö')
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

SPACE = 57
_KEYS = (41, *range(2, 14), *range(16, 28), *range(30, 41), 43, 86, *range(44, 54))
"""The keys that carry characters, row by row: KEY_GRAVE, KEY_1 … KEY_EQUAL, KEY_Q …
KEY_RIGHTBRACE, KEY_A … KEY_APOSTROPHE, KEY_BACKSLASH, KEY_102ND, KEY_Z … KEY_SLASH."""
_NONE = "\x00"
"""In the rows below: nothing is typed."""


class Level(Enum):
    """What is held down with a key."""

    PLAIN = 0
    SHIFT = 1
    ALTGR = 2


@dataclass(frozen=True, slots=True)
class Stroke:
    """One key, with what is held down."""

    key: int
    """As in linux/input-event-codes.h."""
    level: Level


class Layout:
    """One keyboard layout."""

    def __init__(
        self, plain: str, shift: str, altgr: dict[str, str], dead: tuple[tuple[int, Level], ...]
    ) -> None:
        """Rows as `_KEYS`; `altgr`: by the plain character of the key."""
        self._characters = {Stroke(SPACE, level): " " for level in (Level.PLAIN, Level.SHIFT)}
        rows = zip(_KEYS, plain, shift, strict=True)
        for key, small, large in rows:
            for level, character in (
                (Level.PLAIN, small),
                (Level.SHIFT, large),
                (Level.ALTGR, altgr.get(small, _NONE)),
            ):
                if character != _NONE:
                    self._characters[Stroke(key, level)] = character
        self.dead = frozenset(Stroke(key, level) for key, level in dead)
        """Strokes that wait for a letter to sit upon; followed by a space, they are themselves."""
        # The plainest way to a character is the one that a scanner takes.
        self._strokes = {
            character: stroke
            for stroke, character in sorted(
                self._characters.items(),
                key=lambda row: (row[0] in self.dead, row[0].level.value),
                reverse=True,
            )
        }

    def character(self, stroke: Stroke) -> str:
        """Return what a stroke types; "" for nothing."""
        return self._characters.get(stroke, "")

    def typed(self, character: str) -> Stroke | None:
        """Return the stroke that types a character; None where no key does."""
        return self._strokes.get(character)


LAYOUTS = {
    "us": Layout(
        "`1234567890-=" "qwertyuiop[]" "asdfghjkl;'" "\\" "<" "zxcvbnm,./",
        "~!@#$%^&*()_+" "QWERTYUIOP{}" 'ASDFGHJKL:"' "|" ">" "ZXCVBNM<>?",
        {},
        (),
    ),
    "de": Layout(
        "^1234567890ß´" "qwertzuiopü+" "asdfghjklöä" "#" "<" "yxcvbnm,.-",
        '°!"§$%&/()=?`' "QWERTZUIOPÜ*" "ASDFGHJKLÖÄ" "'" ">" "YXCVBNM;:_",
        {
            "2": "²", "3": "³", "7": "{", "8": "[", "9": "]", "0": "}", "ß": "\\",
            "q": "@", "e": "€", "+": "~", "<": "|", "m": "µ",
        },
        ((41, Level.PLAIN), (13, Level.PLAIN), (13, Level.SHIFT)),
    ),
    "fr": Layout(
        "²&é\"'(-è_çà)=" "azertyuiop^$" "qsdfghjklmù" "*" "<" "wxcvbn,;:!",
        "\x001234567890°+" "AZERTYUIOP¨£" "QSDFGHJKLM%" "µ" ">" "WXCVBN?./§",
        {
            "é": "~", '"': "#", "'": "{", "(": "[", "-": "|", "è": "`", "_": "\\", "ç": "^",
            "à": "@", ")": "]", "=": "}", "e": "€", "$": "¤",
        },
        ((26, Level.PLAIN), (26, Level.SHIFT)),
    ),
}  # fmt: skip
"""By the name that station.toml gives them."""
