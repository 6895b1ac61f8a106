"""The command behind `make torture`: finds the rig and runs it.

python -m tests.torture                           every rig, in its usual dose
python -m tests.torture simulation --seeds 1000
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

RIGS: dict[str, tuple[str, str]] = {
    "simulation": (
        "tests.torture.simulation.command",
        "hub, benches and the outside in one thread and virtual time, everything from a seed",
    ),
    "real": ("tests.torture.real.rig", "processes of the product, killed at random and at fsyncs"),
    "power-loss": (
        "tests.torture.power_loss.rig",
        "a bench's file after power cuts: nothing unsynced, a beginning, or torn sectors",
    ),
    "hubs": ("tests.torture.real.fleet", "fifty benches at two hubs, one of which is killed"),
}
"""One row a rig: the module whose `main(argv)` runs it and says 0 when nothing broke, and what it
does. A module is imported when it is asked for."""


def main(words: Sequence[str]) -> int:
    """Run what was asked for; 0 when nothing broke, 1 when something did, 2 for wrong usage."""
    if not words:
        return max(_run(name, ()) for name in RIGS)
    name, *rest = words
    if name not in RIGS:
        rows = "\n".join(f"  {one:<12} {what}" for one, (_, what) in RIGS.items())
        sys.stderr.write(f"{__doc__}\n{rows}\n")
        return 0 if name in ("-h", "--help") else 2
    return _run(name, rest)


def _run(name: str, words: Sequence[str]) -> int:
    module = importlib.import_module(RIGS[name][0])
    code: int = module.main(list(words))
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
