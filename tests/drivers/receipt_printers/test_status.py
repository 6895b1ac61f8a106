"""What a receipt printer says, however its bytes are cut; and that silence is no good news."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.receipt_printers.status import ASK_STATUS, Reader, Status
from drivers.simulate import escpos
from drivers.simulate.label_printer import VirtualPrinter
from drivers.transports import Cut, Unreachable, open_transport

WELL = b"\x12\x12\x12\x12"


def said(data: bytes) -> Status:
    (status,) = Reader().receive(data)
    return status


@pytest.mark.parametrize(
    ("answers", "needs"),
    [
        (WELL, ""),
        (b"\x1a\x32\x12\x72", "paper"),
        (b"\x1a\x16\x12\x12", "head"),
        (b"\x1a\x36\x12\x72", "head"),
        (b"\x1a\x52\x1a\x12", "cutter"),
        (b"\x1a\x52\x32\x12", "fault"),
        (b"\x1a\x52\x52\x12", "pause"),
        (b"\x12\x12\x12\x1e", ""),
    ],
)
def test_it_says_what_a_person_has_to_do_first(answers: bytes, needs: str) -> None:
    assert said(answers).needs == needs


def test_a_roll_that_nears_its_end_is_told_and_still_prints() -> None:
    status = said(b"\x12\x12\x12\x1e")
    assert status.paper_low
    assert not status.paper_out


@given(st.lists(st.sampled_from([WELL, b"\x1a\x36\x12\x72"]), max_size=6), st.data())
def test_any_cutting_of_the_bytes_says_the_same(answers: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(answers)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=8)))
    reader, heard = Reader(), []
    for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True):
        heard += reader.receive(whole[start:end])
    assert heard == [said(one) for one in answers]


@given(st.binary(max_size=200))
def test_any_bytes_are_read_without_a_complaint_and_nothing_piles_up(data: bytes) -> None:
    reader = Reader()
    reader.receive(data)
    assert len(reader._answers) < 4


def test_flow_control_between_the_answers_is_no_answer() -> None:
    assert said(b"\x13\x1a\x11\x32\xff\x12\x00\x72").needs == "paper"


def asked(printer: VirtualPrinter, seconds: float = 5.0) -> Status | None:
    wire = open_transport(printer.url)
    wire.connect(5)
    try:
        wire.write(ASK_STATUS, time.monotonic() + 5)
        reader, deadline = Reader(), time.monotonic() + seconds
        while data := wire.read_until(deadline):
            if heard := reader.receive(data):
                return heard[0]
        return None
    finally:
        wire.close()


@pytest.fixture
def printer() -> VirtualPrinter:
    return VirtualPrinter(escpos.personality(), ms_per_label=1)


@pytest.mark.parametrize(
    ("fault", "needs"), [("", ""), ("paper-out", "paper"), ("head-open", "head")]
)
def test_paper_out_and_an_open_lid_are_named(
    printer: VirtualPrinter, fault: str, needs: str
) -> None:
    with printer:
        if fault:
            printer.fault(fault)
        status = asked(printer)
        assert status is not None
        assert status.needs == needs


def test_a_receipt_printer_that_says_nothing_is_unknown_and_never_well(
    printer: VirtualPrinter,
) -> None:
    with printer:
        printer.fault("lost-reply=9")
        assert asked(printer, 0.3) is None


def test_a_receipt_printer_that_hangs_up_is_unknown_and_never_well(
    printer: VirtualPrinter,
) -> None:
    with printer:
        printer.fault("drop-after=1")
        with pytest.raises(Cut):
            asked(printer)
    with pytest.raises(Unreachable):
        asked(printer)
