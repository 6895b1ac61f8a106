"""The file itself: one lock, two connections, and the turn."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import BindParameter, Delete, Table, bindparam, delete, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import DBAPIError

from station.store import schema as t
from station.store.engine import DRIVER_ERROR, Opens, Wire, open_file
from station.store.errors import Damaged, Full, Newer, StoreError, damage, named, unopened
from station.store.index import (
    Found,
    code_rows,
    index,
    keys,
    need_rows,
    old_code_keys,
    old_need_keys,
)
from station.store.opening import finish_exchange, not_emptied, prepare
from station.store.statement import Rows, Statement, Values
from sync.orders import Order

if TYPE_CHECKING:
    from station.store.rescue import Rescued

__all__ = ["Damaged", "Full", "Newer", "Store", "StoreError", "Turn"]

_ORDER = msgspec.json.Decoder(Order)
_NONE: Values = {}
_SEEN_ORDERS = 16
"""More than are open at a bench at once; what waits in the queue need not be remembered."""


def _without(table: Table) -> tuple[Delete, *tuple[str, ...]]:
    """Give the deletion of rows by their keys, and what it is to be told in which order."""
    names = [column.name for column in table.primary_key]
    return (delete(table).where(*(table.c[n] == bindparam(n) for n in names)), *names)


# Statements are made once: making one again for every scan costs more than running it.
_OF: BindParameter[str] = bindparam("of")
_NOW = Statement(select(t.NOW).where(t.orders.c.id == _OF))
_CONFIRMED = Statement(select(t.orders.c.confirmed).where(t.orders.c.id == _OF))
_PUT = Statement(update(t.orders).where(t.orders.c.id == _OF).values(now=bindparam("body")))
_UPSERT = insert(t.orders)
_PUT_CONFIRMED = Statement(
    _UPSERT.on_conflict_do_update(
        index_elements=[t.orders.c.id],
        set_={name: _UPSERT.excluded[name] for name in ("confirmed", "now", "version")},
    )
)
_SHIPMENTS = Statement(
    select(t.shipments.c.number, t.shipments.c.id, t.shipments.c.found_by).where(t.of_order(_OF))
)
_ADD_CODES = Rows(insert(t.codes).on_conflict_do_nothing(), *t.codes.c.keys())
_ADD_NEEDS = Rows(insert(t.needs).on_conflict_do_nothing(), *t.needs.c.keys())
_VALUE = Statement(select(t.meta.c.value).where(t.meta.c.key == _OF))
_UPSERT_VALUE = insert(t.meta)
_SET = Statement(
    _UPSERT_VALUE.on_conflict_do_update(
        index_elements=[t.meta.c.key], set_={"value": _UPSERT_VALUE.excluded.value}
    )
)
_FORGET_CODES = Rows(*_without(t.codes))
_FORGET_NEEDS = Rows(*_without(t.needs))
_MARKS = ("state", "stopped", "urgency", "pieces", "begun", "found_by")
_MARK = Rows(
    update(t.shipments)
    .where(t.shipments.c.number == bindparam("of"))
    .values({name: bindparam(f"new_{name}") for name in _MARKS}),
    *(f"new_{name}" for name in _MARKS),
    "of",
)


def _marked(order: Order) -> tuple[Found, ...]:
    """Everything that the tables say of an order beside its document."""
    return tuple(index(order, shipment) for shipment in order.shipments)


class Turn:
    """One transaction. What is read and written in it is one moment."""

    def __init__(self, wire: Wire, seen: dict[str, tuple[bytes, Order]]) -> None:
        """`seen`: orders that earlier turns read, each with the bytes that it was read from."""
        self._seen = seen
        self.sql = wire.sql
        """For statements of Core."""
        self._raw = wire.raw
        self.changed: set[str] = set()
        """Ids of the orders that this turn wrote."""
        self.afterwards: list[Callable[[], None]] = []
        """What is to be called when this turn is on disk, and never if it comes to nothing: the
        end of a turn within a turn is no commit."""
        self._orders: dict[str, Order] = {}
        """Orders as they are now, read or written in this turn: a scan asks for one five times."""

    def row(self, statement: Statement, values: Values = _NONE) -> tuple[Any, ...] | None:
        """The first row that a statement on a scan's way gives."""
        found: tuple[Any, ...] | None
        found = self._raw.execute(statement.sql, statement.values(values)).fetchone()
        return found

    def rows(self, statement: Statement, values: Values = _NONE) -> list[tuple[Any, ...]]:
        """All of them."""
        found: list[tuple[Any, ...]]
        found = self._raw.execute(statement.sql, statement.values(values)).fetchall()
        return found

    def run(self, statement: Statement, *values: Values) -> int:
        """Write, once for each of the values; return the number of the row written last."""
        if len(values) == 1:
            return int(self._raw.execute(statement.sql, statement.values(values[0])).lastrowid or 0)
        self._raw.executemany(statement.sql, [statement.values(one) for one in values])
        return 0

    def pour(self, statement: Rows, rows: Sequence[tuple[object, ...]]) -> None:
        """Write very many rows, of plain ints, floats, strs and bytes: others take much longer."""
        if rows:
            self._raw.executemany(statement.sql, rows)

    def order(self, id: str) -> Order | None:
        """The order as it is now."""
        known = self._orders.get(id)
        if known is not None:
            return known
        found = self.row(_NOW, {"of": id})
        if found is None:
            return None
        body, seen = found[0], self._seen.get(id)
        # The open order is asked for at every scan, and is what it was after the last one.
        order = seen[1] if seen is not None and seen[0] == body else _ORDER.decode(body)
        self._remember(order, body)
        return order

    def _remember(self, order: Order, body: bytes) -> None:
        self._orders[order.id] = order
        if len(self._seen) >= _SEEN_ORDERS:
            self._seen.clear()
        self._seen[order.id] = (body, order)

    def confirmed(self, id: str) -> Order | None:
        """The order as the hub last said."""
        found = self.row(_CONFIRMED, {"of": id})
        return None if found is None else _ORDER.decode(found[0])

    def put(self, order: Order) -> None:
        """Write an order as it is now."""
        before = self.order(order.id)
        body = msgspec.json.encode(order)
        self.run(_PUT, {"of": order.id, "body": body})
        self._remember(order, body)
        self.changed.add(order.id)
        if before is None or _marked(before) != _marked(order):
            self._index([order])

    def forget(self, id: str) -> None:
        """Say that an order's row may be gone."""
        self._orders.pop(id, None)
        self.changed.add(id)

    def put_confirmed(self, orders: Sequence[tuple[Order, Order, bytes]]) -> None:
        """Write orders: how each is now, as the hub says it is, and how the hub wrote that."""
        rows = []
        for now, confirmed, said in orders:
            body = b"" if now is confirmed else msgspec.json.encode(now)
            row = {"id": now.id, "confirmed": said, "now": body, "version": confirmed.version}
            rows.append(row)
        if not rows:
            return
        self.run(_PUT_CONFIRMED, *rows)
        self._orders |= {now.id: now for now, _, _ in orders}
        self._index([now for now, _, _ in orders])

    def _index(self, orders: Sequence[Order]) -> None:
        """Write the rows that stand for orders beside their documents, a few statements for all."""
        self.changed |= {order.id for order in orders}
        rows, moved = [], {}
        for order in orders:
            here = {one.id: one for one in order.shipments}
            for number, id, kept in self.rows(_SHIPMENTS, {"of": order.id}):
                if id not in here:  # one that left its order goes when the hub says so
                    continue
                found = index(order, here[id])
                fresh = keys(found)
                rows.append((*found.marks, fresh, number))
                if fresh != kept:
                    self.lose(number, kept)
                    moved[number] = found
        self.pour(_MARK, rows)
        self.find(moved)

    def find(self, found: Mapping[int, Found]) -> None:
        """Add the rows by which shipments are found, by their numbers."""
        self.pour(_ADD_CODES, [row for n, one in found.items() for row in code_rows(n, one)])
        self.pour(_ADD_NEEDS, [row for n, one in found.items() for row in need_rows(n, one)])

    def lose(self, number: int, kept: bytes) -> None:
        """Take away the rows by which a shipment is found; `kept` are their keys."""
        self.pour(_FORGET_CODES, old_code_keys(number, kept))
        self.pour(_FORGET_NEEDS, old_need_keys(number, kept))

    def get(self, key: str, default: str = "") -> str:
        """One of the few things that there is one of."""
        found = self.row(_VALUE, {"of": key})
        return default if found is None else str(found[0])

    def set(self, key: str, value: str) -> None:
        """Write it."""
        self.run(_SET, {"key": key, "value": value})


class Store:
    """A bench's file. Use it from any thread; one turn at a time."""

    def __init__(self, path: Path, *, opened: Opens = open_file, heals: bool = False) -> None:
        """Open the file, making it where there is none. Raises Newer, Damaged, StoreError.

        `opened` opens each of the two connections. `heals`: a damaged file is moved aside and what
        can be read of it is brought over, at the start and whenever damage shows. That is for the
        bench alone, which nobody else works beside.
        """
        self.path = path
        self.rescued: Rescued | None = None
        """What came of a damaged file, if one was met."""
        self._heals, self._hurt = heals, False
        self._healed: list[Callable[[Rescued], None]] = []
        self._lock = threading.RLock()
        self._turn: Turn | None = None
        self._seen: dict[str, tuple[bytes, Order]] = {}
        self._listeners: list[Callable[[frozenset[str]], None]] = []
        self._opened = opened
        if heals:
            finish_exchange(path)
        try:
            self._scans, self._feed = self._open()
        except Damaged:
            if not heals:
                raise
            self._rescue()
            self._scans, self._feed = self._open()

    def _open(self) -> tuple[Wire, Wire]:
        not_emptied(self.path)
        with ExitStack() as stack:
            try:
                scans, feed = (self._wire(stack, how) for how in ("FULL", "NORMAL"))
                prepare(self.path, scans)
            except (DBAPIError, DRIVER_ERROR) as e:
                raise unopened(self.path, e) from e
            stack.pop_all()
        return scans, feed

    def _wire(self, stack: ExitStack, synchronous: str) -> Wire:
        wire = Wire(self._opened(self.path, synchronous=synchronous))
        stack.callback(wire.close)
        return wire

    def listen(self, changed: Callable[[frozenset[str]], None]) -> None:
        """Be told the ids of the orders that a turn changed, in the thread that took it."""
        self._listeners.append(changed)

    @contextmanager
    def turn(self, *, feed: bool = False) -> Iterator[Turn]:
        """One transaction, on disk when the block ends; nothing of it happened if it raises.

        `feed`: what is written can be had again from the hub, and need not wait for the disk.
        """
        with self._lock:
            if self._turn is not None:
                yield self._turn  # a turn within a turn is part of it
                return
            if self._hurt and self._heals:
                self._heal()
            wire = self._feed if feed else self._scans
            try:
                with wire.transaction():
                    self._turn = turn = Turn(wire, self._seen)
                    yield turn
            except (DBAPIError, wire.Error) as e:
                # The next turn heals it: this one was promised what its file held.
                self._hurt = self._hurt or damage(e)
                raise named(self.path, e) from e
            finally:
                self._turn = None
        self._tell(turn.changed)
        for what in turn.afterwards:
            what()

    def _tell(self, changed: Collection[str]) -> None:
        if changed:
            ids = frozenset(changed)
            for hears in self._listeners:
                hears(ids)

    def check(self) -> None:
        """Look whether the file is whole, and heal it. Raises Damaged where that is not ours to do.

        Takes a while for a large one; scans go on meanwhile.
        """
        with ExitStack() as stack:
            whole = self._wire(stack, "NORMAL").sound()
        if whole:
            return
        if not self._heals:
            raise Damaged(f"{self.path} is damaged. Call somebody before the next order.")
        with self._lock:
            self._heal()

    def vacuum(self, pages: int) -> bool:
        """Give so many free pages back to the disk; False where there are none."""
        with self._lock:
            try:
                (free,) = self._feed.raw.execute("PRAGMA freelist_count").fetchone()
                self._feed.raw.execute(f"PRAGMA incremental_vacuum({pages:d})").fetchall()
                (left,) = self._feed.raw.execute("PRAGMA freelist_count").fetchone()
            except self._feed.Error as e:
                raise named(self.path, e) from e
        return bool(left and left < free)

    def checkpoint(self) -> None:
        """Bring the log into the file; scans go on meanwhile."""
        with ExitStack() as stack:
            try:
                wire = self._wire(stack, "NORMAL")
                wire.raw.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            except (DBAPIError, DRIVER_ERROR) as e:
                raise named(self.path, e) from e

    def shorten_log(self) -> None:
        """Empty the log's file. Only when nobody packs: a scan would wait for the disk twice."""
        self.checkpoint()
        with self._lock:
            try:
                self._feed.raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            except self._feed.Error as e:
                raise named(self.path, e) from e

    def listen_for_rescue(self, healed: Callable[[Rescued], None]) -> None:
        """Be told when a damaged file was replaced, in the thread that met the damage."""
        self._healed.append(healed)

    def _heal(self) -> None:
        """Replace the file under everybody's hands; between two turns, that is a turn too."""
        changed: set[str] = set()
        with suppress(DRIVER_ERROR):
            changed = {id for (id,) in self._scans.raw.execute("SELECT id FROM orders")}
        self.close()
        try:
            self._rescue()
        finally:
            self._scans, self._feed = self._open()
        self._hurt = False
        for hears in self._healed:
            if self.rescued is not None:
                hears(self.rescued)
        self._tell(changed)

    def _rescue(self) -> None:
        from station.store.rescue import rescue  # damage is met once in a bench's life

        try:
            self.rescued = rescue(self.path)
        except (OSError, DBAPIError, DRIVER_ERROR) as e:
            raise unopened(self.path, e) from e

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._scans.close()
            self._feed.close()
