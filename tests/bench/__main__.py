"""The command behind `make bench`: measures, prints a table, writes bench-results.json."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec

from tests.bench import FIGURES, results
from tests.bench.figure import Figure, Lab, Missing, Result

ROOT = Path(__file__).resolve().parents[2]
_BAR = 24
_REPAINT_SECONDS = 0.5


def main(words: Sequence[str]) -> int:
    """Measure what was asked for; 0 when every goal was met, 1 when not, 2 for wrong usage."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--full", action="store_true", help="many more rounds")
    parser.add_argument("names", nargs="*", metavar="GROUP", help="a group, or a figure's name")
    args = parser.parse_args(words)
    asked = [figure for figure in FIGURES if figure.asked(args.names)]
    if not asked:
        known = ", ".join(name for figure in FIGURES for name in figure.results)
        parser.error(f"no figure is called so; there are: {known}")
    cache = Path(tempfile.gettempdir()) / f"packbench-bench-{os.getuid()}"
    cache.mkdir(mode=0o700, exist_ok=True)
    found: list[Result] = []
    with tempfile.TemporaryDirectory(prefix="packbench-bench-", dir=cache) as folder:
        lab = Lab(Path(folder), cache, args.full, _teller())
        for figure in asked:
            found += _measured(figure, lab)
    path = results.write(ROOT, found)
    sys.stdout.write(f"{results.table(found)}\nwritten to {path.name}\n")
    return 0 if all(result.met for result in found) else 1


def _measured(figure: Figure, lab: Lab) -> Iterator[Result]:
    first = next(iter(figure.results))
    command = f'make bench ARGS="{first}{" --full" if lab.full else ""}"'
    own = replace(lab, folder=Path(tempfile.mkdtemp(dir=lab.folder)))
    try:
        for result in figure.measure(own):
            yield msgspec.structs.replace(result, command=command)
    except (Missing, ImportError) as e:
        lab.say(f"{first}: missing", 1, 1)
        yield from results.missing(figure, str(e), command)


def _teller() -> Callable[[str, int, int], None]:
    """A bar on a terminal, a line when something begins elsewhere; on stderr, never in a pipe."""
    last, painted = "", 0.0

    def say(what: str, done: int, of: int) -> None:
        nonlocal last, painted
        fresh, last = what != last, what
        if not sys.stderr.isatty():
            if fresh:
                sys.stderr.write(f"{what} ({of})\n")
            return
        if fresh or done == of or time.monotonic() - painted > _REPAINT_SECONDS:
            painted = time.monotonic()
            bar = "#" * (_BAR * done // of)
            sys.stderr.write(f"\r\x1b[K[{bar:<{_BAR}}] {what} {done}/{of}")
            if done == of:
                sys.stderr.write("\n")
            sys.stderr.flush()

    return say


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
