"""A copy made while everybody works, put back long after: what it lacks comes back, once."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from sync.hub import backup, feed, place, setup
from sync.hub.engine import open_store
from sync.hub.restore import restore
from sync.hub.schema import bench as bench_table
from sync.hub.schema import entry
from sync.orders import Confirmation, Order, State, facts
from sync.protocol import cursor, digest
from sync.protocol.messages import Page
from tests.sync.hub.restored import Journal, again, reported
from tests.sync.hub.world import Bench, World, packing, world

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

PATIENCE_SECONDS = 90.0
BENCHES = ("b1", "b2", "b3")


class Packer:
    """A bench at which somebody packs whatever has its label, and a journal that keeps it."""

    def __init__(self, here: World, name: str) -> None:
        self.bench: Bench = here.bench(name, prefetch=4)
        self.journal = Journal(self.bench)
        self.closed: dict[str, str] = {}
        """Which label is on the box of which order."""

    def work(self) -> bool:
        """Pack what is here; say whether there was something."""
        self.bench.catch_up()
        todo = [order for order in self.bench.orders.values() if self._may(order)]
        for order in todo:
            one = order.shipments[0]
            (box,) = one.parcels
            assert box.label is not None
            done = self.bench.numbered(order.id, one.claim, *packing(order, one))
            first = len(self.journal.told) + 1
            self.journal.note(done)
            self.journal.send(first)
            self.closed[order.id] = box.label.tracking
        return bool(todo)

    def _may(self, order: Order) -> bool:
        """A bench packs nothing that it has packed: its own entries lie over what the hub says."""
        one = order.shipments[0]
        ready = one.state is State.ALLOCATED and all(box.label_usable for box in one.parcels)
        return ready and bool(one.parcels) and order.id not in self.closed


@contextmanager
def at_work(*all_: Callable[[], object]) -> Iterator[None]:
    """Let everybody do their work again and again, each in a thread."""
    enough, wrong = threading.Event(), list[Exception]()

    def go_on(work: Callable[[], object]) -> None:
        try:
            while not enough.is_set():
                if not work():
                    enough.wait(0.01)  # nothing to do: let the others
        except Exception as broken:  # noqa: BLE001 -- it is shown where the test looks
            wrong.append(broken)

    threads = [threading.Thread(target=go_on, args=(work,)) for work in all_]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        enough.set()
        # To the end: what they hold open is closed behind their backs otherwise.
        for thread in threads:
            thread.join()
    assert not wrong, wrong


def wait_for(what: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not what():
        assert time.monotonic() < end, "it did not come"
        threading.Event().wait(0.01)


def rounds(here: World) -> Callable[[], int]:
    """Go round outside as the hub does."""

    def once() -> int:
        here.rounds.pull_one("uk")
        return here.rounds.allot_all() + here.rounds.label_all() + here.rounds.confirm_all()

    return once


def put_back(here: World, copy: Path, packers: list[Packer]) -> None:
    """Lose the books, put the copy in their place, and let benches notice."""
    url = place.read(here.store.engine.url.render_as_string(hide_password=False))
    here.store.close()
    assert restore(url, str(copy), here.safe).epoch == 2
    here.store = open_store(url)
    here.live_again()
    for packer in packers:
        packer.bench.store, packer.bench.at, packer.bench.orders = here.store, "0.0", {}


def test_what_was_told_after_the_copy_was_made_is_told_again_and_nothing_is_done_twice(
    tmp_path: Path,
) -> None:
    with world(tmp_path) as here:
        packers = [Packer(here, name) for name in BENCHES]
        placed = here.place(12)
        url = place.read(here.store.engine.url.render_as_string(hide_password=False))
        copy = tmp_path / "copy"

        def packed() -> int:
            return sum(len(packer.closed) for packer in packers)

        with at_work(rounds(here), *(packer.work for packer in packers)):
            wait_for(lambda: packed() >= 5)
            backup.copy(here.store, url, copy)
            at_copy = packed()
            placed += here.place(8)
            wait_for(lambda: packed() >= 14)
        before = packed()
        assert at_copy < before
        put_back(here, copy, packers)
        lost = [one for packer in packers for one in _missing(here, packer)]
        assert lost, "the copy lacks nothing: the test tests nothing"
        assert here.rounds.allot_all() == 0  # until the benches have told what they know
        for packer in packers:
            packer.journal.send(max(1, len(packer.journal.told)))  # the last one shows the gap
            packer.bench.catch_up()
        reported(here, *(packer.bench for packer in packers))
        with at_work(rounds(here), lambda: again(here), *(packer.work for packer in packers)):
            wait_for(lambda: packed() == len(placed))
            wait_for(lambda: all(_settled(here, id) for id in placed))
        _nothing_is_lost(here, packers)
        _nothing_is_done_twice(here, packers, placed)
        here.store.close()


def _settled(here: World, id: str) -> bool:
    """Say whether the book knows that an order's box is closed, and told of."""
    boxes = [box for one in here.order(id).shipments for box in one.parcels]
    return all(b.closed and b.confirmation is Confirmation.ACCEPTED for b in boxes) and bool(boxes)


def _confirmed(here: World) -> int:
    return here.amazon_books()["confirmations"]


def _stored(here: World, packer: Packer) -> list[tuple[int, str]]:
    with here.store.read() as connection:
        rows = connection.execute(
            select(entry.c.seq, entry.c.hash)
            .where(entry.c.bench == packer.bench.name)
            .order_by(entry.c.seq)
        )
        return [(row.seq, row.hash) for row in rows]


def _missing(here: World, packer: Packer) -> list[int]:
    there = {seq for seq, _ in _stored(here, packer)}
    return [one.seq for one in packer.journal.told if one.seq not in there]


def _nothing_is_lost(here: World, packers: list[Packer]) -> None:
    for packer in packers:
        assert _stored(here, packer) == [(one.seq, one.hash) for one in packer.journal.told]
        packer.bench.catch_up()
        with here.store.read() as connection:
            whole = feed.page(
                connection, here.book, packer.bench.name, cursor.START, 500, time.time()
            )
            total = connection.execute(
                select(bench_table.c.digest).where(bench_table.c.name == packer.bench.name)
            ).scalar_one()
        assert isinstance(whole, Page)
        known = {one.shipment: one.order for one in whole.changes if one.order is not None}
        # When a marketplace touched it last moves no feed.
        mine = packer.bench.orders
        assert {id: replace(order, changed_at=None) for id, order in known.items()} == {
            id: replace(order, changed_at=None) for id, order in mine.items()
        }
        shares = (digest.share(id, order.version) for id, order in known.items())
        assert digest.moved(0, (), shares) == total


def _nothing_is_done_twice(here: World, packers: list[Packer], placed: list[str]) -> None:
    boxes = Counter(
        one.entry.fact.parcel
        for packer in packers
        for one in packer.journal.told
        if isinstance(one.entry.fact, facts.ParcelClosed)
    )
    assert set(boxes.values()) == {1}
    assert len(boxes) == len(placed)
    for packer in packers:
        for id, tracking in packer.closed.items():
            (box,) = here.order(id).shipments[0].parcels
            assert box.closed, id
            assert box.label is not None
            assert box.label.tracking == tracking
            assert here.shipment(id).bench == packer.bench.name
    books = here.carrier_books()
    assert (books["sold"], books["double"], books["key_conflicts"]) == (len(placed), 0, 0)
    assert _confirmed(here) == len(placed)
    with here.store.read() as connection:
        assert setup.epoch(connection) == 2
        assert not setup.restoring(connection, time.time())
