"""Hub processes live, die, are stopped, restarted and asked to leave; nobody loses anything."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx
import msgspec
import pytest
from sqlalchemy import create_engine, func, select, update

from sync.hub import allot, benches, channels, labels, process, schema, setup
from sync.hub.engine import Store, open_store
from sync.hub.labels import Taken
from sync.hub.process import LOST_STATUS, Alive, Life
from sync.hub.schema import bench, channel, parcel, shipment
from sync.orders import Confirmation, LabelState
from sync.protocol.messages import Enrol, Enrolled, Page
from tests.builders import an_order
from tests.sync.hub.serving import Serving, gate, serving, until
from tests.sync.hub.signed import Signed
from tests.sync.hub.test_entries import Hub
from tests.sync.hub.world import World, opened, world


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
    assert lost.wait(20)
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
    assert lost.wait(20)
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


# --- real processes


@pytest.fixture
def there(tmp_path: Path, postgresql: str) -> Iterator[tuple[World, Path, str]]:
    """The outside, and books on PostgreSQL that hub processes can open."""
    with world(tmp_path, postgresql) as made:
        yield made, tmp_path, postgresql


class Caller:
    """A bench that waits for news at whichever hub there is, and notes what it is told."""

    def __init__(self, world: World, hubs: list[Serving]) -> None:
        self._hubs = hubs
        self._client = httpx.Client(timeout=60)
        me = Signed("caller")
        with world.store.write() as connection:
            code = benches.new_code(connection, "caller", time.time())
        said = msgspec.json.encode(Enrol(code=code, public_key=me.signer.public_key))
        answer = self._client.post(f"{hubs[0].url}/v1/enrol", content=said)
        me.incarnation = msgspec.json.decode(answer.content, type=Enrolled).incarnation
        self._client.auth = me
        self.stop = threading.Event()
        self.told: list[int] = []
        self.shipments: set[str] = set()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        at, which = "0.0", 0
        while not self.stop.is_set():
            hub = self._hubs[which % len(self._hubs)]
            try:
                answer = self._client.get(f"{hub.url}/v1/feed", params={"after": at, "wait": 5})
            except httpx.TransportError:
                which += 1  # it is gone: the next one
                self.stop.wait(0.05)
                continue
            self.told.append(answer.status_code)
            if answer.status_code == 200:
                page = msgspec.json.decode(answer.content, type=Page)
                at = page.next
                self.shipments |= {one.shipment for one in page.changes}

    def close(self) -> None:
        """Wait no more."""
        self.stop.set()
        self._thread.join()
        self._client.close()


@pytest.mark.slow
def test_hubs_are_restarted_one_after_the_other_and_benches_only_reconnect(
    there: tuple[World, Path, str],
) -> None:
    here, folder, url = there
    with serving(folder, url) as first, serving(folder, url) as second:
        hubs = [first, second]
        assert [one.ready().status_code for one in hubs] == [200, 200]
        caller = Caller(here, hubs)
        try:
            ids = here.place()
            until(lambda: caller.shipments)
            leaves = time.monotonic()
            first.send(signal.SIGTERM)
            until(lambda: first.ready().status_code == 503)
            assert first.wait() == 0
            assert time.monotonic() - leaves < 30, "it took too long to leave"
            with serving(folder, url) as third:
                hubs[0] = third
                second.send(signal.SIGTERM)
                assert second.wait() == 0
                ids += here.place()
                until(lambda: {f"{id}#1" for id in ids} <= caller.shipments)
                with here.store.read() as connection:
                    # hub-1 left, and its name was given again; hub-2 has no row any more.
                    assert process.living(connection) == ["hub-1"]
                caller.close()
        finally:
            caller.close()
    assert set(caller.told) == {200}


@pytest.mark.slow
def test_what_a_killed_hub_was_at_is_done_by_the_other_one_once(
    there: tuple[World, Path, str],
) -> None:
    here, folder, url = there
    bench = here.bench()
    with serving(folder, url) as first, serving(folder, url) as second, gate("/labels") as held:
        hubs = {"hub-1": first, "hub-2": second}
        (id,) = here.place()
        assert held.reached.wait(60)
        at_it = holder(here, f"{id}#1/1")
        hubs[at_it].kill()
        held.open.set()
        until(lambda: here.parcel(id).label_state is LabelState.BOUGHT)
        with here.store.read() as connection:
            assert process.living(connection) == sorted(hubs.keys() - {at_it})
        bench.catch_up()
        bench.pack(here.order(id))
        until(lambda: here.parcel(id).confirmation is Confirmation.ACCEPTED)
    books = here.carrier_books()
    assert (books["labels"], books["double"]) == (1, 0)
    assert here.amazon_books()["confirmations"] == 1


@pytest.mark.slow
def test_a_hub_that_was_stopped_for_too_long_ends_and_tells_nothing_twice(
    there: tuple[World, Path, str],
) -> None:
    here, folder, url = there
    bench = here.bench()
    with serving(folder, url) as first, serving(folder, url) as second:
        hubs = {"hub-1": first, "hub-2": second}
        (id,) = here.place()
        until(lambda: labelled(here, id))
        bench.catch_up()
        with gate("/shipmentConfirmation") as held:
            bench.pack(here.order(id))
            assert held.reached.wait(60)
            at_it = holder(here, f"{id}#1/1")
            hubs[at_it].send(signal.SIGSTOP)
            held.open.set()
            until(lambda: here.parcel(id).confirmation is Confirmation.ACCEPTED)
        hubs[at_it].send(signal.SIGCONT)
        assert hubs[at_it].wait() == LOST_STATUS
        assert "this process ends" in hubs[at_it].words()
    books = here.amazon_books()
    assert (books["confirmations"], books["edits"], books["refused"]) == (1, 0, 0)


@pytest.mark.slow
def test_a_killed_hub_on_sqlite_goes_on_with_its_work_when_it_is_started_again(
    tmp_path: Path,
) -> None:
    url = f"sqlite:///{tmp_path / 'hub.db'}"
    with world(tmp_path) as here, gate("/labels") as held:
        here.bench()
        with serving(tmp_path, url) as first:
            (id,) = here.place()
            assert held.reached.wait(60)
            assert holder(here, f"{id}#1/1") == "hub-1"
            first.kill()
        held.open.set()
        with serving(tmp_path, url) as again:
            began = time.monotonic()
            until(lambda: here.parcel(id).label_state is LabelState.BOUGHT)
            # Not after the two minutes for which a parcel is somebody's.
            assert time.monotonic() - began < 60
            again.send(signal.SIGTERM)
            assert again.wait() == 0
        books = here.carrier_books()
        assert (books["labels"], books["double"]) == (1, 0)


@pytest.mark.slow
def test_a_database_that_was_killed_is_found_again(there: tuple[World, Path, str]) -> None:
    """Every connection is cut, as by a restart that asks nobody."""
    here, folder, url = there
    with serving(folder, url) as hub:
        caller = Caller(here, [hub])
        try:
            ids = here.place()
            until(lambda: caller.shipments)
            for _ in range(3):
                cut(url)
                ids += here.place()
                wanted = {f"{id}#1" for id in ids}
                until(partial(lambda wanted: wanted <= given(here), wanted))
            assert hub.ready().status_code == 200
            until(lambda: all(labelled(here, id) for id in ids))
        finally:
            caller.close()
    assert set(caller.told) <= {200, 503}
    assert here.carrier_books()["double"] == 0


def cut(url: str) -> None:
    """Cut every connection to a database but one's own."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    engine.dispose()


def holder(here: World, id: str) -> str:
    with here.store.read() as connection:
        found = connection.execute(select(parcel.c.holder).where(parcel.c.id == id))
        return str(found.scalar_one())


def labelled(here: World, id: str) -> bool:
    with here.store.read() as connection:
        order = here.book.get(connection, id)
    boxes = [box for one in order.shipments for box in one.parcels] if order else []
    return any(box.label_state is LabelState.BOUGHT for box in boxes)


def given(here: World) -> set[str]:
    with here.store.read() as connection:
        rows = connection.execute(select(shipment.c.id).where(shipment.c.bench != ""))
        return set(rows.scalars())
