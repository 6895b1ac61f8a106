"""A bench's spool in a process of its own, so that it can be killed: `python -m … FOLDER URL SEED`.

Says on standard output what becomes of each job; hears on standard input what people do: `came
JOB`, `lost JOB`. Now and then it kills itself where that bites: after `starting` is on the disk,
and before the first byte. Without a seed it has all the patience of a real bench, and lives.
"""

from __future__ import annotations

import os
import random
import signal
import sys
from contextlib import closing
from pathlib import Path

from sqlalchemy import select

from station.bench import Bench, Printers
from station.config import DATABASE
from station.session import Session
from station.spool import Patience, Printer, Spool
from station.store import schema as t
from station.store.ledger import StoreLedger
from station.store.store import Store
from sync.orders import Fact, facts
from tests.bench.print_jobs import BENCH, PRINTER

DIES = 0.004
"""In so many cases out of one between the journal and the first byte."""

HURRY = Patience(
    connect=1.0,
    write=0.05,
    answer=0.1,
    first_look=0.003,
    longest_look=0.01,
    idle=0.05,
    troubled=0.01,
    silent=0.2,
    # What a killed bench left in the network's buffer must have reached the printer by then.
    steady=0.3,
    unsure=5.0,
    ask=20.0,
    stranger=0.1,
    tries=50,
    swallowed=50,
)
"""As Patience, for a printer of two milliseconds a label."""


def say(*words: str) -> None:
    """Tell the one who watches."""
    sys.stdout.write(" ".join(words) + "\n")
    sys.stdout.flush()


class TellingLedger(StoreLedger):
    """The bench's own, telling; it dies at the worst moment."""

    chance: random.Random | None = None

    def starting(self, job: str, counter: int | None) -> bool:
        """Put it on record; die now and then."""
        started = super().starting(job, counter)
        if started and self.chance is not None and self.chance.random() < DIES:
            say("dies", job)
            os.kill(os.getpid(), signal.SIGKILL)
        return started

    def printed(self, job: str, evidence: str) -> None:
        """Put it on record, and tell."""
        super().printed(job, evidence)
        say("printed", job)

    def uncertain(self, job: str, why: str) -> None:
        """Put it on record, and tell."""
        super().uncertain(job, why)
        say("uncertain", job)


def run(folder: Path, url: str, seed: str) -> None:
    """Serve the printer until nobody says anything any more."""
    with closing(Store(folder / DATABASE)) as store:
        bench = Bench(store, Session(bench=BENCH), Printers(label=PRINTER))
        ledger = TellingLedger(store, bench.record, lambda name, needs: None)
        ledger.chance = random.Random(seed) if seed else None
        patience = HURRY if seed else Patience()
        spool = Spool([Printer(name=PRINTER, url=url)], ledger, patience=patience)
        bench.on_commit = spool.wake
        for job, state in _states(store):
            say(state, job)
        spool.start()
        for line in sys.stdin:
            word, job = line.split()
            _told(store, bench, word, job)
            spool.wake()
        spool.stop()


def _states(store: Store) -> list[tuple[str, str]]:
    with store.turn(feed=True) as turn:
        rows = turn.sql.execute(select(t.jobs.c.id, t.jobs.c.state)).all()
    return [(job, state) for job, state in rows if state in ("printed", "uncertain")]


def _told(store: Store, bench: Bench, word: str, job: str) -> None:
    """A person has scanned the label, or looked for it and found none."""
    with store.turn() as turn:
        row = turn.sql.execute(select(t.jobs).where(t.jobs.c.id == job)).one()
        fact: Fact = facts.LabelPrinted(parcel=row.parcel_id, job=job, evidence="closing scan")
        state = "printed"
        if word == "lost":
            fact = facts.LabelNotPrinted(parcel=row.parcel_id, job=job, evidence="person")
            state = "queued"
        if row.state != "printed" and bench.record(row.order_id, fact):
            turn.sql.execute(t.jobs.update().where(t.jobs.c.id == job).values(state=state))
    if state == "printed":
        say("printed", job)


if __name__ == "__main__":
    run(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
