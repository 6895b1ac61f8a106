"""The hub's disk is full: everybody is told, nothing is half there, and it goes on by itself."""

from __future__ import annotations

import resource
import signal
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import httpx
import msgspec
import pytest
from sqlalchemy import event, func, insert, select
from sqlalchemy.exc import InternalError, OperationalError

from sync.hub import benches, room
from sync.hub.answers import Hub
from sync.hub.engine import Store, full
from sync.hub.schema import entry, meta
from sync.orders import facts
from sync.protocol.messages import Acked, Enrol, Enrolled, Kind, Refusal
from tests.builders import an_order
from tests.sync.hub.serving import serving, until
from tests.sync.hub.signed import Signed
from tests.sync.hub.test_answers import Machine, hub, kind, machine
from tests.sync.hub.world import Bench, opened

__all__ = ["hub", "machine"]

ORDER = an_order()


@contextmanager
def a_full_disk(store: Store) -> Iterator[None]:
    """No page more: SQLite's own words for a full disk, on any system."""
    with store.read() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()

    def bound(most: int, raw: sqlite3.Connection, *_: object) -> None:
        raw.execute(f"PRAGMA max_page_count={most}")

    small, large = partial(bound, pages + 4), partial(bound, 10_000_000)
    event.listen(store.engine, "checkout", small)
    try:
        yield
    finally:
        event.remove(store.engine, "checkout", small)
        event.listen(store.engine, "checkout", large)


def said(bench: Bench, number: int = 200) -> bytes:
    """Give the next batch of a bench's journal."""
    started = facts.PackStarted(shipment=ORDER.shipments[0].id)
    previous = bench.hash
    return msgspec.json.encode(
        bench.batch(previous, bench.numbered(ORDER.id, None, *[started] * number))
    )


def stored(store: Store) -> int:
    """Count the entries of benches."""
    with store.read() as connection:
        found = select(func.count()).select_from(entry).where(entry.c.bench == "b1")
        return int(connection.execute(found).scalar_one())


def test_a_full_disk_takes_nothing_half_and_says_so_until_there_is_room(
    hub: Hub, machine: Machine
) -> None:
    bench = Bench(hub.store, hub.book, "b1", machine.incarnation)
    batches = [said(bench) for _ in range(5)]
    got = machine.ask("POST", "/v1/entries", batches[0])
    assert msgspec.json.decode(got.body, type=Acked).acked == 200
    assert machine.open("GET", "/readyz").body == b"ready\n"
    with a_full_disk(hub.store):
        answers = [machine.ask("POST", "/v1/entries", batches[1]) for _ in range(3)]
        assert all(kind(one) is Kind.BUSY for one in answers)
        for one in answers:
            assert msgspec.json.decode(one.body, type=Refusal).error == room.SENTENCE
            assert one.headers["Retry-After"] == "5"
        assert stored(hub.store) == 200
        ready = machine.open("GET", "/readyz")
        assert (ready.status, ready.body.decode().strip()) == (503, room.SENTENCE)
        assert machine.ask("GET", "/v1/me").status == 200  # what only reads goes on
        assert machine.open("GET", "/healthz").status == 200
    for n, batch in enumerate(batches[1:], 2):
        got = machine.ask("POST", "/v1/entries", batch)
        assert msgspec.json.decode(got.body, type=Acked).acked == n * 200
    assert stored(hub.store) == 1_000
    assert machine.open("GET", "/readyz").body == b"ready\n"
    with hub.store.read() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
        assert not connection.execute(select(meta).where(meta.c.name == room.ROOM)).all()


def test_a_row_that_still_fits_does_not_make_the_disk_have_room(hub: Hub, machine: Machine) -> None:
    bench = Bench(hub.store, hub.book, "b1", machine.incarnation)
    with a_full_disk(hub.store):
        assert kind(machine.ask("POST", "/v1/entries", said(bench))) is Kind.BUSY
        with hub.store.write() as connection:
            connection.execute(insert(meta).values(name="small", value="x"))
        assert machine.open("GET", "/readyz").status == 503
    assert machine.open("GET", "/readyz").status == 200


def test_a_transaction_that_the_full_disk_ended_says_what_was_wrong(tmp_path: Path) -> None:
    store, _, _ = opened(tmp_path)
    with a_full_disk(store), pytest.raises(OperationalError, match="is full"):
        write_much(store)
    with store.write() as connection:  # nothing is left open
        connection.execute(insert(meta).values(name="new", value="1"))
    store.close()


def write_much(store: Store) -> None:
    with store.write() as connection:
        connection.execute(insert(meta).values(name="much", value="x" * 1_000_000))


@pytest.mark.parametrize(
    ("state", "takes_no_more"), [("53100", True), ("58030", True), ("57P01", False), ("", False)]
)
def test_postgresql_says_by_its_state_that_the_disk_is_full(
    state: str, *, takes_no_more: bool
) -> None:
    class Said(Exception):
        sqlstate = state

    wrong = OperationalError("INSERT", {}, Said("could not extend file: No space left on device"))
    assert full(wrong) is takes_no_more
    assert (str(room.undone(wrong)) == room.SENTENCE) is takes_no_more


def test_a_standby_that_may_not_write_yet_is_tried_again(
    hub: Hub, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(store: Store) -> None:
        raise InternalError("UPDATE", {}, Exception("cannot execute UPDATE in a read-only"))

    monkeypatch.setattr(Store, "write", refused)
    got = machine.ask("POST", "/v1/heartbeat", b'{"bench":"b1"}')
    assert kind(got) is Kind.BUSY


# -- the kernel's own word


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux changes another one's limits")
def test_a_hub_whose_files_may_not_grow_refuses_lives_and_goes_on(tmp_path: Path) -> None:
    """A limit of the file's size stands for a quota: the write fails, and may later not."""
    store, _, book = opened(tmp_path)
    with store.write() as connection:
        code = benches.new_code(connection, "b1", time.time())
    me = Signed("b1")
    with (
        serving(tmp_path, f"sqlite:///{tmp_path / 'hub.db'}") as process,
        httpx.Client(base_url=process.url, timeout=60) as client,
    ):
        body = msgspec.json.encode(Enrol(code=code, public_key=me.signer.public_key))
        enrolled = msgspec.json.decode(
            client.post("/v1/enrol", content=body).content, type=Enrolled
        )
        client.auth, me.incarnation = me, enrolled.incarnation
        bench = Bench(store, book, "b1", enrolled.incarnation)
        batches = [said(bench, 500) for _ in range(6)]
        sizes = [one.stat().st_size for one in tmp_path.glob("hub.db*")]
        limit(process.pid, max(sizes) + 64 * 1024)
        acked, refused = 0, 0
        for one in batches:
            got = client.post("/v1/entries", content=one)
            if got.status_code == 503:
                answer = msgspec.json.decode(got.content, type=Refusal)
                assert (answer.kind, answer.error) == (Kind.BUSY, room.SENTENCE)
                refused += 1
                break
            acked = msgspec.json.decode(got.content, type=Acked).acked
        assert refused
        assert stored(store) == acked
        ready = process.ready()
        assert (ready.status_code, ready.text.strip()) == (503, room.SENTENCE)
        limit(process.pid, resource.RLIM_INFINITY)
        until(lambda: process.ready().status_code == 200)
        for one in batches[acked // 500 :]:
            got = client.post("/v1/entries", content=one)
            acked = msgspec.json.decode(got.content, type=Acked).acked
        assert stored(store) == acked == 3_000
        process.send(signal.SIGTERM)
        assert process.wait() == 0
    with store.read() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
    store.close()


def limit(pid: int, size: int) -> None:
    """Let a process's files grow so far."""
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))
