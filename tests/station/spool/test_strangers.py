"""Who is at the other end of the wire, what can it tell, and who else prints there?"""

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from drivers.label_printers.capability import Capability
from drivers.simulate import epl2, text, tspl, zpl
from drivers.simulate.label_printer import VirtualPrinter
from station.spool import JobState, Printer, Spool
from tests.station.spool.shelf import Shelf, a_job, label
from tests.station.spool.test_spool import CALM, HURRY, came_out, spooling

GARBAGE = b"SIZE 100 mm,150 mm\r\nCLS\r\nPRINT 1,1\r\n"
ACKNOWLEDGING = Capability(
    url="", language="zpl", model="ZD421-203dpi", serial="PACKBENCH1", acknowledges=True
)


@pytest.fixture
def printer() -> Iterator[VirtualPrinter]:
    with VirtualPrinter(ms_per_label=3) as printer:
        yield printer


def port_of(printer: VirtualPrinter) -> int:
    return int(printer.url.rpartition(":")[2])


def words(printer: VirtualPrinter) -> list[str]:
    """What came out, without the question that was put into it."""
    return [one.data.partition(b"^FD")[2].partition(b"^FS")[0].decode() for one in printer.printed]


# -- who it is


def test_a_printer_is_asked_once_who_it_is_and_what_it_can_tell(printer: VirtualPrinter) -> None:
    shelf = Shelf(a_job())
    with spooling(printer.url, shelf):
        shelf.wait_state("A:1", JobState.PRINTED)
    assert shelf.known["zebra"] == Capability(
        url=printer.url,
        language="zpl",
        model="ZD421-203dpi",
        firmware="V93.21.26Z",
        serial="PACKBENCH1",
        dots_per_mm=8,
        variables=True,
        odometer=True,
        errors=True,
    )


def test_another_printer_on_the_same_cable_gets_no_label_until_somebody_takes_it() -> None:
    shelf = Shelf()
    lamps: list[tuple[str, str, str]] = []
    first = VirtualPrinter(ms_per_label=1)
    with spooling(first.url, shelf, CALM, lamps=lamps) as spool:
        with first:
            shelf.wait_needs("")
        shelf.wait_needs("unreachable")
        shelf.put(a_job())
        other = zpl.personality(serial_number="OTHER")
        with VirtualPrinter(other, port=port_of(first), ms_per_label=1) as second:
            spool.wake()
            shelf.wait_needs("swapped")
            assert not threading.Event().wait(3 * CALM.idle)
            assert shelf.state("A:1") is JobState.QUEUED
            assert second.printed == []
            # A test label on it: from now on it is the printer.
            known = shelf.known["zebra"]
            shelf.keep("zebra", Capability(url=known.url, language="zpl", serial="OTHER"))
            shelf.wait_state("A:1", JobState.PRINTED)
            assert came_out(second) == [label("A:1")]
    assert ("zebra", "bad", "swapped") in lamps


def test_a_label_in_flight_is_not_counted_on_another_printer() -> None:
    shelf = Shelf(a_job())
    first = VirtualPrinter(ms_per_label=1)
    first.fault("paper-out-after=0")
    with spooling(first.url, shelf, CALM):
        with first:
            shelf.wait_needs("paper")
        shelf.wait_needs("unreachable")
        other = zpl.personality(serial_number="OTHER")
        with VirtualPrinter(other, port=port_of(first), ms_per_label=1) as second:
            shelf.wait_needs("swapped")
            assert not threading.Event().wait(3 * CALM.steady)
            assert second.printed == []
        assert shelf.state("A:1") is JobState.SENT


def test_a_new_address_in_the_settings_is_a_new_printer(printer: VirtualPrinter) -> None:
    shelf = Shelf(a_job())
    shelf.known["zebra"] = Capability(url="tcp://elsewhere", language="zpl", serial="OLD")
    with spooling(printer.url, shelf):
        shelf.wait_state("A:1", JobState.PRINTED)
    assert shelf.known["zebra"].serial == "PACKBENCH1"


def test_a_head_of_another_resolution_prints_nothing_in_the_wrong_size() -> None:
    shelf = Shelf(a_job())
    with VirtualPrinter(zpl.personality(12), ms_per_label=1) as printer:
        spool = Spool([Printer(name="zebra", url=printer.url, dots_per_mm=8)], shelf, patience=CALM)
        spool.start()
        shelf.wait_needs("resolution")
        spool.stop()
        assert printer.printed == []
        spool = Spool(
            [Printer(name="zebra", url=printer.url, dots_per_mm=12)], shelf, patience=CALM
        )
        spool.start()
        shelf.wait_state("A:1", JobState.PRINTED)
        spool.stop()


def test_a_printer_whose_power_went_is_met_again_and_prints_what_it_forgot(
    printer: VirtualPrinter,
) -> None:
    shelf = Shelf(a_job("A:1"), a_job("B:1"))
    printer.fault("paper-out-after=0")
    with spooling(printer.url, shelf, CALM):
        shelf.wait_needs("paper")
        assert shelf.state("A:1") is JobState.SENT
        printer.fault("power-cycle=0.05")
        printer.load(10)
        shelf.wait_state("B:1", JobState.PRINTED)
    assert came_out(printer) == [label("A:1"), label("B:1")]
    assert (shelf.attempts("A:1"), printer.spoiled) == (2, 1)


# -- what it speaks


def test_a_printer_that_prints_our_questions_is_left_alone_after_two(
    printer: VirtualPrinter,
) -> None:
    shelf = Shelf(a_job())
    with (
        VirtualPrinter(text.personality(), ms_per_label=1) as stranger,
        spooling(stranger.url, shelf, replace(CALM, stranger=60.0)),
    ):
        shelf.wait_needs("language")
        asked = len(stranger.printed)
        assert not threading.Event().wait(10 * CALM.troubled)
        assert len(stranger.printed) == asked <= 3
        assert shelf.state("A:1") is JobState.QUEUED


@pytest.mark.parametrize("babble", [b"\x02\x02", b'"7"', b"[PB 7f]", b"\xff" * 50])
def test_a_printer_that_babbles_without_end_gets_no_label_and_holds_nobody_up(
    babble: bytes,
) -> None:
    shelf, ended = Shelf(a_job()), threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        talker = threading.Thread(target=_babbling, args=(server, babble * 500, ended))
        talker.start()
        with spooling(f"tcp://127.0.0.1:{server.getsockname()[1]}", shelf):
            shelf.wait_needs("language")
            assert shelf.state("A:1") is JobState.QUEUED
        ended.set()
        with socket.create_connection(server.getsockname()):
            talker.join()


def _babbling(server: socket.socket, babble: bytes, ended: threading.Event) -> None:
    while not ended.is_set():
        wire, _ = server.accept()
        with wire, contextlib.suppress(OSError):
            while not ended.is_set():
                wire.sendall(babble)


def test_a_printer_that_was_known_and_is_silent_needs_attention_and_is_not_a_stranger(
    printer: VirtualPrinter,
) -> None:
    shelf = Shelf()
    printer.fault("silent-when-error")
    with spooling(printer.url, shelf, CALM) as spool:
        shelf.wait_needs("")
        printer.fault("head-open")
        shelf.wait_needs("silent")
        shelf.put(a_job())
        spool.wake()
        assert not threading.Event().wait(3 * CALM.troubled)
        assert shelf.state("A:1") is JobState.QUEUED
        printer.clear()
        shelf.wait_state("A:1", JobState.PRINTED)


@pytest.mark.parametrize(
    ("fault", "needs"),
    [("head-open", "head"), ("jam", "jam"), ("paper-out", "paper"), ("ribbon-out", "ribbon")],
)
def test_a_tspl_printer_names_the_part_and_prints_when_it_is_mended(fault: str, needs: str) -> None:
    shelf = Shelf()
    with VirtualPrinter(tspl.personality(), ms_per_label=1) as printer:
        printer.fault(fault)
        spool = _spool(printer, shelf, language="tspl")
        shelf.wait_needs(needs)
        shelf.put(a_job(data=GARBAGE))
        spool.wake()
        assert not threading.Event().wait(3 * HURRY.troubled)
        assert shelf.state("A:1") is JobState.QUEUED
        printer.clear()
        printer.load(10)
        printer.wait_printed(1)
        shelf.wait_state("A:1", JobState.SENT)
        assert not threading.Event().wait(3 * HURRY.idle)
        # There is no counter: only the label itself proves that it came out.
        assert shelf.state("A:1") is JobState.SENT
        shelf.close("A:1")
        spool.wake()
        spool.stop()
    assert len(printer.printed) == 1


@pytest.mark.parametrize("language", ["tspl", "epl2"])
def test_a_printer_that_never_answers_in_its_language_prints_all_the_same(language: str) -> None:
    personality = {"tspl": tspl.personality, "epl2": epl2.personality}[language]()
    data = {"tspl": GARBAGE, "epl2": b"\nN\nP1\n"}[language]
    shelf = Shelf(a_job("A:1", data=data), a_job("B:1", data=data))
    with VirtualPrinter(personality, ms_per_label=1) as printer:
        printer.fault("mute")
        spool = _spool(printer, shelf, language=language, asked=language == "tspl")
        for n, job in enumerate(("A:1", "B:1"), 1):
            printer.wait_printed(n)
            shelf.wait_state(job, JobState.SENT)
            shelf.close(job)
            spool.wake()
        spool.stop()
    assert came_out(printer) == [data, data]


def _spool(printer: VirtualPrinter, shelf: Shelf, **how: object) -> Spool:
    one = replace(Printer(name="zebra", url=printer.url), **how)  # type: ignore[arg-type]  # by name
    spool = Spool([one], shelf, patience=HURRY)
    spool.start()
    return spool


@pytest.mark.parametrize("lacks", ["no-sgd", "no-odometer"])
def test_a_printer_that_emulates_zpl_and_counts_nothing_waits_for_the_closing_scan(
    printer: VirtualPrinter, lacks: str
) -> None:
    printer.fault(lacks)
    shelf = Shelf(a_job("A:1"), a_job("B:1"))
    with spooling(printer.url, shelf) as spool:
        printer.wait_printed(1)
        shelf.wait_state("A:1", JobState.SENT)
        assert not threading.Event().wait(3 * HURRY.unsure)
        assert shelf.state("A:1") is JobState.SENT
        shelf.close("A:1")
        spool.wake()
        printer.wait_printed(2)
    assert came_out(printer) == [label("A:1"), label("B:1")]
    assert not shelf.known["zebra"].odometer


@pytest.mark.parametrize("habit", ["one-byte-replies", "reset-on-close", "no-errors"])
def test_a_printer_with_odd_manners_prints_each_label_once(
    printer: VirtualPrinter, habit: str
) -> None:
    printer.fault(habit)
    shelf = Shelf(*(a_job(f"A{n}:1") for n in range(4)))
    with spooling(printer.url, shelf):
        shelf.wait_state("A3:1", JobState.PRINTED)
    assert came_out(printer) == [label(f"A{n}:1") for n in range(4)]


def test_a_printer_that_reads_slowly_gets_its_label_once(printer: VirtualPrinter) -> None:
    printer.fault("slow-reader=400000")
    data = label("one", size=150_000)
    shelf = Shelf(a_job("A:1", data=data), a_job("B:1"))
    with spooling(printer.url, shelf, CALM):
        shelf.wait_state("B:1", JobState.PRINTED)
    assert came_out(printer) == [data, label("B:1")]
    assert shelf.attempts("A:1") == 1


# -- what it says of a label


def test_a_printer_that_can_says_of_each_label_that_it_came_out(printer: VirtualPrinter) -> None:
    printer.fault("no-odometer")
    shelf = Shelf(a_job("A:1"), a_job("B:1"))
    shelf.known["zebra"] = _acknowledging(printer)
    with spooling(printer.url, shelf):
        shelf.wait_state("B:1", JobState.PRINTED)
    assert words(printer) == ["A:1", "B:1"]
    assert "printed A:1 acknowledged" in shelf.told


def test_a_label_that_was_asked_about_and_cut_off_is_for_a_person_without_a_counter(
    printer: VirtualPrinter,
) -> None:
    printer.fault("no-odometer")
    shelf = Shelf()
    shelf.known["zebra"] = _acknowledging(printer)
    with spooling(printer.url, shelf, replace(CALM, idle=60)) as spool:
        shelf.wait_needs("")
        printer.fault("drop-after=label")
        shelf.put(a_job())
        spool.wake()
        shelf.wait_state("A:1", JobState.UNCERTAIN)
    printer.wait_printed(1)


def test_a_label_whose_answer_never_comes_is_decided_by_the_counter(
    printer: VirtualPrinter,
) -> None:
    printer.fault("no-acknowledge")
    shelf = Shelf(a_job())
    shelf.known["zebra"] = replace_known(_acknowledging(printer), odometer=True)
    with spooling(printer.url, shelf):
        shelf.wait_state("A:1", JobState.PRINTED)
    assert "printed A:1 odometer" in shelf.told


def _acknowledging(printer: VirtualPrinter) -> Capability:
    return replace_known(ACKNOWLEDGING, url=printer.url)


def replace_known(known: Capability, **how: object) -> Capability:
    from msgspec.structs import replace as changed

    return changed(known, **how)


# -- who else prints there


def test_of_two_benches_on_one_printer_neither_takes_the_others_label_for_its_own(
    printer: VirtualPrinter,
) -> None:
    shelf = Shelf(a_job())
    one = Printer(name="zebra", url=printer.url, shared=True)
    spool = Spool([one], shelf, patience=HURRY)
    printer.fault("paused")
    spool.start()
    shelf.wait_needs("pause")
    printer.clear()
    shelf.wait_told("sent A:1")
    printer.fault("another-bench=3")
    printer.wait_printed(4)
    assert not threading.Event().wait(3 * HURRY.steady)
    assert shelf.state("A:1") is JobState.SENT
    shelf.close("A:1")
    spool.stop()


def test_a_counter_that_moves_by_itself_is_believed_no_more(printer: VirtualPrinter) -> None:
    shelf = Shelf()
    lamps: list[tuple[str, str, str]] = []
    with spooling(printer.url, shelf, lamps=lamps) as spool:
        shelf.wait_needs("")
        for n in range(HURRY.moved):
            printer.fault("another-bench")
            printer.wait_printed(n + 1)
            # Each one seen by itself: the next look comes after this time.
            assert not threading.Event().wait(3 * HURRY.idle)
        shelf.put(a_job())
        spool.wake()
        shelf.wait_state("A:1", JobState.SENT)
        printer.wait_printed(HURRY.moved + 1)
        assert not threading.Event().wait(3 * HURRY.steady)
        assert shelf.state("A:1") is JobState.SENT
    assert ("zebra", "warn", "shared") in lamps


# -- what is on the roll, and what hangs out


def test_a_roll_of_other_labels_is_said_beside_the_lamp(printer: VirtualPrinter) -> None:
    shelf = Shelf(a_job())
    lamps: list[tuple[str, str, str]] = []
    printer.fault("media-length=400")
    with spooling(printer.url, shelf, lamps=lamps) as spool:
        shelf.wait_state("A:1", JobState.PRINTED)
        printer.clear()
        shelf.put(a_job("B:1"))
        spool.wake()
        shelf.wait_state("B:1", JobState.PRINTED)
    states = [(state, why) for _, state, why in lamps]
    assert ("warn", "media") in states
    assert states[-1] == ("ok", "")


def test_a_label_that_hangs_out_is_to_be_taken_before_the_next_is_sent(
    printer: VirtualPrinter,
) -> None:
    shelf = Shelf()
    printer.fault("label-waiting")
    with spooling(printer.url, shelf) as spool:
        shelf.put(a_job())
        spool.wake()
        shelf.wait_needs("take")
        assert shelf.state("A:1") is JobState.QUEUED
        printer.take_label()
        shelf.wait_state("A:1", JobState.PRINTED)


def test_a_label_that_gets_stuck_is_named_and_comes_out_once_when_it_is_freed(
    printer: VirtualPrinter,
) -> None:
    shelf = Shelf()
    with VirtualPrinter(ms_per_label=80) as slow:
        with spooling(slow.url, shelf, CALM) as spool:
            shelf.wait_needs("")
            shelf.put(a_job())
            spool.wake()
            shelf.wait_told("sent A:1")
            slow.fault("jam")
            shelf.wait_needs("jam")
            slow.clear()
            shelf.wait_state("A:1", JobState.PRINTED)
        assert came_out(slow) == [label("A:1")]
    assert shelf.attempts("A:1") == 1
