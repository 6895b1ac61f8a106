"""What does it cost to have a scan on disk? The bench's whole transaction beside raw SQLite's.

Everything that `Bench.scan` does for a right piece, from looking it up to the commit: the flow's
decision, the documents, the journal, the rows beside them. Beside it the driver alone, with the
same statements and the same durability on a copy of the same file, scan by scan in turns. Once on
the disk as it is, once with 5 ms added to each sync, as a worn card has; and the syncs counted.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Engine, event

from station.bench import Bench, Printers
from station.config import DATABASE
from station.store.engine import open_file, sqlite
from station.store.store import Store
from tests.bench import full_store, script
from tests.bench.figure import (
    Beside,
    Figure,
    Lab,
    Missing,
    Result,
    load,
    milliseconds,
    quantile,
    ratio,
)
from tests.torture.power_loss import recorder

RATIO, SLOW_RATIO, SYNCS = "link.scan_transaction", "link.scan_slow_disk", "link.scan_syncs"
GOALS = {RATIO: 3.0, SLOW_RATIO: 1.3, SYNCS: 1.0}
SLOW_MS = 5.0
ORDERS = 10_000
_WARM_UP = 30
_MOST_SECONDS = 600.0
_BASELINE = "pysqlite3 alone: the same statements, the same durability, in turns"
ROOT = Path(__file__).resolve().parents[2]


class Course(msgspec.Struct):
    """What one disk gave: seconds of each right piece, at the bench and at the bare driver."""

    bench: list[float] = []
    raw: list[float] = []
    syncs: list[int] = []
    statements: list[int] = []

    @property
    def ratio(self) -> float:
        """How many times the driver's median."""
        return ratio(quantile(self.bench, 0.5), quantile(self.raw, 0.5))


def measure(lab: Lab) -> Iterable[Result]:
    """Measure on the disk as it is, and on a slow one."""
    count = full_store.MANY if lab.full else ORDERS
    fill: Callable[[int, int], None] = lambda done, of: lab.say("a file of orders", done, of)  # noqa: E731
    rehearsal = full_store.home(lab.cache, lab.folder / "rehearsal", count, fill)
    scans = script.rehearse(rehearsal, lab.rounds(300, 2_000) + _WARM_UP)
    courses = {}
    for slow in (0.0, SLOW_MS):
        lab.say(f"scan transactions, {slow:g} ms a sync", int(slow > 0), 2)
        courses[slow] = _course(lab, count, fill, scans, slow)
    lab.say("scan transactions", 2, 2)
    plain, slowed = courses[0.0], courses[SLOW_MS]
    beside: Beside = {"orders": count, "load": load()}
    yield _result(RATIO, plain, beside)
    yield _result(SLOW_RATIO, slowed, {"added_ms": SLOW_MS})
    most = max(plain.syncs)
    yield Result(
        name=SYNCS,
        value=most,
        unit="syncs",
        goal=GOALS[SYNCS],
        met=set(plain.syncs) == {1},
        beside={
            "scans": len(plain.syncs),
            "with_one": plain.syncs.count(1),
            "statements_p50": quantile(plain.statements, 0.5),
        },
    )


def _result(name: str, course: Course, more: Beside) -> Result:
    beside: Beside = {
        "bench_p50_ms": milliseconds(course.bench, 0.5),
        "bench_p99_ms": milliseconds(course.bench, 0.99),
        "raw_p50_ms": milliseconds(course.raw, 0.5),
        "raw_p99_ms": milliseconds(course.raw, 0.99),
        "scans": len(course.bench),
    }
    return Result(
        name=name,
        value=course.ratio,
        unit="ratio",
        goal=GOALS[name],
        met=course.ratio <= GOALS[name],
        baseline=_BASELINE,
        beside=beside | more,
    )


def _course(
    lab: Lab,
    count: int,
    fill: Callable[[int, int], None],
    scans: list[script.Scan],
    slow: float,
) -> Course:
    folder = lab.folder / f"slow-{slow:g}"
    folder.mkdir()
    for side in ("bench", "raw"):
        full_store.home(lab.cache, folder / side, count, fill)
    (folder / "scans.json").write_bytes(
        msgspec.json.encode([(one.kind, one.text) for one in scans])
    )
    try:
        env = recorder.environment(folder, slow_ms=slow)
    except recorder.Missing as e:
        raise Missing(str(e)) from e
    command = [sys.executable, "-m", "tests.bench.link_scan", str(folder)]
    done = subprocess.run(
        command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=_MOST_SECONDS
    )
    if done.returncode:
        raise Missing(f"the two sides do not run: {done.stderr[-500:]}")
    return msgspec.json.decode(done.stdout, type=Course)


# -- in the process whose syncs are counted

Told = list[tuple[str, Mapping[str, object] | tuple[()]]]
"""Statements and their values, as the driver got them."""


Values = Mapping[str, object]
_told: Told = []


class _Cursor(sqlite.Cursor):  # type: ignore[misc]  # the driver has no types
    def execute(self, statement: str, values: Values | tuple[()] = (), /) -> _Cursor:
        _told.append((statement, values))
        super().execute(statement, values)
        return self

    def executemany(self, statement: str, values: Iterable[Values], /) -> _Cursor:
        rows = list(values)
        _told.extend((statement, one) for one in rows)
        super().executemany(statement, rows)
        return self


class _Connection(sqlite.Connection):  # type: ignore[misc]  # the driver has no types
    def cursor(self, factory: type[_Cursor] = _Cursor) -> _Cursor:
        made: _Cursor = super().cursor(factory)
        return made


def listened(path: Path, *, synchronous: str) -> Engine:
    """Open a bench's file so that its statements are known: `station.store.engine.Opens`."""
    engine = open_file(path, synchronous=synchronous)

    @event.listens_for(engine, "do_connect")
    def _listen(dialect: object, record: object, args: object, options: dict[str, Any]) -> None:
        options["factory"] = _Connection

    return engine


def run(folder: Path) -> Course:
    """Scan at the bench, then have the bare driver do the same; both timed."""
    course = Course()
    scans = msgspec.json.decode((folder / "scans.json").read_bytes(), type=list[tuple[str, str]])
    with (
        closing(Store(folder / "bench" / DATABASE, opened=listened)) as store,
        closing(open_file(folder / "raw" / DATABASE, synchronous="FULL").raw_connection()) as wire,
    ):
        raw = wire.driver_connection
        bench = Bench(store, script.fresh(), Printers())
        for number, (kind, text) in enumerate(scans):
            _told.clear()
            before, began = recorder.syncs(), time.perf_counter()
            bench.scan(text, "wedge")
            took, synced = time.perf_counter() - began, recorder.syncs() - before
            again = _replayed(raw, _told)
            if kind == "piece" and number >= _WARM_UP:
                course.bench.append(took)
                course.raw.append(again)
                course.syncs.append(synced)
                course.statements.append(len(_told))
    return course


def _replayed(raw: sqlite.Connection, told: Told) -> float:
    statements = list(told)
    began = time.perf_counter()
    for statement, values in statements:
        raw.execute(statement, values).fetchall()
    return time.perf_counter() - began


FIGURE = Figure(
    {
        RATIO: ("ratio", GOALS[RATIO]),
        SLOW_RATIO: ("ratio", GOALS[SLOW_RATIO]),
        SYNCS: ("syncs", 1.0),
    },
    measure,
)


if __name__ == "__main__":
    sys.stdout.write(msgspec.json.encode(run(Path(sys.argv[1]))).decode())
