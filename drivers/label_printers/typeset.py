"""How does a line of text look, and how wide is it?

Printable ASCII is the printer's own business (font 0, whose widths we know); every other line
is shaped by HarfBuzz and drawn as a bitmap, because printers have no Chinese and cannot
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

from drivers.label_printers import bidi
from drivers.label_printers.fonts import Face, face_for
from drivers.label_printers.label import Bitmap, Label, Text

BASELINE = 0.75
"""Of the text height, from the top: where the printer's font 0 stands."""

# Advances of font 0 in 1/32 of the text height, space to tilde; measured on renderings of a
# ZD621's resident font, where they are whole numbers at every size above 100 dots.
_ADVANCES = bytes.fromhex(
    "09090f0f0f1d14090909 0f1d091d0909 0f0f0f0f0f0f0f0f0f0f 0909201d200e1d"
    "1212111310101314090e120f181412121213111014111a121210 090f09101009"
    "0f100e100f09101008080e0818100f10100b0e09100e150e0e0c 10101020"
)
_LOOKS_LIKE = dict(zip("ßØøŁłĐđÆæŒœÞþðı’‘“”–€£°\\", "BOoLlDdWmWmPpoi''\"\"-00*/", strict=True))
"""Whose advance a letter takes that is no accented letter of ASCII."""

_WIDEST = 1.15
"""A letter is stretched no further: font 0 has much room around its hyphen, not a long one."""

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
    """Return how wide a line gets, in the unit of its height."""
    text = printable(text)
    advances = _font_0(text)
    if advances is not None:
        return sum(advances) / 32 * height
    return shaped(text, bold).width * height


def indent(text: Text, width: float, dots_per_mm: int) -> int:
    """Return how many dots right of its x a line of that many dots begins."""
    if text.width is None or text.align == "left":
        return 0
    spare = text.width * dots_per_mm - width
    return round(spare / 2 if text.align == "center" else spare)


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
    advances = _font_0(text)
    if advances is None:
        return _inked([(g, 1.0) for g in shaped(text, bold).glyphs], dots)
    return _inked(_like_font_0(text, advances, bold), dots)


@lru_cache(maxsize=1024)
def _font_0(text: str) -> tuple[int, ...] | None:
    """Return the advances in 1/32 of the height, if font 0 has these letters bar their accents."""
    advances = []
    for char in text:
        base = _LOOKS_LIKE.get(char) or unicodedata.normalize("NFD", char)[0]
        if not " " <= base <= "~":
            return None
        advances.append(_ADVANCES[ord(base) - 32])
    return tuple(advances)


def _like_font_0(text: str, advances: tuple[int, ...], bold: bool) -> list[tuple[Glyph, float]]:
    """Squeeze each letter to the width that font 0 gives it.

    So a line with an umlaut looks like its neighbours that the printer draws, and in a preview
    every letter stands where it will be printed.
    """
    glyphs: list[tuple[Glyph, float]] = []
    pen = 0.0
    for char, advance in zip(text, advances, strict=True):
        letter = shaped(char, True)
        squeeze = min(_WIDEST, advance / 32 / letter.width) if letter.width else 1.0
        middle = pen + (advance / 32 - letter.width * squeeze) / 2
        for g in letter.glyphs:
            for shift in (0.0, 0.02) if bold else (0.0,):
                x = middle + g.x * squeeze + shift
                glyphs.append((Glyph(g.face, g.index, x, g.y), squeeze))
        pen += advance / 32
    return glyphs


def _inked(glyphs: list[tuple[Glyph, float]], dots: int) -> Drawn | None:
    brush = hb.RasterDraw()
    for glyph, squeeze in glyphs:
        size = glyph.face.em * dots / glyph.face.units
        brush.transform = (size * squeeze, 0, 0, size, glyph.x * dots, glyph.y * dots)
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
