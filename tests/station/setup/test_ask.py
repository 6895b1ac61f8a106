"""Who is on the wire: each virtual device is known for what it is, and nothing comes out."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from drivers.simulate import escpos, tspl, zpl
from drivers.simulate.label_printer import VirtualPrinter
from drivers.simulate.scale import VirtualScale
from drivers.transports import loopback
from station.session import Text
from station.setup import ask
from station.setup.exchange import Failed, PrinterFound, ScaleFound
from station.wording import setup as w

PERSONALITIES = {
    "zpl": zpl.personality(12),
    "tspl": tspl.personality(),
    "escpos": escpos.personality(),
}


@pytest.mark.parametrize("language", PERSONALITIES)
def test_a_printer_is_known_by_its_answers_and_prints_none_of_the_questions(language: str) -> None:
    with VirtualPrinter(PERSONALITIES[language], ms_per_label=1) as printer:
        found = ask.printer(printer.url)
        assert isinstance(found, PrinterFound)
        assert found.language == language
        assert found.dots_per_mm == (12 if language == "zpl" else 8)
        assert printer.state()["queued"] == 0
        assert not printer.printed


@pytest.mark.parametrize("language", PERSONALITIES)
def test_a_printer_without_paper_is_known_as_well(language: str) -> None:
    with VirtualPrinter(PERSONALITIES[language], media=0) as printer:
        found = ask.printer(printer.url)
        assert isinstance(found, PrinterFound)
        assert found.language == language


def test_a_printer_that_says_nothing_is_there_and_unknown() -> None:
    with VirtualPrinter() as printer:
        printer.fault("lost-reply=99")
        assert ask.printer(printer.url) == Failed(w.no_answer(printer.url))


@pytest.mark.parametrize("url", ["tcp://127.0.0.1:1", "nonsense://x", "serial:///dev/nowhere"])
def test_nobody_there_is_said_with_the_reason(url: str) -> None:
    found = ask.printer(url)
    assert isinstance(found, Failed)
    assert url.rpartition("/")[2] in found.why.args["why"]


def test_the_question_that_would_be_printed_as_text_comes_last() -> None:
    end = loopback.device("somebody")
    assert ask.printer("loopback://somebody") == Failed(w.no_answer("loopback://somebody"))
    asked = bytes(end.written)
    assert asked.index(b"\x10\x04") < asked.index(b"\x1b!?") < asked.index(b"~HI")


def test_a_queue_is_not_asked_since_it_would_print_the_question() -> None:
    assert ask.printer("cups://zebra") == PrinterFound(
        url="cups://zebra", language="zpl", model="CUPS"
    )


@pytest.mark.parametrize("protocol", ["mt-sics", "toledo-8217", "nci"])
def test_a_scale_is_known_by_what_it_shows(tmp_path: Path, protocol: str) -> None:
    scale = VirtualScale(tmp_path / "scale", protocol, settle_seconds=0.0)
    try:
        scale.obey("put 850")
        found = ask.scale(f"serial://{tmp_path / 'scale'}")
        assert isinstance(found, ScaleFound)
        told, stop = [], threading.Event()

        def tell(grams: int) -> None:
            told.append(grams)
            stop.set()

        ask.watch(found, tell, stop)
        assert abs(told[0] - 850) <= 1
    finally:
        scale.close()


def test_what_is_no_scale_is_said() -> None:
    with VirtualPrinter() as printer:
        assert ask.scale(printer.url) == Failed(w.no_answer(printer.url))
    assert isinstance(ask.scale("tcp://127.0.0.1:1"), Failed)
    assert Text("") != w.no_answer("")
