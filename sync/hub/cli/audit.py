"""`packbench-hub audit verify`."""

from __future__ import annotations

import argparse

from sync.hub import audit, home
from sync.hub.cli import say


def run(noun: str, argv: list[str]) -> int:
    """Do what is asked of the journal."""
    parser = say.parser(noun, "The journal: what happened, chained entry to entry.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verify = verbs.add_parser("verify", help="says whether, and where, an entry was tampered with")
    say.add_json(verify)
    verify.set_defaults(do=_verify)
    return say.run(parser, argv)


def _verify(options: argparse.Namespace, opened: home.Opened) -> int:
    with opened.store.read() as connection:
        walked = list(audit.verify(connection))
    rows = [
        {
            "bench": one.bench,
            "incarnation": one.incarnation,
            "entries": one.entries,
            "broken_at": one.broken_at,
            "why": one.why,
        }
        for one in walked
    ]
    if options.json:
        say.json(rows)
    else:
        heads = ("bench", "incarnation", "entries", "broken_at", "why")
        say.table([[row[head] or "" for head in heads] for row in rows], heads)
    broken = [one for one in walked if one.broken_at is not None]
    entries = sum(one.entries for one in walked)
    say.words(f"{entries} entries in {len(walked)} chains, {len(broken)} of them broken")
    return say.REFUSED if broken else say.DONE
