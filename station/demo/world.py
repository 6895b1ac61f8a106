"""What stands around the benches: marketplace, carrier, hub. Started, connected, and asked.

Each is a process of its own, as it is in earnest; the bench never loads the hub.
"""

from __future__ import annotations

import asyncio
import sys
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from station.demo.count import Sold
from station.demo.plan import Plan, badges, bench_names, changing_seconds
from station.demo.process import Child, Household
from station.demo.switch import HubSwitch
from sync.orders import Order

HUB = (sys.executable, "-m", "sync.hub")
CHANNEL, CARRIER = "amazon", "simpost"
ASK_SECONDS = 60.0
"""How long the books may take to be read."""
FASTER = 60.0
"""The marketplace's clock and limits run so many times faster: an hour of theirs is a minute, so
that a demo of minutes sees tokens end, and changes come while an order is being packed."""
_SCALES = ["--rate-scale", str(FASTER), "--time-scale", str(FASTER)]
ODDS = ("cancelled=0.03", "cancel_requested=0.02", "address_changed=0.04", "masked=0.01")
"""Some orders change while they are packed: a little more often than in the real data, so that
a demo of fifty orders shows each."""
FAULTS = ("lost_answer=0.05", "server_error=0.02")
NAMES = ("Ada", "Grace", "Katherine", "Hedy", "Joan", "Annie", "Mary", "Radia")


class _Books(msgspec.Struct):
    orders: dict[str, Sold]


class _Code(msgspec.Struct):
    code: str


@dataclass(frozen=True, slots=True)
class World:
    """Where everything is."""

    hub: str
    """The hub's address."""
    books: str
    """Where the marketplace shows its books."""
    home: Path
    """The hub's own folder."""
    household: Household
    hub_process: Child | None
    prefetch: int
    """Shipments that a bench has ahead: few enough that the benches share the work."""

    @property
    def environ(self) -> dict[str, str]:
        """What the hub's commands need to find it."""
        return {"PACKBENCH_HOME": str(self.home)}

    def switch(self) -> HubSwitch:
        """Return what cuts the hub and starts it again, where it was; call it in the loop."""
        assert self.hub_process is not None
        port = urlsplit(self.hub).port
        argv = [*HUB, "serve", "--port", str(port)]
        loop = asyncio.get_running_loop()
        return HubSwitch(self.household, self.hub_process, argv, self.environ, loop)

    async def sold(self) -> dict[str, Sold]:
        """Read the marketplace's books."""
        body = await asyncio.to_thread(_get, self.books)
        return msgspec.json.decode(body, type=dict[str, _Books])["amazon"].orders

    async def orders(self) -> list[Order]:
        """Read the hub's order book."""
        said = await self.household.run(
            "hub-orders", [*HUB, "order", "list", "--json", "--limit", "1000000"], self.environ
        )
        return msgspec.json.decode(said, type=list[Order])

    async def bench_code(self, name: str) -> str:
        """Have the hub make a code with which a bench can join it."""
        words = [*HUB, "bench", "code", name, "--prefetch", str(self.prefetch), "--json"]
        said = await self.household.run(f"{name}-code", words, self.environ)
        return msgspec.json.decode(said, type=_Code).code


async def build(household: Household, plan: Plan, folder: Path) -> World:
    """Start marketplace, carrier and hub, and connect them. Raises DemoFailed."""
    prefetch = max(3, min(12, plan.orders // (2 * plan.benches)))
    world = World("", "", folder / "hub", household, None, prefetch)
    market, carrier, _ = await asyncio.gather(
        household.start("marketplaces", _marketplaces(plan, folder)),
        household.start("carrier", _carrier(plan, folder)),
        household.run("hub-setup", [*HUB, "init"], world.environ),
    )
    amazon = market.ready["amazon"]
    credentials = folder / "amazon.json"
    credentials.write_bytes(msgspec.json.encode(amazon["credentials"]))
    goods = folder / "goods.csv"
    goods.write_bytes(await asyncio.to_thread(_get, market.ready["goods_url"]))
    await asyncio.gather(
        *(
            household.run("hub-setup", [*HUB, *words], world.environ)
            for words in _connecting(plan, amazon, carrier.ready, credentials, goods)
        )
    )
    hub = await household.start("hub", [*HUB, "serve", "--port", "0"], world.environ)
    books = market.ready["books_url"]
    return World(hub.ready["base_url"], books, world.home, household, hub, prefetch)


def _marketplaces(plan: Plan, folder: Path) -> list[str]:
    words = [*HUB, "simulate", "marketplaces", "--orders", str(plan.orders)]
    words += ["--seed", str(plan.seed), "--state", str(folder / "marketplaces.sqlite")]
    words += ["--within", f"{changing_seconds(plan):.0f}", *_SCALES]
    words += [word for odds in ODDS for word in ("--odds", odds)]
    return words + [word for fault in FAULTS for word in ("--fault", fault)]


def _carrier(plan: Plan, folder: Path) -> list[str]:
    words = [*HUB, "simulate", "carrier", "--seed", str(plan.seed)]
    words += ["--state", str(folder / "carrier.sqlite")]
    return words + [word for fault in FAULTS for word in ("--fault", fault)]


def _connecting(
    plan: Plan,
    amazon: dict[str, str],
    carrier: dict[str, str],
    credentials: Path,
    goods: Path,
) -> Sequence[Sequence[str]]:
    """Return the hub's commands that set it up, in any order."""
    channel = ["channel", "add", "amazon", CHANNEL, "--credentials", str(credentials)]
    channel += ["--base-url", amazon["base_url"], "--token-url", amazon["token_url"]]
    channel += _SCALES
    people = [
        ["packer", "add", badge, NAMES[n % len(NAMES)]] for n, badge in enumerate(badges(plan))
    ]
    return [
        ["item", "import", str(goods)],
        channel,
        ["carrier", "add", "simpost", CARRIER, "--base-url", carrier["base_url"]],
        *people,
    ]


def _get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=ASK_SECONDS) as answer:  # noqa: S310  # our own, on loopback
        body: bytes = answer.read()
    return body


__all__ = ["World", "bench_names", "build"]
