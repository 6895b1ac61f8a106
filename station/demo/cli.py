"""What does `packbench demo` do? Everything on this machine, with nothing but virtual devices."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

DEADLINE_SECONDS = 120.0
SECONDS_AN_ORDER = 3.0
"""A headless demo that takes longer than this has come to a stop somewhere."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `demo`."""
    parser = subparsers.add_parser(
        "demo",
        help="everything on this machine, with virtual devices",
        description="Hub, marketplace, carrier, printers, scanners, scales and benches, on this "
        "machine and simulated. In a terminal you are the packer; --headless lets a robot pack "
        "and ends with one line of JSON.",
    )
    add = parser.add_argument
    add("--headless", action="store_true", help="no terminal: a robot packs, and the ends count")
    add("--orders", type=_count, default=20, metavar="N", help="orders that wait at the start")
    add("--benches", type=_count, default=1, metavar="K", help="benches; you work at the first")
    add("--seed", type=int, default=1, metavar="N", help="the same seed is the same world")
    add("--kill", type=int, default=0, metavar="N", help="kill benches N times, and restart them")
    add("--floor", action="store_true", help="a whole floor with its board (comes later)")
    add("--language", choices=("en", "zh"), default="en", help="of the bench")
    add("--deadline", type=float, default=0.0, metavar="SECONDS", help="give up after so long")
    add("--keep", type=Path, metavar="FOLDER", help="work in this folder, and leave it there")
    add("--picture", type=Path, metavar="FILE", help="only draw the bench, as SVG, into FILE")


def run(args: argparse.Namespace) -> int:
    """Run the demo; 1 when a promise was broken."""
    if args.floor:
        sys.stderr.write("--floor is not built yet; leave it out, or give --benches.\n")
        return 1
    if args.picture is not None:
        from station.demo.picture import draw  # it alone loads the terminal library

        return draw(args.picture, args.language)
    # What follows starts processes; `packbench --help` must not wait for it.
    from station.demo import supervisor
    from station.demo.plan import Plan

    headless = args.headless
    if not headless and not (sys.stdin.isatty() and sys.stdout.isatty()):
        sys.stderr.write("This is no terminal, so a robot packs (--headless).\n")
        headless = True
    plan = Plan(
        orders=args.orders,
        benches=args.benches,
        seed=args.seed,
        kills=max(args.kill, 0),
        language=args.language,
        headless=headless,
        deadline=args.deadline or DEADLINE_SECONDS + SECONDS_AN_ORDER * args.orders,
    )
    return supervisor.run(plan, args.keep)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= 100_000):
        raise argparse.ArgumentTypeError(f"{text} is no number from 1 to 100000")
    return int(text)
