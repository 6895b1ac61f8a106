"""`packbench-hub item import`."""

from __future__ import annotations

import argparse
import csv
import sys
import time
from pathlib import Path

from sync.hub import home, items
from sync.hub.cli import say


def run(noun: str, argv: list[str]) -> int:
    """Do what is asked of items."""
    parser = say.parser(noun, "Our items: what a SKU is called, weighs, bears, and where it lies.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    import_ = verbs.add_parser("import", help="takes over a CSV file")
    import_.add_argument("file", help="columns: sku, name, gtins, grams, bin, serial; - for stdin")
    say.add_json(import_)
    import_.set_defaults(do=_import)
    return say.run(parser, argv)


def _import(options: argparse.Namespace, opened: home.Opened) -> int:
    try:
        if options.file == "-":
            read = list(items.read_csv(sys.stdin))
        else:
            with Path(options.file).open(encoding="utf-8-sig", newline="") as file:
                read = list(items.read_csv(file))
    except (OSError, UnicodeDecodeError, csv.Error, items.Unreadable) as wrong:
        raise say.No(f"{options.file} cannot be taken over: {wrong}") from wrong
    with opened.store.write() as connection:
        number = items.store(connection, opened.book, read, time.time())
    if options.json:
        say.json({"items": number})
    else:
        say.words(f"{number} items are taken over")
    return say.DONE
