"""How fast does a hub take in what benches report, and what does a full book cost it?

A hub is a process that takes batches in as its endpoint does, behind HTTP. Beside it, the floor:
the same rows put into the journal by the driver alone, in transactions of the same size. What an
entry costs is compared between a small book and a large one, batch by batch in turns.
"""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import msgspec

from sync.hub import vault
from sync.hub.book import Book
from sync.hub.engine import Store
from tests.bench import full_book, link_place, uploader
from tests.bench.figure import PYTHON, Beside, Figure, Lab, Missing, Result, load, ratio
from tests.bench.link_place import Named
from tests.bench.side import ROOT
from tests.bench.uploader import Went

BENCHES = 8
SMALL, LARGE, LARGEST = 10_000, 100_000, 1_000_000
GOAL = 1.2
_HUB = "import sys; from tests.bench.uploader import main; main(*sys.argv[1:])"


def on_sqlite(lab: Lab) -> Iterable[Result]:
    """Measure a hub whose books are a file."""

    def named(name: str) -> str:
        return f"sqlite:///{lab.folder / name}.db"

    went, rows = _hubs(lab, named("one"), 1), _floor(lab, named("floor"))
    yield Result(
        name="link.entries",
        value=round(went.entries / went.seconds),
        unit="facts/s",
        goal=None,
        met=True,
        baseline="the same rows into the journal alone, by the driver",
        beside={
            "hubs": 1,
            "facts": went.entries,
            "rows_per_s": round(rows.entries / rows.seconds),
            "floor_ratio": ratio(rows.entries / rows.seconds, went.entries / went.seconds),
            "load": load(),
        },
    )
    yield _growth(lab, "link.entries_growth", named)


def on_postgresql(lab: Lab) -> Iterable[Result]:
    """Measure one hub, and two hubs on one PostgreSQL. Raises Missing."""
    with link_place.postgresql(lab) as named:
        one, two = _hubs(lab, named("one"), 1), _hubs(lab, named("two"), 2)
        yield Result(
            name="link.entries_postgresql",
            value=round(one.entries / one.seconds),
            unit="facts/s",
            goal=None,
            met=True,
            beside={
                "hubs": 1,
                "facts": one.entries,
                "two_hubs_facts_per_s": round(two.entries / two.seconds),
                "load": load(),
            },
        )
        yield _growth(lab, "link.entries_growth_postgresql", named)


# -- facts a second


def _hubs(lab: Lab, url: str, number: int) -> Went:
    """Let so many hub processes take in what eight benches have done."""
    each = lab.rounds(15, 150)
    lab.say(f"link.entries: {number} hub(s)", 0, 1)
    key = lab.folder / "hub.key"
    full_book.make(url, key, SMALL, BENCHES, each).close()
    names = [f"b{n}" for n in range(BENCHES)]
    with contextlib.ExitStack() as stack:
        hubs = [
            stack.enter_context(_process(url, key, names[at::number], each)) for at in range(number)
        ]
        for hub in hubs:
            if _line(hub) != "ready":
                raise Missing("the hub process does not start")
        began = time.perf_counter()
        for hub in hubs:
            assert hub.stdin is not None
            hub.stdin.write("go\n")
            hub.stdin.flush()
        done = [msgspec.json.decode(_line(hub), type=Went) for hub in hubs]
        seconds = time.perf_counter() - began
    lab.say(f"link.entries: {number} hub(s)", 1, 1)
    return Went(sum(went.entries for went in done), seconds)


@contextlib.contextmanager
def _process(
    url: str, key: Path, names: Sequence[str], each: int
) -> Iterator[subprocess.Popen[str]]:
    words = [PYTHON, "-c", _HUB, url, str(key), ",".join(names), str(each)]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True, cwd=ROOT) as process:
        try:
            yield process
        finally:
            process.kill()


def _line(process: subprocess.Popen[str]) -> str:
    return process.stdout.readline().strip() if process.stdout else ""


def _floor(lab: Lab, url: str) -> Went:
    """Put the rows of as many entries into the journal, without a hub around it."""
    store = full_book.make(url, lab.folder / "hub.key", SMALL, BENCHES, 1)
    number, batch = lab.rounds(100, 1000), uploader.BATCH
    # Any: the driver has no types.
    driver: Any = store.engine.raw_connection().driver_connection
    words = (
        "INSERT INTO entry (bench, incarnation, seq, id, order_id, at, captured_at, received_at, "
        "kind, body, hash, verdict, reason) VALUES (?, 1, ?, ?, ?, 1.0, 1.0, 1.0, ?, ?, ?, ?, '')"
    )
    body, link = b"x" * 330, "0" * 64
    began = time.perf_counter()
    for first in range(0, number * batch, batch):
        driver.execute("BEGIN IMMEDIATE")
        rows = [
            ("b0", n, f"f{n:031x}", full_book.number(n), "item-packed", body, link, "ok")
            for n in range(first, first + batch)
        ]
        driver.executemany(words, rows)
        driver.execute("COMMIT")
    seconds = time.perf_counter() - began
    driver.close()
    store.close()
    return Went(number * batch, seconds)


# -- what a full book costs


def _growth(lab: Lab, name: str, named: Named) -> Result:
    """Compare what an entry costs in a large book with what it costs in a small one."""
    each = lab.rounds(12, 60)
    sizes = [SMALL, LARGE, *([LARGEST] if lab.full else [])]
    key = lab.folder / "hub.key"
    stores: list[Store] = []
    for at, size in enumerate(sizes):
        lab.say(f"{name}: books", at, len(sizes))
        stores.append(full_book.make(named(f"book{size}"), key, size, BENCHES, each))
    try:
        costs = _in_turns(lab, name, stores, Book(vault.at(key)), each)
    finally:
        for store in stores:
            store.close()
    small, *larger = (median(seconds) for seconds in costs)
    worst = max(ratio(cost, small) for cost in larger)
    beside: Beside = {
        f"microseconds_at_{size}": round(median(seconds) * 1e6, 1)
        for size, seconds in zip(sizes, costs, strict=True)
    }
    return Result(
        name=name,
        value=worst,
        unit="x",
        goal=GOAL,
        met=worst <= GOAL,
        baseline=f"the same with {SMALL:,} orders in the book",
        beside={**beside, "batches": len(costs[0]), "load": load()},
    )


def _in_turns(
    lab: Lab, name: str, stores: Sequence[Store], book: Book, each: int
) -> list[list[float]]:
    """Take the same batches into each book; give the seconds that an entry of each batch took."""
    work = [body for n in range(BENCHES) for body in uploader.bodies(f"b{n}", each)]
    costs: list[list[float]] = [[] for _ in stores]
    for at, body in enumerate(work):
        lab.say(f"{name}: batches", at + 1, len(work))
        # Who begins changes, so that neither is always the one that warms the processor.
        for which in sorted(range(len(stores)), reverse=bool(at % 2)):
            number, seconds = uploader.post(stores[which], book, body)
            costs[which].append(seconds / number)
    return costs


SQLITE = Figure({"link.entries": ("facts/s", None), "link.entries_growth": ("x", GOAL)}, on_sqlite)
POSTGRESQL = Figure(
    {
        "link.entries_postgresql": ("facts/s", None),
        "link.entries_growth_postgresql": ("x", GOAL),
    },
    on_postgresql,
)
