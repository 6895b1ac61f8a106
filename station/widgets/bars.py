"""The rows that never move: who works here and with what, what to do next, which keys there are."""

from collections.abc import Iterator
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
        mode: Run = (f" {clean(value.mode)} ", bold)
        clock: Run = (f" {clean(value.clock)} " if value.clock else "", bar)
        room = width - cell_len(mode[0]) - cell_len(clock[0]) - 1
        for who, lamps in _shorter_and_shorter(value, look):
            space = room - cell_len(who) - sum(cell_len(text) for text, _ in lamps)
            if space >= 0:
                break
        else:
            who = left(who, max(0, cell_len(who) + space))
            space = 0
        return [strip([mode, (f" {who}{' ' * space}", bar), *lamps, clock], width, bar)]


def _shorter_and_shorter(value: StatusLine, look: Look) -> Iterator[tuple[str, list[Run]]]:
    """Who and lamps, from all that is known to what must be seen: bad news goes last."""
    good = [at for at, lamp in enumerate(value.lamps) if lamp.state == "ok" and lamp.text]
    spoken = {at for at, lamp in enumerate(value.lamps) if lamp.text}
    everything = "  ".join(clean(part) for part in (value.bench, value.packer, value.done) if part)
    yield everything, _lamps(value.lamps, spoken, look)
    for count in range(1, len(good) + 1):
        yield everything, _lamps(value.lamps, spoken - set(good[-count:]), look)
    for who in (
        "  ".join(clean(part) for part in (value.bench, value.packer) if part),
        clean(value.packer or value.bench),
    ):
        yield who, _lamps(value.lamps, spoken - set(good), look)
    yield everything, _lamps(value.lamps, set(), look)
    yield clean(value.packer or value.bench), _lamps(value.lamps, set(), look)


def _lamps(lamps: tuple[Lamp, ...], spoken: set[int], look: Look) -> list[Run]:
    return [run for at, lamp in enumerate(lamps) for run in _lamp(lamp, at in spoken, look)]


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
