"""How long this bench may begin on what it has, over restarts of program and machine."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from station.store.lease import KEEP_SECONDS, LeaseShelf
from station.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "bench.db")
    yield store
    store.close()


def test_a_bench_that_was_never_told_a_lease_works_at_any_time(store: Store) -> None:
    assert LeaseShelf(store, "boot").until() == math.inf


def test_a_lease_is_there_after_a_restart_of_the_program(store: Store) -> None:
    LeaseShelf(store, "boot").hold(500.0)
    assert LeaseShelf(store, "boot").until() == 500.0


def test_after_a_restart_of_the_machine_it_is_over_until_the_hub_answers(store: Store) -> None:
    LeaseShelf(store, "boot").hold(500.0)
    after = LeaseShelf(store, "another")
    assert after.until() == -math.inf
    after.hold(90.0)
    assert after.until() == 90.0
    assert LeaseShelf(store, "another").until() == 90.0


def test_a_machine_that_does_not_name_its_starts_never_trusts_an_old_one(store: Store) -> None:
    LeaseShelf(store, "").hold(500.0)
    assert LeaseShelf(store, "").until() == -math.inf


def test_a_lease_that_grows_is_written_once_a_minute_and_one_that_shrinks_at_once(
    store: Store,
) -> None:
    shelf = LeaseShelf(store, "boot")
    shelf.hold(500.0)
    shelf.hold(503.0)
    assert shelf.until() == 503.0
    assert LeaseShelf(store, "boot").until() == 500.0
    shelf.hold(500.0 + KEEP_SECONDS)
    assert LeaseShelf(store, "boot").until() == 500.0 + KEEP_SECONDS
    shelf.hold(300.0)
    assert LeaseShelf(store, "boot").until() == 300.0


def test_a_hub_that_gives_no_leases_any_more_ends_the_one_there_was(store: Store) -> None:
    LeaseShelf(store, "boot").hold(500.0)
    LeaseShelf(store, "boot").hold(math.inf)
    assert LeaseShelf(store, "another").until() == math.inf
