"""The book that the figures are measured on is one that the product would have written."""

from __future__ import annotations

import time
from pathlib import Path

from sqlalchemy import select

from sync.hub import feed, vault
from sync.hub.book import Book
from sync.hub.schema import bench
from sync.orders import State
from sync.protocol import cursor, digest
from sync.protocol.messages import Page
from tests.bench import full_book, uploader


def test_what_benches_tell_of_a_full_book_is_followed(tmp_path: Path) -> None:
    key = tmp_path / "key"
    store = full_book.make(f"sqlite:///{tmp_path / 'book.db'}", key, 60, 2, 3)
    book = Book(vault.at(key))
    work = [list(uploader.bodies(name, 3)) for name in ("b0", "b1")]
    went = uploader.upload(store, book, work, 2)  # it looks at each verdict itself
    assert went.entries == sum(len(full_book.packing(n)) for n in range(6))
    with store.read() as connection:
        page = feed.page(connection, book, "b1", cursor.START, 500, time.time())
        total = connection.execute(select(bench.c.digest).where(bench.c.name == "b1")).scalar_one()
    assert isinstance(page, Page)
    there = {one.shipment: one.order for one in page.changes if one.order is not None}
    assert [order.state for order in there.values()] == [State.PACKED] * 3
    shares = (digest.share(id, order.version) for id, order in there.items())
    assert digest.moved(0, (), shares) == total
    store.close()
