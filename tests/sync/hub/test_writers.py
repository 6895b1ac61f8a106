"""Very many write to an SQLite hub at once: they queue at one door, and each is answered."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import httpx
import msgspec
import pytest
from sqlalchemy import Connection, event, func, insert, select

from sync.hub import benches
from sync.hub.engine import open_store
from sync.hub.schema import entry, meta
from sync.orders import facts
from sync.protocol.messages import Acked, Enrol, Heartbeat, Kind, Refusal
from tests.builders import an_order
from tests.sync.hub.signed import Signed
from tests.sync.hub.test_server import running
from tests.sync.hub.world import Bench

BENCHES, BATCHES, ENTRIES = 30, 6, 5
PATIENCE_SECONDS = 240.0


class Doors:
    """Counts who is within a write transaction of one process."""

    def __init__(self) -> None:
        self.within = 0
        self.most = 0
        self._lock = threading.Lock()

    def said(self, connection: Connection, cursor: object, sql: str, *_: object) -> None:
        """Hear a statement before it is carried out."""
        with self._lock:
            if sql.startswith("BEGIN IMMEDIATE"):
                self.within += 1
                self.most = max(self.most, self.within)
            elif sql in ("COMMIT", "ROLLBACK") and connection.info.get("writes"):
                self.within -= 1
            connection.info["writes"] = sql.startswith("BEGIN IMMEDIATE") or (
                connection.info.get("writes") and sql not in ("COMMIT", "ROLLBACK")
            )


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_storm_of_writers_goes_through_one_door_and_everybody_is_answered(
    tmp_path: Path,
) -> None:
    order = an_order()
    started = facts.PackStarted(shipment=order.shipments[0].id)
    refused: list[Refusal] = []
    wrong: list[Exception] = []
    doors = Doors()
    with running(tmp_path) as hub:
        event.listen(hub.hub.store.engine, "before_cursor_execute", doors.said)

        def work(name: str) -> None:
            try:
                with httpx.Client(base_url=hub.url, timeout=PATIENCE_SECONDS) as client:
                    me = Signed(name)
                    said = Enrol(code=hub.code(name), public_key=me.signer.public_key)
                    with hub.hub.store.write() as connection:
                        assert benches.enrol(connection, said, time.time()) is not None
                    client.auth = me
                    bench = Bench(hub.hub.store, hub.hub.book, name, me.incarnation)
                    for n in range(BATCHES):
                        previous = bench.hash
                        new = bench.numbered(order.id, None, *[started] * ENTRIES)
                        batch = msgspec.json.encode(bench.batch(previous, new))
                        got = post(client, "/v1/entries", batch, refused)
                        assert msgspec.json.decode(got, type=Acked).acked == (n + 1) * ENTRIES
                        beat = msgspec.json.encode(Heartbeat(bench=name, pending=n))
                        post(client, "/v1/heartbeat", beat, refused)
            except Exception as broken:  # noqa: BLE001 -- it is shown where the test looks
                wrong.append(broken)

        threads = [threading.Thread(target=work, args=(f"b{n}",)) for n in range(BENCHES)]
        for thread in threads:
            thread.start()
        beside(tmp_path, threads)
        for thread in threads:
            thread.join(PATIENCE_SECONDS)
        assert not wrong, wrong[:3]
        with hub.hub.store.read() as connection:
            found = select(entry.c.bench, func.count()).group_by(entry.c.bench)
            counts = {name: n for name, n in connection.execute(found).all() if name != "hub"}
        assert counts == {f"b{n}": BATCHES * ENTRIES for n in range(BENCHES)}
    assert doors.most == 1
    # Whoever could not be served in his turn was told so, and not what the database says.
    assert all("database" not in one.error for one in refused)


def post(client: httpx.Client, path: str, body: bytes, refused: list[Refusal]) -> bytes:
    """Ask until it is done; a hub with too much to do says when to come again."""
    while True:
        got = client.post(path, content=body)
        if got.status_code == 200:
            return got.content
        said = msgspec.json.decode(got.content, type=Refusal)
        assert said.kind is Kind.BUSY, said
        refused.append(said)
        threading.Event().wait(float(got.headers["Retry-After"]) / 10)


def beside(folder: Path, while_: list[threading.Thread]) -> None:
    """Write as a command does meanwhile, in at its own door."""
    store = open_store(f"sqlite:///{folder / 'hub.db'}")
    n = 0
    while any(thread.is_alive() for thread in while_):
        n += 1
        with store.write() as connection:
            connection.execute(insert(meta).values(name=f"beside-{n}", value=str(time.time())))
        threading.Event().wait(0.02)
    store.close()
    assert n
