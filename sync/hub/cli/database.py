"""`packbench-hub init` and `migrate`."""

from __future__ import annotations

import argparse

from sync.hub import home, setup
from sync.hub.cli import say
from sync.hub.engine import version_of


def run(noun: str, argv: list[str]) -> int:
    """Make the database, or bring it up to date."""
    says = "Makes the database." if noun == "init" else "Brings the database up to date."
    parser = say.parser(noun, says)
    parser.set_defaults(do=_make)
    return say.run(parser, argv, checked=False)


def _make(options: argparse.Namespace, opened: home.Opened) -> int:
    there = setup.make(opened.store)
    state = "is up to date" if there else "is made"
    say.words(f"the database {state}: {version_of(opened.store)}, in {home.folder()}")
    return say.DONE
