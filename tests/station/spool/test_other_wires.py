"""The spool over a USB node and over a queue of CUPS, with stand-ins at the far end."""

import contextlib
import os
import select
import socket
import threading
import tty
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from drivers.simulate.label_printer import VirtualPrinter
from station.config import Printer
from station.spool import JobState
from tests.drivers.transports.test_cups import cups
from tests.station.spool.shelf import Shelf, a_job, label
from tests.station.spool.test_spool import CALM, came_out, spooling

__all__ = ["cups"]


class Node:
    """A USB printer's device file: a pseudo-terminal, and a virtual printer behind it."""

    def __init__(self, printer: VirtualPrinter) -> None:
        self._far, self._near = os.openpty()
        tty.setraw(self._near)
        self.url = f"usb://{os.ttyname(self._near)}"
        address = urlsplit(printer.url)
        self._wire = socket.create_connection((address.hostname, address.port or 0))
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    def _carry(self) -> None:
        ways = {self._far: self._wire.fileno(), self._wire.fileno(): self._far}
        with contextlib.suppress(OSError):
            while not self._stopping.is_set():
                for end in select.select(list(ways), [], [], 0.05)[0]:
                    data = os.read(end, 4096)
                    while data:
                        data = data[os.write(ways[end], data) :]

    def close(self) -> None:
        self._stopping.set()
        self._wire.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._wire.close()
        for end in (self._far, self._near):
            os.close(end)


@pytest.fixture
def printer() -> Iterator[VirtualPrinter]:
    with VirtualPrinter(ms_per_label=3) as printer:
        yield printer


@pytest.fixture
def node(printer: VirtualPrinter) -> Iterator[Node]:
    node = Node(printer)
    yield node
    node.close()


def test_labels_come_out_of_a_usb_printer_once_each_and_are_counted(
    printer: VirtualPrinter, node: Node
) -> None:
    jobs = [a_job(f"A{n}:1", data=label(f"A{n}", size=20_000)) for n in range(3)]
    shelf = Shelf(*jobs)
    with spooling(node.url, shelf, CALM):
        shelf.wait_state("A2:1", JobState.PRINTED)
    assert came_out(printer) == [job.data for job in jobs]
    assert "printed A2:1 odometer" in shelf.told


def test_a_usb_printer_that_ran_out_of_paper_goes_on_where_it_stopped(
    printer: VirtualPrinter, node: Node
) -> None:
    printer.fault("paper_out_after=1")
    shelf = Shelf(a_job("A:1"), a_job("B:1"), a_job("C:1"))
    with spooling(node.url, shelf, CALM):
        shelf.wait_needs("paper")
        printer.load(5)
        shelf.wait_state("C:1", JobState.PRINTED)
    assert came_out(printer) == [label("A:1"), label("B:1"), label("C:1")]
    assert [shelf.attempts(job) for job in ("A:1", "B:1", "C:1")] == [1, 1, 1]


def test_a_label_given_to_cups_is_printed_when_it_is_scanned_and_not_before(cups: Path) -> None:
    url = "cups://labels"
    shelf = Shelf(a_job("A:1"), a_job("B:1"))
    # Starting a process takes as long as it takes; handing over a job is never cut short.
    patience = replace(CALM, connect=60.0)
    with spooling(url, shelf, patience, asked=Printer(url=url).answers):
        shelf.wait_state("A:1", JobState.SENT, JobState.UNCERTAIN)
        assert shelf.state("B:1") is JobState.QUEUED, "one label in flight"
        shelf.close("A:1")
        shelf.wait_state("B:1", JobState.SENT, JobState.UNCERTAIN)
    jobs = sorted(cups.glob("job-*"))
    assert [job.read_bytes() for job in jobs] == [label("A:1"), label("B:1")]
    assert not any(line.startswith("printed B:1") for line in shelf.told)
