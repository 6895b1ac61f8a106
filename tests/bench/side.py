"""The bench and its floor, side by side: who runs, where, and how they take turns."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

from tests.bench import echo, script
from tests.bench.figure import PYTHON, Missing
from tests.bench.terminal import AlreadyThere, Shows, Timed, stands

ROOT = Path(__file__).resolve().parents[2]
SETTLE = 0.3
"""Seconds of silence after which a scan whose answer cannot be told apart has surely been taken."""
_TMUX = "set -g status off\nset -s escape-time 0\nset -g default-terminal tmux-256color\n"

Start = Callable[[list[str], dict[str, str]], contextlib.AbstractContextManager[Timed]]
"""Starts a command in a terminal, with more environment."""


@contextlib.contextmanager
def plain(command: list[str], environ: dict[str, str]) -> Iterator[Timed]:
    """In a terminal of its own."""
    with Timed(command, environ=environ) as terminal:
        yield terminal


@contextlib.contextmanager
def in_tmux(command: list[str], environ: dict[str, str]) -> Iterator[Timed]:
    """In tmux, which is in the terminal. Raises Missing where there is none."""
    tmux = shutil.which("tmux")
    if tmux is None:
        raise Missing("tmux is not installed")
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "tmux.conf"
        settings.write_text(_TMUX, "utf-8")
        words = [tmux, "-S", str(Path(folder) / "socket"), "-f", str(settings)]
        try:
            with Timed([*words, "new-session", *command], environ=environ) as terminal:
                yield terminal
        finally:
            # This server is ours alone: its socket lies in our folder.
            subprocess.run([*words, "kill-server"], capture_output=True, check=False)


@contextlib.contextmanager
def the_bench(start: Start, home: Path) -> Iterator[Timed]:
    """The product's own terminal, with the first screen standing. Raises Missing."""
    with start(bench_command(), {"PACKBENCH_HOME": str(home)}) as bench:
        bench.until(stands(script.first_prompt()))
        yield bench


def bench_command() -> list[str]:
    """What starts the bench; its home is named by the environment."""
    return [PYTHON, "-m", "station.cli", "bench"]


def echo_command() -> list[str]:
    """What starts the bare app: its file alone, not the package with all that it imports."""
    return [PYTHON, str(Path(echo.__file__))]


@contextlib.contextmanager
def the_echo(start: Start) -> Iterator[Timed]:
    """The bare Textual app."""
    with start(echo_command(), {}) as bare:
        bare.until(stands(echo.READY))
        yield bare


class Turns:
    """Scans that go to both in turns, a random while apart, and what each took."""

    def __init__(self, bench: Timed, bare: Timed, scans: list[script.Scan]) -> None:
        self._bench, self._bare = bench, bare
        self._scans = iter(scans)
        self._throw = Random(os.getpid())
        self._echoed = 0
        self.bench_seconds: list[float] = []
        self.kinds: list[str] = []
        """Of each of `bench_seconds`: which kind of scan it was."""
        self.bare_seconds: list[float] = []

    def warm_up(self, count: int) -> None:
        """Make scans that do not count."""
        for _ in range(count):
            self.take()
        self.bench_seconds.clear()
        self.kinds.clear()
        self.bare_seconds.clear()

    def take(self) -> None:
        """Scan once at each, in random order."""
        scan = next(self._scans)
        sides = [self._at_bench, self._at_bare]
        self._throw.shuffle(sides)
        for side in sides:
            self._pause()
            side(scan)

    def _pause(self) -> None:
        # People scan when they like; a steady beat could fall in step with a timer of the app.
        for terminal in (self._bench, self._bare):
            terminal.look(self._throw.uniform(0.01, 0.05))

    def _at_bench(self, scan: script.Scan) -> None:
        shows = stands(scan.what, scan.then)
        took = taken(self._bench, lambda: self._bench.write(scan.keys), shows)
        if took is not None:
            self.bench_seconds.append(took)
            self.kinds.append(scan.kind)

    def _at_bare(self, scan: script.Scan) -> None:
        self._echoed += 1
        shows = stands(f"{self._echoed} {scan.text}")
        took = taken(self._bare, lambda: self._bare.write(scan.keys), shows)
        if took is not None:
            self.bare_seconds.append(took)


def taken(terminal: Timed, act: Callable[[], None], shows: Shows) -> float | None:
    """Return how many seconds the answer took; None when it looks like the one before."""
    try:
        return terminal.time(act, shows)
    except AlreadyThere:
        act()
        terminal.look(SETTLE)
        return None


@contextlib.contextmanager
def a_feed(home: Path, rate: float) -> Iterator[str]:
    """A process that changes so many orders a second; gives its URL."""
    command = [PYTHON, "-m", "tests.bench.hub", str(home / "bench.db"), "--rate", str(rate)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            url = process.stdout.readline().strip() if process.stdout else ""
            if not url:
                raise Missing("the stand-in hub does not start")
            yield url
        finally:
            process.kill()
