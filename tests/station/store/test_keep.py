"""A page is taken in parts, each whole; the digest is counted where the feed ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import func, select

from station.store import keep as keeping
from station.store import schema as t
from station.store.keep import StoreKeep
from station.store.store import Store
from sync.orders import Order
from sync.protocol import digest
from sync.protocol.cursor import Cursor
from sync.protocol.messages import Change, Heartbeat, Item, Page
from sync.protocol.reading import Came
from tests.builders import NOON, an_order


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "bench.db")
    yield store
    store.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keep(store: Store, clock: Clock) -> StoreKeep:
    return StoreKeep(store, lambda: Heartbeat(bench="b1"), clock=clock)


def feed(count: int, *, after: int = 0, head: int = 0, digest: int | None = 1) -> Page:
    """A page of so many orders."""
    orders = [an_order(f"{after + n}") for n in range(1, count + 1)]
    changes = tuple(
        Change(seq=after + n, shipment=order.shipments[0].id, order=order, through=0)
        for n, order in enumerate(orders, 1)
    )
    return Page(
        after=f"1.{after}" if after else "0.0",
        next=f"1.{after + count}",
        head=f"1.{head or after + count}",
        changes=changes,
        items=(Item(sku="MUG", gtins=("04006381333931",)),),
        digest=digest,
        server_time=NOON,
    )


def total(page: Page) -> int:
    """The digest of everything on a page."""
    shares = (digest.share(c.shipment, c.order.version) for c in page.changes if c.order)
    return digest.moved(0, (), shares)


def stored(store: Store) -> int:
    with store.turn() as turn:
        return int(turn.sql.execute(select(func.count()).select_from(t.orders)).scalar_one())


def test_a_large_page_is_taken_in_parts_and_a_scan_may_come_between(
    store: Store, keep: StoreKeep
) -> None:
    turns: list[int] = []
    store.listen(lambda ids: turns.append(len(ids)))
    page = feed(2 * keeping.LEAST_ROWS + 1)
    assert keep.take(page) == total(page)
    assert len(turns) > 1
    assert max(turns) <= keeping.MOST_ROWS
    assert stored(store) == len(page.changes)
    assert keep.cursor() == Cursor(1, len(page.changes))


def test_what_is_kept_of_an_order_is_what_the_hub_wrote(store: Store, keep: StoreKeep) -> None:
    """New to the bench, then changed, then with a second shipment that is not here any more."""
    for after in range(3):
        order = msgspec.structs.replace(an_order("1"), version=after + 1)
        document = msgspec.json.encode(order).replace(b"{", b'{"crate":%d,' % after, 1)
        here = Came(
            seq=after + 1,
            shipment=order.shipments[0].id,
            order=order,
            through=0,
            document=document,
        )
        gone = Came(seq=9, shipment=f"{order.id}#2", order=None, through=0, document=b"null")
        page = msgspec.structs.replace(feed(1, after=after), changes=(here, gone)[: after or 1])
        keep.take(page)
        with store.turn() as turn:
            row = turn.sql.execute(select(t.orders.c.confirmed, t.orders.c.now)).one()
            assert turn.confirmed(order.id) == turn.order(order.id) == order
        assert tuple(row) == (document, b"")


def test_a_page_that_breaks_off_goes_on_behind_its_last_whole_part(
    store: Store, keep: StoreKeep
) -> None:
    page = feed(2 * keeping.LEAST_ROWS)
    seen = []

    def stop(ids: frozenset[str]) -> None:
        seen.append(ids)
        raise RuntimeError("the power goes")

    store.listen(stop)
    with pytest.raises(RuntimeError, match="power"):
        keep.take(page)
    assert len(seen) == 1
    at = keep.cursor()
    assert at == Cursor(1, keeping.LEAST_ROWS)
    assert stored(store) == keeping.LEAST_ROWS
    assert keep.take(page) is None, "it was read from elsewhere"
    assert stored(store) == keeping.LEAST_ROWS


def test_the_digest_is_counted_at_the_end_and_then_once_a_minute(
    keep: StoreKeep, clock: Clock
) -> None:
    first = feed(3, head=5)
    assert keep.take(first) is None, "more is to come"
    second = feed(2, after=3)
    whole = digest.moved(total(first), (), [total(second)])
    assert keep.take(second) == whole
    clock.now = keeping.COUNT_SECONDS - 1
    assert keep.take(feed(1, after=5)) is None
    clock.now = keeping.COUNT_SECONDS
    last = feed(1, after=6)
    assert keep.take(last) is not None


def test_a_hub_without_a_digest_is_not_counted_for(keep: StoreKeep) -> None:
    assert keep.take(feed(2, digest=None)) is None
    assert keep.take(feed(2, after=2)) is not None


def test_the_sum_of_many_shares_is_exact(store: Store, keep: StoreKeep) -> None:
    page = feed(300)
    shares = [digest.share(c.shipment, 1) for c in page.changes]
    assert sum(shares) > 2**63, "SQLite could not add these up"
    assert keep.take(page) == sum(shares) % digest.MODULUS


def test_a_document_that_nothing_is_pending_for_is_kept_once(store: Store, keep: StoreKeep) -> None:
    page = feed(1)
    keep.take(page)
    (change,) = page.changes
    assert change.order is not None
    with store.turn() as turn:
        kept = turn.sql.execute(select(t.orders.c.confirmed, t.orders.c.now)).one()
        assert kept.now == b""
        assert msgspec.json.decode(kept.confirmed, type=Order) == change.order
        assert turn.order(change.order.id) == change.order


def test_a_new_queue_is_written_by_inserts_alone(store: Store, keep: StoreKeep) -> None:
    said: list[str] = []
    with store.turn(feed=True) as turn:
        turn.sql.connection.dbapi_connection.set_trace_callback(said.append)  # type: ignore[union-attr]  # it is there
    keep.take(feed(keeping.LEAST_ROWS))
    with store.turn(feed=True) as turn:
        turn.sql.connection.dbapi_connection.set_trace_callback(None)  # type: ignore[union-attr]  # as above
    words = [line.split()[0].upper() for line in said]
    assert words.count("DELETE") == 0
    # One for the document, its shipment, its code, what it needs; some for the page.
    assert words.count("INSERT") <= 4 * keeping.LEAST_ROWS + 10
    assert words.count("SELECT") < 20
