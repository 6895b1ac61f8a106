"""How a device is, asked once; silence is never good news."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.simulate import escpos, tspl
from drivers.simulate.label_printer import VirtualPrinter
from drivers.simulate.scale import VirtualScale
from station import checkup
from station.checkup import look
from station.config import Printer, Scale, Scanner


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkup, "ANSWER_SECONDS", 1.0)


PERSONALITIES = {"zpl": None, "tspl": tspl.personality(), "escpos": escpos.personality()}
FAULTS = [("", "ok", ""), ("paper-out", "bad", "paper"), ("head-open", "bad", "head")]


@pytest.mark.parametrize(("fault", "lamp", "word"), FAULTS)
@pytest.mark.parametrize("language", ["zpl", "tspl", "escpos"])
def test_a_printer_says_what_it_needs(language: str, fault: str, lamp: str, word: str) -> None:
    with VirtualPrinter(PERSONALITIES[language]) as printer:
        if fault:
            printer.fault(fault)
        prints = ("paper",) if language == "escpos" else ("label",)
        looked = look(Printer(url=printer.url, language=language, prints=prints))  # type: ignore[arg-type]
    assert (looked.lamp, looked.word) == (lamp, word)


@pytest.mark.parametrize("language", ["zpl", "escpos"])
def test_a_receipt_printer_that_says_nothing_is_not_called_well(language: str) -> None:
    personality = escpos.personality() if language == "escpos" else None
    with VirtualPrinter(personality) as printer:
        printer.fault("lost-reply=99")
        prints = ("paper",) if language == "escpos" else ("label",)
        looked = look(Printer(url=printer.url, language=language, prints=prints))  # type: ignore[arg-type]
    assert (looked.lamp, looked.word) == ("bad", "silent")


def test_a_printer_that_cannot_be_asked_is_unknown_however_well_it_connects() -> None:
    with VirtualPrinter() as printer:
        assert look(Printer(url=printer.url, asks=False)).lamp == "unknown"


def test_a_connection_that_is_closed_in_ones_face_is_not_well() -> None:
    with VirtualPrinter(escpos.personality()) as printer:
        printer.fault("drop-after=1")
        looked = look(Printer(url=printer.url, language="escpos", prints=("paper",)))
    assert looked.lamp == "bad"


def test_who_is_not_there_is_off_and_who_cannot_be_is_misconfigured() -> None:
    assert look(Printer(url="tcp://127.0.0.1:1")).word == "unreachable"
    assert look(Scanner(url="serial:///dev/nowhere")).word == "unplugged"
    assert look(Scanner(url="serial://")).word == "address"


def test_a_scale_shows_its_weight(tmp_path: Path) -> None:
    scale = VirtualScale(tmp_path / "scale", "mt-sics", settle_seconds=0.0)
    try:
        scale.obey("put 850")
        looked = look(Scale(url=f"serial://{tmp_path / 'scale'}"))
    finally:
        scale.close()
    assert (looked.lamp, looked.said) == ("ok", "850 g")
