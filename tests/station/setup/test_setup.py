"""Somebody sets a bench up in a real terminal, with a scanner that is set wrong at first."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.scanners.setup import SETUP_TEXT
from drivers.simulate import escpos
from drivers.simulate.label_printer import VirtualPrinter
from drivers.simulate.scale import VirtualScale
from station import config, trial
from tests.terminal import Terminal

pytestmark = pytest.mark.slow
F8 = b"\x1b[19~"


@pytest.fixture
def scale(tmp_path: Path) -> Iterator[VirtualScale]:
    made = VirtualScale(tmp_path / "scale", "mt-sics", settle_seconds=0.0)
    yield made
    made.close()


def sit_down(home: Path, *ports: str) -> Terminal:
    words = [word for port in ports for word in ("--port", port)]
    return Terminal(
        [sys.executable, "-m", "station.cli", "setup", *words],
        columns=80,
        rows=24,
        environ={"PACKBENCH_HOME": str(home)},
    )


def test_a_set_up_ends_with_a_test_label_that_is_scanned_back(
    tmp_path: Path, scale: VirtualScale
) -> None:
    home, port = tmp_path / "home", f"serial://{tmp_path / 'scale'}"
    receipts = VirtualPrinter(escpos.personality(), ms_per_label=1)
    with VirtualPrinter(ms_per_label=1) as printer, receipts, sit_down(home, port) as terminal:
        terminal.wait_for("1/6")
        terminal.write(printer.url.encode() + b"\r")
        terminal.wait_for("speaks ZPL")
        terminal.write(receipts.url.encode() + b"\r")
        terminal.wait_for("ESCPOS")
        terminal.write(F8)
        terminal.wait_for("Scan this code")
        printer.wait_printed(1, 60)
        terminal.write(f"{SETUP_TEXT}\r".swapcase().encode())
        terminal.wait_for("Caps Lock is on")
        terminal.write(f"]C0{SETUP_TEXT}\r".encode())
        terminal.wait_for("Every code will come")
        terminal.write(F8)
        terminal.wait_for("4/6")
        terminal.write(b"\r")
        terminal.wait_for("Put something on")
        scale.obey("put 850")
        terminal.wait_for("Lift it off")
        scale.obey("lift")
        terminal.wait_for("comes back to zero")
        terminal.write(F8)
        terminal.wait_for("6/6")
        printer.wait_printed(2, 60)
        terminal.write(b"4006381333931\r")
        terminal.wait_for("not the test label")
        terminal.write(f"]C0{trial.CODE}\r".encode())
        terminal.wait_for("scanned back")
        terminal.write(F8)
        assert terminal.wait_for_exit() == 0
        assert len(printer.printed) == 2
        assert not receipts.printed
    read = config.read(home / config.FILE)
    assert read.scales["bench"].protocol == "mt-sics"
    assert read.printers["labels"].prints == ("label",)
    assert read.printers["receipts"].prints == ("paper",)
