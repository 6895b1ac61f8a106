"""What is a figure? Something that is measured, its goal, and what it was measured beside.

Absolute times of a shared machine say little, so what a goal speaks of is a ratio wherever that
can be: both sides measured in one run, in turns, so that what slows one slows the other.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

Beside = dict[str, float | int | str | None]


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the table, and of bench-results.json."""

    name: str
    value: float | None
    """The ratio or figure that the goal speaks of; None where it could not be measured."""
    unit: str
    goal: float | None
    """At most so much; None: nothing was promised."""
    met: bool
    baseline: str = ""
    """What it was measured against; "" for a figure that stands alone."""
    beside: Beside = {}
    """What stood beside it in the same run, with its unit in its name."""
    command: str = ""
    """What measures it again."""


class Missing(Exception):
    """The part of the product that the figure measures is not there, or does not start."""


@dataclass(slots=True)
class Lab:
    """Where a figure is measured, and how large the dose is."""

    folder: Path
    """For this run alone; removed afterwards."""
    cache: Path
    """Kept from run to run: what takes long to make and is always the same."""
    full: bool = False
    say: Callable[[str, int, int], None] = field(default=lambda what, done, of: None)
    """Hears how far a figure has come."""

    def rounds(self, few: int, many: int) -> int:
        """Say how often to measure."""
        return many if self.full else few


@dataclass(frozen=True, slots=True)
class Figure:
    """One or more results that come out of one measurement."""

    results: dict[str, tuple[str, float | None]]
    """By name: unit and goal, so that what is missing is reported with both."""
    measure: Callable[[Lab], Iterable[Result]]

    def asked(self, words: Sequence[str]) -> bool:
        """Whether one of the words names it or its group; no words ask for everything."""
        wanted = [name for name in self.results for word in words if _names(word, name)]
        return bool(wanted) or not words


def _names(word: str, name: str) -> bool:
    return name == word or name.startswith(f"{word.rstrip('.')}.")


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value that this share of them does not exceed (nearest rank).

    >>> quantile([4, 1, 3, 2], 0.5), quantile([4, 1, 3, 2], 0.99)
    (2, 4)
    """
    return sorted(values)[max(0, math.ceil(len(values) * share) - 1)]


def milliseconds(seconds: Sequence[float], share: float) -> float:
    """Return that quantile of seconds in milliseconds, two digits behind the point."""
    return round(quantile(seconds, share) * 1000, 2)


def ratio(ours: float, floor: float) -> float:
    """Return how many times the floor it is, two digits behind the point."""
    return round(ours / floor, 2)


def load() -> float:
    """Return the machine's load of the last minute: what else it had to do."""
    return round(os.getloadavg()[0], 2)


PYTHON = sys.executable
