"""Four hundred labels, a wire that is cut a hundred times, rolls that end: each comes out once."""

import random
import threading
from collections import Counter
from dataclasses import replace

import pytest

from drivers.simulate.label_printer import VirtualPrinter
from station.spool import Job, JobState, Patience, Printer, Spool
from tests.station.spool.shelf import Shelf, a_job

HURRY = Patience(
    connect=1.0,
    write=0.05,
    answer=0.1,
    first_look=0.003,
    longest_look=0.01,
    idle=0.05,
    troubled=0.01,
    silent=0.2,
    steady=0.04,
    unsure=5.0,
    tries=50,
    swallowed=50,
    stranger=0.1,
)


STEADIER = replace(HURRY, steady=0.15)
"""What a stopped bench left in the network's buffer must have reached the printer by then."""


class Gremlin:
    """Breaks what it can, now and then."""

    def __init__(self, printer: VirtualPrinter, chance: random.Random, *, silent: bool) -> None:
        self._printer, self._chance = printer, chance
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.struck: Counter[str] = Counter()
        if silent:
            printer.fault("silent-when-error")

    def __enter__(self) -> "Gremlin":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        faults = ("drop-after=1", "drop-after=half", "drop-after=last", "drop-after=label")
        more = ("drop-after=0", "lost-reply", "stall=100:0.02")
        while not self._stopping.wait(self._chance.uniform(0.01, 0.08)):
            if not self._printer.state()["armed"]:
                fault = self._chance.choice(faults * 2 + more)
                self._printer.fault(fault)
                self.struck[fault] += 1


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "count", "silent"), [(1, 400, False), (2, 100, True)])
def test_of_400_labels_none_is_lost_and_none_comes_out_twice(
    seed: int, count: int, *, silent: bool
) -> None:
    chance = random.Random(seed)
    jobs = [a_job(f"J{n:05}:1") for n in range(count)]
    shelf = Shelf(*jobs)
    with VirtualPrinter(ms_per_label=2, media=40, refill_after=0.02) as printer:
        spool = Spool([Printer(name="zebra", url=printer.url)], shelf, patience=HURRY)
        with Gremlin(printer, chance, silent=silent) as gremlin:
            spool.start()
            shelf.wait(
                lambda: all(
                    shelf.state(job.id) in (JobState.PRINTED, JobState.UNCERTAIN) for job in jobs
                ),
                90,
            )
        spool.stop()
        came_out = Counter(one.data for one in printer.printed)
        spoiled = printer.spoiled
    assert gremlin.struck.total() > count / 10
    assert spoiled >= count // 50
    assert {job.id for job in jobs if came_out[job.data] == 0} == set(), "lost"
    assert {job.id for job in jobs if came_out[job.data] > 1} == set(), "double"
    assert [job.id for job in jobs if shelf.state(job.id) is JobState.UNCERTAIN] == []


@pytest.mark.slow
def test_a_bench_that_is_stopped_again_and_again_prints_each_label_once() -> None:
    chance = random.Random(3)
    jobs = [a_job(f"J{n:05}:1") for n in range(25)]
    shelf = Shelf(*jobs)
    with VirtualPrinter(ms_per_label=2, media=25, refill_after=0.03) as printer:
        with Gremlin(printer, chance, silent=False):
            while any(shelf.state(job.id) is not JobState.PRINTED for job in jobs):
                spool = Spool([Printer(name="zebra", url=printer.url)], shelf, patience=STEADIER)
                spool.start()
                told = len(shelf.told) + chance.randrange(1, 12)
                shelf.wait(lambda told=told: len(shelf.told) >= told or _done(shelf, jobs))  # type: ignore[misc]
                spool.stop()
        came_out = Counter(one.data for one in printer.printed)
    assert [came_out[job.data] for job in jobs] == [1] * len(jobs)


def _done(shelf: Shelf, jobs: list[Job]) -> bool:
    return all(shelf.state(job.id) is JobState.PRINTED for job in jobs)
