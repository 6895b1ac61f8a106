"""Which font draws which character?

The faces come with the program, as wheels, so that a name looks and measures the same on
every bench and a reprint is dot for dot the first print: FiraGO (Latin, Greek, Cyrillic,
Arabic, Hebrew, Thai, Georgian, Devanagari; SIL OFL 1.1, in `pymupdf-fonts`) and WenQuanYi
Micro Hei (Chinese, Japanese, Korean; Apache-2.0, in `paperang-p2-fonts-cjk`). Only what
neither has is looked for among the fonts of the machine.
"""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import uharfbuzz as hb

_FOLDERS = (
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    Path.home() / ".local/share/fonts",
    Path("/Library/Fonts"),
    Path("/System/Library/Fonts"),
    Path("C:/Windows/Fonts"),
)
_MOST_FILES = 400
"""Reading the character table of a file takes about a millisecond; a bench has no more time."""


class FontMissing(RuntimeError):
    """A font that the program brings along is not installed; the sentence says how to mend it."""


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """One font file, and how large it is drawn beside the printer's own letters."""

    name: str
    font: hb.Font
    em: float
    """Em size for a text height of 1; chosen so that capitals are as tall as the printer's."""

    @property
    def units(self) -> int:
        """Units to the em."""
        return int(self.font.face.upem)

    def covers(self, char: str) -> bool:
        """Whether there is a glyph for the character."""
        return bool(self.font.get_nominal_glyph(ord(char)))


@lru_cache(maxsize=4096)
def face_for(char: str, bold: bool) -> Face | None:
    """Return the first face that has the character; None says that no font here has it."""
    for face in (_latin(bold), _cjk(bold)):
        if face.covers(char):
            return face
    for path, index in _system_files():
        if ord(char) in _characters(path, index):
            return _from_file(path, index, bold)
    return None


@lru_cache(maxsize=2)
def _latin(bold: bool) -> Face:
    name = f"FiraGO_{'Bold' if bold else 'Regular'}"
    try:
        data = importlib.import_module(f"pymupdf_fonts.{name}").fontbuffer
    except ImportError as error:
        raise FontMissing(_mend("pymupdf-fonts")) from error
    # The capitals of FiraGO are 0.689 em tall, a printer's 0.75 of the text height.
    return Face(name, hb.Font(hb.Face(hb.Blob(data))), 0.75 / 0.689)


@lru_cache(maxsize=2)
def _cjk(bold: bool) -> Face:
    package = find_spec("paperang_p2_fonts_cjk")
    if package is None or not package.submodule_search_locations:
        raise FontMissing(_mend("paperang-p2-fonts-cjk"))
    folder = Path(package.submodule_search_locations[0])
    return _from_file(str(folder / "fonts" / "wqy-microhei.ttc"), 0, bold)


@lru_cache(maxsize=64)
def _from_file(path: str, index: int, bold: bool) -> Face:
    font = hb.Font(hb.Face(hb.Blob.from_file_path(path), index))
    if bold:
        # There is no bold cut: strokes grow by a thirtieth of the em, their advance stays.
        font.synthetic_bold = (1 / 30, 1 / 30, True)
    return Face(Path(path).stem, font, 0.95)


@lru_cache(maxsize=1)
def _system_files() -> tuple[tuple[str, int], ...]:
    files = (
        path
        for folder in _FOLDERS
        if folder.is_dir()
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in (".ttf", ".otf", ".ttc")
    )
    upright = [p for p in files if "Italic" not in p.stem and "Oblique" not in p.stem]
    # Noto first: it is drawn to stand beside the others. Emoji fonts hold pictures, no outlines.
    upright.sort(key=lambda p: (not p.stem.startswith("Noto"), "Regular" not in p.stem))
    return tuple((str(p), 0) for p in upright if "Emoji" not in p.stem)[:_MOST_FILES]


@lru_cache(maxsize=_MOST_FILES)
def _characters(path: str, index: int) -> hb.Set | frozenset[int]:
    try:
        return hb.Face(hb.Blob.from_file_path(path), index).unicodes
    except (OSError, hb.HarfBuzzError):
        return frozenset()  # somebody else's broken font file is no reason not to print


def _mend(package: str) -> str:
    return f"the font package {package} is missing; {sys.executable} -m pip install {package}"
