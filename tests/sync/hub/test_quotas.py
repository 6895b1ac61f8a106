"""Quotas of one hub, and of several that share them without asking each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import event, update

from sync.hub import quotas, schema, setup
from sync.hub.engine import Store, open_store
from sync.hub.process import Life
from sync.hub.quotas import Quotas

NOW = 1_000_000.0


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    url = f"sqlite:///{tmp_path / 'hub.db'}"
    made = open_store(request.getfixturevalue("postgresql") if request.param != "sqlite" else url)
    setup.make(made)
    yield made
    made.close()


class Process:
    """One hub process, as far as it lives and counts."""

    def __init__(self, store: Store) -> None:
        self.quotas = Quotas()
        self.life = Life(store, counted=self.quotas.share)
        self.life.enter()

    def given(self, now: float, bench: str = "b1") -> int:
        """Ask until it says no."""
        return _until_no(lambda: self.quotas.ask(bench, now))


Enters = Callable[[], Process]


@pytest.fixture
def process(store: Store) -> Iterator[Enters]:
    """Start hub processes, and end them."""
    with ExitStack() as stack:

        def enters() -> Process:
            made = Process(store)
            stack.callback(made.life.end)
            return made

        yield enters


def _until_no(ask: Callable[[], float]) -> int:
    given = 0
    while not ask():
        given += 1
    return given


def test_one_hub_gives_all_there_is(process: Enters) -> None:
    one = process()
    assert one.given(NOW) == quotas.REQUESTS_AT_ONCE
    assert one.given(NOW + 2.0) == 2 * quotas.REQUESTS_PER_SECOND


def test_two_hubs_together_give_no_more_than_one(process: Enters) -> None:
    one, other = process(), process()
    one.life.beat()
    assert one.given(NOW) + other.given(NOW) == quotas.REQUESTS_AT_ONCE
    assert one.given(NOW + 2.0) + other.given(NOW + 2.0) == 2 * quotas.REQUESTS_PER_SECOND
    assert one.given(NOW + 2.0, "b2") == quotas.REQUESTS_AT_ONCE / 2


def test_strangers_and_codes_are_counted_over_both(process: Enters) -> None:
    both = (process(), process())
    both[0].life.beat()
    assert sum(_guesses(one.quotas) for one in both) <= quotas.GUESSES
    assert sum(_knocks(one.quotas) for one in both) == quotas.FORGED_AT_ONCE


def _guesses(shares: Quotas) -> int:
    def guess() -> float:
        wait = shares.guess("10.0.0.6", NOW)
        if not wait:
            shares.wrong("10.0.0.6", NOW)
        return wait

    return _until_no(guess)


def _knocks(shares: Quotas) -> int:
    def knock() -> float:
        wait = shares.stranger("10.0.0.6", NOW)
        shares.forged("10.0.0.6", NOW)
        return wait

    return _until_no(knock)


def test_when_a_hub_leaves_or_dies_the_other_gives_the_whole_again(
    store: Store, process: Enters
) -> None:
    one, other, third = (process() for _ in range(3))
    for each in (one, other):
        each.life.beat()
    third.life.end()
    one.life.beat()
    assert one.given(NOW) == quotas.REQUESTS_AT_ONCE / 2
    with store.write() as connection:
        row = schema.process
        silent = update(row).where(row.c.name == other.life.name)
        connection.execute(silent.values(beat_at=row.c.beat_at - 60.0))
    one.life.beat()
    assert one.given(NOW + 2.0) == 2 * quotas.REQUESTS_PER_SECOND


def test_a_share_that_shrinks_takes_what_was_saved_up_with_it(process: Enters) -> None:
    one = process()
    one.quotas.ask("b1", NOW)
    other = process()
    one.life.beat()
    assert one.given(NOW) + other.given(NOW) == quotas.REQUESTS_AT_ONCE


def test_however_many_hubs_there_are_a_bench_can_work_at_one() -> None:
    crowded = Quotas()
    crowded.share(200)
    assert not crowded.ask("b1", NOW)
    assert _until_no(lambda: crowded.ask("b1", NOW)) == quotas.REQUESTS_AT_ONCE / 200 - 1
    assert _until_no(lambda: crowded.ask("b1", NOW + 1.0)) == quotas.LEAST_PER_SECOND
    assert _guesses(crowded) == quotas.LEAST_GUESSES


def test_a_request_that_is_counted_writes_nothing(store: Store, process: Enters) -> None:
    one = process()
    said: list[str] = []
    event.listen(store.engine, "before_cursor_execute", lambda *args: said.append(args[2]))
    one.given(NOW)
    assert said == []
