"""What do the figures say? A table for people and bench-results.json for whoever compares."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from tests.bench.figure import Figure, Result

FILE = "bench-results.json"
_WIDTHS = (31, 10, 7, 9, 4)


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The whole file."""

    machine: str
    commit: str
    results: tuple[Result, ...]


def write(folder: Path, results: Sequence[Result]) -> Path:
    """Write the file, replacing the last one."""
    report = Report(machine=machine(), commit=commit(folder), results=tuple(results))
    path = folder / FILE
    path.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
    return path


def missing(figure: Figure, why: str, command: str) -> Iterator[Result]:
    """Say for each result of a figure that it could not be measured; nothing is invented."""
    for name, (unit, goal) in figure.results.items():
        yield Result(
            name=name,
            value=None,
            unit=unit,
            goal=goal,
            met=False,
            beside={"missing": why},
            command=command,
        )


def table(results: Sequence[Result]) -> str:
    """Return the results as lines for a terminal: what the goal speaks of, then what was beside."""
    rows = [_columns("figure", "value", "unit", "goal", "met")]
    for result in results:
        value = "missing" if result.value is None else f"{result.value:g}"
        goal = "" if result.goal is None else f"<= {result.goal:g}"
        rows.append(_columns(result.name, value, result.unit, goal, "yes" if result.met else "NO"))
        if result.baseline:
            rows.append(f"    against: {result.baseline}")
        rows += [f"    {name}: {value}" for name, value in result.beside.items()]
    return "\n".join(rows) + "\n"


def _columns(*texts: str) -> str:
    pairs = enumerate(zip(texts, _WIDTHS, strict=True))
    cells = [text.rjust(width) if at == 1 else text.ljust(width) for at, (text, width) in pairs]
    return " ".join(cells).rstrip()


def machine() -> str:
    """Say what it was measured on: processor, cores, memory, system, Python."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**30
    return (
        f"{_processor()}, {os.cpu_count()} cores, {memory} GiB, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def commit(folder: Path) -> str:
    """Name the commit that was measured; with a plus when files differ from it."""
    words = ["git", "describe", "--always", "--abbrev=12", "--dirty=+", "--exclude=*"]
    try:
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()
