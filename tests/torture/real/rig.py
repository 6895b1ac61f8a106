"""Kills processes of the product, one after the other, and looks after each kill.

    python -m tests.torture real --kills 200 --database postgresql --hubs 2 --benches 3 --seed 1

A kill run: some people buy something, the benches pack, one process dies (a bench or a hub, at
any moment; a bench also right before or right after a chosen fsync), it is started again, it
comes back to where it was, and everything that must hold at any moment is looked at. At the end
the benches finish, and marketplace, carrier, printers, hub and journals are compared.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import msgspec

from station.demo import count
from station.demo.count import Sold
from station.demo.process import DemoFailed
from sync.hub.engine import Store, open_store
from sync.orders import Order
from tests.torture.real import promises
from tests.torture.real.world import HUB, Asked, HubPlace, Place, World, world

ORDERS_A_KILL = 4
"""Bought before each kill, so that it always meets work."""
LOOK_SECONDS = 0.1
COMES_BACK_SECONDS = 90.0
"""How long a process that was killed may take until the hub has everything that its benches did."""
AT_REST_SECONDS = 180.0
SYNCS = 40
"""A bench dies at one of so many fsyncs after its start."""


class Broken(Exception):
    """A promise did not hold; the sentences say which."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it."""

    seed: int
    database: str
    kills: int
    killed: dict[str, int]
    """How often what was killed, and how."""
    wires: dict[str, int]
    """How often what was done to connections."""
    entries: int
    broken: tuple[str, ...]
    report: count.Report | None
    seconds: float


@dataclass(slots=True)
class _Run:
    there: World
    store: Store
    chance: Random
    killed: Counter[str] = field(default_factory=Counter)

    async def kill_one(self) -> None:
        """Kill somebody, start it again, and wait until it has come back. Raises Broken."""
        await self.there.place_orders(ORDERS_A_KILL)
        throw = self.chance.random()
        if throw < 0.3:
            await self._kill_hub(self.chance.choice(self.there.hubs))
        elif throw < 0.65 or self.there.shim is None:
            place = self.chance.choice(self.there.places)
            await asyncio.sleep(self.chance.uniform(0.1, 1.5))  # the moment of the kill, by chance
            await self._kill(place, "bench")
            await self.there.open_bench(place)
        else:
            await self._kill_at_sync(self.chance.choice(self.there.places))
        await self._come_back()

    async def _kill_hub(self, hub: HubPlace) -> None:
        await asyncio.sleep(self.chance.uniform(0.1, 1.5))  # as above
        assert hub.child is not None
        await hub.child.kill()
        self.there.household.dismiss(hub.child)
        self.killed["hub"] += 1
        await self.there.open_hub(hub)

    async def _kill(self, place: Place, how: str) -> None:
        assert place.child is not None
        await place.child.kill()
        self.there.household.dismiss(place.child)
        self.killed[how] += 1

    async def _kill_at_sync(self, place: Place) -> None:
        """Start a bench anew so that it dies at an fsync; where it has none, it is just killed."""
        await self._kill(place, "bench")
        when = self.chance.choice(("before", "after"))
        await self.there.open_bench(place, self.chance.randrange(1, SYNCS), when)
        child = place.child
        assert child is not None
        try:
            await asyncio.wait_for(child.process.wait(), 8.0)
            child.forget()
            self.killed[f"bench {when} fsync"] += 1
        except TimeoutError:
            await child.kill()
        self.there.household.dismiss(child)
        await self.there.open_bench(place)

    async def _come_back(self) -> None:
        """Wait until the hub has what benches had done by now, and look at everything."""
        wanted = {one.bench: len(one.entries) for one in await self.journals()}
        deadline = time.monotonic() + COMES_BACK_SECONDS
        while True:
            journals = await self.journals()
            with self.store.read() as connection:
                owed = promises.behind(connection, journals)
            had = {one.bench: len(one.entries) - owed[one.bench] for one in journals}
            if all(had[name] >= wanted[name] for name in wanted):
                break
            await self.mourn()
            if time.monotonic() > deadline:
                raise Broken(f"the hub has {had} of {wanted} entries")
            await asyncio.sleep(LOOK_SECONDS)  # nobody tells us that the hub has them
        await self.look()

    async def mourn(self) -> None:
        """Say so if a process ended that nobody killed. Raises Broken."""
        everybody: list[Place | HubPlace] = [*self.there.places, *self.there.hubs]
        for one in everybody:
            if one.child is None or not one.child.running:
                words = one.child.last_words() if one.child else ""
                status = one.child.process.returncode if one.child else None
                name = f"{type(one).__name__} {one.number + 1}"
                raise Broken(f"{name} ended by itself with status {status}: {words}")

    async def look(self) -> None:
        """Look whether anything is broken. Raises Broken."""
        with self.store.read() as connection:
            there = promises.at_the_hub(connection, [one.name for one in self.there.places])
        printed = promises.printed_on([place.record for place in self.there.places])
        found = promises.broken(there, await self.journals(), printed)
        if found:
            raise Broken("; ".join(found[:5]))

    async def journals(self) -> list[promises.Journal]:
        """Read every bench's journal."""
        return [promises.journal(place.name, place.home) for place in self.there.places]

    async def orders(self) -> list[Order]:
        """Read the hub's book."""
        words = [*HUB, "order", "list", "--json", "--limit", "1000000"]
        said = await self.there.household.run("orders", words, self.there.environ)
        return msgspec.json.decode(said, type=list[Order])

    async def rest(self) -> tuple[count.Report, list[str]]:
        """Wait until every order has come to an end; give what came of it, and what is broken."""
        deadline = time.monotonic() + AT_REST_SECONDS
        while True:
            await self.mourn()
            market = await self.there.books(self.there.market)
            sold = msgspec.convert(market["orders"], dict[str, Sold])
            orders = await self.orders()
            left = "unconfirmed" in count.outcomes(sold, orders).values()
            if not left or time.monotonic() > deadline:
                break
            await asyncio.sleep(LOOK_SECONDS * 10)
        children = [place.child for place in self.there.places if place.child is not None]
        await asyncio.gather(*(child.stop() for child in children))
        await self.look()
        journals = await self.journals()
        with self.store.read() as connection:
            owed = promises.behind(connection, journals)
        printed = promises.printed_on([place.record for place in self.there.places])
        market = await self.there.books(self.there.market)
        sold = msgspec.convert(market["orders"], dict[str, Sold])
        kills = sum(self.killed.values())
        made = promises.report(journals, printed, sold, await self.orders(), kills, 0.0)
        found = promises.at_the_end(made, market, await self.there.books(self.there.carrier))
        found += promises.left_over(sold, await self.orders())
        found += [f"{name} owes {n} entries" for name, n in owed.items() if n]
        return made, found


async def run(asked: Asked, kills: int, folder: Path) -> Outcome:
    """Kill so many processes; say what came of it."""
    began = time.monotonic()
    async with world(asked, folder) as there:
        store = open_store(there.database)
        one = _Run(there, store, Random(f"{asked.seed} kills"))
        made: count.Report | None = None
        try:
            await asyncio.gather(*(there.open_bench(place) for place in there.places))
            for n in range(kills):
                await one.kill_one()
                sys.stderr.write(f"\r{n + 1} of {kills} kills, {time.monotonic() - began:.0f} s ")
            sys.stderr.write("\n")
            made, found = await one.rest()
        except Broken as e:
            found = [str(e)]
        finally:
            store.close()
        wires: Counter[str] = Counter()
        for place in there.places:
            wires.update(place.proxy.done)
        return Outcome(
            seed=asked.seed,
            database=asked.database,
            kills=sum(one.killed.values()),
            killed=dict(one.killed),
            wires=dict(wires),
            entries=sum(len(journal.entries) for journal in await one.journals()),
            broken=tuple(found),
            report=made,
            seconds=round(time.monotonic() - began, 1),
        )


def main(argv: Sequence[str]) -> int:
    """Run it; 0 when nothing is broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture real")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--hubs", type=int, default=0, help="default: 1 on SQLite, else 2")
    parser.add_argument("--benches", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="a folder for everything that is left behind")
    options = parser.parse_args(argv)
    asked = Asked(
        database=options.database,
        hubs=options.hubs or (1 if options.database == "sqlite" else 2),
        benches=options.benches,
        orders=10,
        seed=options.seed,
    )
    folder = options.keep or Path(tempfile.mkdtemp(prefix="packbench-torture-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        outcome = asyncio.run(run(asked, options.kills, folder))
    except DemoFailed as e:
        sys.stderr.write(f"The world did not stand: {e}\n")
        return 1
    finally:
        if options.keep is None:
            shutil.rmtree(folder, ignore_errors=True)
    sys.stdout.write(msgspec.json.encode(outcome).decode() + "\n")
    for sentence in outcome.broken:
        sys.stderr.write(f"broken: {sentence}\n")
    return 1 if outcome.broken else 0
