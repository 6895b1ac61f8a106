"""How much is broken on purpose, and what breaks of it? A dose of the simulation.

The processor's seconds say nothing here; what counts is that no invariant is broken.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench.figure import Figure, Lab, Result
from tests.torture.rig import Tally
from tests.torture.simulation import command

NAME = "link.torture_broken"
FEW, MANY = 10, 1000
STEPS = 500
_AT_ONCE = 5


def measure(lab: Lab) -> Iterator[Result]:
    """Run seeds, and count what they broke."""
    number = lab.rounds(FEW, MANY)
    tally = Tally(rig="simulation")
    for first in range(0, number, _AT_ONCE):
        lab.say("torture", first, number)
        tally.add(command.seeds(first, min(_AT_ONCE, number - first), STEPS))
    lab.say("torture", number, number)
    yield Result(
        name=NAME,
        value=len(tally.broken),
        unit="invariants",
        goal=0,
        met=not tally.broken,
        baseline="the same product in a world where nothing goes wrong",
        beside={
            "seeds": tally.seeds,
            "steps": tally.steps,
            "faults": sum(tally.faults.values()),
            "kinds_of_fault": len(tally.faults),
            "virtual_hours": round(tally.virtual_hours, 2),
            "facts": sum(tally.done.values()),
            "replay": tally.broken[0].replay if tally.broken else "",
        },
    )


FIGURE = Figure({NAME: ("invariants", 0)}, measure)
