"""How long from the last piece of an order to the first byte of its label at the printer?

The label was fetched ahead. The piece is scanned by a scanner on a wire, the bench is the product's
own process on its terminal, with 100,000 open orders; the printer is our virtual one, which notes
when the first byte of a label arrived. The floor is what no bench can do without: one commit that
waits for the disk, and one write of the same bytes to a socket on this machine; once after each
label, so that both meet the same disk. Beside it the same by keyboard wedge, and without a screen.
"""

from __future__ import annotations

import json
import queue
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from drivers.simulate.book import PRINTED
from drivers.simulate.label_printer import VirtualPrinter
from drivers.simulate.scanner import VirtualScanner
from station.bench import Bench, Printers
from station.config import DATABASE
from station.spool import Printer, Spool
from station.store.ledger import StoreLedger
from station.store.store import Store
from tests.bench import full_store, raw, script, side
from tests.bench.figure import (
    Beside,
    Figure,
    Lab,
    Missing,
    Result,
    load,
    milliseconds,
    quantile,
    ratio,
)
from tests.bench.terminal import Timed, stands

NAME = "bench.last_piece_to_first_byte"
GOAL, LIMIT_MS = 3.0, 100.0
ROUNDS = (50, 180)
_WARM_UP = 5
_PRINT_MS = 1.0
"""The virtual motor is fast: what is measured has happened before it starts."""
_DEADLINE = 10.0
_SCAN_BYTES = 3000
"""What the floor commits: about as much as a scan says of itself."""


@dataclass(slots=True)
class Course:
    """What one way of scanning gave, in seconds."""

    took: list[float] = field(default_factory=list)
    floor: list[float] = field(default_factory=list)
    commit: list[float] = field(default_factory=list)
    """The part of the floor that waits for the disk."""

    @property
    def ratio(self) -> float:
        """How many times the floor, median to median."""
        return ratio(quantile(self.took, 0.5), quantile(self.floor, 0.5))

    def beside(self, name: str) -> Beside:
        """As it stands in the table."""
        return {
            f"{name}ratio": self.ratio,
            f"{name}p50_ms": milliseconds(self.took, 0.5),
            f"{name}p99_ms": milliseconds(self.took, 0.99),
            f"{name}floor_p50_ms": milliseconds(self.floor, 0.5),
            f"{name}floor_p99_ms": milliseconds(self.floor, 0.99),
        }


@dataclass(frozen=True, slots=True)
class Hands:
    """How a code gets to the bench."""

    scan: Callable[[script.Scan], None]
    """Scan, and wait for the verdict."""
    fire: Callable[[str], None]
    """Scan, and do not wait."""
    see: Callable[[script.Scan], None]
    """Wait until the bench asks for the label that was fired for."""


Way = Callable[[Path, str], AbstractContextManager[Hands]]
"""Opens the bench in that home, with a printer at that URL."""


def measure(lab: Lab) -> Iterable[Result]:
    """Measure on the whole bench by wire and by wedge, and on the bench without its screen."""
    wire = _course(lab, "by wire", _by_wire)
    wedge = _course(lab, "by wedge", _by_wedge)
    screenless = _course(lab, "without a screen", _without_a_screen)
    yield Result(
        name=NAME,
        value=wire.ratio,
        unit="ratio",
        goal=GOAL,
        met=wire.ratio <= GOAL and milliseconds(wire.took, 0.99) < LIMIT_MS,
        baseline="one commit that waits for the disk + one loopback TCP write of the label's bytes",
        beside={
            **wire.beside(""),
            "floor_commit_p50_ms": milliseconds(wire.commit, 0.5),
            "labels": len(wire.took),
            **wedge.beside("wedge_"),
            **screenless.beside("screenless_"),
            "load": load(),
        },
    )


def _course(lab: Lab, name: str, way: Way) -> Course:
    count = lab.rounds(*ROUNDS) + _WARM_UP
    slug = name.replace(" ", "-")
    record = lab.folder / f"printed-{slug}"
    course = Course()
    with ExitStack() as stack:
        printer = stack.enter_context(VirtualPrinter(ms_per_label=_PRINT_MS, record=record))
        floor = stack.enter_context(_a_floor(lab.folder / f"floor-{slug}.db"))
        packs = script.rehearse_labels(_home(lab, f"rehearsal-{slug}"), count)
        hands = stack.enter_context(way(_home(lab, f"home-{slug}"), printer.url))
        hands.scan(next(packs)[0])
        for done, scans in enumerate(packs, start=1):
            took, label = _pack(hands, scans, printer, record, done)
            commit, whole = floor(label)
            if done > _WARM_UP:
                course.took.append(took)
                course.commit.append(commit)
                course.floor.append(whole)
            lab.say(f"last piece to first byte, {name}", done, count)
    return course


def _pack(
    hands: Hands, scans: list[script.Scan], printer: VirtualPrinter, record: Path, nth: int
) -> tuple[float, bytes]:
    """Pack one order; return how many seconds its label took to arrive, and the label."""
    *before, last, closing_scan = scans
    for scan in before:
        hands.scan(scan)
    # The printer's book is kept in wall-clock time.
    began = time.time()
    hands.fire(last.text)
    try:
        label = printer.wait_printed(nth, _DEADLINE)[-1]
    except TimeoutError as e:
        raise Missing(f"no label came out: {e}") from e
    hands.see(last)
    hands.scan(closing_scan)
    out = json.loads((record / PRINTED).read_text("utf-8").splitlines()[-1])
    return out["first_byte_at"] - began, label.data


def _home(lab: Lab, name: str) -> Path:
    return full_store.home(
        lab.cache,
        lab.folder / name,
        full_store.MANY,
        lambda done, of: lab.say(f"a file of {of} orders", done, of),
    )


@contextmanager
def _by_wire(home: Path, printer: str) -> Iterator[Hands]:
    link = home / "scanner"
    with closing(VirtualScanner(link)) as scanner:
        wires = f'[scanners.hand]\nurl = "serial://{link}"\n'
        with _bench_on_a_terminal(home, wires, printer) as bench:
            yield _hands(bench, scanner.scan)


@contextmanager
def _by_wedge(home: Path, printer: str) -> Iterator[Hands]:
    with _bench_on_a_terminal(home, "", printer) as bench:
        yield _hands(bench, lambda text: bench.write(text.encode() + b"\r"))


@contextmanager
def _bench_on_a_terminal(home: Path, wires: str, printer: str) -> Iterator[Timed]:
    printers = f'[printers.{script.PRINTER}]\nurl = "{printer}"\n'
    (home / "station.toml").write_text(wires + printers, "utf-8")
    with side.the_bench(side.plain, home) as bench:
        yield bench


def _hands(bench: Timed, fire: Callable[[str], None]) -> Hands:
    def scan(scan: script.Scan) -> None:
        side.taken(bench, lambda: fire(scan.text), stands(scan.what, scan.then))

    # The label may have come out before we look: then the first sentence is another one.
    return Hands(scan, fire, lambda last: bench.wait(stands(last.then)))


@contextmanager
def _without_a_screen(home: Path, printer: str) -> Iterator[Hands]:
    with closing(Store(home / DATABASE)) as store:
        bench = Bench(store, script.fresh(), Printers(label=script.PRINTER))
        ledger = StoreLedger(store, bench.record, lambda name, needs: None)
        spool = Spool([Printer(name=script.PRINTER, url=printer)], ledger)
        bench.on_commit = spool.wake
        spool.start()
        try:
            yield Hands(
                lambda scan: _hear(bench, scan.text),
                lambda text: _hear(bench, text),
                lambda last: _hear_news(bench),
            )
        finally:
            spool.stop()


def _hear(bench: Bench, text: str) -> None:
    bench.scan(text, "hand")


def _hear_news(bench: Bench) -> None:
    bench.refresh()


Floor = Callable[[bytes], tuple[float, float]]
"""Commits, writes the bytes, and returns the seconds of the commit and of both."""


@contextmanager
def _a_floor(path: Path) -> Iterator[Floor]:
    arrived: queue.SimpleQueue[float] = queue.SimpleQueue()
    with (
        raw.sqlite(path) as execute,
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as wire,
    ):
        execute("CREATE TABLE scan (seq INTEGER PRIMARY KEY, body BLOB)")
        sink = threading.Thread(target=_note_arrivals, args=(server, arrived), daemon=True)
        sink.start()

        def once(label: bytes) -> tuple[float, float]:
            began = time.monotonic()
            execute("INSERT INTO scan (body) VALUES (?)", (bytes(_SCAN_BYTES),))
            committed = time.monotonic()
            wire.sendall(label)
            first = arrived.get(timeout=_DEADLINE)
            return committed - began, first - began

        yield once


def _note_arrivals(server: socket.socket, arrived: queue.SimpleQueue[float]) -> None:
    """Note when the first byte of each label arrived."""
    connection, _ = server.accept()
    with connection:
        while data := connection.recv(65536):
            at = time.monotonic()
            # A label may come in two reads; its end is unmistakable.
            while not data.rstrip().endswith(b"^XZ"):
                data += connection.recv(65536)
            arrived.put(at)


FIGURE = Figure({NAME: ("ratio", GOAL)}, measure)
