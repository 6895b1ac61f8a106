"""Does every label come out once, whatever breaks? Counted at the printer, from a seed.

A bench's spool in a process of its own, on its real file; a virtual printer of two milliseconds a
label; and everything of facts about printers that breaks: the wire cut at the first byte, in the
middle, at the last, after it; answers lost; rolls that end in a label; the power gone; a printer
that is silent while it waits; the bench killed at any time, and between journal and first byte.
Every second printer counts its labels; of the others one in two says of a label that it came out
(^HV), and one can say nothing: then a person who looks says whether it is there. Beside it the same
labels with nothing broken, which says what the breaking costs.
"""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from drivers.label_printers.capability import Capability
from drivers.simulate.label_printer import VirtualPrinter
from station.config import DATABASE
from station.store import printers
from station.store.store import Store
from tests.bench.figure import Figure, Lab, Missing, Result, load, ratio
from tests.bench.print_jobs import PRINTER, filled, name_of

LOST, DOUBLE = "paper.exactly_once_lost", "paper.exactly_once_double"
DOSES = ((60, 4), (10_000, 20))
"""Labels, and seeds."""
_UNBROKEN = 100
_MS_PER_LABEL = 2.0
_ROLL = 40
_REFILL_SECONDS = 0.02
_REST_SECONDS = 0.3
"""A printer that has been idle for so long has nothing left on the way to it."""
_KILL = 0.04
"""Of what the gremlin does."""
_SHARE = 0.6
"""So many things break for each label: more, and no label would ever come out."""
_SECONDS_PER_LABEL = 20.0
_WIRE = ("drop-after=1", "drop-after=half", "drop-after=last", "drop-after=label") * 2 + (
    "drop-after=0",
    "lost-reply",
    "stall=100:0.02",
)
_PRINTER = ("paper-out-after=0", "power-cycle=0.02", "head-open")


@dataclass(slots=True)
class Outcome:
    """What one seed came to."""

    seed: int
    labels: int
    lost: list[str] = field(default_factory=list)
    double: list[str] = field(default_factory=list)
    asked: int = 0
    """How often only a person could say."""
    broke: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0


class Watched:
    """The bench's process: what it says, and a hand that starts it again."""

    def __init__(self, folder: Path, url: str, seed: str) -> None:
        self._folder, self._url, self._seed = folder, url, seed
        self._changed = threading.Condition()
        self.printed: set[str] = set()
        self.uncertain: set[str] = set()
        self.deaths = 0
        self._process = self._start()

    def kill(self) -> None:
        """As a power cut does."""
        self._process.kill()

    def tell(self, word: str, job: str) -> None:
        """Let a person do something; a dead bench does not hear it."""
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.write(f"{word} {job}\n")
            self._process.stdin.flush()

    def look(self, seconds: float) -> tuple[set[str], set[str]]:
        """Wait a moment for news; give what is printed, and what nobody knows."""
        if self._process.poll() is not None:
            self.deaths += 1
            self._close()
            self._process = self._start()
        with self._changed:
            self._changed.wait(seconds)
            return set(self.printed), set(self.uncertain)

    def stop(self) -> None:
        """End it well."""
        self._close()

    def _close(self) -> None:
        process = self._process
        assert process.stdin is not None
        with suppress(OSError):
            process.stdin.close()
        process.wait()
        self._reader.join()
        assert process.stdout is not None
        process.stdout.close()

    def _start(self) -> subprocess.Popen[str]:
        life = f"{self._seed}.{self.deaths}" if self._seed else ""
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.print_bench", str(self._folder), self._url, life],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._hear, args=(process,), daemon=True)
        self._reader.start()
        return process

    def _hear(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            word, _, job = line.strip().partition(" ")
            with self._changed:
                if word == "printed":
                    self.printed.add(job)
                    self.uncertain.discard(job)
                elif word == "uncertain":
                    self.uncertain.add(job)
                self._changed.notify_all()

    def answered(self, job: str) -> None:
        """A person said of it what was to be said."""
        with self._changed:
            self.uncertain.discard(job)


class Gremlin:
    """Breaks what it can, now and then."""

    def __init__(self, printer: VirtualPrinter, bench: Watched, chance: random.Random) -> None:
        self._printer, self._bench, self._chance = printer, bench, chance
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="gremlin", daemon=True)
        self.broke: Counter[str] = Counter()

    def __enter__(self) -> Gremlin:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(self._chance.uniform(0.005, 0.05)):
            if self.broke.total() > _SHARE * (len(self._printer.printed) + 4):
                continue
            if self._chance.random() < _KILL:
                self._bench.kill()
                self.broke["kill"] += 1
                continue
            if self._printer.state()["armed"]:
                continue
            fault = self._chance.choice(_WIRE + _PRINTER)
            self._printer.fault(fault)
            self.broke[fault] += 1
            if fault == "head-open":
                self._stopping.wait(0.03)
                self._printer.clear()


def once(folder: Path, seed: int, labels: int, *, broken: bool = True) -> Outcome:
    """Print so many labels while things break; say which came out never, and which twice."""
    names = filled(folder, labels)
    chance = random.Random(seed)
    outcome = Outcome(seed, labels)
    with ExitStack() as stack:
        printer = stack.enter_context(
            VirtualPrinter(
                ms_per_label=_MS_PER_LABEL,
                media=_ROLL if broken else None,
                refill_after=_REFILL_SECONDS,
            )
        )
        if broken:
            _habits(printer, folder, seed)
        bench = stack.enter_context(_bench(folder, printer, str(seed) if broken else ""))
        began = time.monotonic()
        if broken:
            gremlin = stack.enter_context(Gremlin(printer, bench, chance))
            outcome.broke = gremlin.broke
        _until_all_are_out(printer, bench, names, outcome, counts=not broken or seed % 2 == 0)
        outcome.seconds = time.monotonic() - began
        outcome.broke["bench died"] = bench.deaths
    _at_rest(printer)
    came_out = Counter(name_of(one.data) for one in printer.printed)
    outcome.lost = [name for name in names if not came_out[name]]
    outcome.double = [name for name in names if came_out[name] > 1]
    return outcome


@contextmanager
def _bench(folder: Path, printer: VirtualPrinter, seed: str) -> Iterator[Watched]:
    bench = Watched(folder, printer.url, seed)
    try:
        yield bench
    finally:
        bench.stop()


def _habits(printer: VirtualPrinter, folder: Path, seed: int) -> None:
    if seed % 3 == 0:
        printer.fault("silent-when-error")
    if seed % 2 == 0:
        return
    printer.fault("no-odometer")
    if seed % 4 == 1:
        printer.fault("no-acknowledge")
        return
    known = Capability(url=printer.url, language="zpl", acknowledges=True)
    store = Store(folder / DATABASE)
    with store.turn() as turn:
        printers.keep(turn, PRINTER, known)
    store.close()


def _until_all_are_out(
    printer: VirtualPrinter, bench: Watched, names: list[str], outcome: Outcome, *, counts: bool
) -> None:
    """Watch until every job is decided; scan each label where nothing else proves it."""
    jobs = {f"{name}:1" for name in names}
    deadline = time.monotonic() + 60 + _SECONDS_PER_LABEL * len(names)
    scanned = 0
    while time.monotonic() < deadline:
        printed, uncertain = bench.look(0.02)
        if printed >= jobs:
            return
        out = [name_of(one.data) for one in list(printer.printed)]
        if not counts and len(out) > scanned:
            for name in out[scanned:]:
                bench.tell("came", f"{name}:1")
            scanned = len(out)
        elif not counts and out and f"{out[-1]}:1" not in printed:
            # The bench died before it had the scan on disk: it is made again.
            bench.tell("came", f"{out[-1]}:1")
        for job in uncertain:
            outcome.asked += 1
            _at_rest(printer)
            came = job.removesuffix(":1") in {name_of(one.data) for one in list(printer.printed)}
            bench.answered(job)
            bench.tell("came" if came else "lost", job)
    raise Missing(f"seed {outcome.seed}: not every label is decided after {deadline:.0f} s")


def _at_rest(printer: VirtualPrinter) -> None:
    """Wait as a person does, who looks when the printer has stopped."""
    quiet, before = 0.0, -1
    while quiet < _REST_SECONDS:
        time.sleep(0.05)  # a person's eyes: there is nothing to wait for but time
        now = len(printer.printed)
        moving = now != before or printer.state()["queued"] or printer.off
        quiet, before = (0.0 if moving else quiet + 0.05), now


def measure(lab: Lab) -> Iterable[Result]:
    """Run every seed, and the same without anything broken."""
    labels, seeds = DOSES[1] if lab.full else DOSES[0]
    lab.say("labels with nothing broken", 0, 1)
    plain = once(lab.folder / "plain", 0, min(labels, _UNBROKEN), broken=False)
    if plain.lost or plain.double:
        raise Missing("labels are lost with nothing broken")
    outcomes = []
    for seed in range(seeds):
        lab.say("labels while everything breaks, seed by seed", seed, seeds)
        outcomes.append(once(lab.folder / f"seed-{seed}", seed, labels))
    lab.say("labels while everything breaks, seed by seed", seeds, seeds)
    broke: Counter[str] = Counter()
    for outcome in outcomes:
        broke.update(outcome.broke)
    total = labels * seeds
    beside: dict[str, float | int | str | None] = {
        "labels": total,
        "seeds": ", ".join(str(outcome.seed) for outcome in outcomes),
        "broke": sum(broke.values()),
        "bench_died": broke["bench died"],
        "person_asked": sum(outcome.asked for outcome in outcomes),
        "ms_a_label": round(sum(o.seconds for o in outcomes) / total * 1000, 1),
        "ms_a_label_unbroken": round(plain.seconds / plain.labels * 1000, 1),
        "times_unbroken": ratio(
            sum(o.seconds for o in outcomes) / total, plain.seconds / plain.labels
        ),
        "load": load(),
    }
    for name, found in (
        (LOST, {o.seed: o.lost for o in outcomes if o.lost}),
        (DOUBLE, {o.seed: o.double for o in outcomes if o.double}),
    ):
        count = sum(len(one) for one in found.values())
        wrong = "; ".join(f"seed {seed}: {' '.join(one)}" for seed, one in found.items())
        yield Result(
            name=name,
            value=count,
            unit="labels",
            goal=0.0,
            met=count == 0,
            beside=beside | ({"which": wrong} if wrong else {}),
        )


FIGURE = Figure({LOST: ("labels", 0.0), DOUBLE: ("labels", 0.0)}, measure)


if __name__ == "__main__":
    # One seed again: python -m tests.bench.paper_once FOLDER SEED LABELS
    told = once(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
    sys.stdout.write(f"{told}\n")
    sys.exit(1 if told.lost or told.double else 0)
