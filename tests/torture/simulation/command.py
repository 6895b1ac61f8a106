"""What does `python -m tests.torture simulation` do? Runs seeds, or replays one."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.torture import mutants, rig
from tests.torture.rig import Broken, Tally
from tests.torture.simulation.world import Ended, run

ROOT = Path(__file__).resolve().parents[3]
SEEDS, STEPS = 200, 500
"""The usual dose."""
MUTANT_SEEDS, MUTANT_STEPS = 10, 400
"""A planted bug shows in one of so many runs, in its own weather; most show in the first."""


def replay(seed: int, steps: int, mutant: str = "") -> str:
    """Give the one command that shows a run again."""
    planted = f" --mutant {mutant}" if mutant else ""
    return f"python -m tests.torture simulation --seed {seed} --steps {steps}{planted}"


def seeds(
    first: int,
    number: int,
    steps: int,
    mutant: str = "",
    told: Callable[[str], None] = lambda what: None,
) -> Tally:
    """Run so many seeds, and count; `told` hears at once of each that breaks something."""
    tally = Tally(rig=f"simulation{f' with {mutant} planted' if mutant else ''}")
    began = time.process_time()
    with mutants.planted(mutant):
        for seed in range(first, first + number):
            one = _counted(_one(seed, steps, mutant), steps, mutant)
            for broken in one.broken:
                told(f"{broken.invariant}: {broken.what}\n  {broken.replay}")
            tally.add(one)
    tally.seconds = time.process_time() - began
    return tally


def _one(seed: int, steps: int, mutant: str, told: Callable[[str], None] | None = None) -> Ended:
    weather = mutants.MUTANTS[mutant].weather if mutant else None
    return run(seed, steps, told, weather)


def caught(name: str, number: int = MUTANT_SEEDS, steps: int = MUTANT_STEPS) -> Ended | None:
    """Plant a bug and give the first run that it breaks; None: no seed finds it.

    A run that breaks without the bug as well shows nothing of it.
    """
    for seed in range(number):
        with mutants.planted(name):
            ended = _one(seed, steps, name)
        if ended.broke is not None and _one(seed, steps, name).broke is None:
            return ended
    return None


def _counted(ended: Ended, steps: int, mutant: str) -> Tally:
    broken = []
    if ended.broke is not None:
        again = replay(ended.seed, steps, mutant)
        broken = [Broken(invariant=ended.broke.invariant, what=ended.broke.what, replay=again)]
    return Tally(
        rig="",
        seeds=1,
        steps=ended.steps,
        virtual_hours=ended.hours,
        faults=ended.faults,
        done=ended.done,
        broken=broken,
    )


def main(argv: Sequence[str]) -> int:
    """Run it; 0 when nothing broke."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS, help=f"how many (usual: {SEEDS})")
    parser.add_argument("--first", type=int, default=0, help="the first of them (usual: 0)")
    parser.add_argument("--steps", type=int, default=STEPS, help=f"of each (usual: {STEPS})")
    parser.add_argument("--seed", type=int, help="replay this one, and say what happens")
    known = ["", *mutants.MUTANTS]
    parser.add_argument("--mutant", default="", choices=known, help="plant this bug first")
    parser.add_argument("--mutants", action="store_true", help="plant each bug, and see it caught")
    args = parser.parse_args(argv)
    if args.mutants:
        return max(_shown(name) for name in mutants.MUTANTS)
    if args.seed is None:
        tally = seeds(args.first, args.seeds, args.steps, args.mutant, told=_say)
    else:
        tally = _replayed(args.seed, args.steps, args.mutant)
    _say(rig.table([tally]))
    _say(f"written to {rig.write(ROOT, [tally]).name}")
    return 1 if tally.broken else 0


def _shown(name: str) -> int:
    ended = caught(name)
    if ended is None or ended.broke is None:
        _say(f"{name:<16} NOT CAUGHT in {MUTANT_SEEDS} seeds")
        return 1
    _say(f"{name:<16} seed {ended.seed}, step {ended.steps}: {str(ended.broke)[:110]}")
    return 0


def _replayed(seed: int, steps: int, mutant: str) -> Tally:
    began = time.process_time()
    with mutants.planted(mutant):
        ended = _one(seed, steps, mutant, _say)
    for line in ended.trail:
        _say(line)
    tally = _counted(ended, steps, mutant)
    tally.rig, tally.seconds = f"simulation, seed {seed}", time.process_time() - began
    return tally


def _say(what: str) -> None:
    sys.stdout.write(what + "\n")
    sys.stdout.flush()
