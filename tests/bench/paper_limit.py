"""Does a printer wait for us? Labels a second, each proven to have come out, beside what it could.

A bench's spool in a process of its own, on its real file, one label in flight, each confirmed by
~HS and the counter. At a printer of half a second a label the limit is the printer: the time from
the first label to the last, of what it takes to print them. At a printer that is done at once it is
the bench: labels a second, beside a bare loop of the same three commits, the same bytes and the
same questions.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path

from drivers.label_printers.zpl_status import ASK_COUNTER, ASK_STATUS, Reader, Variable
from drivers.simulate.label_printer import VirtualPrinter
from drivers.transports import open_transport
from tests.bench import raw
from tests.bench.figure import Figure, Lab, Missing, Result, load
from tests.bench.paper_once import Watched
from tests.bench.print_jobs import filled, label

NAME = "paper.printer_limit"
GOAL = 1.05
_SECONDS_PER_LABEL = 0.5
_PICTURE_BYTES = 12_000
"""A label's graphics on the wire."""
_LONGEST = 30.0


def measure(lab: Lab) -> Iterable[Result]:
    """Print on both printers, then by the bare loop."""
    slow, fast = lab.rounds(30, 200), lab.rounds(200, 2_000)
    took = _printed(lab, "slow", slow, _SECONDS_PER_LABEL)
    at_once = _printed(lab, "fast", fast, 0.0)
    bare = _bare(lab.folder / "bare.db", fast)
    value = round(took / ((slow - 1) * _SECONDS_PER_LABEL), 3)
    yield Result(
        name=NAME,
        value=value,
        unit="ratio",
        goal=GOAL,
        met=value <= GOAL,
        baseline="what the printer takes for the labels alone",
        beside={
            "labels": slow,
            "printer_seconds_a_label": _SECONDS_PER_LABEL,
            "labels_per_second": round((slow - 1) / took, 3),
            "instant_printer_labels_per_second": round((fast - 1) / at_once, 1),
            "instant_printer_bare_loop_per_second": round(fast / bare, 1),
            "instant_printer_labels": fast,
            "label_bytes": len(label("P000000", size=_PICTURE_BYTES)),
            "load": load(),
        },
    )


def _printed(lab: Lab, name: str, count: int, seconds: float) -> float:
    """Return the seconds from the first label out to the last one out."""
    folder = lab.folder / name
    what = f"labels at {seconds:g} s each"
    filled(folder, count, size=_PICTURE_BYTES)
    with VirtualPrinter(ms_per_label=seconds * 1000) as printer:
        bench = Watched(folder, printer.url, "")
        try:
            began = _out(printer, 1)
            for n in range(2, count):
                _out(printer, n)
                lab.say(what, n, count)
            took = _out(printer, count) - began
        finally:
            bench.stop()
    lab.say(what, count, count)
    return took


def _out(printer: VirtualPrinter, nth: int) -> float:
    try:
        printer.wait_printed(nth, _LONGEST)
    except TimeoutError as e:
        raise Missing(f"no label came out: {e}") from e
    return time.monotonic()


def _bare(path: Path, count: int) -> float:
    """Do the same without a spool: commit, send, ask until the counter has moved."""
    with raw.sqlite(path) as execute, VirtualPrinter(ms_per_label=0) as printer:
        execute("CREATE TABLE job (id INTEGER PRIMARY KEY, state TEXT)")
        wire = open_transport(printer.url)
        wire.connect(_LONGEST)
        reader = Reader()

        def counter() -> int:
            wire.write(ASK_STATUS + b"\r\n" + ASK_COUNTER, time.monotonic() + _LONGEST)
            while True:
                for said in reader.receive(wire.read_until(time.monotonic() + _LONGEST)):
                    if isinstance(said, Variable) and said.count is not None:
                        return said.count

        began = time.monotonic()
        for n in range(count):
            _label(wire.write, execute, counter, n)
        took = time.monotonic() - began
        wire.close()
    return took


def _label(
    write: Callable[[bytes, float], None],
    execute: raw.Execute,
    counter: Callable[[], int],
    n: int,
) -> None:
    execute("INSERT INTO job VALUES (?, 'sending')", (n,))
    write(label(f"P{n:06}", size=_PICTURE_BYTES), time.monotonic() + _LONGEST)
    execute("UPDATE job SET state = 'sent' WHERE id = ?", (n,))
    while counter() <= n:
        pass
    execute("UPDATE job SET state = 'printed' WHERE id = ?", (n,))


FIGURE = Figure({NAME: ("ratio", GOAL)}, measure)
