"""Every sentence, in every language."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from string import Formatter
from types import ModuleType

import pytest

from drivers.label_printers.unusable import Why
from drivers.scanners import setup as s
from station.glyphs.face import han, letters
from station.notice import Kind, Notice, Stage
from station.session import Text
from station.wording import (
    CATALOGUES,
    LANGUAGES,
    devices,
    labels,
    lamps,
    notices,
    orders,
    outside,
    parcels,
    people,
    pieces,
    reasons,
    render,
    setup,
    word,
)
from station.wording.labels import NEEDS
from sync.orders import Hold, HoldKind, LabelState, Parcel, PrintState, Reason

MODULES: tuple[ModuleType, ...] = (
    devices,
    labels,
    lamps,
    notices,
    orders,
    outside,
    parcels,
    people,
    pieces,
    setup,
    word,
)
EXAMPLES: dict[str, tuple[object, ...]] = {
    "kind": (*HoldKind, *people.QUESTIONS, "S"),
    "notice": tuple(
        Notice(
            shipment="s#1", kind=kind, stage=stage, number="n", bench=bench, lane=lane, hold=hold
        )
        for kind in Kind
        for stage in Stage
        for bench, lane, hold in (("", "", ""), ("b2", "GREEN", "stock"))
    ),
    "device": devices.KINDS,
    "found": (
        s.WrongLayout("us", "de"),
        s.CapsLock(),
        s.OneCase(upper=True),
        s.LostGs(""),
        s.LostGs("^029"),
        s.InputMethod(),
        s.NoEnding(),
        s.DoubleEnding("\r\n"),
        s.NoAim(),
        s.Twice(),
        s.Damaged("x"),
        s.AnotherCode("x"),
    ),
    "model": ("ZD421", ""),
    "program": ("cupsd", "ipp-usb", "ModemManager", "packbench", "minicom"),
    "word": (*devices.TROUBLES, "something else", "", "", "", ""),
    "state": (*("bad",) * len(devices.TROUBLES), "bad", "ok", "busy", "off", "bad"),
    "seconds": (30.0, 840.0, 7_200.0, 200_000.0),
    "needs": (*NEEDS, "something else"),
    "reason": tuple(Reason),
    "parcel": (
        *(Parcel(id="p", number=1, label_state=state) for state in LabelState),
        *(
            Parcel(id="p", number=1, label_state=LabelState.BOUGHT, print_state=state)
            for state in PrintState
        ),
        Parcel(id="p", number=1, closed=True),
        Parcel(id="p", number=1, void_wanted="why"),
    ),
    "flow": ("login", "choose", "pick", "pack", "weigh", "ship"),
    "command": (word.command_label("UNDO"),),
    "lane": ("GREEN", ""),
    "flaw": tuple(Why),
    "hold": (Hold(HoldKind.OPERATOR, Why.EMPTY.reason), Hold(HoldKind.FRAUD)),
    "why": ("no such street", "", *parcels.SCALE_NEEDS),
    "pieces": (0, 1, 2),
    "n": (1, 2),
}


def every_text() -> Iterator[Text]:
    """Whatever the constructors can make."""
    from station.commands import COMMANDS

    for module in MODULES:
        for name, value in vars(module).items():
            if isinstance(value, Text):
                yield value
            elif inspect.isfunction(value) and value.__module__ == module.__name__:
                yield from _made_by(name, value, [c.name for c in COMMANDS])
    for reason in Reason:
        yield from reasons.impossible(reason)


def _made_by(name: str, make: Callable[..., Text], commands: list[str]) -> Iterator[Text]:
    wanted = list(inspect.signature(make).parameters)
    if name in ("command_label", "help_text"):
        yield from (make(command) for command in commands)
        return
    for at in range(max(len(EXAMPLES.get(gap, ())) for gap in wanted) or 1):
        examples = (EXAMPLES.get(gap, ()) for gap in wanted)
        values = [chosen[at % len(chosen)] if chosen else 7 for chosen in examples]
        hints = inspect.get_annotations(make, eval_str=False)
        values = [
            str(v) if hints.get(gap) == "str" and not isinstance(v, HoldKind) else v
            for gap, v in zip(wanted, values, strict=True)
        ]
        if hints.get(wanted[0]) == "HoldKind" and not isinstance(values[0], HoldKind):
            continue
        yield make(*values)


def _gaps(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


def test_every_language_has_the_same_sentences_with_the_same_gaps() -> None:
    first, *others = (CATALOGUES[language] for language in LANGUAGES)
    for other in others:
        assert first.keys() == other.keys()
        assert {k: _gaps(v) for k, v in first.items()} == {k: _gaps(v) for k, v in other.items()}


def test_whatever_a_constructor_makes_is_in_the_catalogues_and_fills_every_gap() -> None:
    for text in every_text():
        for catalogue in CATALOGUES.values():
            assert text.key in catalogue, text
            assert _gaps(catalogue[text.key]) <= text.args.keys(), text


def test_no_sentence_is_left_that_nobody_says() -> None:
    said = {text.key for text in every_text()}
    kept = {key for key in CATALOGUES["en"] if not key.startswith("heading.")}
    assert kept - said == {f"reason_then.{advice}" for advice in reasons.ADVICE} - said


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_are_calm(language: str) -> None:
    for key, sentence in CATALOGUES[language].items():
        assert "!" not in sentence, key
        assert "！" not in sentence, key
        assert "error" not in sentence.lower(), key
        assert sentence.strip() == sentence, key
        assert sentence, key


def test_verdicts_are_short_and_can_be_drawn() -> None:
    for key in CATALOGUES["en"]:
        if not key.startswith("word."):
            continue
        english, chinese = (
            re.sub(r"\{\w+\}", "", CATALOGUES[x][key]).strip("/ ") for x in LANGUAGES
        )
        # Nothing was scanned: it may be smaller, and it must say what is the matter.
        assert len(english) <= 9 or key == "word.asleep", key
        assert len(chinese.replace(" ", "")) <= 4, key
        assert all(letter in letters() for letter in english), key
        for size in (16, 24):
            assert all(c in han(size) or c in letters() for c in chinese), (key, chinese)


def test_a_sentence_that_no_catalogue_has_is_shown_by_its_key() -> None:
    assert render(Text("of.another.version", {"n": "1"}), "zh") == "of.another.version"


def test_a_buyers_braces_stay_what_they_are() -> None:
    assert "{0.__class__}" in render(pieces.packed("{0.__class__}"), "en")


def test_the_command_in_a_sentence_is_in_the_same_language() -> None:
    sentence = people.not_now(word.command_label("NEXTBOX"))
    assert render(sentence, "en") == "Next box: not at this point."
    assert render(sentence, "zh") == "下一箱：现在不行。"
