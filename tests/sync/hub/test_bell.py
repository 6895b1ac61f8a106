"""A change that one hub commits wakes who waits at another."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import select, text

from sync.hub import feed
from sync.hub.bell import Bell, _Waiting
from sync.hub.engine import Store
from sync.hub.schema import bench
from tests.sync.hub.test_entries import Hub
from tests.sync.hub.world import opened

PATIENCE_SECONDS = 60
NEVER = 3_600.0
"""Between two looks of a hub that must not find out by looking."""


class Two:
    """Two hub processes, as far as their bells know, on one database."""

    def __init__(self, url: str, folder: Path, look_seconds: float) -> None:
        self.stack = ExitStack()
        self.stores = [self._store(folder, url) for _ in range(2)]
        self.bells = [Bell(look_seconds), Bell(look_seconds)]
        for bell, store in zip(self.bells, self.stores, strict=True):
            bell.start(store)
            self.stack.callback(bell.end)

    def _store(self, folder: Path, url: str) -> Store:
        store, _, _ = opened(folder, url)
        self.stack.callback(store.close)
        return store

    def heard(self) -> None:
        """Wait until both hear each other."""
        for bell in self.bells:
            assert bell.listening.wait(PATIENCE_SECONDS)

    def change(self, *names: str) -> None:
        """Commit a change of these benches' feeds through the first hub."""
        with self.stores[0].write() as connection:
            for name in names:
                feed.put(connection, name, {f"o-{time.monotonic_ns()}#1": True}, time.time())

    @asynccontextmanager
    async def waiting(self, name: str = "b1") -> AsyncIterator[_Waiting]:
        """Wait at the second hub, as a long-poll does."""
        one = self.bells[1].listen(name)
        try:
            yield one
        finally:
            self.bells[1].leave(one)


@pytest.fixture
def benches(tmp_path: Path, postgresql: str) -> str:
    made = Hub.__new__(Hub)
    made.store, _, made.book = opened(tmp_path, postgresql)
    made.bench("b1")
    made.bench("b2")
    made.store.close()
    return postgresql


async def rung(one: _Waiting) -> None:
    """Wait until somebody wakes it."""
    await asyncio.wait_for(one.event.wait(), PATIENCE_SECONDS)


@pytest.mark.slow
async def test_a_change_at_one_hub_wakes_who_waits_at_the_other(
    benches: str, tmp_path: Path
) -> None:
    two = Two(benches, tmp_path, NEVER)
    with two.stack:
        two.heard()
        two.bells[1].look(two.stores[1])
        async with two.waiting() as one, two.waiting("b2") as other:
            two.change("b1")
            two.bells[0].look(two.stores[0])
            await rung(one)
            # Nobody looked by time, and whose feed did not move sleeps on.
            assert not other.event.is_set()


@pytest.mark.slow
async def test_a_change_that_nobody_announced_is_found_by_looking(
    benches: str, tmp_path: Path
) -> None:
    """The hub died between its commit and its NOTIFY, or a command line has written."""
    two = Two(benches, tmp_path, 0.25)
    with two.stack:
        two.heard()
        async with two.waiting() as one:
            await rung(one)  # the first look finds every head new
            one.event.clear()
            two.change("b1")
            await rung(one)


@pytest.mark.slow
async def test_a_listener_that_was_cut_off_listens_again(benches: str, tmp_path: Path) -> None:
    two = Two(benches, tmp_path, NEVER)
    with two.stack:
        two.heard()
        cut = text(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE query LIKE 'LISTEN%' AND datname = current_database()"
        )
        with two.stores[0].write() as connection:
            connection.execute(cut)
        deadline = time.monotonic() + PATIENCE_SECONDS
        async with two.waiting() as one:
            while not one.event.is_set():
                assert time.monotonic() < deadline
                two.change("b1")
                two.bells[0].look(two.stores[0])
                # What was told while nobody listened is lost: there will be another change.
                await asyncio.wait([asyncio.create_task(one.event.wait())], timeout=0.1)
        assert all(bell.alive for bell in two.bells)


async def test_two_processes_on_one_file_find_each_others_changes_by_looking(
    tmp_path: Path,
) -> None:
    made = Hub(tmp_path)
    made.bench("b1")
    made.store.close()
    two = Two("", tmp_path, 0.05)
    with two.stack:
        async with two.waiting() as one:
            await rung(one)
            one.event.clear()
            two.change("b1")
            await rung(one)


@pytest.mark.slow
async def test_what_another_hub_said_is_not_said_again(benches: str, tmp_path: Path) -> None:
    """Two hubs that answered each other would never be silent."""
    two = Two(benches, tmp_path, NEVER)
    with two.stack:
        two.heard()
        async with two.waiting() as one:
            two.change("b1")
            two.bells[0].look(two.stores[0])
            await rung(one)
            with two.stores[1].read() as connection:
                head = connection.execute(
                    select(bench.c.feed_seq).where(bench.c.name == "b1")
                ).scalar_one()
            assert two.bells[1]._told["b1"] == head
