"""The feed down: dense, compacted, bounded, and summed up on both ends."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from sqlalchemy import Connection, delete, func, select, update

from station.store import schema as t
from station.store.keep import StoreKeep
from station.store.store import Store as BenchStore
from sync.hub import benches, feed
from sync.hub.schema import bench as bench_table
from sync.hub.schema import feed as feed_table
from sync.hub.schema import orders as order_table
from sync.hub.schema import shipment as shipment_table
from sync.orders import Claim, Order, Shipment, ShipmentLine, State, shipment_id
from sync.protocol import cursor, digest
from sync.protocol.cursor import START, Cursor
from sync.protocol.messages import Enrolled, Heartbeat, Page, Reset
from tests.builders import NOON, an_order
from tests.sync.hub.world import opened

NOW = 1_800_000_000.0
MONTH = 31 * 24 * 3600.0
POISON = ("\u2028\u2029\0\x7f", "🦄👩‍👩‍👧", '"address":null,\\"address":null', "^XZ]}")
"""Ends of lines that are none, emoji, our own JSON, and the end of somebody's format."""


class Hub:
    """A hub with two benches and orders of two shipments, changed at will."""

    def __init__(self, folder: Path, url: str = "") -> None:
        self.store, _, self.book = opened(folder, url)
        self.now = NOW
        with self.store.write() as connection:
            for name in ("b1", "b2"):
                benches.new_code(connection, name, self.now)

    def add(self, order: Order) -> None:
        with self.store.write() as connection:
            self.book.add(connection, order, [], self.now)

    def order(self, id: str) -> Order:
        with self.store.read() as connection:
            found = self.book.get(connection, id)
        assert found is not None
        return found

    def save(self, after: Order) -> None:
        with self.store.write() as connection:
            before = self.book.get(connection, after.id, lock=True)
            assert before is not None
            self.book.save(connection, before, after, self.now)

    def change(self, id: str, at: int, **new: object) -> None:
        """Change one shipment of an order."""
        order = self.order(id)
        ships = list(order.shipments)
        ships[at] = replace(ships[at], **new)
        self.save(replace(order, shipments=tuple(ships)))

    def give(self, id: str, at: int, name: str) -> None:
        self.change(id, at, bench=name, state=State.ALLOCATED, claim=Claim(1, 1))

    def fed(self, name: str, after: Cursor, limit: int = 100) -> feed.Fed | Reset:
        with self.store.read() as connection:
            return feed.fed(connection, self.book, name, after, limit, self.now)

    def page(self, name: str, after: Cursor = START, limit: int = 100) -> Page:
        with self.store.read() as connection:
            found = feed.page(connection, self.book, name, after, limit, self.now)
        assert isinstance(found, Page)
        return found

    def sums(self, name: str) -> tuple[int, int]:
        """Give the digest as it is kept, and as it is when everything is looked at."""
        with self.store.read() as connection:
            kept = connection.execute(
                select(bench_table.c.digest).where(bench_table.c.name == name)
            ).scalar_one()
            rows = connection.execute(
                select(feed_table.c.row).where(
                    feed_table.c.bench == name, feed_table.c.gone.is_(False)
                )
            ).scalars()
            ships = [row for row in rows if not row.startswith("@")]
            versions = {
                row: self.book.get_all(connection, [row.rpartition("#")[0]]).popitem()[1].version
                for row in ships
            }
        return kept, digest.moved(0, (), (digest.share(*one) for one in versions.items()))


class Replica:
    """A bench's file that is fed."""

    def __init__(self, folder: Path, hub: Hub, name: str) -> None:
        self.store = BenchStore(folder / f"{name}.db")
        self.hub, self.name = hub, name
        self.keep = StoreKeep(self.store, lambda: Heartbeat(bench=name), count_seconds=0.0)
        self.keep.enrol(Enrolled(bench=name, incarnation=1, epoch=1, server_time=NOON))

    def read(self, limit: int = 100) -> tuple[int | None, int | None]:
        """Take one page as it goes over the wire; give the digest here and the hub's."""
        found = self.hub.fed(self.name, self.keep.cursor(), limit)
        if isinstance(found, Reset):
            self.keep.reset(found.epoch)
            return None, None
        page = msgspec.json.decode(msgspec.json.encode(found), type=Page)
        return self.keep.take(page), page.digest

    def catch_up(self) -> tuple[int | None, int | None]:
        while (sums := self.read())[1] is None:
            pass
        return sums

    def orders(self) -> dict[str, Order]:
        with self.store.turn() as turn:
            ids = turn.sql.execute(select(t.shipments.c.id, t.shipments.c.order_id)).all()
            found = {row.id: turn.order(row.order_id) for row in ids}
        return {id: order for id, order in found.items() if order is not None}


def two_shipments(number: str) -> Order:
    order = an_order(number)
    ships = tuple(
        Shipment(
            id=shipment_id(order.id, n),
            lines=(ShipmentLine(line=order.lines[0].id, quantity=1),),
        )
        for n in (1, 2)
    )
    return replace(order, shipments=ships)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    made = Hub(tmp_path)
    yield made
    made.store.close()


@pytest.fixture
def replica(tmp_path: Path, hub: Hub) -> Iterator[Replica]:
    made = Replica(tmp_path, hub, "b1")
    yield made
    made.store.close()


# -- the digest

ORDERS = [f"amazon-uk:{n}" for n in range(3)]
SHIPMENT = st.tuples(st.sampled_from(ORDERS), st.sampled_from([0, 1]))
BENCH = st.sampled_from(["b1", "b2"])
STEPS = st.one_of(
    st.tuples(st.just("give"), SHIPMENT, BENCH),
    st.tuples(st.just("withdraw"), SHIPMENT),
    st.tuples(st.just("send"), SHIPMENT),
    st.tuples(st.just("note"), SHIPMENT),
    st.tuples(st.just("settle"), SHIPMENT, BENCH),
    st.tuples(st.just("read"), BENCH, st.integers(1, 4)),
    st.tuples(st.just("reset"), BENCH),
    st.tuples(st.just("purge")),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(STEPS, max_size=30))
def test_the_sum_is_the_same_at_the_hub_at_the_bench_and_counted_anew(
    steps: list[tuple[object, ...]],
) -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        hub = Hub(folder)
        stack.callback(hub.store.close)
        replicas = {name: Replica(folder, hub, name) for name in ("b1", "b2")}
        for one in replicas.values():
            stack.callback(one.store.close)
        for id in ORDERS:
            hub.add(two_shipments(id.removeprefix("amazon-uk:")))
        for step in steps:
            take(hub, replicas, step)
            for name in replicas:
                kept, counted = hub.sums(name)
                assert kept == counted
        for name, one in replicas.items():
            ours, theirs = one.catch_up()
            assert ours == theirs == hub.sums(name)[0]
            page = hub.page(name)
            assert one.orders() == {c.shipment: c.order for c in page.changes if c.order}


def take(hub: Hub, replicas: dict[str, Replica], step: tuple[object, ...]) -> None:
    """Let one thing happen."""
    hub.now += 1.0
    match step:
        case ("give", (str(id), int(at)), str(name)):
            hub.give(id, at, name)
        case ("withdraw", (str(id), int(at))):
            hub.change(id, at, bench="", state=State.READY)
        case ("send", (str(id), int(at))):
            hub.change(id, at, state=State.IN_TRANSIT)
        case ("note", (str(id), int())):
            hub.save(replace(hub.order(id), note=f"{hub.now}"))
        case ("settle", (str(id), int(at)), str(name)):
            one = hub.order(id).shipments[at]
            here = one.bench == name and one.state not in feed.DONE_WITH
            version = hub.order(id).version if here else None
            with hub.store.write() as connection:
                feed.put(connection, name, {one.id: version}, hub.now)
        case ("read", str(name), int(limit)):
            ours, theirs = replicas[name].read(limit)
            assert ours == theirs
        case ("reset", str(name)):
            replicas[name].keep.reset(1)
        case ("purge",):
            hub.now += MONTH
            with hub.store.write() as connection:
                feed.purge(connection, hub.now)


def filled(hub: Hub, number: int = 3) -> list[Order]:
    """Give the hub orders whose first shipments are the first bench's."""
    made = [two_shipments(f"{n}") for n in range(number)]
    for order in made:
        hub.add(order)
        hub.give(order.id, 0, "b1")
    return made


@pytest.mark.parametrize("harm", ["lost", "doubled", "skipped"])
def test_a_row_that_changed_by_itself_is_seen_and_mended_by_reading_anew(
    hub: Hub, replica: Replica, harm: str
) -> None:
    first, second, _ = filled(hub)
    ours, theirs = replica.catch_up()
    assert ours == theirs
    with replica.store.turn() as turn:
        row = t.shipments.c.id == first.shipments[0].id
        match harm:
            case "lost":
                turn.sql.execute(delete(t.shipments).where(row))
            case "doubled":
                was = turn.sql.execute(select(t.shipments).where(row)).mappings().one()
                turn.sql.execute(
                    t.shipments.insert().values(**{**was, "id": "amazon-uk:9#1", "number": 99})
                )
            case "skipped":
                turn.sql.execute(update(t.shipments).where(row).values(share=1))
    hub.save(replace(hub.order(second.id), note="another one changes"))
    ours, theirs = replica.catch_up()
    assert ours is not None
    assert ours != theirs
    replica.keep.reset(1)
    ours, theirs = replica.catch_up()
    assert ours == theirs


def recount(connection: Connection) -> None:
    """Count every share and digest anew, as they should be."""
    for name in connection.execute(select(bench_table.c.name)).scalars().all():
        rows = connection.execute(
            select(feed_table.c.row, feed_table.c.gone, order_table.c.version)
            .outerjoin(shipment_table, shipment_table.c.id == feed_table.c.row)
            .outerjoin(order_table, order_table.c.id == shipment_table.c.order_id)
            .where(feed_table.c.bench == name)
        ).all()
        total = 0
        for row in rows:
            summed = not row.gone and row.version is not None and not row.row.startswith("@")
            share = digest.share(row.row, row.version) if summed else 0
            mine = (feed_table.c.bench == name, feed_table.c.row == row.row)
            connection.execute(update(feed_table).where(*mine).values(share=share))
            total = digest.moved(total, (), (share,))
        told = update(bench_table).where(bench_table.c.name == name)
        connection.execute(told.values(digest=total))


def test_a_row_that_the_hub_lost_is_seen_at_a_bench_that_has_it(hub: Hub, replica: Replica) -> None:
    first, second, _ = filled(hub)
    with hub.store.write() as connection:
        connection.execute(delete(feed_table).where(feed_table.c.row == first.shipments[0].id))
    ours, theirs = replica.catch_up()
    assert ours is not None
    assert ours != theirs
    with hub.store.write() as connection:
        recount(connection)
    hub.save(replace(hub.order(second.id), note="another one changes"))
    ours, theirs = replica.catch_up()
    assert ours == theirs


def test_only_the_page_that_reaches_the_end_bears_the_sum(hub: Hub) -> None:
    filled(hub)
    first = hub.page("b1", limit=2)
    assert first.next != first.head
    assert first.digest is None
    last = hub.page("b1", cursor.read(first.next))
    assert last.digest == hub.sums("b1")[0] != 0


# -- pages


def test_a_page_has_what_the_book_has(hub: Hub) -> None:
    (order,) = filled(hub, 1)
    (change,) = [c for c in hub.page("b1").changes if c.order]
    assert change.order == hub.order(order.id)
    assert change.order.address is not None


@pytest.mark.parametrize("text", POISON)
def test_whatever_a_buyer_writes_goes_down_as_it_was_written(
    hub: Hub, replica: Replica, text: str
) -> None:
    order = two_shipments("1")
    line = replace(order.lines[0], name=text)
    assert order.address is not None
    there = replace(order.address, name=text)
    hub.add(replace(order, lines=(line,), note=text, gift_message=text, address=there))
    hub.give(order.id, 0, "b1")
    ours, theirs = replica.catch_up()
    assert ours == theirs
    (seen,) = replica.orders().values()
    assert (seen.note, seen.lines[0].name) == (text, text)
    assert seen.address is not None
    assert seen.address.name == text


def test_an_order_that_another_version_stored_is_read_and_given_its_address(hub: Hub) -> None:
    (order,) = filled(hub, 1)
    with hub.store.write() as connection:
        doc = connection.execute(select(order_table.c.doc)).scalar_one()
        assert b'"address":null' not in doc
        older = doc.replace(b'{"id":', b'{"address":null,"id":', 1)
        connection.execute(update(order_table).values(doc=older))
    (change,) = [c for c in hub.page("b1").changes if c.order]
    assert change.order == hub.order(order.id)


def test_a_page_is_bounded_by_bytes_and_has_one_row_at_least(hub: Hub, replica: Replica) -> None:
    novel = "🦄" * 250_000  # a megabyte
    for n in range(5):
        order = replace(two_shipments(f"{n}"), note=novel * (3 if n == 2 else 1))
        hub.add(order)
        hub.give(order.id, 0, "b1")
    sizes, after = [], START
    while True:
        page = hub.fed("b1", after)
        assert isinstance(page, feed.Fed)
        sizes.append(len([c for c in page.changes if c.order]))
        assert len(msgspec.json.encode(page)) < 2 * feed.MOST_BYTES
        if page.next == page.head:
            break
        after = cursor.read(page.next)
    assert sizes == [1, 1, 1, 1, 1]
    ours, theirs = replica.catch_up()
    assert ours == theirs
    assert len(replica.orders()) == 5


@pytest.mark.parametrize("limit", [-1, 0, 1])
def test_a_page_has_a_row_whatever_is_asked_for(hub: Hub, limit: int) -> None:
    filled(hub)
    page = hub.page("b1", limit=limit)
    assert cursor.read(page.next).seq == 1


# -- what is gone, and cursors that lie


def test_what_is_gone_is_told_for_a_month_and_then_forgotten(hub: Hub, replica: Replica) -> None:
    first, second, _ = filled(hub)
    replica.catch_up()
    early = replica.keep.cursor()
    hub.change(first.id, 0, state=State.IN_TRANSIT)
    gone = hub.page("b1", early).changes
    assert [(c.shipment, c.order) for c in gone] == [(first.shipments[0].id, None)]
    hub.save(replace(hub.order(second.id), note="another one changes"))
    with hub.store.write() as connection:
        assert feed.purge(connection, hub.now + feed.KEPT_SECONDS - 1) == 0
        assert feed.purge(connection, hub.now + MONTH) == 1
        assert feed.purge(connection, hub.now + MONTH) == 0
    assert first.shipments[0].id not in {c.shipment for c in hub.page("b1").changes}
    assert isinstance(hub.fed("b1", early), Reset), "it would never hear that the first is gone"
    ours, theirs = replica.catch_up()
    assert ours == theirs
    assert first.shipments[0].id not in replica.orders()


def test_a_bench_that_has_heard_of_everything_reads_on_after_a_purge(
    hub: Hub, replica: Replica
) -> None:
    first, _, _ = filled(hub)
    hub.change(first.id, 0, state=State.IN_TRANSIT)
    replica.catch_up()
    with hub.store.write() as connection:
        assert feed.purge(connection, hub.now + MONTH) == 1
    hub.now += MONTH
    hub.give(first.id, 1, "b1")
    ours, theirs = replica.read()
    assert ours == theirs is not None
    assert first.shipments[1].id in replica.orders()


def test_a_new_bench_reads_page_by_page_past_what_was_forgotten(hub: Hub, replica: Replica) -> None:
    made = filled(hub, 5)
    hub.change(made[-1].id, 0, state=State.IN_TRANSIT)
    with hub.store.write() as connection:
        assert feed.purge(connection, hub.now + MONTH) == 1
    for _ in range(3):
        replica.read(2)
    assert len(replica.orders()) == 4
    ours, theirs = replica.catch_up()
    assert ours == theirs


def test_a_shipment_that_came_back_is_not_forgotten(hub: Hub) -> None:
    first, _, _ = filled(hub)
    hub.change(first.id, 0, bench="", state=State.READY)
    hub.give(first.id, 0, "b1")
    with hub.store.write() as connection:
        assert feed.purge(connection, hub.now + MONTH) == 0


@pytest.mark.parametrize(
    "after", ["1.99", "2.1", "2.0", "0.1", "1.99999999999999999999999999", "9.9"]
)
def test_a_cursor_that_cannot_be_ours_reads_from_0_and_has_no_effect(hub: Hub, after: str) -> None:
    filled(hub)
    before = contents(hub)
    assert isinstance(hub.fed("b1", cursor.read(after)), Reset)
    assert contents(hub) == before


@pytest.mark.parametrize("after", ["", "1", "1.", ".1", "1.-1", "1.٣", "a.b", "1.1.1", "9" * 9999])
def test_what_is_no_cursor_is_said_to_be_none(after: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        cursor.read(after)


def contents(hub: Hub) -> tuple[object, ...]:
    """Give everything that a feed is made of."""
    with hub.store.read() as connection:
        rows = connection.execute(select(feed_table).order_by(feed_table.c.seq)).all()
        return (*rows, *connection.execute(select(bench_table)).all())


def test_a_bench_that_is_not_there_has_no_feed(hub: Hub) -> None:
    with hub.store.write() as connection:
        feed.put(connection, "b9", {"amazon-uk:1#1": 1}, NOW)
        assert count(connection, "b9") == 0


def count(connection: Connection, name: str) -> int:
    """Count the rows of a bench's feed."""
    rows = select(func.count()).where(feed_table.c.bench == name)
    return int(connection.execute(rows).scalar_one())


@pytest.mark.slow
def test_the_same_on_postgresql(tmp_path: Path, postgresql: str) -> None:
    hub = Hub(tmp_path, postgresql)
    with closing(hub.store):
        replica = Replica(tmp_path, hub, "b1")
        with closing(replica.store):
            test_what_is_gone_is_told_for_a_month_and_then_forgotten(hub, replica)
            with hub.store.write() as connection:
                recount(connection)
            kept, counted = hub.sums("b1")
            assert kept == counted != 0
