"""Labels are got ready by a process that may die of them; the bench does not."""

from __future__ import annotations

import sys
import threading

import pytest

from drivers.label_printers import zpl
from drivers.label_printers.head import Head
from drivers.label_printers.unusable import Why
from station.label_process import LabelProcess, Stopped
from station.label_worker import Asked, Ready, Refused
from tests.drivers.label_printers import outsider

_ECHO = "from station import label_worker as w\n"
_HANG = _ECHO + "import time\nw.SECONDS = 0.2\nw.answer = lambda asked: time.sleep(600)\nw.main()"
_DIE = _ECHO + "import os\nw.answer = lambda asked: os.abort()\nw.main()"
_CHAT = _ECHO + (
    "import os\n"
    "def chatty(asked):\n    print('hello'); os.write(1, b'hello'); return w.Ready(b'job')\n"
    "w.answer = chatty\nw.main()"
)


def asked(data: bytes, tracking: str = outsider.OURS) -> Asked:
    return Asked(data=data, head=Head(), tracking=tracking)


def running(program: str) -> LabelProcess:
    return LabelProcess((sys.executable, "-c", program))


def test_labels_of_all_kinds_are_answered_one_after_the_other() -> None:
    process = LabelProcess()
    try:
        through = process.ask(asked(zpl.render(outsider.a_label())))
        assert through == Ready(b"")  # as it came
        drawn = process.ask(asked(outsider.a_drawn_pdf()))
        assert isinstance(drawn, Ready)
        assert drawn.job.startswith(b"^XA")
        for data, why in ((b"", Why.EMPTY), (outsider.a_drawn_pdf("OTHER-1"), Why.OTHER_PARCEL)):
            refused = process.ask(asked(data))
            assert isinstance(refused, Refused)
            assert refused.why is why
    finally:
        process.stop()


def test_the_barcode_counts_as_it_will_at_the_closing_scan() -> None:
    process = LabelProcess()
    try:
        # Some labels leave out the 00 of an SSCC, and carriers write their numbers with spaces.
        assert isinstance(process.ask(asked(outsider.a_drawn_pdf(), outsider.OURS[2:])), Ready)
        data = outsider.a_drawn_pdf("JD014600003828")
        assert isinstance(process.ask(asked(data, "jd01 4600 0038 28")), Ready)
    finally:
        process.stop()


def test_a_label_that_takes_for_ever_ends_its_process_and_the_next_gets_another() -> None:
    process = running(_HANG)
    try:
        for _ in range(2):
            answer = process.ask(asked(b"^XA^XZ"))
            assert isinstance(answer, Refused)
            assert answer.why is Why.TOO_SLOW
    finally:
        process.stop()


def test_a_label_that_kills_its_process_is_refused_and_the_next_gets_another() -> None:
    process = running(_DIE)
    try:
        for _ in range(2):
            answer = process.ask(asked(outsider.a_huge_pdf(1_000_000)))
            assert isinstance(answer, Refused)
            assert answer.why is Why.BROKEN
    finally:
        process.stop()


def test_what_a_library_prints_is_no_answer() -> None:
    process = running(_CHAT)
    try:
        assert process.ask(asked(b"^XA^XZ")) == Ready(b"job")
    finally:
        process.stop()


def test_a_bench_that_stops_waits_for_no_label() -> None:
    process = running(_ECHO + "import time\nw.answer = lambda asked: time.sleep(600)\nw.main()")
    told = threading.Event()

    def ask() -> None:
        with pytest.raises(Stopped):
            process.ask(asked(b"^XA^XZ"))
        told.set()

    thread = threading.Thread(target=ask)
    thread.start()
    process.stop()
    thread.join(60.0)
    assert told.is_set()
    with pytest.raises(Stopped):
        process.ask(asked(b""))


def test_memory_is_bounded_and_the_bound_is_one_label() -> None:
    greedy = _ECHO + (
        "w.MOST_MEMORY = 400_000_000\nw.answer = lambda asked: bytearray(800_000_000)\nw.main()"
    )
    process = running(greedy)
    try:
        answer = process.ask(asked(b"^XA^XZ"))
        assert isinstance(answer, Refused)
    finally:
        process.stop()
