"""The process whose writes are recorded: a bench packs, is fed, and tidies, and says what it kept.

    python -m tests.torture.power_loss.work FOLDER ROUNDS SEED SYNCHRONOUS

A promise is a line in the file ACK: `S n` the n-th scan was accepted, `F n` the feed is kept up to
n. It ends without closing anything, as a power cut does.
"""

from __future__ import annotations

import os
import sys
from datetime import date, timedelta
from pathlib import Path
from random import Random

from sqlalchemy import Engine, event

from station.bench import Bench, Printers
from station.codes.code import BadgeCode
from station.codes.own import write
from station.session import Session, Settings
from station.store.compaction import Compaction
from station.store.engine import open_file, sqlite
from station.store.keep import StoreKeep
from station.store.store import Store
from sync.orders import Claim, Order, apply, facts
from sync.protocol.cursor import Cursor
from sync.protocol.messages import Acked, Change, Enrolled, Heartbeat, Packer, Page
from tests.builders import MUG, NOON, a_line, an_order

LOG_PAGES = 40
"""So short a log that it is brought into the file every few scans."""
PIECES = 5_000


def order(number: int) -> Order:
    """An order of very many mugs."""
    made = an_order(f"202-{number:07d}-1", lines=(a_line(quantity=PIECES),))
    return apply(
        made,
        facts.ShipmentAllocated(
            shipment=made.shipments[0].id, warehouse="main", bench="b1", claim=Claim(1, 1)
        ),
    )


class Watched:
    """The bench, and the file in which it says what it has promised."""

    def __init__(self, folder: Path, synchronous: str) -> None:
        self._synchronous = synchronous
        self.store = Store(folder / "bench.db", opened=self._opened)
        self.keep = StoreKeep(self.store, lambda: Heartbeat(bench="b1"))
        self.keep.enrol(Enrolled(bench="b1", incarnation=1, epoch=1, server_time=NOON))
        self.fed, self.scans = 0, 0
        self.ack = os.open(folder / "ACK", os.O_CREAT | os.O_WRONLY)
        self.feed(3)
        self.bench = Bench(
            self.store, Session(bench="b1", settings=Settings(scale=False)), Printers()
        )
        self.bench.scan(write(BadgeCode("ANNA")), "hand")
        self.bench.scan(MUG, "hand")
        self.store.shorten_log()
        self.promise("G 0")

    def _opened(self, path: Path, *, synchronous: str) -> Engine:
        engine = open_file(path, synchronous=self._synchronous or synchronous)

        @event.listens_for(engine, "connect")
        def _short(connection: sqlite.Connection, _: object) -> None:
            connection.execute(f"PRAGMA wal_autocheckpoint={LOG_PAGES}")

        return engine

    def promise(self, what: str) -> None:
        """Say so; in the record it stands behind everything that was written for it."""
        os.write(self.ack, f"{what}\n".encode())

    def feed(self, count: int) -> None:
        """A page of new orders."""
        at, self.fed = self.fed, self.fed + count
        self.keep.take(
            Page(
                after=str(Cursor(1 if at else 0, at)),
                next=str(Cursor(1, self.fed)),
                head=str(Cursor(1, self.fed)),
                changes=tuple(
                    Change(seq=at + n, shipment=one.shipments[0].id, order=one, through=0)
                    for n, one in enumerate((order(at + n) for n in range(count)), 1)
                ),
                packers=(Packer(badge="ANNA", name="Anna"),),
                server_time=NOON,
            )
        )

    def scan(self) -> None:
        """One more mug."""
        self.bench.scan(MUG, "hand")
        self.scans += 1


def main(folder: Path, rounds: int, seed: int, synchronous: str) -> None:
    """Work so many rounds."""
    throw, here = Random(seed), Watched(folder, synchronous)
    compaction, today = Compaction(here.store), date(2026, 1, 5)
    for _ in range(rounds):
        match throw.choices(("scan", "feed", "acked", "tidy"), (60, 25, 10, 5))[0]:
            case "scan":
                here.scan()
                here.promise(f"S {here.scans}")
            case "feed":
                here.feed(throw.randint(1, 5))
                here.promise(f"F {here.fed}")
            case "acked":
                batch = here.keep.batch(throw.randint(1, 20))
                if batch is not None:
                    last = batch.entries[-1].seq
                    here.keep.acked(Acked(acked=last, verdicts=(), server_time=NOON))
            case _:
                for _ in range(4):
                    today += timedelta(days=1)
                    for _ in compaction.run(today):
                        pass
                throw.choice((here.store.checkpoint, here.store.shorten_log))()
    os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4].strip("-"))
