"""Real hub processes are killed, stopped, restarted and cut off; nobody loses anything."""

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
from sqlalchemy import create_engine, select, update

from sync.hub import benches, process
from sync.hub.process import LOST_STATUS, SILENT_SECONDS
from sync.hub.schema import parcel, shipment
from sync.orders import Confirmation, LabelState
from sync.protocol.messages import Enrol, Enrolled, Page
from tests.sync.hub.serving import PATIENCE_SECONDS, Serving, gate, serving, until
from tests.sync.hub.signed import Signed
from tests.sync.hub.test_processes import age
from tests.sync.hub.world import World, world

# A process is dead to the others after half a minute: these wait for processes.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


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
            assert time.monotonic() - leaves < PATIENCE_SECONDS / 2, "it took too long to leave"
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
        age(here.store, at_it, SILENT_SECONDS + 1)
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
            age(here.store, at_it, SILENT_SECONDS + 1)
            held.open.set()
            until(lambda: here.parcel(id).confirmation is Confirmation.ACCEPTED)
        hubs[at_it].send(signal.SIGCONT)
        assert hubs[at_it].wait() == LOST_STATUS
        assert "this process ends" in hubs[at_it].words()
    books = here.amazon_books()
    assert (books["confirmations"], books["edits"], books["refused"]) == (1, 0, 0)


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
        with here.store.write() as connection:
            # Not after the two minutes for which a parcel is somebody's: they are days here.
            connection.execute(update(parcel).values(due_at=parcel.c.due_at + 1e6))
        held.open.set()
        with serving(tmp_path, url) as again:
            until(lambda: here.parcel(id).label_state is LabelState.BOUGHT)
            again.send(signal.SIGTERM)
            assert again.wait() == 0
        books = here.carrier_books()
        assert (books["labels"], books["double"]) == (1, 0)


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
