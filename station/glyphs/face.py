"""How is a verdict written so large that it can be read at two metres? In pixels, from two files.

``letters.txt`` is our own 5x5 alphabet; ``han.txt`` holds the characters of the Chinese verdicts,
16 and 24 pixels high, cut from libre fonts (its header names them). No font at run time: a word
becomes rows of pixels, pixels become half blocks, and any terminal can show those.
"""

from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

LETTER_ROWS = 5
GAP = 1
"""Empty pixels between two letters; Chinese characters carry their own margin and get one more."""
HALF_BLOCKS = (" ", "▄", "▀", "█")
"""By upper half * 2 + lower half."""


@dataclass(frozen=True, slots=True)
class Bitmap:
    """Pixels; in each row the leftmost pixel is the highest of ``width`` bits."""

    width: int
    rows: tuple[int, ...]

    @property
    def height(self) -> int:
        """In pixels."""
        return len(self.rows)


@cache
def letters() -> dict[str, Bitmap]:
    """The 5x5 alphabet: capitals, digits and a little punctuation."""
    alphabet: dict[str, Bitmap] = {}
    for line in _lines("letters.txt"):
        character, *rows = line.split(" ")
        name = " " if character == "SPACE" else character
        pixels = tuple(int(row.replace(".", "0").replace("#", "1"), 2) for row in rows)
        alphabet[name] = Bitmap(len(rows[0]), pixels)
    return alphabet


@cache
def han(size: int) -> dict[str, Bitmap]:
    """The Chinese characters, 16 or 24 pixels square."""
    column = {16: 1, 24: 2}[size]
    characters: dict[str, Bitmap] = {}
    for line in _lines("han.txt"):
        cells = line.split(" ")
        digits = size // 4
        packed = cells[column]
        rows = (packed[at : at + digits] for at in range(0, len(packed), digits))
        thin = Bitmap(size, tuple(int(row, 16) for row in rows))
        characters[cells[0]] = _bolder(thin) if size == 16 else thin
    return characters


def in_letters(word: str) -> bool:
    """Can the 5x5 alphabet write this?

    >>> in_letters("Ok 1/2"), in_letters("对")
    (True, False)
    """
    return all(letter in letters() for letter in word.upper())


def in_han(word: str) -> bool:
    """Can it be written with Chinese glyphs, letters and digits among them allowed?

    >>> in_han("对 1/2"), in_han("WRONG"), in_han("魑")
    (True, False, False)
    """
    known = han(16)
    return any(c in known for c in word) and all(c in known or c in letters() for c in word.upper())


@lru_cache(256)
def spell(word: str, size: int = LETTER_ROWS, times: int = 1) -> Bitmap:
    """The word in one bitmap: size 5 in letters, 16 or 24 with Chinese characters.

    ``times``: how much larger than 5x5 the letters among Chinese characters are.

    >>> spell("OK").width, spell("OK").height
    (11, 5)
    """
    if size == LETTER_ROWS:
        return _set_in_row([letters()[c] for c in word.upper()], LETTER_ROWS, GAP)
    known = han(size)
    glyphs = [known[c] if c in known else _raised(c, size, times) for c in word.upper()]
    return _set_in_row(glyphs, size, times)


@lru_cache(256)
def draw(bitmap: Bitmap, across: int, down: int) -> tuple[str, ...]:
    """The bitmap as text: a pixel is ``across`` columns wide and ``down`` half rows high.

    >>> draw(Bitmap(3, (0b101, 0b010)), 1, 1)
    ('▀▄▀',)
    """
    halves = [_stretched(row, bitmap.width, across) for row in bitmap.rows for _ in range(down)]
    if len(halves) % 2:
        halves.append("0" * (bitmap.width * across))
    pairs = zip(halves[::2], halves[1::2], strict=True)
    return tuple(
        "".join(HALF_BLOCKS[2 * (a == "1") + (b == "1")] for a, b in zip(upper, lower, strict=True))
        for upper, lower in pairs
    )


def size_of(bitmap: Bitmap, across: int, down: int) -> tuple[int, int]:
    """Columns and rows that ``draw`` would fill."""
    return bitmap.width * across, -(-bitmap.height * down // 2)


def _bolder(thin: Bitmap) -> Bitmap:
    """Upright strokes twice as thick, except where that would close a gap.

    Unifont draws with one pixel; on a coloured field two can be read from farther away.

    >>> [format(row, "06b") for row in _bolder(Bitmap(6, (0b100000, 0b101000, 0b000001))).rows]
    ['110000', '101100', '000001']
    """
    return Bitmap(thin.width, tuple(row | ((row >> 1) & ~(row << 1)) for row in thin.rows))


def _stretched(row: int, width: int, across: int) -> str:
    return "".join(bit * across for bit in format(row, f"0{width}b"))


def _raised(character: str, size: int, times: int) -> Bitmap:
    """A letter among Chinese characters, enlarged and on the same middle; a narrow blank."""
    letter = letters()[character]
    if character == " ":
        return Bitmap(times, (0,) * size)
    wide = tuple(int(_stretched(row, letter.width, times), 2) for row in letter.rows)
    tall = [row for row in wide for _ in range(times)]
    above = (size - len(tall)) // 2
    rows = [0] * above + tall + [0] * (size - above - len(tall))
    return Bitmap(letter.width * times, tuple(rows))


def _set_in_row(glyphs: list[Bitmap], height: int, gap: int) -> Bitmap:
    rows = [0] * height
    width = 0
    for at, glyph in enumerate(glyphs):
        shift = glyph.width + (gap if at else 0)
        rows = [row << shift | pixels for row, pixels in zip(rows, glyph.rows, strict=True)]
        width += shift
    return Bitmap(max(1, width), tuple(rows))


def _lines(name: str) -> list[str]:
    text = (files("station.glyphs") / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith(";")]
