"""`packbench-hub channel add|list|check|remove|pull|confirm`."""

from __future__ import annotations

import argparse
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import delete

from sync.hub import channels, home, http, pull
from sync.hub.channels import Outside
from sync.hub.cli import say
from sync.hub.cli.carrier import credentials
from sync.hub.confirm import Confirmations
from sync.hub.present import order_json, trouble_json
from sync.hub.schema import channel
from sync.markets import MARKETS
from sync.orders import ConfirmAt
from sync.ports import Accepted, Rejected

LATER_MARKETS = ("ebay", "shopee")


def run(noun: str, argv: list[str]) -> int:
    """Do what is asked of channels."""
    parser = say.parser(noun, "Seller accounts on marketplaces.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    _add_add(verbs)
    listing = verbs.add_parser("list", help="the accounts, and when each was read")
    say.add_json(listing)
    listing.set_defaults(do=_list)
    for verb, says, do in (
        ("check", "logs in and asks for one page", _check),
        ("remove", "forgets an account and its credentials; its orders stay", _remove),
        ("connect", "not in this version", _later),
    ):
        made = verbs.add_parser(verb, help=says)
        made.add_argument("name")
        made.set_defaults(do=do)
    fetch = verbs.add_parser("pull", help="one round of fetching")
    fetch.add_argument("name")
    fetch.add_argument("--since", type=_moment, metavar="T", help="ISO 8601")
    fetch.add_argument("--until", type=_moment, metavar="T", help="ISO 8601")
    say.add_json(fetch)
    fetch.set_defaults(do=_pull)
    tell = verbs.add_parser("confirm", help="one round of telling what was shipped")
    tell.add_argument("name")
    say.add_json(tell)
    tell.set_defaults(do=_confirm)
    return say.run(parser, argv)


def _add_add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    add = verbs.add_parser("add", help="adds an account, or gives it new credentials")
    add.add_argument("market", choices=[*MARKETS, *LATER_MARKETS])
    add.add_argument("name")
    add.add_argument("--credentials", required=True, metavar="FILE", help="JSON, stored encrypted")
    add.add_argument("--base-url", default="", metavar="URL", help="instead of the API's host")
    add.add_argument("--token-url", default="", metavar="URL", help="instead of its token address")
    add.add_argument("--confirm-at", choices=[one.value for one in ConfirmAt], default="closed")
    add.add_argument("--rate-scale", type=float, default=1.0, help="its limits are so much higher")
    add.add_argument("--time-scale", type=float, default=1.0, help="its clock is so much faster")
    add.set_defaults(do=_add)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _add(options: argparse.Namespace, opened: home.Opened) -> int:
    if options.market in LATER_MARKETS:
        raise say.No(f"{options.market} is not in this version")
    if not options.name or set(options.name) & set(":#/ "):
        raise say.No("a channel's name has no blank and none of : # /")
    with opened.store.write() as connection:
        channels.add_channel(
            connection,
            opened.vault,
            market=options.market,
            name=options.name,
            credentials=credentials(options.credentials),
            base_url=options.base_url,
            token_url=options.token_url,
            confirm_at=ConfirmAt(options.confirm_at),
            rate_scale=options.rate_scale,
            time_scale=options.time_scale,
        )
    say.words(f"channel {options.name} is added; try `packbench-hub channel check {options.name}`")
    return say.DONE


def _list(options: argparse.Namespace, opened: home.Opened) -> int:
    with opened.store.read() as connection:
        rows = [
            {
                "name": row.name,
                "market": row.market,
                "confirm_at": row.confirm_at,
                "pulled_until": _shown(row.pulled_until),
                "pulled_at": _shown(row.pulled_at),
                "error": row.error,
                "base_url": row.base_url,
            }
            for row in channels.channels(connection)
        ]
    if options.json:
        say.json(rows)
    else:
        heads = ("name", "market", "confirm_at", "pulled_at", "error")
        say.table([[row[head] or "" for head in heads] for row in rows], heads)
    return say.DONE


def _shown(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


@contextmanager
def _outside(opened: home.Opened) -> Iterator[Outside]:
    with http.client() as client:
        yield Outside(opened.store, opened.vault, client, threading.Event())


def _check(options: argparse.Namespace, opened: home.Opened) -> int:
    with _outside(opened) as outside:
        there = outside.channel(options.name)
        begin, end = pull.window(there, datetime.now(UTC), datetime.now(UTC), None)
        there.line.hold(there.market.fetch_orders(there.sites, begin, end))
    say.words(f"channel {options.name} lets us in and answers")
    return say.DONE


def _remove(options: argparse.Namespace, opened: home.Opened) -> int:
    with opened.store.write() as connection:
        done = connection.execute(delete(channel).where(channel.c.name == options.name))
    if not done.rowcount:
        raise say.No(f"there is no channel {options.name}: see `packbench-hub channel list`")
    say.words(f"channel {options.name} and its credentials are gone; its orders stay")
    return say.DONE


def _later(options: argparse.Namespace, opened: home.Opened) -> int:
    raise say.No(f"`channel {options.verb}` is not in this version: add credentials by file")


def _pull(options: argparse.Namespace, opened: home.Opened) -> int:
    with _outside(opened) as outside:
        pulled = pull.pull(
            opened.store,
            opened.book,
            outside,
            options.name,
            since=options.since,
            until=options.until,
        )
    if options.json:
        say.json(
            {
                "orders": [order_json(order) for order in pulled.orders],
                "troubles": [trouble_json(one) for one in pulled.troubles],
            }
        )
    say.words(
        f"{len(pulled.orders)} orders were read, {pulled.changed} of them new or changed; "
        f"{len(pulled.troubles)} troubles"
    )
    return say.DONE


def _confirm(options: argparse.Namespace, opened: home.Opened) -> int:
    with _outside(opened) as outside:
        outside.channel(options.name)
        results = _told(Confirmations(opened.store, opened.book, outside), options.name)
    if options.json:
        say.json({"parcels": results})
    counted = Counter(row["told"] for row in results)
    said = ", ".join(f"{number} {told}" for told, number in sorted(counted.items()))
    say.words(f"{len(results)} parcels told: {said or 'nothing was due'}")
    return say.REFUSED if any(row["told"] == Rejected.__name__.lower() for row in results) else 0


def _told(round: Confirmations, name: str) -> list[dict[str, str]]:
    """Tell a channel of everything that is due; what is put off stays for the service."""
    results = []
    began = time.monotonic()
    while (ids := round.due(name)) and time.monotonic() - began < LONGEST_SECONDS:
        for id in ids:
            told = round.do(id)
            if told is not None:
                why = "" if isinstance(told, Accepted) else told.why
                results.append({"parcel": id, "told": type(told).__name__.lower(), "why": why})
    return results


LONGEST_SECONDS = 600.0
"""Of one command; the service goes on where it stops."""
