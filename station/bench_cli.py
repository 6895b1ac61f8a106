"""What do `packbench bench`, `enrol` and `orders` do?"""

from __future__ import annotations

import argparse
import fcntl
import platform
import sys
from pathlib import Path
from typing import IO

from station import config
from station.config import BadConfig

LOCK = "bench.lock"
"""In a bench's home: locked by the one process that is the bench."""

SWITCH_SECONDS = 0.0005
"""How long a thread that computes keeps the others waiting."""
LOG = "bench.log"
LOG_BYTES = 1_000_000
"""So large may the log grow before it is put aside; two of those are kept."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the three commands of a bench."""
    bench = subparsers.add_parser("bench", help="the packer's terminal")
    bench.add_argument("--config", type=Path, metavar="station.toml")
    bench.add_argument("--robot", type=Path, metavar="FILE", help=argparse.SUPPRESS)
    enrol = subparsers.add_parser("enrol", help="join this bench to a hub")
    enrol.add_argument("hub", metavar="HUB-URL")
    enrol.add_argument("code", metavar="CODE", help="from `packbench-hub bench code NAME`")
    trust = enrol.add_mutually_exclusive_group()
    trust.add_argument("--ca", type=Path, metavar="FILE", help="who signed the hub's certificate")
    trust.add_argument("--pin", default="", metavar="HEX", help="SHA-256 of that, as the hub says")
    orders = subparsers.add_parser("orders", help="this bench's own queue")
    orders.add_argument("--state", default="", help="only those: allocated, packing, packed …")
    orders.add_argument("--channel", default="", help="only those of one channel")
    orders.add_argument("--json", action="store_true")


def run(args: argparse.Namespace) -> int:
    """Do what the parsed arguments say; return the exit status."""
    try:
        match args.command:
            case "bench":
                return _bench(args.config, args.robot)
            case "enrol":
                return _enrol(args)
            case _:
                return _orders(args.state, args.channel, as_json=args.json)
    except BadConfig as e:
        sys.stderr.write(f"{e}\n")
        return 1


def _bench(file: Path | None, robot: Path | None) -> int:
    # Textual and SQLAlchemy are for this command alone.
    from drivers.label_printers.sheet_rule import BadRules
    from station.floor import open_floor
    from station.store.store import StoreError
    from station.terminal import harden, refuse_dumb_terminal

    home = config.home()
    home.mkdir(parents=True, exist_ok=True)
    settings = config.read(file or home / config.FILE)
    alone = take_alone(home)
    if alone is None:
        sys.stderr.write(f"The bench of {home} runs already: close it there first.\n")
        return 1
    refuse_dumb_terminal()
    harden()
    _log_to(home)
    # The spool's thread must not wait 5 ms, Python's default, for a screen that is being painted.
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        app = open_floor(home, settings, robot)
    except (StoreError, BadRules) as e:
        sys.stderr.write(f"{e}\n")
        return 1
    with alone:
        app.run()
    # Not what the app returns: a lost terminal ends it with a status of its own.
    return app.return_code or 0


def take_alone(home: Path) -> IO[bytes] | None:
    """Take the folder for this process until the file is closed; None where another has it.

    Two benches on one journal would take each other's labels for left over from a crash, and
    print them again. The kernel lets go of the lock however the process ends.
    """
    lock = (home / LOCK).open("ab")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock


def _log_to(home: Path) -> None:
    """The terminal is the packer's: what tomorrow's reader needs goes to a file of bounded size."""
    import logging
    from logging.handlers import RotatingFileHandler

    file = RotatingFileHandler(home / LOG, maxBytes=LOG_BYTES, backupCount=2, encoding="utf-8")
    form = "%(asctime)s %(levelname)s %(name)s %(message)s"
    logging.basicConfig(handlers=[file], format=form, level=logging.INFO)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # a line a request otherwise


def _enrol(args: argparse.Namespace) -> int:
    from station.enrolment import join
    from station.store.store import Store, StoreError

    home = config.home()
    home.mkdir(parents=True, exist_ok=True)
    alone = take_alone(home)
    if alone is None:
        sys.stderr.write(f"The bench of {home} runs: close it there first.\n")
        return 1
    hub = args.hub.rstrip("/")
    with alone:
        try:
            store = Store(home / config.DATABASE)
            try:
                made = join(home, store, hub, args.code, platform.node(), ca=args.ca, pin=args.pin)
            finally:
                store.close()
        except (ValueError, StoreError) as e:
            sys.stderr.write(f"{e}\n")
            return 1
    sys.stderr.write(f"This is bench {made.bench} of {hub} now. Start it: packbench bench\n")
    return 0


def _orders(state: str, channel: str, *, as_json: bool) -> int:
    import msgspec

    from station.store import queue
    from station.store.store import Store, StoreError

    path = config.home() / config.DATABASE
    if not path.exists():
        sys.stderr.write(f"There is no bench in {path.parent}. Join a hub: packbench enrol …\n")
        return 1
    try:
        store = Store(path)
        orders = list(queue.listed(store, state, channel))
    except StoreError as e:
        sys.stderr.write(f"{e}\n")
        return 1
    if as_json:
        # Buyers' names and addresses stay on the bench's disk.
        rows = [msgspec.structs.replace(order, address=None) for order in orders]
        sys.stdout.write(msgspec.json.encode(rows).decode() + "\n")
        return 0
    for order in orders:
        pieces = sum(line.quantity for line in order.lines)
        by = order.ship_by.strftime("%Y-%m-%d %H:%MZ") if order.ship_by else "—"
        sys.stdout.write(f"{order.channel_order_id:24} {order.state:12} {pieces:4} {by}\n")
    return 0
