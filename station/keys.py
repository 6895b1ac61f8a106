"""What did the scanner mean with this key? Textual's key names, turned back into characters.

A terminal reports most keys as a character, some by name alone: the keypad's Enter, and under
Kitty's keyboard protocol every chord. https://sw.kovidgoyal.net/kitty/keyboard-protocol/
"""

ESC = "\x1b"

MODIFIERS = frozenset(
    {f"{side}_{key}" for side in ("left", "right")
     for key in ("shift", "control", "alt", "super", "hyper", "meta")}
    | {"shift", "caps_lock", "num_lock", "scroll_lock", "iso_level3_shift", "iso_level5_shift"}
)  # fmt: skip
"""Kitty's protocol reports a bare Shift before a capital: part of a letter, never a key."""

NAMED = {
    "enter": "\r", "kp_enter": "\r", "ctrl+m": "\r", "tab": "\t", "ctrl+i": "\t",
    "newline": "\n", "ctrl+j": "\n", "space": " ", "escape": ESC, "backspace": "\x7f",
    "ctrl+at": "\x00", "ctrl+@": "\x00", "ctrl+commercial_at": "\x00", "ctrl+space": "\x00",
    "ctrl+left_square_bracket": ESC, "ctrl+[": ESC,
    "ctrl+backslash": "\x1c", "ctrl+reverse_solidus": "\x1c", "ctrl+\\": "\x1c", "ctrl+4": "\x1c",
    "ctrl+right_square_bracket": "\x1d", "ctrl+]": "\x1d", "ctrl+5": "\x1d",
    "ctrl+circumflex_accent": "\x1e", "ctrl+^": "\x1e", "ctrl+6": "\x1e", "ctrl+shift+6": "\x1e",
    "ctrl+underscore": "\x1f", "ctrl+_": "\x1f", "ctrl+7": "\x1f", "ctrl+shift+minus": "\x1f",
    "ctrl+hyphen_minus": "\x1f", "ctrl+shift+hyphen_minus": "\x1f", "ctrl+minus": "\x1f",
} | {f"ctrl+{letter}": chr(ord(letter) - 96) for letter in "abcdefghklnopqrstuvwxyz"}  # fmt: skip
"""Keys that a terminal may report by name alone (keypad Enter; every chord under Kitty)."""


def data_of(key: str, character: str | None) -> str | None:
    r"""The characters that a scanner meant with this key; None: no character at all.

    >>> data_of("ctrl+right_square_bracket", None)  # GS, as Kitty reports it
    '\x1d'
    >>> data_of("alt+c", "c")  # a terminal's way to say ESC c
    '\x1bc'
    >>> data_of("f4", None) is None
    True
    """
    if key.startswith("alt+") and character is not None and len(character) == 1:
        return ESC + character
    if key in NAMED and (character is None or len(character) != 1):
        return NAMED[key]
    if character is not None and len(character) == 1:
        return character
    return key if len(key) == 1 else None
