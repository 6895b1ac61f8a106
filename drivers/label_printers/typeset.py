"""How does a line of text look, and how wide is it?

Printable ASCII is the printer's own business (`font_0` knows its widths); every other line is
shaped by HarfBuzz and drawn as a bitmap, because printers have no Chinese and cannot
place Thai marks. Pillow's Raqm needs a system FriBidi that a clean machine lacks; without it
tone marks collide in silence. So shaping is HarfBuzz's and order is `bidi`'s, everywhere the same.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

import uharfbuzz as hb
from PIL import Image

from drivers.label_printers import bidi, font_0
from drivers.label_printers.fonts import Face, face_for
from drivers.label_printers.label import Bitmap, Label, Text

BASELINE = 0.75
"""Of the text height, from the top: where the printer's font 0 stands."""

_LOOKS_LIKE = dict(zip("ßØøŁłĐđÆæŒœÞþðı’‘“”–€£°\\", "BOoLlDdWmWmPpoi''\"\"-00*/", strict=True))
"""Whose advance a letter takes that is no accented letter of ASCII."""

HEADS = (8, 6, 12, 24)
"""Dots per millimetre of the heads there are, the usual one first. Each rounds the letters to whole
dots of its own."""

_ONCE = (0,)
_STRIKE = 0.02
"""Of the height: how far to the right a bold line is struck again."""

_JOINERS = ("\u200c", "\u200d")

_THRESHOLD = 118
"""Grey above which a dot is black; a little early, or thin strokes of small Chinese fall out."""


@dataclass(frozen=True, slots=True)
class Glyph:
    """A letter form in its place; measures are multiples of the text height."""

    face: Face
    index: int
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Inked:
    """A letter form as it is drawn."""

    glyph: Glyph
    wide: float = 1.0
    """How much wider than its font has it."""
    tall: float = 1.0


@dataclass(frozen=True, slots=True)
class Shaped:
    """A line ready to be drawn at any size."""

    glyphs: tuple[Glyph, ...]
    width: float
    missing: str
    """The characters that no font here has; a question mark stands in their place."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A line as dots."""

    bitmap: Bitmap
    left: int
    """Dots from the start of the line to the bitmap's left edge."""
    top: int
    """Dots from the baseline up to the bitmap's upper edge."""


@lru_cache(maxsize=1024)
def printable(text: str) -> str:
    """Return what of a line can be printed at all.

    Emoji and control characters of every kind go; line ends and tabs become spaces. What is
    left may still hold a letter that no font here has: see `missing`.

    >>> printable("Zoë 😀")
    'Zoë'
    """
    if native(text):
        return text
    composed = unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode("utf-8"))
    kept = ""
    for char in composed:
        if char in _JOINERS and kept[-1:] and unicodedata.category(kept[-1])[0] in "LM":
            kept += char  # Persian and Indic spelling; anywhere else it is the glue of emoji
        elif char.isspace():
            kept += " "
        elif not _silent(char):
            kept += char
    return kept.strip() if kept != text else text


def native(text: str) -> bool:
    """Whether the printer's own font draws it: printable ASCII, and no backslash.

    In UTF-8 mode a ZD621's font 0 has the cent sign where the backslash should be.
    """
    return text.isascii() and text.isprintable() and "\\" not in text


def width(text: str, height: float, *, bold: bool = False) -> float:
    """Return how wide a line gets, in the unit of its height, not minding whole dots.

    The last dot matters where a head is known: see `dots_wide`.
    """
    text = printable(text)
    like = _like_ascii(text)
    if like is not None:
        return font_0.width(like, font_0.UNITS) / font_0.UNITS * height
    return shaped(text, bold).width * height


def dots_wide(text: str, dots: int, *, bold: bool = False) -> float:
    """Return how wide a line gets at a height of so many dots, in dots."""
    text = printable(text)
    like = _like_ascii(text)
    return shaped(text, bold).width * dots if like is None else font_0.width(like, dots)


def widest(text: str, height: float, *, bold: bool = False) -> float:
    """Return how wide a line gets on the head that makes it widest; all in millimetres."""
    if native(text):
        like: bytes | None = text.encode("ascii")
    else:
        text = printable(text)
        like = _like_ascii(text)
    if like is None:
        return shaped(text, bold).width * max(dots / head for dots, head in _on_heads(height))
    most = 0.0
    for table, times in _tables(height):
        most = max(most, sum(like.translate(table)) * times)
    return most


@lru_cache(maxsize=1024)
def _on_heads(height: float) -> tuple[tuple[int, int], ...]:
    return tuple((round(height * head), head) for head in HEADS)


@lru_cache(maxsize=1024)
def _tables(height: float) -> tuple[tuple[bytes, float], ...]:
    """Return font 0's tables on these heads, each with what makes millimetres of its sums."""
    widest_by_table: dict[bytes, float] = {}
    for dots, head in _on_heads(height):
        table, times = font_0.advances(dots)
        widest_by_table[table] = max(times / head, widest_by_table.get(table, 0.0))
    return tuple(widest_by_table.items())


def indent(text: Text, width: float, dots_per_mm: int) -> int:
    """Return how many dots right of its x a line of that many dots begins."""
    if text.width is None or text.align == "left":
        return 0
    spare = text.width * dots_per_mm - width
    return round(spare / 2 if text.align == "center" else spare)


def strikes(text: Text, dots: int) -> tuple[int, ...]:
    """Return how many dots to the right the printer strikes a line, each time it does.

    Font 0 has no bold, so a bold line is struck twice; reversed letters struck twice would cancel
    themselves out.
    """
    return _strikes(True, dots) if text.bold and not text.inverse else _ONCE


def _strikes(bold: bool, dots: int) -> tuple[int, ...]:
    return (0, max(1, round(dots * _STRIKE))) if bold else _ONCE


def missing(text: str) -> str:
    """Return the characters that no font here has, each once; emoji are not missed."""
    text = printable(text)
    return "" if native(text) else shaped(text, False).missing


def missing_in(labels: Iterable[Label]) -> str:
    """Return the characters on these labels that no font here has, each once."""
    texts = (e.text for label in labels for e in label.elements if isinstance(e, Text))
    return "".join(dict.fromkeys(char for text in texts for char in missing(text)))


def warm() -> None:
    """Load the fonts now, a tenth of a second, so that no parcel waits for it later."""
    for bold in (False, True):
        shaped("ü王", bold)


@lru_cache(maxsize=512)
def shaped(text: str, bold: bool) -> Shaped:
    """Return the line's letter forms from left to right; the text is `printable` already."""
    levels = bidi.levels(text)
    faces, lost = _faces(text, bold)
    scripts = _scripts(text)
    keys = [(levels[i], faces[i], scripts[i]) for i in range(len(text))]
    runs: list[tuple[int, Face, str]] = []
    at = 0
    for (level, face, _), group in groupby(keys):
        length = len(tuple(group))
        piece = "".join("?" if c in lost else c for c in text[at : at + length])
        runs.append((level, face, piece))
        at += length
    glyphs: list[Glyph] = []
    pen = 0.0
    for i in bidi.visual([level for level, _, _ in runs]):
        pen = _shape_run(*runs[i], pen, glyphs)
    return Shaped(tuple(glyphs), pen, "".join(dict.fromkeys(c for c in text if c in lost)))


def drawn(text: str, dots: int, *, bold: bool = False) -> Drawn | None:
    """Return the line as dots at a text height of that many; None when there is no ink."""
    text = printable(text)
    like = _like_ascii(text)
    if like is None:
        return _inked([Inked(g) for g in shaped(text, bold).glyphs], dots)
    return _inked(_like_font_0(text, like, dots, bold), dots)


@lru_cache(maxsize=1024)
def _like_ascii(text: str) -> bytes | None:
    """Return the letters of font 0 whose places these take: bare of accents; None if not all do."""
    if text.isascii():
        return text.encode("ascii")
    bare = ""
    for char in text:
        base = _LOOKS_LIKE.get(char) or unicodedata.normalize("NFD", char)[0]
        if not " " <= base <= "~":
            return None
        bare += base
    return bare.encode("ascii")


def _like_font_0(text: str, like: bytes, dots: int, bold: bool) -> list[Inked]:
    """Stretch each letter to where font 0 has its ink.

    So a line with an umlaut looks like its neighbours that the printer draws, and in a preview
    every letter stands where it will be printed.
    """
    table, times = font_0.advances(dots)
    letters: list[Inked] = []
    pen = 0.0
    for char, code in zip(text, like, strict=True):
        wide, tall, left, up = _stretch(char, chr(code))
        for glyph in shaped(char, True).glyphs:
            for shift in _strikes(bold, dots):
                at = Glyph(glyph.face, glyph.index, pen + left + shift / dots, up)
                letters.append(Inked(at, wide, tall))
        pen += table[code] * times / dots
    return letters


@lru_cache(maxsize=512)
def _stretch(char: str, base: str) -> tuple[float, float, float, float]:
    """Return how much wider and taller a letter is to be drawn, and its origin, in heights.

    What its bare letter needs is done to the whole: the dots of an ä go where its a goes. A letter
    that is no accented one keeps its own height; the ß would else be as low as the B is.
    """
    target = font_0.ink(base)
    accented = unicodedata.normalize("NFD", char)[0] == base
    own = _extents(base if accented else char)
    if target is None or own is None:
        return 1.0, 1.0, 0.0, 0.0
    left, top, right, bottom = target
    wide = (right - left) / (own[2] - own[0])
    if not accented:
        return wide, 1.0, left - own[0] * wide, 0.0
    tall = (bottom - top) / (own[1] - own[3])
    return wide, tall, left - own[0] * wide, BASELINE - top - own[1] * tall


def _extents(char: str) -> tuple[float, float, float, float] | None:
    """Return left, upper, right and lower edge of a letter in heights, up from the baseline."""
    glyphs = shaped(char, True).glyphs
    if len(glyphs) != 1:
        return None
    face = glyphs[0].face
    box = face.font.get_glyph_extents(glyphs[0].index)
    if box is None or not box.width or not box.height:
        return None
    scale = face.em / face.units
    left, top = box.x_bearing * scale, box.y_bearing * scale
    return left, top, left + box.width * scale, top + box.height * scale


def _inked(letters: list[Inked], dots: int) -> Drawn | None:
    brush = hb.RasterDraw()
    for letter in letters:
        glyph = letter.glyph
        size = glyph.face.em * dots / glyph.face.units
        across, up = size * letter.wide, size * letter.tall
        brush.transform = (across, 0, 0, up, glyph.x * dots, glyph.y * dots)
        brush.draw_glyph(glyph.face.font, glyph.index)
    image = brush.render()
    if image is None or not image.extents or not image.extents.width or not image.extents.height:
        return None
    extents = image.extents
    grey = Image.frombytes("L", (extents.stride, extents.height), image.buffer)
    grey = grey.crop((0, 0, extents.width, extents.height))
    # HarfBuzz stores rows from the bottom up.
    grey = grey.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    dots_on = grey.point(_BLACK, "1")
    bitmap = Bitmap(extents.width, extents.height, dots_on.tobytes())
    return Drawn(bitmap, extents.x_origin, extents.y_origin + extents.height)


_BLACK = [255 if grey > _THRESHOLD else 0 for grey in range(256)]


def _shape_run(level: int, face: Face, text: str, pen: float, glyphs: list[Glyph]) -> float:
    buffer = hb.Buffer()
    buffer.add_str(text)
    buffer.guess_segment_properties()
    buffer.direction = "rtl" if level % 2 else "ltr"
    hb.shape(face.font, buffer)
    scale = face.em / face.units
    for info, place in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
        x = pen + place.x_offset * scale
        glyphs.append(Glyph(face, info.codepoint, x, place.y_offset * scale))
        pen += place.x_advance * scale
    return pen


def _faces(text: str, bold: bool) -> tuple[list[Face], set[str]]:
    """Give every character a face; neutral ones and marks stay with the letter before."""
    question = face_for("?", bold)
    assert question is not None, "the Latin face has a question mark"
    faces: list[Face] = []
    lost: set[str] = set()
    for char in text:
        stays = unicodedata.category(char)[0] in "MCZP"
        if stays and faces and (char in _JOINERS or faces[-1].covers(char)):
            faces.append(faces[-1])
            continue
        face = face_for(char, bold)
        if face is None:
            lost.add(char)
        faces.append(face or question)
    return faces, lost


def _scripts(text: str) -> list[str]:
    """Give every character its script; what has none has that of the letter before.

    Shaping rules are per script: Thai after Latin in one run would be shaped as Latin.
    """
    scripts: list[str] = []
    for char in text:
        letter = unicodedata.category(char)[0] == "L"
        name = unicodedata.name(char, "?").partition(" ")[0] if letter else ""
        scripts.append(name or (scripts[-1] if scripts else ""))
    return scripts


def _silent(char: str) -> bool:
    """Whether a character is to leave no trace: emoji, selectors, controls, bidi overrides."""
    code = ord(char)
    return (
        0x1F000 <= code <= 0x1FBFF
        or 0xE0000 <= code <= 0xE0FFF
        or 0xFE00 <= code <= 0xFE0F
        or 0x2600 <= code <= 0x27BF
        or code in (0x20E3, 0xFEFF, 0x2B50, 0x2B55, 0x231A, 0x231B)
        or unicodedata.category(char) in ("Cc", "Cf", "Cn", "Cs")
    )
