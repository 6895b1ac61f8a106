"""Is each planted bug caught? A rig that finds nothing may only be looking away."""

from __future__ import annotations

import pytest

from tests.torture.mutants import MUTANTS
from tests.torture.simulation import command

QUICKLY = (
    "noafter",
    "overlayloss",
    "digestskips",
    "staleleave",
    "confirmearly",
    "loosescans",
    "hubcache",
    "hubcounter",
    "bothbuy",
    "noepoch",
    "seqcursor",
)
"""Those that show in the first seed, within a few seconds; all of them are tried by
`make torture ARGS="simulation --mutants"`."""


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", QUICKLY)
def test_a_planted_bug_is_caught(name: str) -> None:
    ended = command.caught(name)
    assert ended is not None, f"{name} broke nothing"


def test_every_planted_bug_says_what_it_breaks() -> None:
    for name, mutant in MUTANTS.items():
        assert mutant.swaps.__doc__, name
        for where, what, _ in mutant.swaps():
            assert hasattr(where, what), name
