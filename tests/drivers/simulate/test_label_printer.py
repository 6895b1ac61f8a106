import hashlib
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.label_printers import zpl_acknowledge, zpl_status
from drivers.label_printers.zpl_status import Identity, Reader, Said, Status, Variable
from drivers.simulate import epl2, escpos, fault, text, tspl, zpl
from drivers.simulate.course import Course
from drivers.simulate.label_printer import VirtualPrinter
from drivers.simulate.paper import Paper
from drivers.simulate.personality import Personality
from drivers.transports import Cut, Stalled, Transport, Unreachable, open_transport

PATIENCE = 30.0


def label(text: str, settings: str = "") -> bytes:
    return f"^XA^CI28^LL1218{settings}^FO20,20^A0N,60,60^FD{text}^FS^XZ".encode()


@pytest.fixture
def printer() -> Iterator[VirtualPrinter]:
    with VirtualPrinter(ms_per_label=1) as printer:
        yield printer


def connected(printer: VirtualPrinter) -> Transport:
    wire = open_transport(printer.url)
    wire.connect(PATIENCE)
    return wire


def send(printer: VirtualPrinter, data: bytes) -> None:
    wire = connected(printer)
    wire.write(data, time.monotonic() + PATIENCE)
    wire.close()


def read_to_the_end(wire: Transport) -> None:
    while True:
        wire.read_until(time.monotonic() + PATIENCE)


def ask(printer: VirtualPrinter, question: bytes, patience: float = PATIENCE) -> Said | None:
    wire, reader = connected(printer), Reader()
    deadline = time.monotonic() + patience
    try:
        wire.write(question, deadline)
        while data := wire.read_until(deadline):
            if said := reader.receive(data):
                return said[0]
        return None
    finally:
        wire.close()


def status(printer: VirtualPrinter) -> Status:
    said = ask(printer, zpl_status.ASK_STATUS)
    assert isinstance(said, Status)
    return said


def counter(printer: VirtualPrinter) -> int | None:
    said = ask(printer, zpl_status.ASK_COUNTER)
    assert isinstance(said, Variable)
    return said.count


def test_a_label_comes_out_is_counted_and_recorded_byte_for_byte(tmp_path: Path) -> None:
    with VirtualPrinter(record=tmp_path, ms_per_label=1) as printer:
        send(printer, b"\r\n" + label("one") + b"\r\n" + label("two", "^PQ2"))
        printed = printer.wait_printed(3)
        assert [p.copy for p in printed] == [1, 1, 2]
        assert counter(printer) == 3
    lines = [json.loads(line) for line in (tmp_path / "printed.jsonl").read_text().splitlines()]
    assert [line["n"] for line in lines] == [1, 2, 3]
    assert [line["file"] for line in lines] == ["000001.zpl", "000002.zpl", "000003.zpl"]
    assert (tmp_path / "000001.zpl").read_bytes() == label("one")
    assert lines[0]["sha256"] == hashlib.sha256(label("one")).hexdigest()


def test_a_printer_switched_on_again_goes_on_counting(tmp_path: Path) -> None:
    with VirtualPrinter(record=tmp_path, ms_per_label=1) as printer:
        send(printer, label("one"))
        printer.wait_printed(1)
    with (tmp_path / "printed.jsonl").open("ab") as book:
        book.write(b'{"n": 2, "torn by a power cut')
    with VirtualPrinter(record=tmp_path, ms_per_label=1) as printer:
        assert counter(printer) == 1
        send(printer, label("two"))
        assert [p.n for p in printer.wait_printed(1)] == [2]
    lines = (tmp_path / "printed.jsonl").read_text().splitlines()
    assert [json.loads(line)["odometer"] for line in lines] == [1, 2]


def test_it_says_who_it_is(printer: VirtualPrinter) -> None:
    assert ask(printer, zpl_status.ASK_IDENTITY) == Identity("ZD421-203dpi", "V93.21.26Z", 8)
    assert ask(printer, b'! U1 getvar "no.such.thing"\r\n') == Variable(None)


def test_a_ready_printer_is_idle(printer: VirtualPrinter) -> None:
    assert status(printer).idle
    assert not status(printer).needs_person


def test_a_format_that_only_sets_or_stores_prints_nothing(printer: VirtualPrinter) -> None:
    send(printer, b"^XA^JZN^XZ^XA^DFR:A.ZPL^FDx^FS^XZ" + label("one"))
    assert [p.data for p in printer.wait_printed(1)] == [label("one")]


def test_the_roll_ends_in_a_label_and_the_printer_prints_it_again_after_refilling(
    tmp_path: Path,
) -> None:
    with VirtualPrinter(record=tmp_path, media=1, ms_per_label=1) as printer:
        send(printer, label("one") + label("two"))
        printer.wait_until_it_waits()
        assert status(printer).paper_out
        assert (status(printer).labels_remaining, counter(printer)) == (1, 1)
        printer.load()
        assert [p.data for p in printer.wait_printed(2)] == [label("one"), label("two")]
        assert counter(printer) == 2
    [spoiled] = (tmp_path / "spoiled.jsonl").read_text().splitlines()
    assert json.loads(spoiled)["lost"] is False


def test_a_printer_told_not_to_reprint_loses_the_spoiled_label() -> None:
    with VirtualPrinter(media=0, ms_per_label=1) as printer:
        printer.load(1)
        send(printer, label("one", "^JZN") + label("two") + label("three"))
        printer.wait_until_it_waits()
        printer.load(5)
        assert [p.data for p in printer.wait_printed(2)] == [label("one", "^JZN"), label("three")]


def test_the_demo_refills_by_itself() -> None:
    with VirtualPrinter(media=1, ms_per_label=1, refill_after=0.02) as printer:
        send(printer, label("one") + label("two") + label("three"))
        assert len(printer.wait_printed(3)) == 3


def test_an_open_head_stops_it_and_needs_a_person(printer: VirtualPrinter) -> None:
    printer.fault("head_open")
    send(printer, label("one"))
    assert status(printer).head_open
    assert printer.printed == []
    printer.clear()
    assert len(printer.wait_printed(1)) == 1


def test_pause_and_resume_from_the_wire(printer: VirtualPrinter) -> None:
    send(printer, b"~PP" + label("one"))
    assert status(printer).paused
    send(printer, b"~PS")
    assert len(printer.wait_printed(1)) == 1


def test_cancel_all_forgets_the_queue(printer: VirtualPrinter) -> None:
    send(printer, b"~PP" + label("one") + label("two") + b"~JA~PS" + label("three"))
    assert [p.data for p in printer.wait_printed(1)] == [label("three")]


@pytest.mark.parametrize(
    ("where", "came_out", "partial"),
    [("1", 0, False), ("half", 0, True), ("last", 0, True), ("label", 1, False)],
)
def test_a_connection_dropped_at_a_byte_leaves_what_arrived_before(
    printer: VirtualPrinter, where: str, came_out: int, partial: bool
) -> None:
    printer.fault(f"drop_after={where}")
    wire = connected(printer)
    wire.write(zpl_status.ASK_COUNTER + label("one"), time.monotonic() + PATIENCE)
    with pytest.raises(Cut):
        read_to_the_end(wire)
    wire.close()
    printer.wait_printed(came_out)
    assert (status(printer).partial_format, counter(printer)) == (partial, came_out)
    send(printer, zpl_status.CANCEL_PARTIAL)
    assert not status(printer).partial_format
    send(printer, label("two"))
    assert printer.wait_printed(came_out + 1)[-1].data == label("two")


def test_a_question_before_the_label_is_answered_by_a_connection_that_will_be_dropped(
    printer: VirtualPrinter,
) -> None:
    printer.fault("drop-after=half")
    wire = connected(printer)
    wire.write(zpl_status.ASK_COUNTER, time.monotonic() + PATIENCE)
    assert wire.read_until(time.monotonic() + PATIENCE) == b'"0"'
    wire.close()


def test_a_lost_reply_counts_the_label_and_says_nothing(printer: VirtualPrinter) -> None:
    printer.fault("lost-reply=2")
    assert ask(printer, label("one") + b"~HS", patience=0.05) is None
    assert ask(printer, b"~HS", patience=0.05) is None
    assert counter(printer) == len(printer.wait_printed(1))


def test_a_printer_that_is_silent_when_in_error_still_takes_connections(
    printer: VirtualPrinter,
) -> None:
    printer.fault("silent_when_error")
    assert status(printer).idle
    printer.fault("paper-out")
    assert ask(printer, b"~HS", patience=0.05) is None
    printer.load(5)
    assert status(printer).idle


def test_a_full_buffer_takes_no_label_but_says_so(printer: VirtualPrinter) -> None:
    printer.fault("buffer_full")
    wire = connected(printer)
    wire.write(label("one"), time.monotonic() + PATIENCE)
    assert status(printer).buffer_full
    assert printer.printed == []
    with pytest.raises(Stalled) as stalled:
        wire.write(b" " * 20_000_000, time.monotonic() + 0.2)
    assert 0 < stalled.value.sent < 20_000_000
    printer.clear()
    assert len(printer.wait_printed(1)) == 1
    wire.close()


def test_a_stalled_connection_goes_on_when_cleared(printer: VirtualPrinter) -> None:
    printer.fault("stall=10")
    wire = connected(printer)
    wire.write(label("one"), time.monotonic() + PATIENCE)
    while printer.state()["armed"]:
        threading.Event().wait(0.001)  # it hits whoever is read first
    send(printer, label("two"))
    assert [p.data for p in printer.wait_printed(1)] == [label("two")]
    printer.clear()
    assert printer.wait_printed(2)[1].data == label("one")
    wire.close()


def test_a_stall_may_end_by_itself(printer: VirtualPrinter) -> None:
    printer.fault("stall=10:0.05")
    send(printer, label("one"))
    assert len(printer.wait_printed(1)) == 1


def test_the_paper_ends_after_so_many_labels(printer: VirtualPrinter) -> None:
    printer.fault("paper_out_after=2")
    send(printer, label("one") * 3)
    printer.wait_until_it_waits()
    assert (len(printer.printed), printer.spoiled) == (2, 1)


def test_an_unknown_fault_is_refused_with_the_list() -> None:
    with VirtualPrinter() as printer, pytest.raises(ValueError, match="drop-after"):
        printer.fault("explode")


def test_an_unplugged_printer_is_unreachable() -> None:
    with VirtualPrinter() as printer:
        wire = open_transport(printer.url)
    with pytest.raises(Unreachable):
        wire.connect(PATIENCE)


def test_a_large_label_arrives_whole_from_many_clients(printer: VirtualPrinter) -> None:
    big = [label("x" * 120_000 + str(i)) for i in range(4)]
    wires = [connected(printer) for _ in big]
    for wire, data in zip(wires, big, strict=True):
        wire.write(data, time.monotonic() + PATIENCE)
    for wire in wires:
        wire.close()
    assert sorted(p.data for p in printer.wait_printed(4)) == sorted(big)


def test_a_tspl_printer_prints_and_answers_one_byte() -> None:
    job = b"SIZE 100 mm,150 mm\r\nCLS\r\nBITMAP 0,0,2,2,0,\x1b!?\n\r\nPRINT 1,2\r\n"
    with VirtualPrinter(tspl.personality(), ms_per_label=1) as printer:
        wire = connected(printer)
        wire.write(tspl.ASK_STATUS + job, time.monotonic() + PATIENCE)
        assert wire.read_until(time.monotonic() + PATIENCE) == b"\x00"
        assert [p.data for p in printer.wait_printed(2)] == [job, job]
        printer.fault("paper-out")
        wire.write(tspl.ASK_STATUS, time.monotonic() + PATIENCE)
        assert wire.read_until(time.monotonic() + PATIENCE) == b"\x04"
        wire.close()


def test_a_receipt_printer_cuts_and_tells_of_its_paper() -> None:
    graphic = b"\x1dv0\x00\x02\x00\x02\x00\x10\x04\x04\x1d"
    receipt = b"\x1b@Packing slip\n" + graphic + b"\x1d(k\x03\x00\x10\x04\x01\x1dV\x41\x03"
    with VirtualPrinter(escpos.personality(), ms_per_label=1) as printer:
        wire = connected(printer)
        wire.write(b"\x10\x04\x04" + receipt, time.monotonic() + PATIENCE)
        assert wire.read_until(time.monotonic() + PATIENCE) == b"\x12"
        assert [p.data for p in printer.wait_printed(1)] == [receipt]
        printer.fault("paper-out")
        wire.write(b"\x10\x04\x04", time.monotonic() + PATIENCE)
        assert wire.read_until(time.monotonic() + PATIENCE) == b"\x72"
        wire.close()


LABELS = {
    "zpl": label("one"),
    "tspl": b"\r\nPRINT 1\r\n",
    "epl2": b"\nN\nP1\n",
    "escpos": b"one\n\x1dV\x00",
    "text": b"one\r\n",
}


@pytest.mark.parametrize("language", [zpl, tspl, epl2, escpos, text])
@given(noise=st.binary(max_size=200), cut=st.integers(0, 200))
def test_noise_never_breaks_a_language(language: ModuleType, noise: bytes, cut: int) -> None:
    personality: Personality = language.personality()
    session = personality.manners(Paper()).open()
    for piece in (noise[:cut], noise[cut:], LABELS[personality.suffix]):
        session.receive(piece, 0.0)
    session.closed()


@pytest.mark.parametrize("language", [zpl, tspl, epl2, escpos, text])
@pytest.mark.parametrize("place", fault.PLACES)
def test_a_label_can_be_cut_at_a_place_in_every_language(language: ModuleType, place: str) -> None:
    personality: Personality = language.personality()
    course = Course(personality.manners(Paper()).finder())
    data = LABELS[personality.suffix]
    passage = course.meet(data + data, fault.parsed(f"drop-after={place}"))
    length = {"half": len(data) // 2, "last": len(data) - 1, "label": len(data)}[place]
    assert passage.reaches == data[:length]
    assert passage.strikes is not None


# -- habits, and what happens to the printer as a whole


def test_a_label_with_a_question_is_acknowledged_when_it_has_come_out(
    printer: VirtualPrinter,
) -> None:
    wire, reader = connected(printer), Reader()
    asked = zpl_acknowledge.asked(label("one"), "7f")
    wire.write(asked, time.monotonic() + PATIENCE)
    said: list[Said] = []
    while not said:
        said = reader.receive(wire.read_until(time.monotonic() + PATIENCE))
    assert said == [zpl_status.Acknowledged("7f")]
    assert [p.data for p in printer.wait_printed(1)] == [asked]
    wire.close()


def test_answers_come_byte_by_byte_where_that_is_the_habit(printer: VirtualPrinter) -> None:
    printer.fault("one-byte-replies")
    assert status(printer).length_dots == 1218
    assert counter(printer) == 0


@pytest.mark.parametrize(
    ("habit", "question"),
    [
        ("mute", zpl_status.ASK_STATUS),
        ("no-sgd", zpl_status.ASK_COUNTER),
        ("no-errors", zpl_status.ASK_ERRORS),
    ],
)
def test_some_printers_do_not_answer_some_questions(
    printer: VirtualPrinter, habit: str, question: bytes
) -> None:
    assert ask(printer, question) is not None
    printer.fault(habit)
    assert ask(printer, question, 0.2) is None


def test_a_printer_without_a_counter_says_that_it_has_none(printer: VirtualPrinter) -> None:
    printer.fault("no-odometer")
    assert ask(printer, zpl_status.ASK_COUNTER) == Variable(None)


def test_a_jam_is_told_by_the_errors_alone(printer: VirtualPrinter) -> None:
    printer.fault("jam")
    assert status(printer).paused
    assert not status(printer).jammed
    said = ask(printer, zpl_status.ASK_ERRORS)
    assert said == zpl_status.Errors(jammed=True, too_hot=False, paper_near_end=False)


def test_a_slow_reader_takes_its_time_and_the_whole_label(printer: VirtualPrinter) -> None:
    printer.fault("slow-reader=200000")
    send(printer, label("one" * 20_000))
    assert [len(p.data) for p in printer.wait_printed(1)] == [len(label("one" * 20_000))]


def test_a_printer_that_resets_when_a_connection_closes_keeps_its_labels(
    printer: VirtualPrinter,
) -> None:
    printer.fault("reset-on-close")
    send(printer, label("one"))
    assert len(printer.wait_printed(1)) == 1


def test_a_power_cycle_forgets_the_queue_and_keeps_the_counter(printer: VirtualPrinter) -> None:
    send(printer, label("one", "^JZN"))
    printer.wait_printed(1)
    printer.fault("paused")
    send(printer, label("two"))
    while printer.state()["queued"] != 1:
        pass
    wire = connected(printer)
    printer.fault("power-cycle=0.05")
    with pytest.raises(Cut):
        read_to_the_end(wire)
    wire.close()
    assert (printer.state()["queued"], printer.state()["paused"]) == (0, False)
    while printer.off:
        pass
    assert counter(printer) == 1


def test_another_bench_moves_the_counter(printer: VirtualPrinter) -> None:
    printer.fault("another-bench=2")
    printer.wait_printed(2)
    assert counter(printer) == 2


def test_a_label_that_hangs_out_keeps_the_next_one_back(printer: VirtualPrinter) -> None:
    printer.fault("label-waiting")
    send(printer, label("one"))
    while not printer.state()["queued"]:
        pass
    assert status(printer).label_waiting
    printer.take_label()
    printer.wait_printed(1)


def test_the_gap_sensor_has_its_own_idea_of_a_label(printer: VirtualPrinter) -> None:
    printer.fault("media-length=400")
    send(printer, label("one"))
    assert status(printer).length_dots == 400


def test_a_printer_in_line_mode_prints_the_questions() -> None:
    with VirtualPrinter(text.personality(), ms_per_label=1) as printer:
        send(printer, b"~HS\r\n" + b"^XA\r\n^XZ\r\n")
        words = [p.data for p in printer.wait_printed(3)]
    assert words == [b"~HS\r\n", b"^XA\r\n", b"^XZ\r\n"]
