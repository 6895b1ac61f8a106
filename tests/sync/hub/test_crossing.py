"""Two hubs on one PostgreSQL take in what crosses: each other's benches, the same orders."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
import pytest
from sqlalchemy import Connection, func, select, text, update
from sqlalchemy.exc import DBAPIError

from sync.hub import allot, benches, entries
from sync.hub.book import Book
from sync.hub.engine import Store, open_store
from sync.hub.schema import bench as benches_table
from sync.hub.schema import entry
from sync.orders import HoldKind, Order, facts
from sync.protocol.messages import Acked, Gap, Verdict
from tests.builders import an_order
from tests.sync.hub.test_entries import Hub
from tests.sync.hub.world import Bench, opened

pytestmark = pytest.mark.slow

ROUNDS = 15
Own: TypeAlias = Any
"""What the book gives, which is not looked at here."""


@pytest.fixture
def hub(tmp_path: Path, postgresql: str) -> Iterator[Hub]:
    made = Hub.__new__(Hub)
    made.store, _, made.book = opened(tmp_path, postgresql)
    yield made
    made.store.close()


@pytest.fixture
def other(postgresql: str, hub: Hub) -> Iterator[Store]:
    made = open_store(postgresql)
    yield made
    made.close()


def report(bench: Bench, store: Store, orders: list[Order], fact: type, tries: list[str]) -> None:
    """Let a bench say something of many orders in one batch, by way of that hub."""
    previous = bench.hash
    new = [
        one
        for order in orders
        for one in bench.numbered(
            order.id, None, fact(shipment=f"{order.id}#1", hold=HoldKind.OPERATOR)
        )
    ]
    sent = msgspec.json.decode(msgspec.json.encode(bench.batch(previous, new)), type=entries.Sent)

    def take(connection: Connection) -> Acked | Gap:
        tries.append(bench.name)
        return entries.take(connection, bench.book, sent, 1e9)

    assert isinstance(store.transact(take), Acked)


def test_batches_that_cross_neither_wait_for_each_other_nor_get_lost(
    hub: Hub, other: Store
) -> None:
    orders = [an_order(f"n-{n}") for n in range(8)]
    hub.add(*orders)
    one, two = hub.bench("b1"), hub.bench("b2")
    hub.allot()
    wrong: list[BaseException] = []
    tries: list[str] = []

    def work(bench: Bench, store: Store, mine: list[Order]) -> None:
        try:
            for _ in range(ROUNDS):
                report(bench, store, mine, facts.OrderHeld, tries)
                report(bench, store, mine, facts.HoldReleased, tries)
        except BaseException as error:  # noqa: BLE001 -- told to the test's own thread
            wrong.append(error)

    threads = [
        threading.Thread(target=work, args=(one, hub.store, orders)),
        threading.Thread(target=work, args=(two, other, orders[::-1])),
    ]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        allot.allot(other, hub.book, 1e9)
    for thread in threads:
        thread.join()
    assert not wrong
    assert hub.stored("b1") == hub.stored("b2") == 2 * ROUNDS * len(orders)
    with hub.store.read() as connection:
        held = select(func.count()).where(
            entry.c.verdict == Verdict.OK.value, entry.c.kind == "order-held"
        )
        freed = select(func.count()).where(
            entry.c.verdict == Verdict.OK.value, entry.c.kind == "hold-released"
        )
        assert connection.execute(held).scalar_one() - connection.execute(freed).scalar_one() in (
            0,
            *range(1, len(orders) + 1),
        )
    assert len(tries) == 2 * 2 * ROUNDS  # nobody was thrown out of a deadlock


def test_a_bench_that_is_heard_of_at_the_last_moment_keeps_its_work(hub: Hub, other: Store) -> None:
    hub.add(an_order("a"))
    hub.bench("b1")
    hub.allot()
    with hub.store.write() as connection:
        connection.execute(update(benches_table).values(lease_until=5.0))
    looked, went_back = threading.Event(), list[int]()

    class Locking(Book):
        """Says when it is about to lock what it was given to take back."""

        def get_all(self, connection: Connection, ids: Iterable[str], *, lock: bool = False) -> Own:
            looked.set()
            return super().get_all(connection, ids, lock=lock)

    def expire() -> None:
        with other.write() as connection:
            went_back.append(allot.expired(connection, Locking(hub.book._vault), 1e9))

    thread = threading.Thread(target=expire)
    with hub.store.write() as connection:
        benches.renew(connection, "b1", 1e9)
        thread.start()
        assert looked.wait(60)
    thread.join()
    assert went_back == [0]


def test_who_is_thrown_out_of_a_deadlock_begins_again(hub: Hub, other: Store) -> None:
    hub.add(an_order("a"), an_order("b"))
    both, tries = threading.Barrier(2), []

    def lock(store: Store, ids: list[str]) -> None:
        def do(connection: object) -> None:
            first, second = (f"amazon-uk:{id}" for id in ids)
            tries.append(first)
            hub.book.get(connection, first, lock=True)  # type: ignore[arg-type]
            if len(tries) <= 2:
                both.wait(60)
            hub.book.get(connection, second, lock=True)  # type: ignore[arg-type]

        store.transact(do)

    thread = threading.Thread(target=lock, args=(other, ["b", "a"]))
    thread.start()
    lock(hub.store, ["a", "b"])
    thread.join()
    assert len(tries) == 3


def test_what_is_no_deadlock_is_not_tried_again(hub: Hub) -> None:
    tries = []

    def do(connection: object) -> None:
        tries.append(1)
        connection.execute(text("SELECT nonsense"))  # type: ignore[attr-defined]

    with pytest.raises(DBAPIError):
        hub.store.transact(do)
    assert len(tries) == 1


def test_a_nul_in_what_a_bench_says_is_kept_and_stops_nothing(hub: Hub) -> None:
    hub.add(an_order())
    bench = hub.bench()
    hub.allot()
    order = hub.order(an_order().id)
    shipment = order.shipments[0]
    strange = bench.numbered("a\0b", shipment.claim, facts.PackStarted(shipment="a\0b#1"))
    known = bench.numbered(order.id, shipment.claim, facts.PackStarted(shipment=shipment.id))
    answer = bench.post(bench.batch("", [*strange, *known]))
    assert isinstance(answer, Acked)
    assert [one.verdict for one in answer.verdicts] == [Verdict.UNKNOWN, Verdict.OK]
