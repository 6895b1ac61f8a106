"""`packbench-hub bench code|list|revoke`."""

from __future__ import annotations

import argparse
import time
from datetime import UTC, datetime

import msgspec

from sync.hub import allot, benches, home, tls
from sync.hub.cli import say
from sync.protocol.messages import Heartbeat


def run(noun: str, argv: list[str]) -> int:
    """Do what is asked of benches."""
    parser = say.parser(noun, "Benches: one-time codes to join with, and who has joined.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    code = verbs.add_parser("code", help="a code with which one machine becomes this bench")
    code.add_argument("name")
    code.add_argument("--warehouse", default=benches.WAREHOUSE)
    code.add_argument("--prefetch", type=int, default=benches.PREFETCH, help="shipments ahead")
    code.add_argument(
        "--lease-minutes",
        type=float,
        default=benches.LEASE_MINUTES,
        help="how long a silent bench keeps what it has not begun",
    )
    code.add_argument("--minutes", type=float, default=benches.CODE_SECONDS / 60)
    say.add_json(code)
    code.set_defaults(do=_code)
    listing = verbs.add_parser("list", help="the benches and how they are")
    say.add_json(listing)
    listing.set_defaults(do=_list)
    revoke = verbs.add_parser("revoke", help="shuts a bench out")
    revoke.add_argument("name")
    revoke.set_defaults(do=_revoke)
    return say.run(parser, argv)


def _code(options: argparse.Namespace, opened: home.Opened) -> int:
    why = benches.why_not(options.name, options.lease_minutes)
    if why:
        raise say.No(why)
    with opened.store.write() as connection:
        code = benches.new_code(
            connection,
            options.name,
            opened.store.now(),
            warehouse=options.warehouse,
            prefetch=options.prefetch,
            lease_minutes=options.lease_minutes,
            minutes=options.minutes,
        )
    authority = tls.found(home.folder())
    pin = authority.pin if authority else ""
    if options.json:
        said = {"bench": options.name, "code": code, "minutes": options.minutes}
        say.json({**said, "pin": pin} if pin else said)
    else:
        how = f"packbench enrol HUB-URL {code}" + (f" --pin {pin}" if pin else "")
        say.words(f"for {options.minutes:g} minutes, once: {how}")
        say.table([[options.name, code]], ("bench", "code"))
    return say.DONE


def _list(options: argparse.Namespace, opened: home.Opened) -> int:
    now = time.time()
    rows = []
    with opened.store.read() as connection:
        for row in benches.listed(connection):
            beat = msgspec.json.decode(row.heartbeat, type=Heartbeat) if row.heartbeat else None
            rows.append(
                {
                    "bench": row.name,
                    "warehouse": row.warehouse,
                    "enrolled": bool(row.public_key),
                    "incarnation": row.incarnation,
                    "prefetch": row.prefetch,
                    "seen_at": datetime.fromtimestamp(row.seen_at, UTC) if row.seen_at else None,
                    "seen_seconds": round(now - row.seen_at, 1) if row.seen_at else None,
                    "lease_seconds": max(0.0, round(row.lease_until - now, 1)),
                    "clock_offset": _tenths(row.clock_offset),
                    "mismatches": beat.mismatches if beat else 0,
                    "entries": row.last_seq,
                    "feed": row.feed_seq,
                    "pending": beat.pending if beat else 0,
                    "packer": beat.packer if beat else "",
                }
            )
    if options.json:
        say.json(rows)
    else:
        heads = (
            *("bench", "warehouse", "enrolled", "seen_seconds", "lease_seconds", "clock_offset"),
            *("entries", "pending", "packer"),
        )
        say.table([[row[head] for head in heads] for row in rows], heads)
    return say.DONE


def _tenths(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)


def _revoke(options: argparse.Namespace, opened: home.Opened) -> int:
    with opened.store.write() as connection:
        if not benches.revoke(connection, options.name):
            raise say.No(f"there is no bench {options.name}: see `packbench-hub bench list`")
        back, stayed = allot.take_back(connection, opened.book, options.name, opened.store.now())
    say.words(f"{options.name} is shut out; a new code lets a machine be {options.name} again")
    say.words(f"{back} shipments went back, {stayed} were begun and stay: look at its table")
    return say.DONE
