"""The same hub on PostgreSQL: the same stories, and writers that really write at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from sync.hub import feed
from sync.orders import HoldKind, facts
from sync.protocol import cursor
from sync.protocol.messages import Page
from tests.builders import an_order
from tests.sync.hub import test_crashes, test_entries, test_rounds
from tests.sync.hub.test_entries import Hub
from tests.sync.hub.world import World, opened, world

pytestmark = pytest.mark.slow


@pytest.fixture
def here(tmp_path: Path, postgresql: str) -> Iterator[World]:
    with world(tmp_path, postgresql) as made:
        yield made


@pytest.fixture
def hub(tmp_path: Path, postgresql: str) -> Iterator[Hub]:
    made = Hub.__new__(Hub)
    made.store, _, made.book = opened(tmp_path, postgresql)
    yield made
    made.store.close()


@pytest.mark.parametrize(
    "story",
    [
        test_rounds.test_orders_come_in_are_labelled_packed_and_confirmed,
        test_rounds.test_reading_the_same_orders_again_changes_nothing,
        test_rounds.test_a_cancelled_order_vanishes_from_the_bench_and_its_label_is_given_back,
        test_rounds.test_a_new_address_replaces_the_label,
        test_rounds.test_busy_servers_and_dead_tokens_are_outlasted,
        test_crashes.test_an_address_that_changed_while_the_answer_was_out_gets_its_own_label,
        test_crashes.test_a_marketplace_that_is_away_is_told_when_it_is_back,
    ],
    ids=lambda story: story.__name__,
)
def test_a_story_is_the_same(here: World, story: Callable[[World], None]) -> None:
    story(here)


def test_entries_have_the_same_verdicts(hub: Hub) -> None:
    order = an_order()
    hub.add(order)
    bench = hub.bench()
    hub.allot()
    bench.catch_up()
    test_entries.test_work_under_a_lost_claim_is_fenced_and_changes_nothing(
        (hub, bench, hub.order(order.id))
    )


def test_writers_at_once_leave_no_gap_in_a_feed(hub: Hub) -> None:
    """Eight writers change a bench's orders; a reader that follows misses none of it."""
    ids = [f"n-{n}" for n in range(8)]
    hub.add(*(an_order(id) for id in ids))
    bench = hub.bench()
    hub.allot()
    done = threading.Event()

    def change(id: str) -> None:
        hold = facts.OrderHeld(shipment=f"{id}#1", hold=HoldKind.FRAUD)
        for _ in range(10):
            hub.record(id, hold)
            hub.record(id, facts.HoldReleased(shipment=hold.shipment, hold=hold.hold))

    writers = [
        threading.Thread(target=change, args=(f"amazon-uk:{id}",), daemon=True) for id in ids
    ]
    for writer in writers:
        writer.start()
    while not done.is_set():
        if not any(writer.is_alive() for writer in writers):
            done.set()
        bench.read(limit=3)
    bench.catch_up()
    for id in ids:
        assert bench.orders[f"amazon-uk:{id}#1"] == hub.order(f"amazon-uk:{id}")
    with hub.store.read() as connection:
        whole = feed.page(connection, hub.book, "b1", cursor.START, 100, time.time())
    assert isinstance(whole, Page)
    assert {one.shipment: one.order for one in whole.changes} == bench.orders


def test_a_write_that_is_open_for_long_holds_up_no_feed(hub: Hub, server: str) -> None:
    """In this database and in another of the cluster: a cursor by transaction ids stands still."""
    other = create_engine(server)
    mine = hub.store.engine
    hub.add(an_order("n-1"))
    bench = hub.bench()
    hub.allot()
    with other.connect() as elsewhere, mine.connect() as here, mine.connect() as outside:
        opened = [
            int(one.exec_driver_sql("SELECT pg_current_xact_id()::text").scalar_one())
            for one in (elsewhere, here)
        ]
        bench.catch_up()
        at = cursor.read(bench.at).seq
        for n in range(50):
            hold = facts.OrderHeld(shipment="amazon-uk:n-1#1", hold=HoldKind.FRAUD)
            hub.record("amazon-uk:n-1", hold)
            hub.record("amazon-uk:n-1", facts.HoldReleased(shipment=hold.shipment, hold=hold.hold))
            bench.catch_up()
            assert bench.orders[hold.shipment] == hub.order("amazon-uk:n-1"), n
        assert cursor.read(bench.at).seq == at + 100
        # They were open all the time, and what a cursor by transactions waits for did not move.
        oldest = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text"
        assert int(outside.exec_driver_sql(oldest).scalar_one()) <= min(opened)
    other.dispose()
