"""Which commands are there? One table: cards, keys, footer, help page and tests are made of it.

A packer works a whole shift by cards; the keys are for whoever has none at hand. The words are in
`station.wording`: `command.NAME` on the card and in the footer, `help.NAME` in the help.
"""

from __future__ import annotations

from dataclasses import dataclass

from station import codes
from station.codes.code import CommandCode
from station.wording import render
from station.wording.word import COMMAND_SHEET, command_label, help_text

ANYWHERE = frozenset({"login", "choose", "pick", "pack", "weigh", "ship"})
WITH_AN_ORDER = frozenset({"pick", "pack", "weigh", "ship"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command."""

    name: str
    """As on its card, after the prefix."""
    key: str = ""
    """Textual's name of its key; "" for none."""
    no_key: str = ""
    """Why it has none."""
    flows: frozenset[str] = ANYWHERE
    """Where it is accepted; elsewhere it is refused with a sentence."""
    role: str = "packer"
    """packer | supervisor: who may use it, or must release it."""
    twice: bool = False
    """Whether it is asked for again before it is done."""
    numbers: tuple[int, ...] = ()
    """The numbers that cards are printed for; any other is accepted as well."""


COMMANDS: tuple[Command, ...] = (
    Command(name="ACK", key="enter"),
    Command(name="UNDO", key="f4", flows=ANYWHERE - {"login"}),
    Command(name="DONE", key="f8", flows=WITH_AN_ORDER),
    Command(name="NEXTBOX", key="f6", flows=frozenset({"pack"})),
    Command(name="SHORT", key="f7", flows=frozenset({"pick", "pack"}), twice=True),
    Command(name="HOLD", key="f9", flows=frozenset({"pack", "weigh", "ship"}), twice=True),
    Command(name="REPRINT", key="f5", flows=frozenset({"ship"})),
    Command(
        name="VOID",
        no_key="it gives a paid label away: the card, and the card again",
        flows=frozenset({"weigh", "ship"}),
        twice=True,
    ),
    Command(name="CANCEL", key="f3", flows=WITH_AN_ORDER),
    Command(
        name="QTY",
        no_key="the card says how many",
        flows=frozenset({"pick", "pack"}),
        numbers=(2, 3, 5, 6, 10, 12, 20, 24, 50, 100),
    ),
    Command(
        name="BOX",
        no_key="the card says which",
        flows=frozenset({"pack", "weigh"}),
        numbers=(1, 2, 3, 4, 5, 6, 7, 8, 9),
    ),
    Command(name="DEVICES", key="f2"),
    Command(name="LANGUAGE", key="f10"),
    Command(name="LOGOUT", key="f12", flows=frozenset({"choose"})),
    Command(name="HELP", key="f1"),
)
"""Logging in has no command: the badge is the card."""


def find(name: str) -> Command | None:
    """Return the command of that name."""
    return next((command for command in COMMANDS if command.name == name), None)


def of_key(key: str) -> Command | None:
    """Return what a key means: "f4" is UNDO."""
    return next((command for command in COMMANDS if key and command.key == key), None)


def payloads(command: Command) -> tuple[str, ...]:
    """Return what the command's cards say, as barcodes.

    >>> payloads(COMMANDS[1])
    ('PKCMDUNDO',)
    """
    numbers = command.numbers or (0,)
    return tuple(codes.write(CommandCode(command.name, n)) for n in numbers)


def accepted(flow: str) -> tuple[Command, ...]:
    """Return the commands that a flow accepts, in the order of the table."""
    return tuple(command for command in COMMANDS if flow in command.flows)


def sheet(language: str) -> dict[str, object]:
    """Return the command sheet's data, as layouts/command_sheet.toml wants it."""
    rows = []
    for command in COMMANDS:
        label, does = command_label(command.name), render(help_text(command.name), language)
        for n, code in zip(command.numbers or (0,), payloads(command), strict=True):
            number = f" {n}" if n else ""
            words = [f"{render(label, tongue)}{number}" for tongue in ("en", language)]
            name = words[1] if words[1] != words[0] else ""
            rows.append({"code": code, "word": words[0].upper(), "name": name, "does": does})
    return {"heading": render(COMMAND_SHEET, language), "commands": rows}
