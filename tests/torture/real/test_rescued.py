"""A bench whose file was damaged, at a hub that is a process: what could be read arrives once."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from station.enrolment import join
from station.store import journal
from station.store.keep import StoreKeep
from station.store.store import Store, StoreError
from sync.client.link import Link
from sync.client.signer import KEY, open_key
from sync.hub import allot, benches
from sync.hub.book import Book
from sync.hub.engine import Store as Books
from sync.hub.schema import entry
from sync.orders import Entry, Fact, Order, facts
from sync.protocol.messages import Heartbeat
from tests.builders import a_line, an_order
from tests.station.store.test_rescue import break_page, entries_by_page, flip
from tests.sync.hub.serving import serving, until
from tests.sync.hub.world import opened

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

ORDERS, TOLD, UNTOLD = 24, 8, 8
FACTS = 10
"""Of each order that was worked on: begun, and some pieces packed."""


def linked(home: Path, url: str, store: Store, so: Callable[[], object]) -> None:
    """Let a bench talk to the hub until it is so."""
    link = Link(
        url,
        StoreKeep(store, lambda: Heartbeat(bench="b1")),
        lambda: open_key(home / KEY),
        lambda state: None,
    )
    link.start()
    try:
        until(so)
    finally:
        link.stop()


def here(store: Store, ids: list[str]) -> dict[str, Order | None]:
    with store.turn() as turn:
        return {id: turn.order(id) for id in ids}


def stored(books: Books, incarnation: int) -> list[str]:
    """Give the ids of what the hub has of that life of the bench, in order."""
    with books.read() as connection:
        found = select(entry.c.id).where(entry.c.bench == "b1", entry.c.incarnation == incarnation)
        return list(connection.execute(found.order_by(entry.c.seq)).scalars())


def total(books: Books) -> int:
    """Count what counted of the bench in all its lives: a repeated entry has the verdict dup."""
    with books.read() as connection:
        mine = (entry.c.bench == "b1", entry.c.verdict != "dup")
        found = select(func.count()).select_from(entry).where(*mine)
        return int(connection.execute(found).scalar_one())


def same(books: Books, book: Book, store: Store, ids: list[str]) -> bool:
    """Say whether the bench owes nothing, and both ends hold the same orders."""
    with store.turn() as turn:
        owed = journal.owed(turn)
    with books.read() as connection:
        there = {id: book.get(connection, id) for id in ids}
    return not owed and there == here(store, ids)


def pack(store: Store, ids: list[str]) -> None:
    """Begin each order and pack some of its pieces, each a scan of its own."""
    for id in ids:
        with store.turn() as turn:
            order = turn.order(id)
        assert order is not None
        one = order.shipments[0]
        box = one.parcels[0].id
        pieces = [facts.ItemPacked(parcel=box, line=one.lines[0].line)] * (FACTS - 2)
        begun = (facts.PackStarted(shipment=one.id), facts.ParcelOpened(parcel=box))
        done: list[Fact] = [*begun, *pieces]
        for fact in done:
            said = Entry(
                id=uuid4().hex,
                order=id,
                at=datetime.now(UTC),
                bench="b1",
                by="ANNA",
                claim=one.claim,
                fact=fact,
            )
            with store.turn() as turn:
                journal.write_entries(turn, [said])


@pytest.mark.parametrize("flips", [0, 3], ids=["in the journal", "also in what the hub has of it"])
def test_a_damaged_bench_is_rebuilt_and_what_it_had_not_told_arrives_once(
    tmp_path: Path, flips: int
) -> None:
    books, _, book = opened(tmp_path)
    orders = [an_order(f"n-{n:02}", lines=(a_line(quantity=12),)) for n in range(ORDERS)]
    ids = [order.id for order in orders]
    with books.write() as connection:
        for order in orders:
            book.add(connection, order, [], time.time())
        code = benches.new_code(connection, "b1", time.time(), prefetch=ORDERS)
    home = tmp_path / "bench"
    home.mkdir()
    file = home / "bench.db"
    with serving(tmp_path, f"sqlite:///{tmp_path / 'hub.db'}", "--no-rounds") as hub:
        with closing(Store(file)) as store:
            join(home, store, hub.url, code, "here")
            allot.allot(books, book, time.time())
            linked(home, hub.url, store, lambda: all(here(store, ids).values()))
            pack(store, ids[:TOLD])
            linked(home, hub.url, store, lambda: len(stored(books, 1)) == TOLD * FACTS)
            pack(store, ids[TOLD : TOLD + UNTOLD])
        told = stored(books, 1)

        where = entries_by_page(file)
        pages = sorted({where[seq][0] for seq in where if seq > TOLD * FACTS})
        break_page(file, pages[len(pages) // 2], Random(1))
        flip(file, flips, Random(2))

        with closing(Store(file, heals=True)) as store:
            with suppress(StoreError):
                store.check()  # as at the start; damage shows there or when it is met
            assert list(home.glob("bench.db.damaged-*")), "the damaged file is kept"
            keep = StoreKeep(store, lambda: Heartbeat(bench="b1"))
            assert keep.rejoin() is not None
            linked(home, hub.url, store, lambda: same(books, book, store, ids))
            again = stored(books, 2)
            new = set(again) - set(told)
            assert 0 < len(new) < UNTOLD * FACTS, "one page of it was lost"
            assert total(books) == len(told) + len(new)
            assert stored(books, 1) == told
            known = keep.enrolled()
            assert known is not None
            assert known.incarnation == 2
            pack(store, ids[-2:])  # and it goes on
            wanted = len(again) + 2 * FACTS
            linked(
                home,
                hub.url,
                store,
                lambda: len(stored(books, 2)) == wanted and same(books, book, store, ids),
            )
    books.close()
