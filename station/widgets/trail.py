"""What were the last scans? Three rows that answer "did that beep count?"."""

from dataclasses import dataclass

from textual.strip import Strip

from station.prompt import Tone
from station.terminal import clean
from station.widgets.drawn import Drawn
from station.widgets.fitting import left, strip
from station.widgets.look import Look, paint

KEPT = 8
"""Rows; the screen shows the last few."""


@dataclass(frozen=True, slots=True)
class Step:
    """One verdict of the past."""

    clock: str
    tone: Tone
    word: str
    line: str


class Trail(Drawn[tuple[Step, ...]]):
    """The last verdicts, oldest first."""

    def __init__(self, look: Look, id: str | None = None) -> None:
        super().__init__((), look, id)

    def draw(self, width: int, height: int) -> list[Strip]:
        """Clock, mark, word and what it was about."""
        look = self.look
        ink = look.colours.stripe
        page, bold, quiet = (
            paint(ink),
            paint(ink, bold=True),
            paint((look.colours.quiet[0], ink[1])),
        )
        rows = []
        for step in self.value[-height:] if height else ():
            tone = look.colours.tones[step.tone]
            mark = left(look.marks.tones[step.tone], 2)
            rows.append(
                strip(
                    [
                        (f" {clean(step.clock)} ", quiet),
                        (f" {mark} ", paint(tone, bold=True)),
                        ("  " + left(step.word, 14), bold),
                        (clean(step.line), page),
                    ],
                    width,
                    page,
                )
            )
        blank = strip([], width, page)
        return [blank] * (height - len(rows)) + rows
