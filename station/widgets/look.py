"""What does a tone look like? Palettes as data, and the shapes that say the same without colour.

Nothing is said by colour alone: every tone has a word, a mark and a frame of its own, so that the
``mono`` palette loses nothing but comfort. ``blue`` is the palette for colour-blind packers: blue
for good, orange for bad, told apart by everyone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from rich.style import Style

from station.prompt import Headings, LampState, Tone

Ink = tuple[str, str]
"""Colour of the writing, colour of the field; "" is the terminal's own."""


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one screen."""

    tones: Mapping[Tone, Ink]
    lamps: Mapping[LampState, str]
    bar: Ink
    """The status bar."""
    page: Ink
    stripe: Ink
    """Every second row of the list."""
    current: Ink
    """The row the packer is at."""
    finished: Ink
    head: Ink
    quiet: Ink
    """Labels beside values."""
    next: Ink
    keys: Ink
    key: Ink
    notice: Ink
    progress: Ink
    """Done, and still to do."""


_LAMPS: Mapping[LampState, str] = {
    "ok": "#69f0ae", "busy": "#40c4ff", "warn": "#ffd54f", "bad": "#ff8a80",
    "off": "#90a4ae", "unknown": "#b0bec5",
}  # fmt: skip

GREEN = Palette(
    tones={
        Tone.NEUTRAL: ("#eceff1", "#263238"), Tone.GOOD: ("#001a08", "#00c853"),
        Tone.BAD: ("#ffffff", "#c40000"), Tone.ASK: ("#1a1200", "#ffb300"),
        Tone.DONE: ("#ffffff", "#00695c"), Tone.STOP: ("#ffffff", "#6a1b9a"),
        Tone.ASLEEP: ("#bdbdbd", "#303030"),
    },
    lamps=_LAMPS,
    bar=("#ffffff", "#0d47a1"), page=("#eceff1", "#121212"), stripe=("#eceff1", "#1b1b1b"),
    current=("#000000", "#ffd54f"), finished=("#7fbf90", "#121212"), head=("#cfd8dc", "#37474f"),
    quiet=("#90a4ae", "#121212"), next=("#fff59d", "#37474f"), keys=("#cfd8dc", "#263238"),
    key=("#ffb74d", "#263238"), notice=("#1a1200", "#ffb300"), progress=("#00c853", "#2b3a41"),
)  # fmt: skip

BLUE = Palette(
    tones={
        Tone.NEUTRAL: ("#eceff1", "#263238"), Tone.GOOD: ("#ffffff", "#0060a8"),
        Tone.BAD: ("#000000", "#ff8a00"), Tone.ASK: ("#000000", "#f0e442"),
        Tone.DONE: ("#ffffff", "#003c6b"), Tone.STOP: ("#ff8a00", "#000000"),
        Tone.ASLEEP: ("#bdbdbd", "#303030"),
    },
    lamps={**_LAMPS, "ok": "#56b4e9", "bad": "#ff8a00", "warn": "#f0e442"},
    bar=("#ffffff", "#37474f"), page=("#eceff1", "#121212"), stripe=("#eceff1", "#1b1b1b"),
    current=("#000000", "#f0e442"), finished=("#82b6dc", "#121212"), head=("#cfd8dc", "#37474f"),
    quiet=("#90a4ae", "#121212"), next=("#fff59d", "#37474f"), keys=("#cfd8dc", "#263238"),
    key=("#ffb74d", "#263238"), notice=("#000000", "#f0e442"), progress=("#56b4e9", "#2b3a41"),
)  # fmt: skip

_PLAIN = ("#ffffff", "#000000")
_INVERSE = ("#000000", "#ffffff")
MONO = Palette(
    tones={
        Tone.NEUTRAL: _PLAIN, Tone.GOOD: _INVERSE, Tone.BAD: _PLAIN, Tone.ASK: _PLAIN,
        Tone.DONE: _INVERSE, Tone.STOP: _PLAIN, Tone.ASLEEP: _PLAIN,
    },
    lamps=dict.fromkeys(_LAMPS, "#000000"),
    bar=_INVERSE, page=_PLAIN, stripe=_PLAIN, current=_INVERSE, finished=_PLAIN, head=_INVERSE,
    quiet=_PLAIN, next=_INVERSE, keys=_PLAIN, key=_PLAIN, notice=_INVERSE, progress=_PLAIN,
)  # fmt: skip

PaletteName = Literal["green", "blue", "mono"]
PALETTES: Mapping[PaletteName, Palette] = {"green": GREEN, "blue": BLUE, "mono": MONO}

MarkName = Literal["ok", "done", "bad", "stop", "ask", "none"]


@dataclass(frozen=True, slots=True)
class Marks:
    """The small shapes. Plain ASCII where a terminal draws ambiguous characters two cells wide."""

    lamps: Mapping[LampState, str]
    tones: Mapping[Tone, str]
    current: str
    open: str
    finished: str
    next: str
    full: str
    empty: str
    bar: str
    checker: tuple[str, str]
    """Two cells each, for even and odd rows of the frame around an error."""


SHAPES = Marks(
    lamps={"ok": "●", "busy": "◐", "warn": "▲", "bad": "✖", "off": "○", "unknown": "?"},
    tones={
        Tone.NEUTRAL: "·", Tone.GOOD: "✔", Tone.BAD: "✖", Tone.ASK: "?", Tone.DONE: "✔✔",
        Tone.STOP: "■", Tone.ASLEEP: "○",
    },
    current="▶", open="·", finished="✔", next="▸", full="█", empty="░", bar="│",
    checker=("▀▄", "▀▄"),
)  # fmt: skip
ASCII = Marks(
    lamps={"ok": "*", "busy": "~", "warn": "!", "bad": "X", "off": "-", "unknown": "?"},
    tones={
        Tone.NEUTRAL: ".", Tone.GOOD: "+", Tone.BAD: "X", Tone.ASK: "?", Tone.DONE: "++",
        Tone.STOP: "#", Tone.ASLEEP: "-",
    },
    current=">", open=".", finished="+", next=">", full="#", empty=".", bar="|",
    checker=("# ", " #"),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How this bench shows things; one value, changed as a whole while it runs."""

    palette: PaletteName = "green"
    ascii: bool = False
    """No ambiguous-width characters, and no half blocks."""
    flash: bool = True
    """Errors blink, at most three times a second."""
    headings: Headings = field(default_factory=Headings)

    @property
    def colours(self) -> Palette:
        """The palette by its name."""
        return PALETTES[self.palette]

    @property
    def marks(self) -> Marks:
        """The shapes this terminal can draw."""
        return ASCII if self.ascii else SHAPES


@lru_cache(256)
def paint(ink: Ink, *, bold: bool = False) -> Style:
    """A style of Rich for two colours."""
    return Style(color=ink[0] or None, bgcolor=ink[1] or None, bold=bold)
