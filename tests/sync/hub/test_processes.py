"""Hub processes live, die, are stopped, restarted and asked to leave; nobody loses anything."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from sync.hub import allot, channels, labels, process, schema, setup
from sync.hub.engine import Store, open_store
from sync.hub.labels import Taken
from sync.hub.process import Alive, Life
from sync.hub.schema import bench, channel, parcel, shipment
from tests.builders import an_order
from tests.sync.hub.test_entries import Hub
from tests.sync.hub.world import opened


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = open_store(f"sqlite:///{tmp_path / 'hub.db'}")
    setup.make(made)
    yield made
    made.close()


def age(store: Store, name: str, seconds: float) -> None:
    """Let a process have been silent for so long."""
    with store.write() as connection:
        row = schema.process
        connection.execute(
            update(row).where(row.c.name == name).values(beat_at=row.c.beat_at - seconds)
        )


def hold(store: Store, id: str, name: str, due_at: float) -> None:
    """Let a process be at a parcel."""
    with store.write() as connection:
        row = {"id": id, "order_id": id, "label_work": True, "confirm_work": False}
        others = {"tracking": "", "tries": 0, "due_at": due_at, "holder": name}
        connection.execute(parcel.insert().values(**row, **others))


def due_at(store: Store, id: str) -> float:
    with store.read() as connection:
        found = connection.execute(select(parcel.c.due_at).where(parcel.c.id == id)).scalar_one()
    return float(found)


# --- names and beats


def test_processes_take_the_first_free_name_and_give_it_back(store: Store) -> None:
    first, second = Life(store), Life(store)
    assert [first.enter(), second.enter()] == ["hub-1", "hub-2"]
    first.end()
    third = Life(store)
    assert third.enter() == "hub-1"
    second.end()
    third.end()
    with store.read() as connection:
        assert process.living(connection) == []


def test_a_name_that_lives_is_refused(store: Store) -> None:
    first, second = Life(store), Life(store)
    first.enter("left")
    with pytest.raises(Alive, match="left lives already"):
        second.enter("left")
    first.end()


def test_who_has_a_dead_ones_name_has_its_work_at_once(store: Store) -> None:
    dead = Life(store)
    dead.enter()
    later = time.time() + 100
    hold(store, "a", "hub-1", later)
    hold(store, "b", "hub-2", later)
    assert dead._lock is not None
    dead._lock.close()  # as the kernel does when a process is killed
    again = Life(store)
    assert again.enter() == "hub-1"
    assert due_at(store, "a") == process.LEFT
    assert due_at(store, "b") == later
    again.end()


def test_a_parcel_is_not_taken_from_a_process_that_lives(store: Store) -> None:
    """Its talk lasts: it may be waiting for its turn at a marketplace that is slow."""
    one = Life(store)
    one.enter()
    now = time.time()
    hold(store, "a", "hub-1", now - 1)
    with store.write() as connection:
        assert labels.take(connection, "a", now, "hub-2") is Taken.NOT
    assert due_at(store, "a") > now
    one.end()
    with store.write() as connection:
        assert labels.take(connection, "a", now, "hub-2") is Taken.AGAIN


def test_a_silent_process_is_buried_once_and_its_work_is_free(store: Store) -> None:
    told: list[list[str]] = []
    dead, other, third = Life(store), Life(store, told.append), Life(store)
    for one in (dead, other, third):
        one.enter()
    hold(store, "a", "hub-1", time.time() + 100)
    with store.write() as connection:
        row = {"name": "uk", "market": "amazon", "base_url": "", "token_url": "", "error": ""}
        row |= {"confirm_at": "closed", "credentials": b"", "rate_scale": 1, "time_scale": 1}  # type: ignore[dict-item]
        connection.execute(channel.insert().values(**row, added_at=0.0))
        assert channels.lead(connection, "uk", "hub-1")
        assert not channels.lead(connection, "uk", "hub-2")
    assert other.bury() == []
    age(store, "hub-1", 31)
    assert other.bury() == ["hub-1"]
    assert third.bury() == []
    assert due_at(store, "a") == process.LEFT
    with store.write() as connection:
        assert channels.lead(connection, "uk", "hub-3")
    # The dead one was only stopped: it finds that it must not go on.
    assert not dead.beat()
    assert other.beat()
    for one in (dead, other, third):
        one.end()


def test_a_process_whose_row_is_gone_ends(store: Store) -> None:
    lost = threading.Event()
    one = Life(store, lost=lost.set)
    one.enter()
    age(store, "hub-1", 100)
    other = Life(store)
    other.enter()
    assert other.bury() == ["hub-1"]
    one.start()
    assert lost.wait(60)
    one.end()
    other.end()


@pytest.mark.slow
def test_a_process_that_cannot_say_that_it_lives_ends(tmp_path: Path, postgresql: str) -> None:
    """The database does not answer it, so that another one will be taken to be alone."""
    made, _, _ = opened(tmp_path, postgresql)
    lost = threading.Event()
    one = Life(made, lost=lost.set, quiet_seconds=1.0)
    one.enter()
    with made.write() as connection:
        connection.exec_driver_sql("ALTER TABLE process RENAME TO away")
    one.start()
    assert lost.wait(60)
    with made.write() as connection:
        connection.exec_driver_sql("ALTER TABLE away RENAME TO process")
    one.end()
    made.close()


@pytest.mark.slow
def test_two_hubs_allot_at_the_same_time_and_each_order_goes_out_once(
    tmp_path: Path, postgresql: str
) -> None:
    hubs = []
    for _ in range(2):
        one = Hub.__new__(Hub)
        one.store, _, one.book = opened(tmp_path, postgresql)
        hubs.append(one)
    number = 60
    hubs[0].add(*(an_order(f"n-{n}") for n in range(number)))
    for name in ("b1", "b2", "b3"):
        hubs[0].bench(name)
    with hubs[0].store.write() as connection:
        connection.execute(update(bench).values(prefetch=number))
    done: list[str] = []
    start = threading.Barrier(2)

    def go(hub: Hub) -> None:
        start.wait()
        done.extend(one.shipment for one in allot.allot(hub.store, hub.book, time.time()))

    threads = [threading.Thread(target=go, args=(hub,)) for hub in hubs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == len(set(done)) == number
    with hubs[0].store.read() as connection:
        claims = connection.execute(select(func.max(shipment.c.claims))).scalar_one()
    assert claims == 1
    for hub in hubs:
        hub.store.close()
