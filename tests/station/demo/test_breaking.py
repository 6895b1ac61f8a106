"""What the menu of things to break shows, and what the virtual devices are told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drivers.simulate.cli import _words
from drivers.simulate.control import Control
from drivers.simulate.label_printer import VirtualPrinter
from drivers.transports import Unreachable, open_transport
from station.demo.around import Around
from station.demo.breaking import THINGS, Breaking

DEADLINE = 60.0


class Table:
    """A printer and a hub that can be broken, and a menu for it."""

    def __init__(self, folder: Path, printer: VirtualPrinter) -> None:
        self.printer = printer
        self.hub = True
        self.died = threading.Event()
        self._news = threading.Condition()
        self._controls = [
            Control(f"unix://{folder / 'lp'}", _words(printer)),
            Control(f"unix://{folder / 'world'}", self._obey),
        ]
        self.menu = Breaking(
            Around(
                scanner="",
                scale="",
                printer=f"unix://{folder / 'lp'}",
                record=str(folder),
                badge="P001",
                world=f"unix://{folder / 'world'}",
            ),
            self._repaint,
            self.died.set,
        )
        self.menu.look()

    def _obey(self, line: str) -> dict[str, object]:
        if line != "state":
            self.hub = line == "hub start"
        return {"hub": self.hub}

    def _repaint(self) -> None:
        with self._news:
            self._news.notify_all()

    def until(self, so: Callable[[], bool]) -> None:
        with self._news:
            deadline = time.monotonic() + DEADLINE
            while not so():
                assert time.monotonic() < deadline
                self._news.wait(0.05)

    def choose(self, thing: str) -> None:
        while self.menu.page("en").chosen != THINGS.index(thing):
            self.menu.pressed("down")
        self.menu.pressed("enter")

    def state(self, thing: str) -> str | None:
        return self.menu.page("en").entries[THINGS.index(thing)].state

    def close(self) -> None:
        self.menu.close()
        for control in self._controls:
            control.close()


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Table]:
    with VirtualPrinter(ms_per_label=50) as printer:
        made = Table(tmp_path, printer)
        yield made
        made.close()


@pytest.mark.parametrize(
    ("thing", "key"), [("paper", "paper_out"), ("lid", "head_open"), ("cable", "unplugged")]
)
def test_what_is_broken_is_broken_at_the_printer_and_mended_by_the_same_row(
    table: Table, thing: str, key: str
) -> None:
    table.choose(thing)
    table.until(lambda: table.state(thing) == "bad")
    assert table.printer.state()[key]
    table.choose(thing)
    table.until(lambda: table.state(thing) == "ok")
    assert not table.printer.state()[key]


def test_a_cut_cable_reaches_nobody_and_a_mended_one_the_same_printer(table: Table) -> None:
    wire = open_transport(table.printer.url)
    wire.connect(5)
    table.choose("cable")
    table.until(lambda: table.state("cable") == "bad")

    def refused() -> bool:
        again = open_transport(table.printer.url)
        try:
            again.connect(1)
        except Unreachable:
            return True
        again.close()
        return False

    table.until(refused)
    table.choose("cable")
    table.until(lambda: not refused())
    wire.close()


def test_the_hub_is_cut_and_started_again(table: Table) -> None:
    table.choose("hub")
    table.until(lambda: table.state("hub") == "bad")
    assert not table.hub
    table.choose("hub")
    table.until(lambda: table.state("hub") == "ok")
    assert table.hub


def test_the_bench_dies_in_the_middle_of_a_label_and_not_before(table: Table) -> None:
    table.choose("kill")
    table.until(lambda: table.state("kill") == "bad")
    assert not table.died.wait(0.2)  # it looks all the time, and must not act
    wire = open_transport(table.printer.url)
    wire.connect(5)
    wire.write(b"^XA^FO10,10^FDone^FS^XZ", time.monotonic() + 5)
    assert table.died.wait(DEADLINE)
    assert len(table.printer.printed) == 0
    table.printer.wait_printed(1)
    wire.close()


def test_a_bench_may_be_spared(table: Table) -> None:
    table.choose("kill")
    table.until(lambda: table.state("kill") == "bad")
    table.choose("kill")
    table.until(lambda: table.state("kill") == "ok")
    assert not table.died.is_set()


def test_a_device_that_is_gone_is_said_and_the_menu_lives(tmp_path: Path) -> None:
    around = Around(
        scanner="", scale="", printer=f"unix://{tmp_path}/x", record=str(tmp_path), badge="P001"
    )
    told = threading.Event()
    menu = Breaking(around, told.set)
    menu.look()
    assert told.wait(DEADLINE)
    assert menu.page("en").notice.startswith("That did not work")
    assert len(menu.page("zh").entries) == len(THINGS) - 1
    menu.close()
