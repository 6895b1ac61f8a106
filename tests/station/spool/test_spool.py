import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from drivers.label_printers.zpl_status import (
    ASK_COUNTER,
    ASK_ERRORS,
    ASK_IDENTITY,
    ASK_SERIAL,
    ASK_STATUS,
)
from drivers.simulate import tspl, zpl
from drivers.simulate.label_printer import VirtualPrinter
from station.spool import Job, JobKind, JobState, Ledger, Patience, Printer, Spool
from tests.station.spool.shelf import Shelf, a_job, label

HURRY = Patience(
    connect=1.0,
    write=0.05,
    answer=0.1,
    first_look=0.005,
    longest_look=0.02,
    idle=0.05,
    troubled=0.02,
    silent=0.15,
    steady=0.1,
    unsure=0.3,
    ask=0.6,
    stranger=0.1,
)
"""As Patience, in a hurry: the virtual printer answers in 0.2 ms."""
WHO_BYTES = len(ASK_IDENTITY + b"\r\n" + ASK_SERIAL + ASK_COUNTER + ASK_ERRORS + b"\r\n")
QUESTION_BYTES = WHO_BYTES + len(ASK_STATUS + b"\r\n" + ASK_COUNTER)
"""What a printer is asked when it is met, before any label."""
CALM = replace(HURRY, ask=90.0)
"""The same, and nobody is asked while the story is told."""


@contextmanager
def spooling(
    url: str,
    ledger: Ledger,
    patience: Patience = HURRY,
    *,
    asked: bool = True,
    counter: bool = True,
    lamps: list[tuple[str, str, str]] | None = None,
) -> Iterator[Spool]:
    shown: list[tuple[str, str, str]] = [] if lamps is None else lamps
    spool = Spool(
        [Printer(name="zebra", url=url, asked=asked, counter=counter)],
        ledger,
        lambda *lamp: shown.append(lamp),
        patience,
    )
    spool.start()
    try:
        yield spool
    finally:
        spool.stop()


@pytest.fixture
def printer() -> Iterator[VirtualPrinter]:
    with VirtualPrinter(ms_per_label=3) as printer:
        yield printer


def came_out(printer: VirtualPrinter) -> list[bytes]:
    return [one.data for one in printer.printed]


def test_labels_come_out_once_each_and_in_order(printer: VirtualPrinter) -> None:
    jobs = [a_job(f"A{n}:1") for n in range(5)]
    shelf = Shelf(*jobs)
    with spooling(printer.url, shelf):
        shelf.wait_state("A4:1", JobState.PRINTED)
    assert came_out(printer) == [job.data for job in jobs]
    assert shelf.told[1:4] == ["starting A0:1", "sent A0:1", "printed A0:1 odometer"]


def test_a_job_that_comes_later_is_started_when_the_spool_is_woken(printer: VirtualPrinter) -> None:
    shelf = Shelf()
    lamps: list[tuple[str, str, str]] = []
    patience = Patience(first_look=0.005)
    with spooling(printer.url, shelf, patience, lamps=lamps) as spool:
        shelf.wait_needs("")
        shelf.put(a_job())
        spool.wake()
        shelf.wait_state("A:1", JobState.PRINTED)
        shelf.put(a_job("B:1"))
        spool.wake()
        shelf.wait_state("B:1", JobState.PRINTED)
    assert len(printer.printed) == 2
    assert [state for _, state, _ in lamps[:3]] == ["ok", "busy", "ok"]


def test_a_label_that_must_not_be_printed_any_more_is_passed_over(printer: VirtualPrinter) -> None:
    shelf = Shelf(a_job("A:1"), a_job("B:1"))
    shelf.refuses.add("A:1")
    with spooling(printer.url, shelf):
        shelf.wait_state("B:1", JobState.PRINTED)
    assert came_out(printer) == [label("B:1")]
    assert shelf.state("A:1") is JobState.DROPPED


@pytest.mark.parametrize("silent", [False, True])
def test_paper_out_in_a_label_is_waited_out_and_nothing_is_sent_again(
    printer: VirtualPrinter, *, silent: bool
) -> None:
    if silent:
        printer.fault("silent_when_error")
    printer.fault("paper_out_after=1")
    shelf = Shelf(a_job("A:1"), a_job("B:1"), a_job("C:1"))
    with spooling(printer.url, shelf, CALM):
        shelf.wait_needs("silent" if silent else "paper")
        assert shelf.state("B:1") is JobState.SENT
        printer.load(5)
        shelf.wait_state("C:1", JobState.PRINTED)
        shelf.wait_needs("")
    assert came_out(printer) == [label("A:1"), label("B:1"), label("C:1")]
    assert [shelf.attempts(job) for job in ("A:1", "B:1", "C:1")] == [1, 1, 1]


def test_a_printer_told_not_to_reprint_loses_the_label_and_gets_it_again() -> None:
    data = b"^XA^JZN^FO9,9^A0N,60,60^FDone^FS^XZ"
    with VirtualPrinter(media=0, ms_per_label=1) as printer:
        printer.load(1)
        shelf = Shelf(a_job("A:1", data=data), a_job("B:1", data=data))
        with spooling(printer.url, shelf):
            shelf.wait_needs("paper")
            printer.load(5)
            shelf.wait_state("B:1", JobState.PRINTED)
        assert len(printer.printed) == 2
        assert "not printed B:1 odometer" in shelf.told


@pytest.mark.parametrize(
    "fault", ["head_open", "ribbon_out", "paused", "paper-out", "jam", "too-hot"]
)
def test_nothing_is_sent_to_a_printer_that_waits_for_a_person(
    printer: VirtualPrinter, fault: str
) -> None:
    names = {"head_open": "head", "ribbon_out": "ribbon", "paused": "pause", "paper-out": "paper"}
    needs = names.get(fault, fault.removeprefix("too-"))
    printer.fault(fault)
    shelf = Shelf(a_job())
    lamps: list[tuple[str, str, str]] = []
    with spooling(printer.url, shelf, lamps=lamps):
        shelf.wait_needs(needs)
        assert shelf.state("A:1") is JobState.QUEUED
        printer.clear()
        printer.load(5)
        shelf.wait_state("A:1", JobState.PRINTED)
    assert len(printer.printed) == 1
    assert ("zebra", "bad", needs) in lamps
    assert lamps[-1] == ("zebra", "ok", "")


@pytest.mark.parametrize(
    ("where", "attempts"),
    [("first", 2), ("1", 2), ("half", 2), ("last", 2), ("label", 1)],
)
@pytest.mark.parametrize("size", [0, 100_000])
def test_a_cut_wire_costs_no_label_and_doubles_none(
    printer: VirtualPrinter, where: str, attempts: int, size: int
) -> None:
    data = label("one", size=size)
    shelf = Shelf()
    # One look, and no other question before the label.
    with spooling(printer.url, shelf, replace(CALM, idle=60)) as spool:
        shelf.wait_needs("")
        places = {"first": str(QUESTION_BYTES), "1": str(QUESTION_BYTES + 1)}
        printer.fault(f"drop_after={places.get(where, where)}")
        shelf.put(a_job(data=data))
        shelf.put(a_job("B:1"))
        spool.wake()
        shelf.wait_state("B:1", JobState.PRINTED)
    assert came_out(printer) == [data, label("B:1")]
    assert shelf.attempts("A:1") == attempts


def test_a_wire_cut_after_the_first_of_two_labels_leaves_a_person_to_decide(
    printer: VirtualPrinter,
) -> None:
    data = label("one") + label("two", size=4_000_000)
    shelf = Shelf(a_job(data=data))
    printer.fault("drop_after=label")
    with spooling(printer.url, shelf):
        shelf.wait_state("A:1", JobState.UNCERTAIN)
    assert came_out(printer) == [label("one")]


def test_a_wire_that_was_dead_already_took_no_byte_and_needs_no_proof() -> None:
    """The printer let go of an idle connection, as many do after a minute."""
    shelf, answered = Shelf(), b"\x02030,0,0,1218,000,0,0,0,000,0,0,0\x03\r\n"
    who = b"\x02ZD421,V93,8,65536KB\x03\r\n"
    errors = b"\x02ERRORS: 0 00000000 00000000 WARNINGS: 0 00000000 00000000\x03\r\n"
    answered += b'\x02000,0,0,0,1,2,6,0,00000000,1,000\x03\r\n\x021234,0\x03\r\n"7"'
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        with spooling(url, shelf, replace(CALM, idle=60)) as spool:
            wire, _ = server.accept()
            for answer in (who, b'"SERIAL"', b'"7"', errors, answered):
                wire.recv(1000)
                wire.sendall(answer)
            shelf.wait_needs("")
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            wire.close()
            server.close()
            shelf.put(a_job())
            spool.wake()
            shelf.wait_told("not printed A:1 no byte was sent")
            shelf.wait_needs("unreachable")
    assert shelf.state("A:1") is JobState.QUEUED


def test_after_a_cut_a_printer_without_a_counter_proves_it_by_the_half_that_it_holds(
    printer: VirtualPrinter,
) -> None:
    shelf = Shelf(a_job())
    printer.fault("drop_after=half")
    with spooling(printer.url, shelf, counter=False) as spool:
        shelf.wait_told("not printed A:1 half a label")
        shelf.wait(lambda: len(printer.printed) == 1 or "sent A:1" in shelf.told)
        printer.wait_printed(1)
        shelf.close("A:1")
        spool.wake()
    assert came_out(printer) == [label("A:1")]


def test_after_a_cut_at_the_end_a_printer_without_a_counter_leaves_a_person_to_decide(
    printer: VirtualPrinter,
) -> None:
    shelf = Shelf(a_job("A:1"), a_job("B:1"))
    printer.fault("drop_after=label")
    with spooling(printer.url, shelf, counter=False) as spool:
        shelf.wait_state("A:1", JobState.UNCERTAIN)
        printer.wait_printed(1)
        assert shelf.state("B:1") is JobState.QUEUED
        shelf.answer("A:1", came_out=True)
        spool.wake()
        printer.wait_printed(2)
    assert came_out(printer) == [label("A:1"), label("B:1")]


def test_without_a_counter_a_label_stays_sent_until_it_is_scanned(printer: VirtualPrinter) -> None:
    shelf = Shelf(a_job("A:1"), a_job("B:1"))
    with spooling(printer.url, shelf, counter=False) as spool:
        printer.wait_printed(1)
        shelf.wait_state("A:1", JobState.SENT)
        assert shelf.state("B:1") is JobState.QUEUED
        shelf.close("A:1")
        spool.wake()
        printer.wait_printed(2)
    assert came_out(printer) == [label("A:1"), label("B:1")]


def test_a_label_that_was_scanned_is_not_doubted_when_the_wire_is_cut_later() -> None:
    shelf = Shelf(a_job("A:1"))
    with VirtualPrinter(ms_per_label=1) as printer:
        with spooling(printer.url, shelf, counter=False):
            printer.wait_printed(1)
            shelf.wait_state("A:1", JobState.SENT)
            shelf.wait_needs("")
            looked = len(shelf.told)
            printer.stop()
            shelf.wait(lambda: "needs unreachable" in shelf.told[looked:])
        assert shelf.state("A:1") is JobState.SENT


def test_a_stalled_printer_is_silent_and_its_label_is_not_sent_again(
    printer: VirtualPrinter,
) -> None:
    shelf = Shelf()
    with spooling(printer.url, shelf, replace(CALM, idle=60)) as spool:
        shelf.wait_needs("")
        printer.fault(f"stall={QUESTION_BYTES + 120}")
        shelf.put(a_job(data=label("one", size=4000)))
        spool.wake()
        shelf.wait_needs("silent")
        # Long enough for a spool that loses patience, and finds the printer idle on another wire.
        assert not threading.Event().wait(12 * CALM.steady)
        printer.clear()
        shelf.wait_state("A:1", JobState.PRINTED)
        shelf.put(a_job("B:1"))
        spool.wake()
        shelf.wait_state("B:1", JobState.PRINTED)
        shelf.wait_needs("")
    assert came_out(printer) == [label("one", size=4000), label("B:1")]
    assert shelf.attempts("A:1") == 1


def test_a_label_larger_than_the_network_takes_waits_on_the_same_wire(
    printer: VirtualPrinter,
) -> None:
    data = label("one", size=8_000_000 - 100)
    shelf = Shelf()
    with spooling(printer.url, shelf, CALM) as spool:
        shelf.wait_needs("")
        printer.fault("buffer_full")
        shelf.put(a_job(data=data))
        spool.wake()
        shelf.wait_needs("silent")
        printer.clear()
        shelf.wait_state("A:1", JobState.PRINTED)
    assert [len(one) for one in came_out(printer)] == [len(data)]


def test_lost_answers_are_asked_for_again(printer: VirtualPrinter) -> None:
    shelf = Shelf(a_job("A:1"), a_job("B:1"))
    printer.fault("lost-reply=2")
    with spooling(printer.url, shelf):
        shelf.wait_state("A:1", JobState.PRINTED)
        printer.fault("lost-reply=1")
        shelf.wait_state("B:1", JobState.PRINTED)
    assert len(printer.printed) == 2


def test_a_printer_switched_off_and_on_loses_its_buffer_and_gets_the_label_again(
    tmp_path: Path,
) -> None:
    shelf = Shelf(a_job("A:1"))
    printer = VirtualPrinter(record=tmp_path, ms_per_label=1)
    printer.fault("paper_out_after=0")
    port = int(printer.url.rpartition(":")[2])
    with spooling(printer.url, shelf, CALM):
        with printer:
            shelf.wait_needs("paper")
            assert shelf.state("A:1") is JobState.SENT
        shelf.wait_needs("unreachable")
        with VirtualPrinter(record=tmp_path, port=port, ms_per_label=1) as again:
            shelf.wait_state("A:1", JobState.PRINTED)
            assert came_out(again) == [label("A:1")]
    assert shelf.attempts("A:1") == 2


def test_a_printer_that_stays_away_in_a_label_leaves_a_person_to_decide() -> None:
    shelf = Shelf(a_job("A:1"))
    with VirtualPrinter(ms_per_label=1) as printer:
        printer.fault("paper_out_after=0")
        with spooling(printer.url, shelf):
            shelf.wait_told("sent A:1")
            printer.stop()
            shelf.wait_state("A:1", JobState.UNCERTAIN)
    assert printer.printed == []


def test_an_unreachable_printer_keeps_its_jobs_queued_and_starts_them_when_it_is_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    shelf = Shelf(a_job())
    lamps: list[tuple[str, str, str]] = []
    with spooling(f"tcp://127.0.0.1:{port}", shelf, lamps=lamps):
        shelf.wait_needs("unreachable")
        assert shelf.state("A:1") is JobState.QUEUED
        with VirtualPrinter(port=port, ms_per_label=1) as printer:
            shelf.wait_state("A:1", JobState.PRINTED)
            assert len(printer.printed) == 1
    assert ("zebra", "off", "unreachable") in lamps


def test_a_full_disk_prints_nothing(printer: VirtualPrinter) -> None:
    shelf = Shelf(a_job())
    shelf.full = True
    lamps: list[tuple[str, str, str]] = []
    bad = threading.Event()

    def on_lamp(name: str, state: str, text: str) -> None:
        lamps.append((name, state, text))
        if state == "bad":
            bad.set()

    spool = Spool([Printer(name="zebra", url=printer.url)], shelf, on_lamp, HURRY)
    spool.start()
    assert bad.wait(60)
    assert printer.printed == []
    shelf.full = False
    shelf.wait_state("A:1", JobState.PRINTED)
    spool.stop()
    assert len(printer.printed) == 1
    assert ("zebra", "bad", "no space left on device") in lamps


def test_a_person_who_said_no_too_early_gets_no_second_label(printer: VirtualPrinter) -> None:
    """The printer was silent for want of paper; after the refill it prints the label by itself."""
    shelf = Shelf(a_job("A:1"), a_job("B:1"))
    printer.fault("silent_when_error")
    printer.fault("paper_out_after=0")
    with spooling(printer.url, shelf) as spool:
        shelf.wait_state("A:1", JobState.UNCERTAIN)
        shelf.answer("A:1", came_out=False)
        spool.wake()
        printer.load(5)
        shelf.wait_state("B:1", JobState.PRINTED)
    assert came_out(printer) == [label("A:1"), label("B:1")]


# -- a bench that was switched off


def _nothing(printer: VirtualPrinter, job: Job) -> None:
    pass


def _half(printer: VirtualPrinter, job: Job) -> None:
    _send(printer, job.data[: len(job.data) // 2])


def _whole(printer: VirtualPrinter, job: Job) -> None:
    _send(printer, job.data)


def _whole_without_paper(printer: VirtualPrinter, job: Job) -> None:
    printer.fault("paper_out_after=0")
    _send(printer, job.data)


def _send(printer: VirtualPrinter, data: bytes) -> None:
    with socket.create_connection(("127.0.0.1", int(printer.url.rpartition(":")[2]))) as wire:
        wire.sendall(data)


@pytest.mark.parametrize("state", [JobState.SENDING, JobState.SENT])
@pytest.mark.parametrize("happened", [_nothing, _half, _whole, _whole_without_paper])
def test_a_bench_switched_off_in_a_label_finds_out_what_became_of_it(
    printer: VirtualPrinter, state: JobState, happened: Callable[[VirtualPrinter, Job], None]
) -> None:
    job = a_job("A:1", state=state, counter_before=0)
    happened(printer, job)
    shelf = Shelf(job, a_job("B:1"))
    with spooling(printer.url, shelf):
        if happened is _whole_without_paper:
            shelf.wait_needs("paper")
            printer.load(5)
        shelf.wait_state("B:1", JobState.PRINTED)
    assert came_out(printer) == [job.data, label("B:1")]


@pytest.mark.parametrize("state", [JobState.SENDING, JobState.SENT])
def test_a_bench_switched_off_in_a_label_asks_when_the_printer_cannot_say(
    printer: VirtualPrinter, state: JobState
) -> None:
    shelf = Shelf(a_job("A:1", state=state), a_job("B:1"))
    with spooling(printer.url, shelf, counter=False):
        shelf.wait_state("A:1", JobState.UNCERTAIN)
    assert printer.printed == []


def test_what_is_uncertain_stays_so_until_somebody_says(printer: VirtualPrinter) -> None:
    shelf = Shelf(a_job("A:1", state=JobState.UNCERTAIN, counter_before=0), a_job("B:1"))
    with spooling(printer.url, shelf) as spool:
        shelf.wait_needs("")
        assert shelf.state("B:1") is JobState.QUEUED
        shelf.answer("A:1", came_out=False)
        spool.wake()
        shelf.wait_state("B:1", JobState.PRINTED)
    assert came_out(printer) == [label("A:1"), label("B:1")]


def test_stopping_at_any_moment_and_starting_again_prints_each_label_once(
    printer: VirtualPrinter,
) -> None:
    jobs = [a_job(f"A{n}:1") for n in range(12)]
    shelf = Shelf(*jobs)
    for n in range(12):
        with spooling(printer.url, shelf):
            # Each time at another point of another label's way.
            shelf.wait(lambda n=n: len(shelf.told) >= 4 * n + n % 4)  # type: ignore[misc]
    with spooling(printer.url, shelf):
        shelf.wait_state("A11:1", JobState.PRINTED)
    assert came_out(printer) == [job.data for job in jobs]


# -- papers, and printers that cannot be asked


def test_a_paper_takes_the_same_way(printer: VirtualPrinter) -> None:
    shelf = Shelf(a_job("slip", kind=JobKind.PAPER), a_job("slip2", kind=JobKind.PAPER))
    with spooling(printer.url, shelf, counter=False):
        shelf.wait_state("slip2", JobState.PRINTED)
        printer.wait_printed(2)
    assert "printed slip accepted" in shelf.told


def test_an_uncertain_paper_does_not_stop_the_next(printer: VirtualPrinter) -> None:
    shelf = Shelf(a_job("slip", kind=JobKind.PAPER), a_job("slip2", kind=JobKind.PAPER))
    printer.fault("drop_after=label")
    with spooling(printer.url, shelf, counter=False):
        shelf.wait_state("slip2", JobState.PRINTED)
    assert shelf.state("slip") is JobState.UNCERTAIN


def test_a_printer_of_another_language_is_never_asked() -> None:
    data = b"SIZE 100 mm,150 mm\r\nCLS\r\nPRINT 1,1\r\n"
    with VirtualPrinter(tspl.personality(), ms_per_label=1) as printer:
        shelf = Shelf(a_job("A:1", data=data), a_job("slip", kind=JobKind.PAPER, data=data))
        with spooling(printer.url, shelf, asked=False) as spool:
            shelf.wait_state("A:1", JobState.SENT)
            printer.wait_printed(1)
            shelf.close("A:1")
            spool.wake()
            shelf.wait_state("slip", JobState.PRINTED)
            printer.wait_printed(2)
        assert came_out(printer) == [data, data]


def test_a_printer_that_swallows_a_label_is_not_fed_for_ever() -> None:
    """A format that only sets something prints nothing, however often it is sent."""
    with VirtualPrinter(zpl.personality(), ms_per_label=1) as printer:
        shelf = Shelf(a_job("A:1", data=b"^XA^LH0,0^XZ"))
        with spooling(printer.url, shelf):
            shelf.wait_state("A:1", JobState.UNCERTAIN)
        assert shelf.attempts("A:1") == HURRY.swallowed
        assert printer.printed == []
