"""A bench without its screen, packing by itself until it is told to stop, or killed.

    python -m tests.torture.real.worker HOME HUB-URL PRINTER-URL RECORD BADGE SEED

Everything but the screen is the product's: store, flows, spool, link. The packer is the demo's
robot: it sees what a packer sees and remembers nothing, so that it goes on after a kill. SIGTERM
lets it finish: it packs no more and ends once the hub has everything.
"""

from __future__ import annotations

import queue
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import msgspec

from station.bench import Bench, Printers
from station.config import DATABASE
from station.demo import robot
from station.demo.record import Record
from station.demo.robot import Lift, Scan, Seen, Wait, Weigh
from station.flows.flow import Input, PrinterTrouble, Weighed
from station.session import Session, Settings
from station.spool import Printer, Spool
from station.store import journal
from station.store import queue as waiting_orders
from station.store.keep import StoreKeep
from station.store.ledger import StoreLedger
from station.store.store import Store
from sync.client.link import Link, LinkState
from sync.client.signer import KEY, open_key
from sync.protocol.messages import Heartbeat

MISTAKES = 0.04
LOOK_SECONDS = 0.02
"""Printer and hub do not always tell us when they are done."""
PRINTED_SECONDS = 1.5
"""After so long without news the virtual printer has printed what it was sent."""


class Worker:
    """One bench."""

    def __init__(
        self,
        home: Path,
        hub: str,
        printer: str,
        record: Path,
        badge: str,
        seed: int,
        *,
        pace: float = 0.0,
        told: Callable[[LinkState], None] = lambda state: None,
    ) -> None:
        """Open the bench in that folder; `pace` seconds lie between two moves."""
        self.store = Store(home / DATABASE)
        self.keep = StoreKeep(self.store, self._heartbeat)
        me = self.keep.enrolled()
        assert me is not None, "enrol it first"
        fresh = Session(bench=me.bench, settings=Settings(scale=True, slip=False))
        self.bench = Bench(self.store, fresh, Printers("labels", ""))
        self._badge, self._pace = badge, pace
        self.slowest = 0.0
        """Seconds that the slowest scan took, until it was on disk and answered."""
        self._throw = Random(seed)
        self._record = Record(record)
        self._said: queue.SimpleQueue[Input] = queue.SimpleQueue()
        self._changed = threading.Event()
        self.store.listen(lambda ids: self._changed.set())
        ledger = StoreLedger(self.store, self.bench.record, self._trouble)
        self.spool = Spool([Printer(name="labels", url=printer)], ledger)
        self.link = Link(hub, self.keep, lambda: open_key(home / KEY), told)
        self.bench.on_commit = self._committed
        self._on_scale = 0
        self._since = time.monotonic()
        self._lifted = 0.0
        self.stopping = threading.Event()

    def run(self) -> None:
        """Pack until told to stop; then give the hub what it is owed."""
        self.spool.start()
        self.link.start()
        self.bench.resume()
        while not self.stopping.is_set():
            self._look()
            if not self._move():
                self._changed.wait(LOOK_SECONDS)
                self._changed.clear()
            elif self._pace:
                self.stopping.wait(self._pace)
        while self._owed():
            self.link.wake()
            self._changed.wait(LOOK_SECONDS)
            self._changed.clear()
        self.spool.stop()
        self.link.stop()
        self.store.close()

    def _look(self) -> None:
        while not self._said.empty():
            self.bench.put(self._said.get())
        before = self.bench.session
        if self.bench.refresh() != before or self._record.look():
            self._since = time.monotonic()

    def _move(self) -> bool:
        now = time.monotonic()
        session = self.bench.session
        seen = Seen(
            session=session,
            badge=self._badge,
            waiting=waiting_orders.waiting(self.store, 12) if session.idle else (),
            out=self._record.out,
            printing=now - self._since < PRINTED_SECONDS,
            on_scale=self._on_scale,
            empty=now - self._lifted,
            idle=now - self._since,
        )
        match robot.next_move(seen, self._throw, MISTAKES):
            case Scan(text):
                self.bench.scan(text, "hand")
                self.slowest = max(self.slowest, time.monotonic() - now)
            case Weigh(grams):
                self._on_scale = grams
                self.bench.put(Weighed(grams))
            case Lift():
                self._on_scale, self._lifted = 0, now - robot.EMPTY_SECONDS
            case Wait():
                return False
        self._since = now
        return True

    def _committed(self) -> None:
        self.spool.wake()
        self.link.wake()

    def _trouble(self, printer: str, needs: str) -> None:
        self._said.put(PrinterTrouble(printer, needs))
        self._changed.set()

    def _owed(self) -> int:
        with self.store.turn(feed=True) as turn:
            return journal.owed(turn)

    def _heartbeat(self) -> Heartbeat:
        return Heartbeat(bench=self.bench.session.bench, pending=self._owed())


def main(words: list[str]) -> None:
    """Be that bench."""
    home, hub, printer, record, badge, seed = words
    worker = Worker(Path(home), hub, printer, Path(record), badge, int(seed))
    signal.signal(signal.SIGTERM, lambda *_: worker.stopping.set())
    sys.stdout.write(msgspec.json.encode({"ready": True}).decode() + "\n")
    sys.stdout.flush()
    worker.run()


if __name__ == "__main__":
    main(sys.argv[1:])
