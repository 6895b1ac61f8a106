r"""Which key strokes are a scan? A keyboard-wedge scanner types like a very fast person.

Pure: no clock, no terminal, no Textual. ``feed`` takes Textual's key name, its character and the
time the terminal delivered it; ``deadline`` says when silence means something; ``expire`` is
called then. Two modes:

scan mode (a floor screen)   every character belongs to the scan line, at any speed, so that no
                             threshold can be wrong and typing a code by hand works as well.
text mode (a field has focus) a burst (gaps <= burst_gap, >= least characters, terminator) is a
                             scan; anything else is given back, in order, after burst_gap.

STX starts a frame in both modes: from there to the terminator is one scan, whatever the timing;
a frame without an end is Broken, never guessed. Control characters inside a burst are data,
exactly as they came. A chord, an F-key or an arrow on an empty line is held for burst_gap: if
characters follow that fast, a scanner typed it and it must not act.

>>> wedge = Wedge()
>>> [wedge.feed(c, c, 0.004 * i) for i, c in enumerate("40")]
[[], []]
>>> wedge.feed("enter", "\r", 0.012)
[Scan(text='40', at=0.012, burst=True, framed=False)]
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from station.keys import ESC, MODIFIERS, data_of

STX = "\x02"
ETX = "\x03"
EOT = "\x04"
BACKSPACES = frozenset("\x08\x7f")
TERMINATORS = frozenset("\r\n\t")
SEPARATORS = frozenset("\x1c\x1d\x1e\x1f\x04")
"""FS GS RS US EOT: the separators of GS1 and ISO 15434; alone they mean nothing to anyone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WedgeSettings:
    """Times in seconds."""

    burst_gap: float = 0.030
    """Longest silence inside one burst; below a keyboard's auto-repeat of 33 ms."""
    escape_gap: float = 0.250
    """A terminal's driver holds an ESC back for so long, in case more of a key follows (Textual:
    100 ms, looked at every 100 ms). Within it an ESC belongs to the burst before it."""
    least: int = 4
    """In text mode, fewer characters are never a scan."""
    idle: float = 1.5
    """Scan mode: silence after which an unended line was half a scan."""
    typing: float = 10.0
    """The same for a line typed by hand, key by key: people look for their keys."""
    frame: float = 0.5
    """Silence after which an STX frame will not end any more."""
    echo_guard: float = 0.060
    """After a scan: a second terminator, or ETX/EOT, within this time belongs to that scan."""
    framed_only: bool = False
    """This bench's scanner sends STX: a burst without it is the second half of something. Lines
    typed by hand still count."""
    longest: int = 4096
    """Characters we keep of one line. A QR code holds 4,296 at most; we sell mugs."""
    layout: Mapping[int, str] = field(default_factory=dict)
    """What the host's keyboard layout made of the scanner's characters, put right."""


class Fault(Enum):
    """Why a line is not a scan."""

    HALF = "half"
    DAMAGED = "damaged"
    LONG = "long"


@dataclass(frozen=True, slots=True)
class Scan:
    """A whole code, exactly as it came, without its frame and terminator."""

    text: str
    at: float
    burst: bool = True
    """False: typed by hand."""
    framed: bool = False


@dataclass(frozen=True, slots=True)
class Broken:
    """Something was scanned and is not whole: the packer must scan again, we never guess."""

    text: str
    at: float
    fault: Fault


@dataclass(frozen=True, slots=True)
class Stroke:
    """One key as Textual names it."""

    key: str
    character: str | None


@dataclass(frozen=True, slots=True)
class Released:
    """Keys that were no scan, in order: the screen may have them."""

    strokes: tuple[Stroke, ...]


Heard = Scan | Broken | Released


class Wedge:
    """Takes key strokes, gives scans."""

    def __init__(self, settings: WedgeSettings | None = None) -> None:
        self.settings = settings or WedgeSettings()
        self.text_mode = False
        """Set by the owner before each ``feed``: does a field have focus?"""
        self._strokes: list[Stroke] = []
        self._text: list[str] = []
        self._printable = 0
        self._framed = False
        self._damaged = False
        self._skipping = False
        self._began = self._last = 0.0
        self._fast = self._slow = 0
        self._seam = 0
        self._ended = self._gave_up = float("-inf")

    # -- what the owner asks -----------------------------------------------------------------

    @property
    def line(self) -> str:
        """What a person has typed so far; empty while a scanner is typing."""
        return "".join(self._text) if self._typed else ""

    def deadline(self) -> float | None:
        """When silence will mean something, on the clock of ``feed``; None: nothing pending."""
        settings = self.settings
        if self._skipping:
            return self._last + settings.idle
        if not self._strokes and not self._framed:
            return None
        if self._text and self._text[-1] == ETX and not self._typed:
            return self._last + settings.burst_gap
        if self._framed:
            return self._last + settings.frame
        if self.text_mode or not self._printable:
            return self._last + settings.burst_gap
        return self._last + (settings.typing if self._typed else settings.idle)

    def expire(self, at: float) -> list[Heard]:
        """Draw the conclusion from silence, if the deadline has passed."""
        deadline = self.deadline()
        if deadline is None or at < deadline:
            return []
        if self._skipping:
            self._clear()
            return []
        if self._text and self._text[-1] == ETX and (self._printable or self._framed):
            return self._conclude(deadline)
        if self._framed or (self._printable and not self.text_mode):
            self._gave_up = at
            return [self._broken(Fault.HALF, at)]
        return self._give_back()

    def feed(self, key: str, character: str | None, at: float) -> list[Heard]:
        """Hear one key; what it completes comes back, oldest first."""
        heard = self.expire(at)
        if key in MODIFIERS:
            if self._near(at):
                self._last = at
            return heard
        stroke = Stroke(key, character)
        data = data_of(key, character)
        if self._skipping:
            self._last = at
            if data in TERMINATORS:
                self._clear()
                self._ended = at
            return heard
        if data is None:
            return heard + self._command(stroke, at)
        if data in TERMINATORS:
            return heard + self._terminate(stroke, at)
        if data == STX:
            return heard + self._frame(stroke, at)
        if data < " " or data in BACKSPACES:
            return heard + self._control(stroke, data, at)
        return heard + self._keep(stroke, data, at)

    def paste(self, text: str, at: float) -> list[Heard]:
        """A bracketed paste: one scan a line. A terminator right after it is its echo."""
        self._ended = at
        longest = self.settings.longest
        return [
            Scan(line.translate(self.settings.layout), at)
            if len(line) <= longest
            else Broken(line[:longest], at, Fault.LONG)
            for line in lines_of(text)
        ]

    # -- one kind of key each ----------------------------------------------------------------

    def _terminate(self, stroke: Stroke, at: float) -> list[Heard]:
        settings = self.settings
        if self._framed or self._printable or self._text:
            if self.text_mode and not self._framed:
                burst = not self._slow and self._near(at) and self._printable >= settings.least
                return self._conclude(at) if burst else self._give_back(stroke)
            return self._conclude(at)
        if self._strokes:
            return [self._broken(Fault.DAMAGED, at)] if self._damaged else self._give_back(stroke)
        if at - self._ended < settings.echo_guard:
            self._ended = at
            return []
        if at - self._gave_up < settings.idle:
            # The end of a scan we gave up on. As a bare Enter it would acknowledge the very
            # error that asks for a rescan, unseen.
            self._gave_up = float("-inf")
            return []
        return [Released((stroke,))]

    def _frame(self, stroke: Stroke, at: float) -> list[Heard]:
        heard: list[Heard] = []
        if self.text_mode and not self._framed:
            heard = self._give_back()
        elif self._strokes or self._framed:
            if self._near(at):
                # Either a lost terminator or an STX inside a code: we cannot know which half
                # is whole, so neither is.
                self._damaged = True
                return self._keep(stroke, STX, at)
            heard = [self._broken(Fault.HALF, at)] if self._fast or self._framed else []
            self._clear()
        self._framed = True
        self._began = self._last = at
        return heard

    def _control(self, stroke: Stroke, data: str, at: float) -> list[Heard]:
        empty = not self._strokes and not self._framed
        if empty and data in ETX + EOT and at - self._ended < self.settings.echo_guard:
            return []
        late = data[0] == ESC and not self._typed and at - self._last <= self.settings.escape_gap
        if empty or self._framed or self._near(at) or late:
            return self._keep(stroke, data, at, joined=True)
        if self.text_mode:
            return self._give_back() + self._keep(stroke, data, at)
        if data in BACKSPACES:
            self._erase(at)
            return []
        if data == ESC:
            self._clear()
            return []
        return [] if data in SEPARATORS else [Released((stroke,))]

    def _command(self, stroke: Stroke, at: float) -> list[Heard]:
        """An F-key, an arrow, a chord that carries no character."""
        if self.text_mode and not self._framed:
            return self._give_back(stroke)
        if self._framed or (self._printable and self._near(at)):
            self._damaged = True
            return self._keep(stroke, "", at)
        if self._printable:
            return [Released((stroke,))]
        self._damaged = True
        return self._keep(stroke, "", at)

    def _keep(self, stroke: Stroke, data: str, at: float, *, joined: bool = False) -> list[Heard]:
        heard = self._unhold(at) if data >= " " else []
        if not self._strokes and not self._framed:
            self._began = at
        elif joined or self._near(at):
            self._fast += 1
        elif self._strokes:
            self._slow += 1
            if at - self._last > self.settings.idle:
                self._seam, self._fast = len(self._text), 0
        self._last = at
        self._strokes.append(stroke)
        if data:
            self._text.append(data)
            self._printable += data >= " " and data not in BACKSPACES
        if len(self._text) > self.settings.longest:
            return heard + self._overflow(at)
        return heard

    # -- what comes of it --------------------------------------------------------------------

    @property
    def _typed(self) -> bool:
        return bool(self._slow) and not self._fast and not self._framed

    def _near(self, at: float) -> bool:
        return at - self._last <= self.settings.burst_gap

    def _conclude(self, at: float) -> list[Heard]:
        settings = self.settings
        if self._damaged:
            return [self._broken(Fault.DAMAGED, at)]
        if settings.framed_only and self._fast and not self._framed:
            return [self._broken(Fault.HALF, at)]
        seam = self._seam
        if seam and self._fast + 1 < max(settings.least, len(self._text) - seam):
            seam = 0
        # A line typed by hand and left alone, then a burst: the burst is a scan of its own.
        text = "".join(self._text[seam:]).removesuffix(ETX).translate(settings.layout)
        scan = Scan(text, at, self._framed or seam > 0 or not self._slow, self._framed)
        self._clear()
        self._ended = at
        return [scan]

    def _broken(self, fault: Fault, at: float) -> Broken:
        broken = Broken("".join(self._text), at, fault)
        self._clear()
        if fault is not Fault.HALF:
            self._ended = at
        return broken

    def _give_back(self, *more: Stroke) -> list[Heard]:
        """Nobody scanned this: in text mode all of it, on a floor screen what could act."""
        strokes = (*self._strokes, *more)
        if not self.text_mode:
            strokes = tuple(s for s in strokes if (s.character or "") not in SEPARATORS)
        self._clear()
        return [Released(strokes)] if strokes else []

    def _overflow(self, at: float) -> list[Heard]:
        if self.text_mode and not self._framed:
            return self._give_back()
        broken = self._broken(Fault.LONG, at)
        # The rest must not become a scan of its own: it would be a valid, shorter code.
        self._skipping = True
        self._last = at
        return [broken]

    def _unhold(self, at: float) -> list[Heard]:
        """A printable comes: were the keys held before it a person's? Then they act now."""
        if not self._strokes or self._printable or self._framed or self._near(at):
            return []
        return self._give_back()

    def _erase(self, at: float) -> None:
        self._strokes.pop()
        if self._text.pop() >= " ":
            self._printable -= 1
        self._last = at
        if not self._text:
            self._clear()

    def _clear(self) -> None:
        self._strokes, self._text = [], []
        self._printable = self._fast = self._slow = self._seam = 0
        self._framed = self._damaged = self._skipping = False


def lines_of(text: str) -> list[str]:
    r"""The codes in a bracketed paste: one a line, empty lines dropped, nothing else touched.

    >>> lines_of("4006381333931\r\n 4012345678901\n\n")
    ['4006381333931', ' 4012345678901']
    """
    return [line for line in text.replace("\r", "\n").split("\n") if line.strip(" \t")]
