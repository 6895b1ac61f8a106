"""The command line of the hub: `packbench-hub NOUN …`, one module a noun.

Only the module of the noun that is called is loaded. Words for people go to standard error,
`--json` alone prints on standard output; 0 is done, 1 refused or failed with one sentence, 2 a
wrong usage. Every command reads PACKBENCH_HOME (`sync.hub.home`).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module

NOUNS: Mapping[str, tuple[str, str]] = {
    "serve": ("serve", "the service: benches, channels, carriers"),
    "init": ("database", "makes the database"),
    "migrate": ("database", "brings the database up to date"),
    "channel": ("channel", "seller accounts: add, list, check, remove, pull, confirm"),
    "order": (
        "order",
        "the order book: list, show, import, hold, release, cancel, give, takeover, history",
    ),
    "item": ("item", "our items: import"),
    "packer": ("packer", "people who pack: add, list"),
    "bench": ("bench", "benches: code, list, revoke"),
    "carrier": ("carrier", "carrier accounts: add, list"),
    "allocate": ("allocate", "gives ready shipments to benches and says why"),
    "audit": ("audit", "the journal: verify"),
    "trouble": ("trouble", "what needs a person: list, show, do"),
    "backup": ("backup", "copies the books, once or on and on"),
    "restore": ("backup", "puts a copy of the books in their place"),
    "simulate": ("", "a simulated outside world: marketplaces, carrier"),
}
LATER: Mapping[str, str] = {
    "stock": "stock levels",
    "warehouse": "warehouses",
    "rule": "rules",
    "wave": "waves",
    "manifest": "manifests",
    "report": "reports",
}
"""Promised, and not in this version."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and give its exit status."""
    said = list(sys.argv[1:] if argv is None else argv)
    if not said or said[0] in ("-h", "--help"):
        sys.stdout.write(_usage())
        return 0 if said else 2
    noun, rest = said[0], said[1:]
    if noun == "simulate":
        # A process of its own: the hub does not know the simulation.
        os.execv(sys.executable, [sys.executable, "-m", "sync.simulate", *rest])  # noqa: S606
    if noun in LATER:
        sys.stderr.write(f"packbench-hub: {LATER[noun]} are not in this version\n")
        return 1
    if noun not in NOUNS:
        sys.stderr.write(f"packbench-hub: there is no {noun}; see packbench-hub --help\n")
        return 2
    module = import_module(f"sync.hub.cli.{NOUNS[noun][0]}")
    run: Callable[[str, list[str]], int] = module.run
    return run(noun, rest)


def _usage() -> str:
    width = max(map(len, NOUNS))
    rows = "\n".join(f"  {noun:{width}}  {says}" for noun, (_, says) in NOUNS.items())
    return (
        "usage: packbench-hub NOUN …\n\nThe central sync service of Packbench.\n\n"
        f"{rows}\n\n`packbench-hub NOUN --help` says more.\n"
        "PACKBENCH_HOME is the hub's folder, PACKBENCH_DATABASE its database's URL.\n"
    )
