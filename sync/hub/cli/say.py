"""How every command speaks: options, words for people, JSON for programs, exit statuses."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

import msgspec
from sqlalchemy.exc import SQLAlchemyError

from sync.hub import home
from sync.hub.channels import Unknown, Unusable
from sync.hub.home import Opened
from sync.hub.http import Stopped
from sync.hub.setup import Unfit
from sync.hub.vault import NotOpened
from sync.talk import Failed

DONE, REFUSED, USAGE = 0, 1, 2

Command = Callable[[argparse.Namespace, Opened], int]


class No(Exception):
    """The command is refused, with one sentence that says what to do."""


def parser(noun: str, says: str) -> argparse.ArgumentParser:
    """Make the parser of a noun."""
    made = argparse.ArgumentParser(prog=f"packbench-hub {noun}", description=says)
    add_database(made)
    return made


def add_database(made: argparse.ArgumentParser) -> None:
    """Let a command name its database."""
    made.add_argument("--database", metavar="URL", help="sqlite:///… or postgresql+psycopg://…")


def add_json(made: argparse.ArgumentParser) -> None:
    """Let a command speak to programs."""
    made.add_argument("--json", action="store_true", help="machine output, and nothing else")


def run(made: argparse.ArgumentParser, argv: Sequence[str], *, checked: bool = True) -> int:
    """Run what was asked for; an expected failure is one sentence and status 1.

    `checked`: the database must be made already.
    """

    def opening(options: argparse.Namespace) -> int:
        do: Command = options.do
        with home.opened(options.database, checked=checked) as opened:
            return do(options, opened)

    return guarded(made, argv, opening)


def guarded(
    made: argparse.ArgumentParser, argv: Sequence[str], do: Callable[[argparse.Namespace], int]
) -> int:
    """Run a command that opens the database itself, if at all."""
    try:
        options = made.parse_args(argv)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else USAGE
    try:
        return do(options)
    except (No, Failed, Unknown, Unusable, Unfit, NotOpened) as refused:
        words(f"{made.prog}: {refused}")
    except SQLAlchemyError as wrong:
        words(f"{made.prog}: the database does not answer ({type(wrong).__name__})")
    except (Stopped, KeyboardInterrupt):
        words(f"{made.prog}: stopped")
    return REFUSED


def words(text: str) -> None:
    """Say something to a person."""
    sys.stderr.write(text + "\n")


def json(said: object) -> None:
    """Say something to a program."""
    sys.stdout.write(msgspec.json.encode(said).decode() + "\n")


def table(rows: Sequence[Sequence[object]], heads: Sequence[str]) -> None:
    """Print rows for a person, as what was asked for: on standard output."""
    written = [[_cell(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(heads, *written, strict=True)]
    for row in (list(heads), *written):
        cells = (f"{cell:{width}}" for cell, width in zip(row, widths, strict=True))
        sys.stdout.write("  ".join(cells).rstrip() + "\n")


def _cell(value: object) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case _:
            return str(value)
