"""What `packbench-hub simulate` does: start a part of the outside world and say how to reach it.

When it listens it prints one line of JSON on standard output: `base_url`, for each marketplace
its `base_url`, `token_url` and the `credentials` for `channel add`, and `books_url`. It runs
until it is told to stop (Ctrl-C or SIGTERM).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from starlette.types import ASGIApp

from sync.simulate import baskets, faults, goods, panel, serve
from sync.simulate.amazon.book import Trade
from sync.simulate.amazon.place import ODDITIES, Odds, usual_odds
from sync.simulate.amazon.routes import Amazon, Pace
from sync.simulate.carrier import tariff
from sync.simulate.carrier.book import Book
from sync.simulate.carrier.routes import Simpost
from sync.simulate.chance import dice
from sync.simulate.keep import Shelf


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; 0 done, 1 could not listen, 2 wrong usage."""
    options = _parser().parse_args(argv)
    do: Callable[[argparse.Namespace], int] = options.do
    return do(options)


def marketplaces(options: argparse.Namespace) -> int:
    """Serve the marketplaces."""
    amazon = open_amazon(options)

    def ready(port: int) -> None:
        url = f"http://{options.host}:{port}"
        _say(
            {
                "simulates": "marketplaces",
                "base_url": url,
                "books_url": f"{url}/simulate/books",
                "goods_url": f"{url}/simulate/goods?format=csv",
                "orders": len(amazon.book),
                "amazon": {
                    "base_url": url,
                    "token_url": f"{url}/auth/o2/token",
                    "credentials": amazon.credentials(),
                },
            }
        )

    return _serve(options, panel.app([amazon], [amazon]), ready)


def open_amazon(options: argparse.Namespace) -> Amazon:
    """Open the simulated Amazon with the orders that wait at the start."""
    bounds = baskets.SHOPS if options.size == "shop" else baskets.PARCELS
    trade = Trade(
        seed=options.seed,
        baskets=baskets.Baskets(bounds, abroad=options.abroad),
        odds=Odds({**usual_odds(), **dict(options.odds)}, within=options.within),
        per_hour=options.per_hour,
        lag=timedelta(seconds=options.lag_seconds),
    )
    pace = Pace(
        rate_scale=options.rate_scale,
        time_scale=options.time_scale,
        token_seconds=options.token_seconds,
        slow_seconds=options.slow_seconds,
    )
    wrong = faults.Faults(dice(options.seed, "faults"), options.fault)
    amazon = Amazon(trade, Shelf(options.state), _now, pace, wrong)
    # A restart finds the orders that it had.
    if not len(amazon.book):
        amazon.place(options.orders, waiting=True)
    return amazon


def carrier(options: argparse.Namespace) -> int:
    """Serve the carrier."""
    simpost = Simpost(
        Book(Shelf(options.state), options.seed),
        _now,
        faults.Faults(dice(options.seed, "carrier faults"), options.fault),
        rate_scale=options.rate_scale,
        slow_seconds=options.slow_seconds,
    )

    def ready(port: int) -> None:
        url = f"http://{options.host}:{port}"
        _say(
            {
                "simulates": "carrier",
                "base_url": url,
                "books_url": f"{url}/simulate/books",
                "openapi_url": f"{url}/openapi.json",
                "carrier": "simpost",
                "services": [service.service for service in tariff.SERVICES],
            }
        )

    return _serve(options, panel.app([simpost]), ready)


def list_goods(options: argparse.Namespace) -> int:
    """Print the catalogue as CSV."""
    sys.stdout.write(goods.master_data())
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="packbench-hub simulate",
        description="The simulated outside world: marketplaces and a carrier that keep books.",
    )
    kinds = parser.add_subparsers(dest="what", required=True)
    shop = kinds.add_parser("marketplaces", help="marketplaces with orders", **_SHOWN)
    _add_common(shop)
    _add_trade(shop)
    shop.set_defaults(do=marketplaces)
    post = kinds.add_parser("carrier", help="a carrier that sells labels", **_SHOWN)
    _add_common(post)
    post.set_defaults(do=carrier)
    listing = kinds.add_parser("goods", help="prints the goods that are sold, as CSV")
    listing.set_defaults(do=list_goods)
    return parser


_SHOWN: dict[str, Any] = {"formatter_class": argparse.ArgumentDefaultsHelpFormatter}


def _add_common(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on")
    add("--port", type=int, default=0, help="port; 0: a free one")
    add("--seed", type=int, default=1, help="the same seed is the same world")
    add("--state", type=Path, metavar="FILE", help="SQLite file that keeps the books")
    add("--rate-scale", type=float, default=1.0, help="throttles refill so many times faster")
    add("--slow-seconds", type=float, default=3.0, help="how long the fault `slow` takes")
    names = ", ".join(faults.FAULTS)
    add(
        "--fault",
        type=_fault,
        action="append",
        default=[],
        metavar="NAME[=CHANCE]",
        help=f"what goes wrong, in a share of the requests ({faults.SELDOM} unless given): {names}",
    )


def _add_trade(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--orders", type=int, default=50, help="orders that wait at the start")
    add("--per-hour", type=float, default=0.0, help="orders that come by themselves")
    add("--size", choices=("parcel", "shop"), default="parcel", help="who buys: households, shops")
    add("--abroad", type=float, default=0.3, help="share sent to the world's other scripts")
    add("--within", type=float, default=120.0, help="seconds in which orders change")
    add("--lag-seconds", type=float, default=0.0, help="until a change is seen in a search")
    add("--time-scale", type=float, default=1.0, help="tokens grow old so many times faster")
    add("--token-seconds", type=float, help="an access token's life, instead of a scaled hour")
    add(
        "--odds",
        type=_chance,
        action="append",
        default=[],
        metavar="KIND=CHANCE",
        help=f"how many orders are of a kind: {', '.join(ODDITIES)}",
    )


def _fault(text: str) -> faults.Fault:
    try:
        return faults.read(text)
    except ValueError as wrong:
        raise argparse.ArgumentTypeError(str(wrong)) from None


def _chance(text: str) -> tuple[str, float]:
    kind, _, chance = text.partition("=")
    if kind not in ODDITIES:
        raise argparse.ArgumentTypeError(f"no order is {kind}; there are {', '.join(ODDITIES)}")
    try:
        return kind, float(chance)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text}: say {kind}=0.05 for five in a hundred") from None


def _serve(options: argparse.Namespace, app: ASGIApp, ready: Callable[[int], None]) -> int:
    try:
        listened = serve.serve(app, host=options.host, port=options.port, ready=ready)
    except KeyboardInterrupt:
        return 0
    except SystemExit:
        listened = False
    if not listened:
        sys.stderr.write(
            f"Port {options.port} on {options.host} is taken. Give another with --port, or none.\n"
        )
    return 0 if listened else 1


def _say(line: dict[str, Any]) -> None:
    sys.stdout.write(msgspec.json.encode(line).decode() + "\n")
    sys.stdout.flush()


def _now() -> datetime:
    return datetime.now(UTC)
