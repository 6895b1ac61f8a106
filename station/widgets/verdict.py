"""Was that scan right? The banner that answers, readable at two metres and painted first.

Word, colour, frame and mark all say it: OK is a plain field, an error has a checkerboard around
it, a finished parcel a line, a question brackets, a stop bars.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from rich.cells import cell_len
from rich.segment import Segment
from textual.strip import Strip
from textual.timer import Timer

from station.glyphs.face import Bitmap, draw, in_han, in_letters, size_of, spell
from station.prompt import Tone, Verdict
from station.terminal import clean
from station.widgets.drawn import Drawn
from station.widgets.fitting import centre, strip
from station.widgets.look import Ink, Look, Marks, paint

FLASH_SECONDS = 0.17
"""Half a blink. Two blinks in 0.68 s stay below three a second, the limit for photosensitivity."""
FLASHES = 2
LETTER_SIZES = ((4, 4), (3, 3), (2, 3), (2, 2), (1, 2), (1, 1))
"""Columns a pixel, half rows a pixel; from readable across the hall to readable at the bench."""
HAN_SIZES = ((24, 4), (24, 3), (16, 2), (16, 1))
"""Pixels of a Chinese character, and how much larger than 5x5 the figures beside it are."""


class VerdictBanner(Drawn[Verdict]):
    """The big word."""

    def __init__(self, verdict: Verdict, look: Look, id: str | None = None) -> None:
        super().__init__(verdict, look, id)
        self._inverted = False
        self._blinks = 0
        self._timer: Timer | None = None

    def show(self, value: Verdict) -> None:
        """Show a verdict; an error blinks, also when the same error comes again."""
        self._steady()
        again = value == self.value
        super().show(value)
        if value.tone is Tone.BAD and self.look.flash and self.is_mounted:
            self._blinks = 2 * FLASHES
            self._timer = self.set_interval(FLASH_SECONDS, self._blink, repeat=self._blinks)
        elif again:
            self.refresh()

    def draw(self, width: int, height: int) -> list[Strip]:
        """The whole banner."""
        return banner(self.value, self.look, width, height, inverted=self._inverted)

    def _blink(self) -> None:
        self._blinks -= 1
        self._inverted = self._blinks % 2 == 1
        self.redraw()

    def _steady(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if self._inverted:
            self._inverted = False
            self.redraw()


@dataclass(frozen=True, slots=True)
class Frame:
    """What surrounds the field: the shape that says the tone."""

    top: str
    """A pattern repeated along the top row; "" for no row."""
    bottom: str
    sides: tuple[str, str]
    """The left edge of even and odd rows; the right edge mirrors it."""


def frame_of(tone: Tone, marks: Marks, plain: bool) -> Frame:
    """The frame of a tone; ``plain``: for a terminal without block characters."""
    even, odd = marks.checker
    match tone:
        case Tone.GOOD | Tone.NEUTRAL:
            return Frame("", "", ("", ""))
        case Tone.BAD:
            return Frame(even, odd, (even * 2, odd * 2))
        case Tone.STOP:
            bars = "# # # " if plain else "█ █ █ "
            return Frame("", "", (bars, bars))
        case Tone.DONE:
            edge = "| " if plain else "┃ "
            return Frame("=" if plain else "━", "=" if plain else "━", (edge, edge))
        case Tone.ASK:
            edge = "? "
            return Frame("? ", "? ", (edge, edge))
        case Tone.ASLEEP:
            dust = ". " if plain else "░ "
            return Frame(dust, dust, (dust, dust))


def banner(
    verdict: Verdict, look: Look, width: int, height: int, *, inverted: bool = False
) -> list[Strip]:
    """The rows of the banner, for a box of any size."""
    ink = look.colours.tones[verdict.tone]
    ink = (ink[1], ink[0]) if inverted else ink
    frame = frame_of(verdict.tone, look.marks, look.ascii)
    side = cell_len(frame.sides[0])
    inner = max(0, width - 2 * side)
    for rows_of_frame, lines in _layouts(verdict, look, frame):
        room = height - rows_of_frame - len(lines)
        art = _art(clean(verdict.word), inner - 2, room, look.ascii)
        if art:
            large = True
            break
    else:
        large = False
        # A character that we have no picture of, or a box of three rows: still a word.
        art = (clean(verdict.word),)
        lines = [verdict.line1, verdict.line2] if height > 2 else lines
    body = _body(art, lines, height - rows_of_frame)
    pixels = len(art) if large else 0
    inside = _placed(body, pixels, height - rows_of_frame, inner)
    return _framed(inside, frame if rows_of_frame else Frame("", "", frame.sides), ink, width)


def _layouts(verdict: Verdict, look: Look, frame: Frame) -> Iterator[tuple[int, list[str]]]:
    """Rows that the frame takes, and the lines under the word; the roomiest first."""
    mark = look.marks.tones[verdict.tone]
    first = verdict.line1
    if first and verdict.tone not in (Tone.NEUTRAL, Tone.ASLEEP):
        first = f"{mark}  {first}"
    apart = [line for line in (first, verdict.line2) if line]
    together = ["   ".join(apart)] if apart else []
    if frame.top:
        yield 2, apart
    yield 0, apart
    yield 0, together


def _art(word: str, width: int, height: int, plain: bool) -> tuple[str, ...]:
    """The word in large letters that fit; empty if none do."""
    for bitmap, across, down in _sizes(word, plain):
        columns, rows = size_of(bitmap, across, down)
        if columns <= width and rows <= height:
            art = draw(bitmap, across, down)
            return tuple(row.replace("█", "#") for row in art) if plain else art
    return ()


def _sizes(word: str, plain: bool) -> Iterator[tuple[Bitmap, int, int]]:
    if in_letters(word):
        for across, down in LETTER_SIZES:
            if not plain or down % 2 == 0:
                yield spell(word), across, down
    elif in_han(word) and not plain:
        for size, times in HAN_SIZES:
            yield spell(word, size, times), 1, 1


def _body(art: tuple[str, ...], lines: list[str], height: int) -> list[str]:
    spare = height - len(art) - len(lines)
    return [*art, *([""] if spare > 0 and lines else []), *lines]


def _placed(body: list[str], art: int, height: int, width: int) -> list[str]:
    """The rows in the middle of the field; the first ``art`` of them are pixels, all one wide."""
    above = max(0, (height - len(body)) // 2)
    blank = " " * width
    rows = [blank] * above
    for at, row in enumerate(body[: height - above]):
        rows.append(row.center(width)[:width] if at < art else centre(row, width) if row else blank)
    return rows + [blank] * (height - len(rows))


def _framed(inside: list[str], frame: Frame, ink: Ink, width: int) -> list[Strip]:
    style = paint(ink, bold=True)
    rows: list[str] = []
    if frame.top:
        rows.append((frame.top * width)[:width])
    for row in inside:
        edge = frame.sides[len(rows) % 2]
        rows.append(f"{edge}{row}{edge[::-1]}" if edge else row)
    if frame.bottom:
        rows.append((frame.bottom * width)[:width])
    if width < 2 * len(frame.sides[0]):
        return [strip([(row, style)], width, style) for row in rows]
    return [Strip([Segment(row, style)], width) for row in rows]
