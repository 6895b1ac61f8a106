"""The rows that never move: who works here and with what, what to do next, which keys there are."""

from dataclasses import dataclass

from rich.cells import cell_len
from textual.strip import Strip

from station.prompt import Key, Lamp, StatusLine
from station.terminal import clean
from station.widgets.drawn import Drawn
from station.widgets.fitting import Run, left, strip
from station.widgets.look import Look, paint

NOBODY = StatusLine(mode="", bench="", packer="", done="", lamps=(), clock="")


class StatusBar(Drawn[StatusLine]):
    """The top row."""

    def __init__(self, look: Look, id: str | None = None) -> None:
        super().__init__(NOBODY, look, id)

    def draw(self, width: int, height: int) -> list[Strip]:
        """Mode, bench, packer at the left; lamps in the middle; clock at the right."""
        value, look = self.value, self.look
        bar, bold = paint(look.colours.bar), paint(look.colours.bar, bold=True)
        who = "  ".join(clean(part) for part in (value.bench, value.packer, value.done) if part)
        clock = f" {clean(value.clock)} " if value.clock else ""
        start: list[Run] = [(f" {clean(value.mode)} ", bold), (f" {who}", bar)]
        used = sum(cell_len(text) for text, _ in start) + cell_len(clock)
        lamps = lamp_row(value.lamps, look, width - used - 2)
        space = width - used - sum(cell_len(text) for text, _ in lamps)
        if space < 1:
            start = [start[0], (left(start[1][0], max(0, cell_len(start[1][0]) + space - 1)), bar)]
            space = 1
        return [strip([*start, (" " * space, bar), *lamps, (clock, bar)], width, bar)]


def lamp_row(lamps: tuple[Lamp, ...], look: Look, width: int) -> list[Run]:
    """Name, mark and text of each lamp; where that is too long, texts of good lamps go first."""
    spoken = [bool(lamp.text) for lamp in lamps]
    order = sorted(range(len(lamps)), key=lambda at: (lamps[at].state != "ok", -at))
    for at in [None, *order]:
        if at is not None:
            spoken[at] = False
        runs = [
            run for lamp, text in zip(lamps, spoken, strict=True) for run in _lamp(lamp, text, look)
        ]
        if sum(cell_len(text) for text, _ in runs) <= width:
            break
    return runs


def _lamp(lamp: Lamp, spoken: bool, look: Look) -> list[Run]:
    bar = look.colours.bar
    colour = look.colours.lamps[lamp.state]
    text = f" {clean(lamp.text)}" if spoken else ""
    return [
        (f"{clean(lamp.name)} ", paint(bar)),
        (look.marks.lamps[lamp.state], paint((colour, bar[1]), bold=True)),
        (f"{text}  ", paint(bar)),
    ]


@dataclass(frozen=True, slots=True)
class Next:
    """The instruction, and what has been typed by hand so far."""

    instruction: str = ""
    typed: str = ""


class NextLine(Drawn[Next]):
    """What to do now."""

    def __init__(self, look: Look, id: str | None = None) -> None:
        super().__init__(Next(), look, id)

    def draw(self, width: int, height: int) -> list[Strip]:
        """The instruction; a line being typed is at the right, its end always visible."""
        look = self.look
        style = paint(look.colours.next, bold=True)
        head = f" {clean(look.headings.next)} {look.marks.next} "
        typed = clean(self.value.typed)
        if typed:
            while cell_len(typed) > width // 2:
                typed = typed[1:]
            typed = f" {typed}_ "
        text = left(self.value.instruction, max(0, width - cell_len(head) - cell_len(typed)))
        inverse = paint((look.colours.next[1], look.colours.next[0]), bold=True)
        return [strip([(head + text, style), (typed, inverse)], width, style)]


class KeyBar(Drawn[tuple[Key, ...]]):
    """The keys, for whoever has no card at hand."""

    def __init__(self, look: Look, id: str | None = None) -> None:
        super().__init__((), look, id)

    def draw(self, width: int, height: int) -> list[Strip]:
        """As many keys as fit; the last one (the menu) always does."""
        look = self.look
        keys, key = paint(look.colours.keys), paint(look.colours.key, bold=True)
        cells: list[list[Run]] = [
            [(f" {clean(each.key.upper())} ", key), (f"{clean(each.label)} ", keys)]
            for each in self.value
        ]
        while len(cells) > 1 and sum(cell_len(t) for runs in cells for t, _ in runs) > width:
            del cells[-2]
        return [strip([run for runs in cells for run in runs], width, keys)]
