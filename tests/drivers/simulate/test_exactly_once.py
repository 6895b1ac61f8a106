"""The virtual printer has teeth: what scripts usually do goes wrong on it, counting does not.

Not the bench's spool, but the shortest thing that could be right, on the same parts: one label in
flight, the counter before and after, nothing sent again unless the counter says that it did not
come out. Beside it, the script that sends again whenever something looks wrong.
"""

import random
import re
import time
from collections import Counter

import pytest

from drivers.label_printers import zpl_status
from drivers.label_printers.zpl_status import Reader, Said, Status, Variable
from drivers.simulate.label_printer import VirtualPrinter
from drivers.transports import WireError, open_transport

PARCELS = [f"P{i:03}" for i in range(60)]
FAULTS = ["drop-after=1", "drop-after=half", "drop-after=last", "drop-after=label", "lost-reply"]


def job(parcel: str) -> bytes:
    return f"^XA^FO20,20^A0N,60,60^FD{parcel}^FS^XZ".encode()


def talk(printer: VirtualPrinter, data: bytes, patience: float) -> Said | None:
    wire, reader = open_transport(printer.url), Reader()
    deadline = time.monotonic() + patience
    try:
        wire.connect(patience)
        wire.write(data, deadline)
        while (piece := wire.read_until(deadline)) or time.monotonic() < deadline:
            if said := reader.receive(piece):
                return said[0]
    except WireError:
        return None
    finally:
        wire.close()
    return None


def counted(printer: VirtualPrinter) -> int:
    while True:
        said = talk(printer, zpl_status.ASK_COUNTER, 0.2)
        if isinstance(said, Variable) and said.count is not None:
            return said.count


def at_rest(printer: VirtualPrinter) -> None:
    while True:
        said = talk(printer, zpl_status.ASK_STATUS, 0.2)
        if isinstance(said, Status) and said.partial_format:
            talk(printer, zpl_status.CANCEL_PARTIAL, 0.01)
        elif isinstance(said, Status) and said.idle:
            return


def by_counting(printer: VirtualPrinter, parcel: str) -> None:
    before = counted(printer)
    while counted(printer) == before:
        talk(printer, job(parcel), 0.01)
        at_rest(printer)


def by_hoping(printer: VirtualPrinter, parcel: str) -> None:
    for _ in range(3):
        if talk(printer, job(parcel) + zpl_status.ASK_STATUS, 0.05) is not None:
            return


def came_out(how: str) -> Counter[str]:
    chance = random.Random(7)
    with VirtualPrinter(media=11, ms_per_label=2, refill_after=0.01) as printer:
        for parcel in PARCELS:
            if chance.random() < 0.5:
                printer.fault(chance.choice(FAULTS))
            {"counting": by_counting, "hoping": by_hoping}[how](printer, parcel)
        at_rest(printer)
        names = [re.search(rb"\^FD(\w+)", label.data) for label in printer.printed]
    return Counter(name[1].decode() for name in names if name)


@pytest.mark.slow
def test_one_in_flight_and_the_counter_lose_nothing_and_double_nothing() -> None:
    assert came_out("counting") == dict.fromkeys(PARCELS, 1)


@pytest.mark.slow
def test_sending_again_when_something_looks_wrong_prints_labels_twice() -> None:
    assert max(came_out("hoping").values()) > 1
