"""Many benches at two hubs of one database, one of which is killed: does anybody notice?

    python -m tests.torture hubs --benches 50

The benches live in this process, each with its own file, printer, link and packer; the packers
work at a person's pace. One hub is killed in the middle of it and stays dead. Nobody notices when
no scan waits, no lamp shows the hub away for longer than a packer would look up for, new orders
go on coming to every bench, and what the benches did reaches the other hub.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from station.demo.process import DemoFailed
from sync.client.link import LinkState, Online
from sync.hub.engine import Store, open_store
from tests.torture.real import promises
from tests.torture.real.proxy import Manners
from tests.torture.real.worker import Worker
from tests.torture.real.world import Asked, Place, World, world

PACE_SECONDS = 1.5
"""Between two moves of a packer."""
BEFORE_SECONDS, AFTER_SECONDS = 10.0, 20.0
"""How long the benches work with both hubs, and with one."""
LOOK_UP_SECONDS = 3.0
"""A lamp that shows the hub away for less is a flicker."""
REST_SECONDS = 60.0


class Noticed(msgspec.Struct, frozen=True, kw_only=True):
    """What the benches met after one hub was killed."""

    benches: int
    away_seconds: float
    """The longest that any bench's lamp showed the hub away."""
    saw_away: int
    """Benches whose lamp showed it at all."""
    why: dict[str, int]
    """What they said of it, and how often."""
    slowest_scan_ms_before: float
    slowest_scan_ms_after: float
    entries_after: int
    """That the other hub took after the kill."""
    without_entries: int
    """Benches of which it took none."""
    owed: int
    """Entries that the hub had not got at the end."""
    broken: tuple[str, ...]


@dataclass(slots=True)
class _Lamp:
    """How a bench's lamp was, over time."""

    away_since: float = 0.0
    why: Counter[str] = field(default_factory=Counter)
    longest: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def told(self, state: LinkState) -> None:
        now = time.monotonic()
        with self.lock:
            if isinstance(state, Online):
                if self.away_since:
                    self.longest = max(self.longest, now - self.away_since)
                self.away_since = 0.0
            else:
                self.why[state.why] += 1
                self.away_since = self.away_since or now

    def close(self) -> float:
        """Give the longest time that it showed the hub away."""
        with self.lock:
            if self.away_since:
                self.longest = max(self.longest, time.monotonic() - self.away_since)
            return self.longest


async def run(asked: Asked, folder: Path) -> Noticed:
    """Let them work, kill a hub, and look."""
    async with world(asked, folder) as there:
        store = open_store(there.database)
        lamps = [_Lamp() for _ in there.places]
        workers = [_open(place, lamp) for place, lamp in zip(there.places, lamps, strict=True)]
        threads = [threading.Thread(target=one.run, name="bench") for one in workers]
        try:
            for thread in threads:
                thread.start()
            await asyncio.sleep(BEFORE_SECONDS)  # work goes on; nothing is waited for
            before = max(one.slowest for one in workers)
            for one, lamp in zip(workers, lamps, strict=True):
                one.slowest = lamp.longest = 0.0
                lamp.why.clear()
            stored = _counts(there, store)
            victim = there.hubs[0].child
            assert victim is not None
            await victim.kill()
            there.household.dismiss(victim)
            await asyncio.sleep(AFTER_SECONDS)  # as above
            away = [lamp.close() for lamp in lamps]
            after = max(one.slowest for one in workers)
        finally:
            for one in workers:
                one.stopping.set()
            ending = time.monotonic() + REST_SECONDS
            for thread in threads:
                await asyncio.to_thread(thread.join, max(0.0, ending - time.monotonic()))
        try:
            new = {name: n - stored[name] for name, n in _counts(there, store).items()}
            journals = [promises.journal(place.name, place.home) for place in there.places]
            printed = promises.printed_on([place.record for place in there.places])
            with store.read() as connection:
                owed = sum(promises.behind(connection, journals).values())
                known = promises.at_the_hub(connection, [one.bench for one in journals])
                broken = promises.broken(known, journals, printed)
        finally:
            store.close()
        return Noticed(
            benches=asked.benches,
            away_seconds=round(max(away), 3),
            saw_away=sum(seconds > 0 for seconds in away),
            why=dict(sum((lamp.why for lamp in lamps), Counter())),
            slowest_scan_ms_before=round(before * 1000, 1),
            slowest_scan_ms_after=round(after * 1000, 1),
            entries_after=sum(new.values()),
            without_entries=sum(not n for n in new.values()),
            owed=owed,
            broken=tuple(broken),
        )


def _open(place: Place, lamp: _Lamp) -> Worker:
    return Worker(
        place.home,
        place.proxy.url,
        place.printer.url,
        place.record,
        place.badge,
        place.number,
        pace=PACE_SECONDS,
        told=lamp.told,
    )


def _counts(there: World, store: Store) -> dict[str, int]:
    with store.read() as connection:
        return {place.name: promises.stored(connection, place.name) for place in there.places}


def main(argv: Sequence[str]) -> int:
    """Run it; 0 when nobody noticed."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture hubs")
    parser.add_argument("--benches", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(argv)
    asked = Asked(
        database="postgresql",
        hubs=2,
        benches=options.benches,
        orders=options.benches * 20,
        seed=options.seed,
        wire=Manners(),
    )
    folder = Path(tempfile.mkdtemp(prefix="packbench-torture-"))
    try:
        noticed = asyncio.run(run(asked, folder))
    except DemoFailed as e:
        sys.stderr.write(f"The world did not stand: {e}\n")
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sys.stdout.write(msgspec.json.encode(noticed).decode() + "\n")
    return 1 if somebody_noticed(noticed) else 0


def somebody_noticed(noticed: Noticed) -> str:
    """Say what somebody at a bench could have noticed; "" for nothing."""
    if noticed.broken:
        return "; ".join(noticed.broken)
    if noticed.away_seconds > LOOK_UP_SECONDS:
        return f"a lamp showed the hub away for {noticed.away_seconds} s"
    if noticed.without_entries:
        return f"of {noticed.without_entries} benches the hub heard nothing more"
    return f"the hub has not got {noticed.owed} entries" if noticed.owed else ""
