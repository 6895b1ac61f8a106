"""How long from starting the bench to its first prompt, with 100,000 open orders?

Beside it, in turns: the interpreter alone, all imports of the bench, opening its file, and the
first screen of a bare Textual app.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from station.config import DATABASE
from station.store.store import Store
from tests.bench import echo, full_store, script, side
from tests.bench.figure import (
    PYTHON,
    Figure,
    Lab,
    Missing,
    Result,
    load,
    milliseconds,
    quantile,
)
from tests.bench.terminal import environment, stands

NAME = "bench.start"
GOAL = 1.5
ROUNDS = (8, 25)
_IMPORTS = "import station.cli, station.bench_cli, station.floor"


def measure(lab: Lab) -> Iterable[Result]:
    """Start it again and again."""
    home = full_store.home(
        lab.cache,
        lab.folder / "home",
        full_store.MANY,
        lambda done, of: lab.say(f"a file of {of} orders", done, of),
    )
    timed: dict[str, Callable[[], float]] = {
        "bench": lambda: _bench(home),
        "bare_app": _bare,
        "interpreter": lambda: _python("pass"),
        "imports": lambda: _python(_IMPORTS),
        "file": lambda: _file(home),
    }
    seconds: dict[str, list[float]] = {name: [] for name in timed}
    count = lab.rounds(*ROUNDS)
    for done in range(count + 1):
        for name, once in timed.items():
            took = once()
            if done:  # the first round fills caches, of pages and of bytecode
                seconds[name].append(took)
        lab.say("start to first prompt", done + 1, count + 1)
    median = quantile(seconds["bench"], 0.5)
    imports = quantile(seconds["imports"], 0.5) - quantile(seconds["interpreter"], 0.5)
    yield Result(
        name=NAME,
        value=round(median, 3),
        unit="s",
        goal=GOAL,
        met=median < GOAL,
        beside={
            "worst_ms": milliseconds(seconds["bench"], 1.0),
            "interpreter_ms": milliseconds(seconds["interpreter"], 0.5),
            "imports_ms": round(imports * 1000, 1),
            "imports_share": round(imports / median, 2),
            "file_ms": milliseconds(seconds["file"], 0.5),
            "bare_app_ms": milliseconds(seconds["bare_app"], 0.5),
            "starts": count,
            "load": load(),
        },
    )


def _bench(home: Path) -> float:
    environ = {"PACKBENCH_HOME": str(home)}
    with side.plain(side.bench_command(), environ) as terminal:
        return terminal.until(stands(script.first_prompt()))


def _bare() -> float:
    with side.plain(side.echo_command(), {}) as terminal:
        return terminal.until(stands(echo.READY))


def _python(code: str) -> float:
    """Seconds until the code has run; taking the interpreter apart again is not in it."""
    command = [PYTHON, "-c", f"{code}\nimport time; print(time.monotonic())"]
    began = time.monotonic()
    done = subprocess.run(
        command, cwd=side.ROOT, env=environment(), capture_output=True, check=False
    )
    if done.returncode:
        raise Missing(f"`{code}` fails: {done.stderr.decode().strip().splitlines()[-1]}")
    return float(done.stdout) - began


def _file(home: Path) -> float:
    began = time.monotonic()
    store = Store(home / DATABASE)
    took = time.monotonic() - began
    store.close()
    return took


FIGURE = Figure({NAME: ("s", GOAL)}, measure)
