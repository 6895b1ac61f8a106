"""The lamp of a receipt printer says what the printer says, and nothing better."""

from __future__ import annotations

import queue
from collections.abc import Iterator

import pytest

from drivers.simulate import escpos
from drivers.simulate.label_printer import VirtualPrinter
from station.checkup import Looked
from station.config import Printer
from station.receipt_watch import ReceiptWatch

DEADLINE = 60.0
Lamps = queue.Queue[tuple[str, str, str]]


@pytest.fixture
def printer() -> Iterator[VirtualPrinter]:
    with VirtualPrinter(escpos.personality(), ms_per_label=1) as made:
        yield made


@pytest.fixture
def lamps(printer: VirtualPrinter) -> Iterator[Lamps]:
    told: Lamps = queue.Queue()
    slips = Printer(url=printer.url, language="escpos", prints=("paper",))
    others = {"slips": slips, "labels": Printer(url="tcp://127.0.0.1:1")}
    watch = ReceiptWatch(others, lambda *lamp: told.put(lamp), every=0.02)
    watch.start()
    yield told
    watch.stop()


def test_it_is_unknown_until_it_has_answered(lamps: Lamps) -> None:
    assert lamps.get(timeout=DEADLINE) == ("slips", "unknown", "")
    assert lamps.get(timeout=DEADLINE) == ("slips", "ok", "")


def test_what_it_needs_is_said_and_taken_back(lamps: Lamps, printer: VirtualPrinter) -> None:
    def until(*lamp: str) -> None:
        while lamps.get(timeout=DEADLINE) != lamp:
            pass

    until("slips", "ok", "")
    printer.fault("paper-out")
    until("slips", "bad", "paper")
    printer.load()
    until("slips", "ok", "")
    printer.unplug()
    until("slips", "off", "unreachable")
    printer.plug()
    until("slips", "ok", "")


def test_a_receipt_printer_that_falls_silent_is_never_called_well(
    lamps: Lamps, printer: VirtualPrinter
) -> None:
    while lamps.get(timeout=DEADLINE) != ("slips", "ok", ""):
        pass
    printer.fault("lost-reply=999999")
    assert lamps.get(timeout=DEADLINE) == ("slips", "bad", "silent")


def test_nothing_is_asked_while_a_receipt_is_on_its_way() -> None:
    asked: queue.Queue[str] = queue.Queue()

    def ask(printer: Printer) -> Looked:
        asked.put(printer.url)
        return Looked(lamp="ok")

    slips = Printer(url="tcp://127.0.0.1:1", language="escpos", prints=("paper",))
    watch = ReceiptWatch({"slips": slips}, lambda *lamp: None, ask, every=0.01)
    watch.start()
    asked.get(timeout=DEADLINE)
    assert watch.spooled("slips", "busy")
    while True:  # a look that had begun already
        try:
            asked.get(timeout=0.3)
        except queue.Empty:
            break
    assert not watch.spooled("slips", "ok")
    asked.get(timeout=DEADLINE)
    watch.stop()


def test_the_spools_word_about_other_printers_is_taken() -> None:
    watch = ReceiptWatch({"labels": Printer(url="tcp://a")}, lambda *lamp: None)
    assert watch.spooled("labels", "ok")
    watch.start()
    watch.stop()
