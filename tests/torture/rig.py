"""What does a rig say at its end? What it did, what it broke on purpose, and what must not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec

WRITTEN = "torture-results.json"
"""Where a run's tally goes, beside bench-results.json; never committed."""


class Broken(msgspec.Struct, frozen=True, kw_only=True):
    """An invariant that did not hold."""

    invariant: str
    what: str
    """The facts that a person needs: which order, which bench, what was expected, what came."""
    replay: str
    """The one command that shows it again."""


class Tally(msgspec.Struct, kw_only=True):
    """What a run came to. Two runs' are added."""

    rig: str
    seeds: int = 0
    """Seeds of a simulation; runs or images of another rig."""
    steps: int = 0
    seconds: float = 0.0
    """Of processor time: what else the machine does is not counted."""
    virtual_hours: float = 0.0
    """0 where time is real."""
    faults: dict[str, int] = {}
    """How many were injected, by kind."""
    done: dict[str, int] = {}
    """What the product did meanwhile: facts taken, parcels closed, labels bought."""
    broken: list[Broken] = []

    def add(self, other: Tally) -> None:
        """Count another run's in."""
        self.seeds += other.seeds
        self.steps += other.steps
        self.seconds += other.seconds
        self.virtual_hours += other.virtual_hours
        self.faults = dict(Counter(self.faults) + Counter(other.faults))
        self.done = dict(Counter(self.done) + Counter(other.done))
        self.broken = [*self.broken, *other.broken]


def table(tallies: Sequence[Tally]) -> str:
    """Draw what the rigs came to."""
    lines = []
    for one in tallies:
        faults = sum(one.faults.values())
        pace = one.steps / one.seconds if one.seconds else 0.0
        lines += [
            f"{one.rig}",
            f"  seeds                {one.seeds:>12,}",
            f"  steps                {one.steps:>12,}   {pace:,.0f} a second of one processor",
            f"  virtual hours        {one.virtual_hours:>12,.1f}",
            f"  faults injected      {faults:>12,}",
        ]
        lines += [f"    {name:<24} {number:>6,}" for name, number in sorted(one.faults.items())]
        lines += ["  meanwhile"]
        lines += [f"    {name:<24} {number:>6,}" for name, number in sorted(one.done.items())]
        lines += [f"  invariants broken    {len(one.broken):>12,}"]
        for broken in one.broken:
            lines += [f"    {broken.invariant}: {broken.what}", f"      {broken.replay}"]
    return "\n".join(lines)


def write(folder: Path, tallies: Sequence[Tally]) -> Path:
    """Write what the rigs came to as JSON."""
    path = folder / WRITTEN
    path.write_bytes(msgspec.json.format(msgspec.json.encode(list(tallies)), indent=1) + b"\n")
    return path
