"""`packbench-hub packer add|list`."""

from __future__ import annotations

import argparse

from sqlalchemy import select

from sync.hub import home, items
from sync.hub.cli import say
from sync.hub.schema import packer
from sync.protocol.messages import Packer


def run(noun: str, argv: list[str]) -> int:
    """Do what is asked of packers."""
    parser = say.parser(noun, "People who may log in at the benches, by their badge.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    add = verbs.add_parser("add", help="lets a person log in")
    add.add_argument("badge")
    add.add_argument("name")
    add.add_argument("--role", choices=("packer", "supervisor"), default="packer")
    add.add_argument("--language", default="", help="of their screen: en, zh; '' for the bench's")
    add.set_defaults(do=_add)
    listing = verbs.add_parser("list", help="who may log in")
    say.add_json(listing)
    listing.set_defaults(do=_list)
    return say.run(parser, argv)


def _add(options: argparse.Namespace, opened: home.Opened) -> int:
    person = Packer(
        badge=options.badge, name=options.name, role=options.role, language=options.language
    )
    with opened.store.write() as connection:
        items.add_packer(connection, person)
    say.words(f"{options.name} may log in with badge {options.badge}")
    return say.DONE


def _list(options: argparse.Namespace, opened: home.Opened) -> int:
    with opened.store.read() as connection:
        rows = connection.execute(select(packer).order_by(packer.c.badge)).all()
    found = [dict(row._mapping) for row in rows]
    if options.json:
        say.json(found)
    else:
        heads = ("badge", "name", "role", "language")
        say.table([[row[head] for head in heads] for row in found], heads)
    return say.DONE
