"""How long from a scan to its verdict on the screen, with 100,000 open orders at the bench?

Against a bare Textual app that only echoes the scan, on an equal terminal, scan by scan in turns.
Beside it the same inside tmux, and with a feed that changes fifty orders a second.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

from station.config import DATABASE
from station.store.store import Store
from sync.protocol import cursor
from tests.bench import full_store, script, side
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

P50, P99 = "bench.scan_to_frame_p50", "bench.scan_to_frame_p99"
RATIO, LIMIT_MS = 1.5, 50.0
CHANGES = 50.0
"""A second, from the hub."""
ROUNDS = {"": (300, 2000), "tmux": (150, 1000), "feed": (200, 1000)}
"""Scans in each surrounding: of a dose, and of the full dose."""
_WARM_UP = 12
_BASELINE = "a bare Textual app that only echoes the scan, in turns with the bench"


@dataclass(frozen=True, slots=True)
class Course:
    """What one surrounding gave."""

    bench: list[float]
    bare: list[float]
    kinds: list[str]
    beside: Beside

    @property
    def p50(self) -> float:
        """How many times the bare app's median."""
        return ratio(quantile(self.bench, 0.5), quantile(self.bare, 0.5))

    @property
    def p99_ms(self) -> float:
        """What one scan in a hundred takes longer than."""
        return milliseconds(self.bench, 0.99)


def measure(lab: Lab) -> Iterable[Result]:
    """Measure in a plain terminal, in tmux, and while being fed."""
    rehearsal = full_store.home(lab.cache, lab.folder / "rehearsal", full_store.MANY, _filling(lab))
    rounds = {
        "": lab.rounds(300, 2000),
        "tmux": lab.rounds(150, 1000),
        "feed": lab.rounds(200, 1000),
    }
    scans = script.rehearse(rehearsal, max(rounds.values()) + _WARM_UP)
    courses: dict[str, Course] = {}
    why: Beside = {}
    for name, count in rounds.items():
        try:
            courses[name] = _course(lab, name, scans[: count + _WARM_UP])
        except Missing as e:
            if not name:
                raise
            why[name] = str(e)
    yield _median(courses, why)
    yield _tail(courses, why)


def _median(courses: dict[str, Course], why: Beside) -> Result:
    course = courses[""]
    beside: Beside = {
        "bench_p50_ms": milliseconds(course.bench, 0.5),
        "bare_p50_ms": milliseconds(course.bare, 0.5),
        "scans": len(course.bench),
    }
    for kind in sorted(set(course.kinds)):
        of_kind = [s for s, k in zip(course.bench, course.kinds, strict=True) if k == kind]
        beside[f"bench_p50_ms_{kind}"] = milliseconds(of_kind, 0.5)
    for name, other in courses.items():
        if name:
            beside[f"{name}_ratio"] = other.p50
            beside[f"{name}_bench_p50_ms"] = milliseconds(other.bench, 0.5)
            beside[f"{name}_bare_p50_ms"] = milliseconds(other.bare, 0.5)
        beside |= {f"{name}_{key}".lstrip("_"): value for key, value in other.beside.items()}
    return Result(
        name=P50,
        value=course.p50,
        unit="ratio",
        goal=RATIO,
        met=course.p50 <= RATIO,
        baseline=_BASELINE,
        beside=beside | why,
    )


def _tail(courses: dict[str, Course], why: Beside) -> Result:
    beside: Beside = {"bare_p99_ms": milliseconds(courses[""].bare, 0.99)}
    for name, course in courses.items():
        if name:
            beside[f"{name}_bench_p99_ms"] = course.p99_ms
            beside[f"{name}_bare_p99_ms"] = milliseconds(course.bare, 0.99)
    beside["bench_max_ms"] = milliseconds(courses[""].bench, 1.0)
    return Result(
        name=P99,
        value=courses[""].p99_ms,
        unit="ms",
        goal=LIMIT_MS,
        met=all(course.p99_ms < LIMIT_MS for course in courses.values()) and not why,
        baseline=_BASELINE,
        beside=beside | why,
    )


def _course(lab: Lab, name: str, scans: list[script.Scan]) -> Course:
    folder = lab.folder / f"home-{name or 'plain'}"
    home = full_store.home(lab.cache, folder, full_store.MANY, _filling(lab))
    start = side.in_tmux if name == "tmux" else side.plain
    with ExitStack() as stack:
        if name == "feed":
            url = stack.enter_context(side.a_feed(home, CHANGES))
            (home / "station.toml").write_text(f'hub = "{url}"\n', "utf-8")
        bench = stack.enter_context(side.the_bench(start, home))
        bare = stack.enter_context(side.the_echo(start))
        turns = side.Turns(bench, bare, scans)
        turns.warm_up(_WARM_UP)
        began, spent = time.monotonic(), (bench.cpu(), bare.cpu())
        fed = _fed(home) if name == "feed" else 0
        for done in range(len(scans) - _WARM_UP):
            turns.take()
            lab.say(f"scan to frame {name}".rstrip(), done + 1, len(scans) - _WARM_UP)
        seconds = time.monotonic() - began
        beside: Beside = {"load": load()}
        if name != "tmux":
            beside |= _computed(bench.cpu(), bare.cpu(), spent, len(turns.bench_seconds))
        if name == "feed":
            beside["changes_per_s"] = round((_fed(home) - fed) / seconds, 1)
    return Course(turns.bench_seconds, turns.bare_seconds, turns.kinds, beside)


def _computed(
    bench: float | None, bare: float | None, before: tuple[float | None, float | None], scans: int
) -> Beside:
    """What a scan costs the processor: of all figures the one that a busy machine changes least."""
    if bench is None or bare is None or before[0] is None or before[1] is None:
        return {}
    return {
        "bench_cpu_ms_per_scan": round((bench - before[0]) / scans * 1000, 1),
        "bare_cpu_ms_per_scan": round((bare - before[1]) / scans * 1000, 1),
    }


def _fed(home: Path) -> int:
    """How far the bench has read the feed."""
    with closing(Store(home / DATABASE)) as store, store.turn(feed=True) as turn:
        return cursor.read(turn.get("cursor")).seq


def _filling(lab: Lab) -> full_store.Told:
    return lambda done, of: lab.say(f"a file of {of} orders", done, of)


FIGURE = Figure({P50: ("ratio", RATIO), P99: ("ms", LIMIT_MS)}, measure)
