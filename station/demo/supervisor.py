"""Who runs the demo? Builds the world, opens the benches, kills some, waits, counts, cleans up."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
import signal
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from drivers.simulate.control import Control
from station.demo import benches, count, ends, plan, world
from station.demo.benches import Place
from station.demo.plan import Kill, Plan
from station.demo.process import Child, DemoFailed, Household
from station.demo.progress import Progress
from station.demo.world import World
from sync.orders import Order

LOOK_SECONDS = 0.3
"""How often the books are looked at: nobody tells us that an order is done."""
QUIET_SECONDS = 3.0
"""After so long without news in the marketplace's books the hub's are read too: that is a process
of its own, and takes work from the benches."""
QUEUE_SECONDS = 0.1
OWE_SECONDS = 30.0
"""How long the last entries of the benches may take to the hub."""
MOST_CRASHES = 5
"""A bench that ends so often by itself will not come to anything."""


def run(asked: Plan, keep: Path | None) -> int:
    """Run the demo in a folder of its own; return the exit status."""
    folder = keep or Path(tempfile.mkdtemp(prefix="packbench-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    progress = Progress()
    # Ending a process that is just being waited for is no news to anybody.
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    with _terminal_as_it_was():
        try:
            return asyncio.run(_guarded(asked, folder, progress))
        except DemoFailed as e:
            keep = folder
            progress.say(f"The demo failed: {e}")
            return 1
        except (KeyboardInterrupt, asyncio.CancelledError):
            progress.say("The demo was stopped.")
            return 130
        finally:
            progress.clear()
            if keep is None:
                shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _terminal_as_it_was() -> Iterator[None]:
    """Give the terminal back as it was: a killed bench leaves it raw."""
    kept: list[Any] | None = None  # termios has no type for its settings
    if sys.stdin.isatty():
        kept = termios.tcgetattr(sys.stdin)
    try:
        yield
    finally:
        if kept is not None:
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, kept)


async def _guarded(asked: Plan, folder: Path, progress: Progress) -> int:
    task = asyncio.current_task()
    assert task is not None
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, task.cancel)
    household = Household(folder / "logs", benches.inherited())
    try:
        demo = Demo(asked, folder, household, progress)
        await demo.build()
        return await (demo.headless() if asked.headless else demo.here())
    finally:
        await household.close()


class Demo:
    """One run."""

    def __init__(self, asked: Plan, folder: Path, household: Household, progress: Progress) -> None:
        self._plan = asked
        self._folder = folder
        self._household = household
        self._progress = progress
        self._places = [
            Place(name, badge, folder / name, n)
            for n, (name, badge) in enumerate(
                zip(plan.bench_names(asked), plan.badges(asked), strict=True)
            )
        ]
        self._open: dict[int, Child] = {}
        self._restarts = 0
        self._crashes = 0
        self._began = time.monotonic()
        self._world: World | None = None

    async def build(self) -> None:
        """Start everything but the benches."""
        self._progress.say("Building a marketplace, a carrier, a hub and the benches ...")
        built, _ = await asyncio.gather(
            world.build(self._household, self._plan, self._folder), self._furnish()
        )
        self._world = built
        codes = await asyncio.gather(*(built.bench_code(place.name) for place in self._places))
        await asyncio.gather(
            *(
                benches.enrol(self._household, place, built.hub, code)
                for place, code in zip(self._places, codes, strict=True)
            )
        )

    async def _furnish(self) -> None:
        await asyncio.gather(
            *(
                benches.furnish(
                    self._household, self._plan, place, self._places[0].control("world")
                )
                for place in self._places
            )
        )

    async def headless(self) -> int:
        """Let the robots pack, and count."""
        self._began = time.monotonic()
        for place in self._places:
            await self._open_bench(place)
        killing = asyncio.create_task(self._kill_some())
        try:
            await asyncio.wait_for(self._until_settled(killing), self._plan.deadline)
        except TimeoutError:
            return await self._report(f"it was not done after {self._plan.deadline:.0f} s")
        finally:
            killing.cancel()
        return await self._report()

    async def here(self) -> int:
        """Let somebody pack in this terminal, with robots at the other benches."""
        here, *others = self._places
        for place in others:
            await self._open_bench(place)
        await self._until_orders_wait()
        self._progress.clear()
        assert self._world is not None
        with contextlib.closing(Control(here.control("world"), self._world.switch().obey)):
            return await self._sit_down(here)

    async def _sit_down(self, here: Place) -> int:
        loop = asyncio.get_running_loop()
        # Ctrl-C belongs to the bench now; it has the terminal, and says what the key means there.
        loop.add_signal_handler(signal.SIGINT, lambda: None)
        killing = asyncio.create_task(self._kill_some())
        try:
            while True:
                child = await benches.open_bench(self._household, self._plan, here)
                self._open[here.number] = child
                status = await self._household.reap(child)
                if status != -signal.SIGKILL:
                    break
                self._restarts += 1
        finally:
            killing.cancel()
            loop.remove_signal_handler(signal.SIGINT)
        if status:
            raise DemoFailed(f"the bench ended with status {status}: {child.last_words()}")
        return 0

    # -- benches that die

    async def _open_bench(self, place: Place) -> None:
        child = await benches.open_bench(self._household, self._plan, place)
        self._open[place.number] = child

    async def _kill_some(self) -> None:
        for kill in plan.kills(self._plan):
            await self._until_labels(kill.labels)
            await asyncio.sleep(kill.delay)
            await self._kill(kill)

    async def _kill(self, kill: Kill) -> None:
        child = self._open.get(kill.bench)
        if child is None or not child.running:
            return
        if not self._plan.headless and kill.bench == 0:
            child.send(signal.SIGKILL)
            return
        # Out of the list first: nobody else may find it dead and open the bench a second time.
        del self._open[kill.bench]
        await child.kill()
        self._household.dismiss(child)
        self._restarts += 1
        await self._open_bench(self._places[kill.bench])

    async def _until_labels(self, number: int) -> None:
        # The printers' records are files: nobody tells us that they grew.
        while ends.labels_out(self._places) < number:  # noqa: ASYNC110
            await asyncio.sleep(QUEUE_SECONDS)

    async def _mourn(self) -> None:
        """Open benches again that ended by themselves. Raises DemoFailed if that goes on."""
        for place in self._places:
            if place.fell.exists():
                why = place.fell.read_text("utf-8").strip().splitlines()[-1]
                raise DemoFailed(f"the robot of {place.name} stopped: {why} ({place.fell})")
        for number, child in list(self._open.items()):
            if child.running:
                continue
            self._crashes += 1
            place = self._places[number]
            words = f"{place.name} ended with status {child.process.returncode}"
            if self._crashes > MOST_CRASHES:
                raise DemoFailed(f"{words}: {child.last_words()}")
            self._progress.say(f"{words}; it is started again")
            self._household.dismiss(child)
            self._restarts += 1
            await self._open_bench(place)

    # -- waiting

    async def _until_settled(self, killing: asyncio.Task[None]) -> None:
        """Wait until every order has come to an end, and every kill has happened."""
        assert self._world is not None
        orders: list[Order] = []
        outcome: dict[str, str] = {}
        news_at = time.monotonic()
        while True:
            before, outcome = outcome, count.outcomes(await self._world.sold(), orders)
            if outcome != before:
                news_at = time.monotonic()
            quiet = time.monotonic() - news_at > QUIET_SECONDS
            if quiet or "unconfirmed" not in outcome.values():
                orders, news_at = await self._world.orders(), time.monotonic()
                outcome = count.outcomes(await self._world.sold(), orders)
            self._progress.show(outcome, self._restarts)
            if "unconfirmed" not in outcome.values() and killing.done():
                killing.result()
                return
            await self._mourn()
            if "unconfirmed" not in outcome.values():
                # Labels that a late kill waits for will never come out.
                await self._kill_the_rest(killing)
            await asyncio.sleep(LOOK_SECONDS)

    async def _kill_the_rest(self, killing: asyncio.Task[None]) -> None:
        killing.cancel()
        for kill in plan.kills(self._plan)[self._restarts - self._crashes :]:
            await self._kill(kill)

    async def _until_orders_wait(self) -> None:
        """Wait until the hub has orders for the bench."""
        assert self._world is not None
        deadline = time.monotonic() + self._plan.deadline
        while not any(s.bench for order in await self._world.orders() for s in order.shipments):
            if time.monotonic() > deadline:
                raise DemoFailed(f"no order came from the marketplace ({self._folder / 'logs'})")
            await asyncio.sleep(QUEUE_SECONDS)

    # -- the end

    async def _report(self, failed: str = "") -> int:
        assert self._world is not None
        seconds = time.monotonic() - self._began
        deadline = time.monotonic() + OWE_SECONDS
        while not failed and any(ends.owed(place) for place in self._places):
            if time.monotonic() > deadline:
                failed = "a bench still owes the hub entries"
            await asyncio.sleep(QUEUE_SECONDS)
        await asyncio.gather(*(child.stop() for child in self._open.values()))
        report = count.report(
            ends.gather(
                self._places,
                sold=await self._world.sold(),
                orders=await self._world.orders(),
                restarts=self._restarts,
                seconds=seconds,
            )
        )
        self._progress.clear()
        sys.stdout.write(msgspec.json.encode(report).decode() + "\n")
        sys.stdout.flush()
        broken = [*count.broken_promises(report), *([failed] if failed else [])]
        for sentence in broken:
            self._progress.say(f"{sentence[0].upper()}{sentence[1:]}.")
        return 1 if broken else 0
