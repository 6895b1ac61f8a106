"""Benches that are fed, many in a process: the product's store and link, without a screen.

    python -m tests.bench.link_benches FOLDER HUB-URL NAME[,NAME ...]

Each has its home in the folder. A line tells in how many seconds all of them had caught up; when
a number comes in, another line tells, as soon as so many changes have come since, when each was
stored: bench, place in the feed, UTC seconds.
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

import cryptography.hazmat.primitives.asymmetric.ed25519  # noqa: F401 -- see below
import httpx  # noqa: F401 -- what a bench imports on its way is not what is measured
import msgspec

from station.config import DATABASE
from station.store.keep import StoreKeep
from station.store.store import Store
from sync.client.link import Link, LinkState
from sync.client.signer import KEY, Signer, open_key
from sync.protocol.messages import Heartbeat, Page

ALL_SECONDS = 20.0
"""What has not come by then is missing."""
Had = tuple[str, int, float]
"""A bench, a place in its feed, and when it was on its disk."""


class Bench(StoreKeep):
    """A bench that notes what it takes."""

    def __init__(self, home: Path, name: str, url: str, came: threading.Condition) -> None:
        """Open it; `link` is to be started."""
        self._came = came
        self.store = Store(home / DATABASE)
        super().__init__(self.store, lambda: Heartbeat(bench=name))
        self.name = name
        self.caught_up = threading.Event()
        self.had: list[Had] = []
        self._home = home
        self.link = Link(url, self, self._signer, self._told)

    def take(self, page: Page) -> int | None:
        """Store a page, and note when that was done."""
        digest = super().take(page)
        at = time.time()
        if self.caught_up.is_set():
            with self._came:
                self.had += [(self.name, change.seq, at) for change in page.changes]
                self._came.notify()
        if page.next == page.head:
            self.caught_up.set()
        return digest

    def _signer(self) -> Signer:
        return open_key(self._home / KEY)

    def _told(self, state: LinkState) -> None:
        """Nobody looks at a lamp here."""


def main(folder: str, url: str, names: str) -> None:
    """Be those benches."""
    came = threading.Condition()
    benches = [Bench(Path(folder) / name, name, url, came) for name in names.split(",")]
    began = time.perf_counter()
    for bench in benches:
        bench.link.start()
    for bench in benches:
        bench.caught_up.wait()
    sys.stdout.write(f"{time.perf_counter() - began}\n")
    sys.stdout.flush()
    expected = int(sys.stdin.readline())
    with came:
        came.wait_for(lambda: sum(len(b.had) for b in benches) >= expected, ALL_SECONDS)
    had = [one for bench in benches for one in bench.had]
    sys.stdout.write(msgspec.json.encode(had).decode() + "\n")
    sys.stdout.flush()
    for bench in benches:
        bench.link.stop()
        bench.store.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
