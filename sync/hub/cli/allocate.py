"""`packbench-hub allocate`."""

from __future__ import annotations

import argparse

from sync.hub import allot, home
from sync.hub.cli import say


def run(noun: str, argv: list[str]) -> int:
    """Give ready shipments to benches."""
    parser = say.parser(noun, "Gives ready shipments to benches and says why.")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done")
    say.add_json(parser)
    parser.set_defaults(do=_allocate)
    return say.run(parser, argv)


def _allocate(options: argparse.Namespace, opened: home.Opened) -> int:
    done = allot.allot(opened.store, opened.book, opened.store.now(), dry=options.dry_run)
    rows = [{"shipment": one.shipment, "bench": one.bench, "why": one.why} for one in done]
    if options.json:
        say.json(rows)
    else:
        heads = ("shipment", "bench", "why")
        say.table([[row[head] for head in heads] for row in rows], heads)
    verb = "would go" if options.dry_run else "went"
    say.words(f"{len(rows)} shipments {verb} to benches")
    return say.DONE
