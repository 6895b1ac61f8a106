from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from station.store.keep import StoreKeep
from station.store.store import Store
from sync.protocol.cursor import Cursor
from sync.protocol.messages import Heartbeat
from tests.bench import FIGURES, full_store, orders, results, script, side
from tests.bench.figure import Figure, Lab, Missing, Result
from tests.bench.hub import Feed
from tests.bench.terminal import SILENCE, AlreadyThere, Timed, stands

PROMISED = {
    "bench.scan_to_frame_p50",
    "bench.scan_to_frame_p99",
    "bench.last_piece_to_first_byte",
    "bench.start",
}


def a_result(name: str = "bench.start", value: float | None = 0.7) -> Result:
    return Result(
        name=name,
        value=value,
        unit="s",
        goal=1.5,
        met=value is not None and value < 1.5,
        beside={"imports_ms": 412.5},
        command='make bench ARGS="bench.start"',
    )


def test_the_file_has_the_promised_shape(tmp_path: Path) -> None:
    path = results.write(tmp_path, [a_result()])
    assert path == tmp_path / "bench-results.json"
    report = json.loads(path.read_text("utf-8"))
    assert list(report) == ["machine", "commit", "results"]
    [row] = report["results"]
    promised = ["name", "value", "unit", "goal", "met", "baseline", "beside", "command"]
    assert list(row) == promised
    assert (row["value"], row["met"], row["beside"]) == (0.7, True, {"imports_ms": 412.5})


def test_every_promised_name_is_measured_by_one_figure() -> None:
    names = [name for figure in FIGURES for name in figure.results]
    assert set(names) >= PROMISED
    assert len(set(names)) == len(names)


def test_what_is_missing_is_said_and_not_invented() -> None:
    def measure(lab: Lab) -> list[Result]:
        raise Missing("there is no printer")

    figure = Figure({"paper.label_bytes": ("bytes", 4000.0)}, measure)
    [row] = results.missing(figure, "there is no printer", "make bench")
    assert (row.value, row.met, row.goal) == (None, False, 4000.0)
    assert "there is no printer" in results.table([row])


def test_a_group_a_name_and_nothing_at_all_choose_figures() -> None:
    figure = FIGURES[0]
    assert figure.asked([])
    assert figure.asked(["bench"])
    assert figure.asked(["paper", "bench.scan_to_frame_p99"])
    assert not figure.asked(["ben"])
    assert not figure.asked(["paper"])


@pytest.mark.slow
def test_the_clock_sees_a_known_delay_and_not_its_own_eyes() -> None:
    delay = 0.4
    with Timed([*side.echo_command(), "--delay", str(delay)]) as echo:
        echo.until(stands("echo is ready"))
        began = time.monotonic()
        took = echo.time(lambda: echo.write(b"4006381333931\r"), stands("1 4006381333931"))
        whole = time.monotonic() - began
        assert delay <= took <= whole - SILENCE, "looking is not in it, nor the silence before"
        with pytest.raises(AlreadyThere):
            echo.time(lambda: None, stands("1 4006381333931"))
        assert echo.cpu() is None or 0 < (echo.cpu() or 0) < whole + 60


def test_sentences_stand_below_each_other_and_nowhere_else() -> None:
    shows = stands("HAND WARMER", "3 pieces to go")
    assert shows(["", "   ✔ HAND WARMER", "     3 pieces to go"])
    assert not shows(["  18:31 ✔ HAND WARMER", "", "  3 pieces to go"])


@pytest.mark.slow
def test_a_file_of_orders_is_packed_and_fed(tmp_path: Path) -> None:
    path = tmp_path / "bench.db"
    told: list[int] = []
    full_store.fill(path, 12, lambda done, of: told.append(done))
    assert told == [12]
    [badge], *packs = script.rehearse_labels(tmp_path, 3)
    assert badge.what == "Ada"
    for scans in packs:
        assert [scan.kind for scan in scans[::-1][:2]] == ["label", "piece"]

    store = Store(path)
    keep = StoreKeep(store, lambda: Heartbeat(bench=orders.BENCH))
    start = keep.cursor()
    assert start == Cursor(full_store.EPOCH, 12)
    fed = [order for order, _ in orders.orders(12)][3:]
    page = Feed(fed, start, rate=1000.0).page(start, wait=5.0, limit=3)
    assert 1 <= len(page.changes) <= 3
    keep.take(page)
    assert keep.cursor().seq == 12 + len(page.changes)
    store.close()
