"""A hub whose disk was lost: its books put back from a copy, under the next epoch."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from sync.hub import benches, doubted, reconsider, setup
from sync.hub.engine import open_store
from sync.protocol import chain
from sync.protocol.messages import Acked, Gap, Heartbeat, Numbered, Verdict
from tests.sync.hub.world import Bench, World


class Journal:
    """A bench that keeps what it told, as a real one does, and tells it again when asked."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.told: list[Numbered] = []

    def note(self, new: list[Numbered]) -> None:
        """Keep entries."""
        self.told += new

    def send(self, first: int = 1) -> list[Verdict]:
        """Tell from that entry on, or from where the hub says; give what it made of them."""
        at = first - 1
        while True:
            previous = self.told[at - 1].hash if at else chain.START
            answer = self.bench.post(self.bench.batch(previous, self.told[at:]))
            if isinstance(answer, Acked):
                return [one.verdict for one in answer.verdicts]
            assert isinstance(answer, Gap)
            assert not answer.fork
            at = answer.need - 1


def back_up(here: World, folder: Path) -> Path:
    """Copy the books as they are now."""
    copy = folder / "copy.db"
    with here.store.engine.connect() as connection:
        connection.exec_driver_sql("VACUUM INTO ?", (str(copy),))
    return copy


def restore(here: World, copy: Path, *benches_: Bench) -> None:
    """Lose the books and put the copy in their place."""
    (home,) = {Path(str(here.store.engine.url.database))}
    here.store.close()
    for name in (home.name, f"{home.name}-wal", f"{home.name}-shm"):
        home.with_name(name).unlink(missing_ok=True)
    shutil.copy(copy, home)
    here.store = open_store(f"sqlite:///{home}")
    with here.store.write() as connection:
        setup.restored(connection, setup.epoch(connection) + 1, time.time())
        doubted.doubt(connection, here.book, time.time())
    here.live_again()
    for bench in benches_:
        bench.store, bench.at, bench.orders = here.store, "0.0", {}


def reported(here: World, *benches_: Bench) -> None:
    """Let benches say that they owe nothing, which ends the restoring."""
    with here.store.write() as connection:
        for bench in benches_:
            said = Heartbeat(bench=bench.name, pending=0, last_seq=bench.seq)
            benches.beat(connection, bench.name, said, time.time())


def again(here: World) -> int:
    """Judge again what waits."""
    with here.store.write() as connection:
        return reconsider.reconsider(connection, here.book, time.time())
