"""How is a text broken and shrunk, so that it goes into its box?"""

from __future__ import annotations

import math
import unicodedata

import msgspec

from drivers.label_printers import typeset

_HAIR = 0.01
"""Millimetres: a box made of sums may be that much narrower than it was meant."""

_STEP = 0.96
"""Each try is 4 % smaller than the one before: two tries are hard to tell apart by eye."""


class Fitted(msgspec.Struct, frozen=True, gc=False):
    """Lines, and the height at which they fit."""

    height: float
    lines: tuple[str, ...]


def fitted(
    text: str,
    *,
    width: float,
    height: float,
    most: int,
    minimum: float,
    wrap: bool,
    bold: bool,
    depth: float = math.inf,
    leading: float = 1.2,
) -> Fitted | None:
    """Return the text in at most so many lines, as large as it fits; None when it cannot.

    All lines together are no deeper than `depth`, `leading` heights from one to the next.
    """
    room = _Room(width, height, bold)
    if "\n" not in text and room.holds(line := typeset.printable(text)) and height <= depth:
        return Fitted(height, (line,) if line.strip() else ())
    paragraphs = [typeset.printable(line) for line in text.split("\n")]
    while paragraphs and not paragraphs[-1].strip():
        paragraphs.pop()
    tries = height
    while True:
        lines = _lines(paragraphs, _Room(width, tries, bold), wrap)
        deep = tries + (len(lines) - 1) * tries * leading if lines else 0
        if lines is not None and len(lines) <= most and deep <= depth:
            return Fitted(tries, lines)
        if tries <= minimum:
            return None
        tries = max(minimum, tries * _STEP)


class _Room(msgspec.Struct, frozen=True, gc=False):
    """A line's room, and the letters that are to go in."""

    width: float
    height: float
    bold: bool

    def holds(self, line: str) -> bool:
        return typeset.widest(line, self.height, bold=self.bold) <= self.width + _HAIR


def _lines(paragraphs: list[str], room: _Room, wrap: bool) -> tuple[str, ...] | None:
    """Break into lines; None when a line that may not be broken is too wide."""
    lines: list[str] = []
    for paragraph in paragraphs:
        if room.holds(paragraph):
            lines.append(paragraph)
        elif wrap:
            lines += _broken(paragraph, room)
        else:
            return None
    return tuple(lines)


def _broken(paragraph: str, room: _Room) -> list[str]:
    """Fill line after line; a piece wider than the line is cut where it must."""
    lines: list[str] = []
    line = ""
    for piece in _pieces(paragraph):
        if room.holds((line + piece).rstrip()):
            line += piece
            continue
        if line.strip():
            lines.append(line.rstrip())
        line = piece.lstrip()
        while len(line) > 1 and not room.holds(line.rstrip()):
            cut = _longest(line, room)
            lines.append(line[:cut])
            line = line[cut:]
    if line.strip():
        lines.append(line.rstrip())
    return lines


def _pieces(paragraph: str) -> list[str]:
    """Cut where a line may end: after a space, and around every Chinese or Japanese letter."""
    pieces: list[str] = []
    for char in paragraph:
        joins = pieces and not pieces[-1].endswith(" ") and not _ideograph(char)
        if (char == " " and pieces) or (joins and (not _ideograph(pieces[-1][-1]) or _mark(char))):
            pieces[-1] += char
        else:
            pieces.append(char)
    return pieces


def _longest(line: str, room: _Room) -> int:
    """Return how many letters fit, at least one, never a letter without its marks."""
    low, high = 1, len(line)
    while low < high:
        middle = (low + high + 1) // 2
        if room.holds(line[:middle].rstrip()):
            low = middle
        else:
            high = middle - 1
    while low > 1 and _mark(line[low]):
        low -= 1
    return low


def _ideograph(char: str) -> bool:
    return "\u3040" <= char <= "\u9fff" or "\uf900" <= char <= "\ufaff" or char >= "\U00020000"


def _mark(char: str) -> bool:
    # Closing punctuation does not begin a line either.
    return unicodedata.category(char)[0] == "M" or unicodedata.category(char) in ("Pe", "Po", "Pf")
