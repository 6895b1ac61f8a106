"""`packbench-hub carrier add|list`."""

from __future__ import annotations

import argparse
from pathlib import Path

import msgspec

from sync.carriers import CARRIERS
from sync.hub import channels, home
from sync.hub.cli import say

LATER = ("check", "rate", "buy", "void", "track")


def run(noun: str, argv: list[str]) -> int:
    """Do what is asked of carriers."""
    parser = say.parser(noun, "Carrier accounts; the first that was added sells the labels.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    add = verbs.add_parser("add", help="adds an account, or changes it")
    add.add_argument("kind", choices=sorted(CARRIERS))
    add.add_argument("name")
    add.add_argument("--credentials", metavar="FILE", help="JSON; stored encrypted")
    add.add_argument("--base-url", default="", metavar="URL", help="instead of its own host")
    add.add_argument("--rate-scale", type=float, default=1.0, help="its limits are so much higher")
    add.set_defaults(do=_add)
    listing = verbs.add_parser("list", help="the accounts")
    say.add_json(listing)
    listing.set_defaults(do=_list)
    for verb in LATER:
        later = verbs.add_parser(verb, help="not in this version")
        later.add_argument("rest", nargs="*")
        later.set_defaults(do=_later)
    return say.run(parser, argv)


def credentials(named: str | None) -> dict[str, object]:
    """Read a credentials file; nothing where none is named. Raises say.No."""
    if not named:
        return {}
    try:
        return msgspec.json.decode(Path(named).read_bytes(), type=dict[str, object])
    except (OSError, msgspec.DecodeError) as wrong:
        raise say.No(f"{named} is no JSON file of credentials ({type(wrong).__name__})") from None


def _add(options: argparse.Namespace, opened: home.Opened) -> int:
    with opened.store.write() as connection:
        channels.add_carrier(
            connection,
            opened.vault,
            kind=options.kind,
            name=options.name,
            credentials=credentials(options.credentials),
            base_url=options.base_url,
            rate_scale=options.rate_scale,
        )
    say.words(f"carrier {options.name} is added")
    return say.DONE


def _list(options: argparse.Namespace, opened: home.Opened) -> int:
    with opened.store.read() as connection:
        rows = [
            {"name": row.name, "kind": row.kind, "base_url": row.base_url}
            for row in channels.carriers(connection)
        ]
    if options.json:
        say.json(rows)
    else:
        heads = ("name", "kind", "base_url")
        say.table([[row[head] for head in heads] for row in rows], heads)
    return say.DONE


def _later(options: argparse.Namespace, opened: home.Opened) -> int:
    raise say.No(f"`carrier {options.verb}` is not in this version")
