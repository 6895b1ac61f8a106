"""Does everything hold in a small dose of what `make torture` does at length?"""

from __future__ import annotations

import gc
import os
import subprocess
import sys

import pytest

from tests.torture.simulation import command
from tests.torture.simulation.agenda import Agenda
from tests.torture.simulation.disk import Disk, Drive, Side
from tests.torture.simulation.faults import KINDS
from tests.torture.simulation.world import run

SEEDS, STEPS = 6, 300


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_no_invariant_is_broken_whatever_goes_wrong() -> None:
    tally = command.seeds(0, SEEDS, STEPS)
    assert [(one.what, one.replay) for one in tally.broken] == []
    assert tally.seeds == SEEDS
    assert len(tally.faults) > len(KINDS) // 3
    assert tally.done["parcel-closed"] > 0


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_seed_is_the_same_run_in_every_process() -> None:
    said = [_trace(hash_seed) for hash_seed in ("1", "2")]
    assert said[0] == said[1]
    assert len(said[0].splitlines()) > 20


def _trace(hash_seed: str) -> str:
    code = "from tests.torture.simulation.world import run; run(3, 250, print)"
    surroundings = {**os.environ, "PYTHONHASHSEED": hash_seed}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=surroundings,
        capture_output=True,
        text=True,
        check=True,
        timeout=250,
    )
    return done.stdout


def test_in_calm_weather_orders_are_packed_and_told() -> None:
    ended = run(1, 300, weather={})
    assert ended.broke is None
    assert ended.faults.get("bench crash at a statement", 0) == 0
    assert ended.done["parcel-closed"] > 0
    assert ended.done["parcel told to its marketplace"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 4])
def test_what_is_held_while_nobody_knows_whether_it_was_told_is_told_after_its_release(
    seed: int,
) -> None:
    weather = {"order held": 5.0, "outside": 0.4, "calm": 3.0}
    assert run(seed, 120, weather=weather).broke is None


def test_what_happens_at_the_same_moment_happens_in_order() -> None:
    agenda, seen = Agenda(0.0), list[str]()
    agenda.after(2.0, lambda: seen.append("later"))
    agenda.after(1.0, lambda: seen.append("first"))
    agenda.after(1.0, lambda: seen.append("second"))
    agenda.until(1.5)
    assert (seen, agenda.now) == (["first", "second"], 1.5)


def test_a_power_cut_takes_back_what_nobody_waited_for() -> None:
    disk, drive = Disk(), Drive()
    drive.mount(disk, lambda statement: None)
    for synchronous, value in (("FULL", 1), ("NORMAL", 2)):
        wire = drive.opened(__file__, synchronous=synchronous).raw_connection()  # type: ignore[arg-type]  # no path is read
        side = wire.dbapi_connection
        assert side is not None
        for statement in ("BEGIN", "CREATE TABLE IF NOT EXISTS t(n)"):
            side.execute(statement)
        side.execute(f"INSERT INTO t VALUES({value})")
        side.execute("COMMIT")
    assert disk.raw.execute("SELECT n FROM t").fetchall() == [(1,), (2,)]
    assert disk.after_crash().raw.execute("SELECT n FROM t").fetchall() == [(1,), (2,)]
    assert disk.after_power_cut().raw.execute("SELECT n FROM t").fetchall() == [(1,)]


def test_the_garbage_of_a_dead_process_takes_back_nothing_of_another() -> None:
    disk = Disk()
    dead, lives = (Side(disk, lambda statement: None, loose=False) for _ in range(2))
    for statement in ("CREATE TABLE t(n)", "BEGIN", "INSERT INTO t VALUES(1)"):
        dead.execute(statement)
    disk.make_sure_closed()
    lives.execute("BEGIN")
    lives.execute("INSERT INTO t VALUES(2)")
    dead.rollback()
    lives.execute("INSERT INTO t VALUES(3)")
    lives.execute("COMMIT")
    assert disk.raw.execute("SELECT n FROM t").fetchall() == [(2,), (3,)]


def test_who_gives_a_transaction_up_takes_it_back() -> None:
    side = Side(disk := Disk(), lambda statement: None, loose=False)
    for statement in ("CREATE TABLE t(n)", "BEGIN", "INSERT INTO t VALUES(1)"):
        side.execute(statement)
    side.rollback()
    assert disk.raw.execute("SELECT n FROM t").fetchall() == []
    assert not disk.raw.in_transaction


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_seed_is_the_same_run_after_others() -> None:
    alone, after = list[str](), list[str]()
    run(3, 150, alone.append)
    run(5, 100)
    gc.collect()
    run(3, 150, after.append)
    assert alone == after
