"""The file itself: one lock, two connections, and the turn."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import DatabaseError

from station.store import schema as t
from station.store.engine import open_file, sound
from station.store.index import index
from sync.orders import Order


class StoreError(Exception):
    """The file could not be read or written; the message says which file and what to do.

    StoreError
    ├── Full     the disk takes no more; nothing of the turn happened
    ├── Newer    a later version of Packbench wrote the file
    └── Damaged  the file's pages do not hang together
    """


class Full(StoreError):
    """The disk takes no more; nothing of the turn happened, and it may be tried again."""


class Newer(StoreError):
    """A later version of Packbench wrote the file."""


class Damaged(StoreError):
    """The file's pages do not hang together."""


_ORDER = msgspec.json.Decoder(Order)


class Turn:
    """One transaction. What is read and written in it is one moment."""

    def __init__(self, connection: Connection) -> None:
        self.sql = connection
        self.changed: set[str] = set()
        """Ids of the orders that this turn wrote."""

    def order(self, id: str) -> Order | None:
        """The order as it is now."""
        body = self.sql.execute(select(t.orders.c.now).where(t.orders.c.id == id)).scalar()
        return None if body is None else _ORDER.decode(body)

    def confirmed(self, id: str) -> Order | None:
        """The order as the hub last said."""
        body = self.sql.execute(select(t.orders.c.confirmed).where(t.orders.c.id == id)).scalar()
        return None if body is None else _ORDER.decode(body)

    def put(self, order: Order, confirmed: Order | None = None) -> None:
        """Write an order as it is now, and where given as the hub says it is."""
        self.changed.add(order.id)
        body = msgspec.json.encode(order)
        if confirmed is None:
            self.sql.execute(update(t.orders).where(t.orders.c.id == order.id).values(now=body))
        else:
            said = body if confirmed is order else msgspec.json.encode(confirmed)
            row = {"confirmed": said, "now": body, "version": confirmed.version}
            self.sql.execute(
                insert(t.orders)
                .values(id=order.id, **row)
                .on_conflict_do_update(index_elements=[t.orders.c.id], set_=row)
            )
        here = select(t.shipments.c.id).where(t.shipments.c.order_id == order.id)
        for id in self.sql.execute(here).scalars().all():
            self._index(order, id)

    def _index(self, order: Order, shipment_id: str) -> None:
        found = index(order, order.shipment(shipment_id))
        row = t.shipments.c.id == shipment_id
        self.sql.execute(
            update(t.shipments)
            .where(row)
            .values(
                state=found.state,
                stopped=found.stopped,
                urgency=found.urgency,
                pieces=found.pieces,
                begun=found.begun,
            )
        )
        self.sql.execute(delete(t.codes).where(t.codes.c.shipment_id == shipment_id))
        self.sql.execute(delete(t.needs).where(t.needs.c.shipment_id == shipment_id))
        if found.codes:
            rows = [
                {
                    "kind": code.kind,
                    "code": code.code,
                    "shipment_id": shipment_id,
                    "parcel_id": code.parcel_id,
                }
                for code in found.codes
            ]
            self.sql.execute(insert(t.codes).on_conflict_do_nothing(), rows)
        if found.needs:
            several = int(found.pieces > 1)
            wants = [
                {
                    "gtin": gtin,
                    "several": several,
                    "urgency": found.urgency,
                    "shipment_id": shipment_id,
                }
                for gtin in found.needs
            ]
            self.sql.execute(insert(t.needs), wants)

    def get(self, key: str, default: str = "") -> str:
        """One of the few things that there is one of."""
        value = self.sql.execute(select(t.meta.c.value).where(t.meta.c.key == key)).scalar()
        return default if value is None else str(value)

    def set(self, key: str, value: str) -> None:
        """Write it."""
        self.sql.execute(
            insert(t.meta)
            .values(key=key, value=value)
            .on_conflict_do_update(index_elements=[t.meta.c.key], set_={"value": value})
        )


class Store:
    """A bench's file. Use it from any thread; one turn at a time."""

    def __init__(self, path: Path) -> None:
        """Open the file, making it where there is none. Raises Newer, Damaged, StoreError."""
        self.path = path
        self._lock = threading.RLock()
        self._listeners: list[Callable[[frozenset[str]], None]] = []
        self._scans = open_file(path, synchronous="FULL")
        self._feed = open_file(path, synchronous="NORMAL")
        try:
            with self._scans.begin() as connection:
                t.tables.create_all(connection)
                turn = Turn(connection)
                version = int(turn.get("schema", str(t.VERSION)))
                turn.set("schema", str(version))
        except DatabaseError as e:
            raise Damaged(
                f"{path} cannot be opened ({e.orig}). Move it away and start again: "
                "the queue comes back from the hub."
            ) from e
        if version > t.VERSION:
            raise Newer(f"{path} was written by a newer Packbench. Install that version here.")

    def listen(self, changed: Callable[[frozenset[str]], None]) -> None:
        """Be told the ids of the orders that a turn changed, in the thread that took it."""
        self._listeners.append(changed)

    @contextmanager
    def turn(self, *, feed: bool = False) -> Iterator[Turn]:
        """One transaction, on disk when the block ends; nothing of it happened if it raises.

        `feed`: what is written can be had again from the hub, and need not wait for the disk.
        """
        engine = self._feed if feed else self._scans
        with self._lock:
            try:
                with engine.begin() as connection:
                    turn = Turn(connection)
                    yield turn
            except DatabaseError as e:
                raise _named(self.path, e) from e
        if turn.changed:
            ids = frozenset(turn.changed)
            for changed in self._listeners:
                changed(ids)

    def check(self) -> None:
        """Look whether the file is whole. Raises Damaged. Takes a while for a large one."""
        with self._lock:
            whole = sound(self._feed)
        if not whole:
            raise Damaged(f"{self.path} is damaged. Call somebody before the next order.")

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._scans.dispose()
            self._feed.dispose()


def _named(path: Path, error: DatabaseError) -> StoreError:
    words = str(error.orig)
    if "full" in words or "readonly" in words or "disk I/O" in words:
        return Full(f"The disk of {path} takes no more ({words}). Make room, then scan again.")
    return StoreError(f"{path}: {words}")
