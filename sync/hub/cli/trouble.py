"""`packbench-hub trouble list|show|do`."""

from __future__ import annotations

import argparse
import getpass
import time
from datetime import UTC, datetime
from typing import Any

import msgspec

from sync.hub import desk, home, troubles
from sync.hub.cli import say


def run(noun: str, argv: list[str]) -> int:
    """Do what is asked of troubles."""
    parser = say.parser(noun, "What needs a person, with proposed actions.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    listing = verbs.add_parser("list", help="the open troubles, oldest first")
    listing.add_argument("--all", action="store_true", help="those that are solved as well")
    say.add_json(listing)
    listing.set_defaults(do=_list)
    show = verbs.add_parser("show", help="one trouble")
    show.add_argument("id", type=int)
    say.add_json(show)
    show.set_defaults(do=_show)
    do = verbs.add_parser("do", help="choose one of its actions")
    do.add_argument("id", type=int)
    do.add_argument("action")
    do.add_argument("--by", default="", help="who decides; your login where not said")
    do.set_defaults(do=_do)
    return say.run(parser, argv)


def _json(row: desk.Trouble) -> dict[str, Any]:
    said = row._mapping
    return {
        "id": said["id"],
        "kind": said["kind"],
        "order": said["order_id"],
        "subject": said["subject"],
        "sentence": said["sentence"],
        "actions": msgspec.json.decode(said["actions"]),
        "opened_at": datetime.fromtimestamp(said["opened_at"], UTC),
        "resolved_at": datetime.fromtimestamp(said["resolved_at"], UTC)
        if said["resolved_at"]
        else None,
        "resolved_by": said["resolved_by"],
        "action": said["action"],
    }


def _list(options: argparse.Namespace, opened: home.Opened) -> int:
    with opened.store.read() as connection:
        rows = [_json(row) for row in troubles.listed(connection, all_=options.all)]
    if options.json:
        say.json(rows)
    else:
        cells = [
            [row["id"], row["kind"], row["subject"], row["sentence"], ", ".join(row["actions"])]
            for row in rows
        ]
        say.table(cells, ("id", "kind", "about", "what", "actions"))
    return say.DONE


def _show(options: argparse.Namespace, opened: home.Opened) -> int:
    with opened.store.read() as connection:
        row = troubles.get(connection, options.id)
    if row is None:
        raise say.No(f"there is no trouble {options.id}: see `packbench-hub trouble list`")
    said = _json(row)
    if options.json:
        say.json(said)
    else:
        say.table(list(said.items()), ("what", "is"))
    return say.DONE


def _do(options: argparse.Namespace, opened: home.Opened) -> int:
    by = options.by or getpass.getuser()
    with opened.store.write() as connection:
        row = troubles.get(connection, options.id)
        if row is None:
            raise say.No(f"there is no trouble {options.id}: see `packbench-hub trouble list`")
        said = _json(row)
        if said["resolved_at"] is not None:
            raise say.No(f"trouble {options.id} is solved already: {said['action']}")
        if options.action not in said["actions"]:
            raise say.No(f"choose one of: {', '.join(said['actions'])}")
        order = opened.book.get(connection, said["order"], lock=True) if said["order"] else None
        done = desk.decide(row, order, options.action)
        now = time.time()
        if order is not None and done:
            why = desk.why_not(order, done)
            if why:
                raise say.No(f"{options.action} is not possible now: {why}")
            desk.do(connection, opened.book, order, done, now, by)
        troubles.close(connection, options.id, now, by=by, action=options.action)
    say.words(f"trouble {options.id}: {options.action}")
    return say.DONE
