"""A bench's link to a hub over wires of the kind that nobody is told of."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from station.store.keep import StoreKeep
from station.store.store import Store
from sync.client import link as links
from sync.client.link import Link, LinkState, Offline, Online
from sync.client.signer import KEY, open_key
from sync.hub import allot, answers, benches
from sync.orders import Order, State, facts
from sync.protocol import bench_end
from sync.protocol.lanes import Lane
from sync.protocol.messages import Heartbeat
from tests.builders import an_order
from tests.sync.client.test_link import write
from tests.sync.hub.test_server import Running, joined, running
from tests.torture.real.proxy import Manners, Proxy

PATIENCE_SECONDS = 120.0
"""A guard against hanging for ever; on an idle machine nothing here takes five seconds."""


class Lamp:
    """What the bench's lamp shows."""

    def __init__(self) -> None:
        self.state: LinkState | None = None
        self._changed = threading.Condition()

    def __call__(self, state: LinkState) -> None:
        with self._changed:
            self.state = state
            self._changed.notify_all()

    def shows(self, kind: type[LinkState]) -> None:
        """Wait until it shows that."""
        with self._changed:
            so = self._changed.wait_for(lambda: isinstance(self.state, kind), PATIENCE_SECONDS)
        assert so, self.state


def until(so: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not so():
        assert time.monotonic() < deadline, "it did not happen"
        threading.Event().wait(0.01)


class Floor:
    """A hub, a wire, and a bench at its end."""

    def __init__(self, hub: Running, proxy: Proxy, store: Store, lamp: Lamp) -> None:
        self.hub, self.proxy, self.store, self.lamp = hub, proxy, store, lamp
        self.keep = StoreKeep(store, lambda: Heartbeat(bench="b1"))

    def give(self, number: str) -> Order:
        """Give the bench an order, as the rounds would."""
        books = self.hub.hub
        order = an_order(number)
        with books.store.write() as connection:
            books.book.add(connection, order, [], time.time())
        allot.allot(books.store, books.book, time.time())
        books.bell.look(books.store)
        return order

    def has(self, order: Order) -> bool:
        """Say whether the bench has it."""
        with self.store.turn() as turn:
            return turn.order(order.id) is not None

    def at_hub(self) -> int:
        """Say how many of the bench's entries the hub has."""
        with self.hub.hub.store.read() as connection:
            (row,) = benches.listed(connection)
            return int(row.last_seq)


@contextmanager
def floor(folder: Path, manners: Manners) -> Iterator[Floor]:
    home = folder / "bench"
    home.mkdir()
    with running(folder) as hub:
        joined(home, hub)
        with Proxy(lambda: [hub.address[1]], manners, 1) as proxy:
            store, lamp = Store(home / "bench.db"), Lamp()
            there = Floor(hub, proxy, store, lamp)
            link = Link(proxy.url, there.keep, lambda: open_key(home / KEY), lamp)
            there.store.listen(lambda ids: link.wake())
            try:
                link.start()
                yield there
            finally:
                link.stop()
                store.close()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the bench's patience be shorter, each in proportion."""
    monkeypatch.setattr(bench_end, "WAIT_SECONDS", 2)
    patience = {Lane.FEED: 10.0, Lane.UP: 8.0, Lane.BEAT: 3.0}
    assert patience.keys() == links._READ_SECONDS.keys()
    monkeypatch.setattr(links, "_READ_SECONDS", patience)
    monkeypatch.setattr(bench_end, "LONGEST_PAUSE_SECONDS", 0.5)


@pytest.fixture
def endless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a long-poll without news last longer than the test may."""
    monkeypatch.setattr(answers, "LONGEST_WAIT_SECONDS", 4_000.0)
    monkeypatch.setattr(bench_end, "WAIT_SECONDS", 4_000)
    monkeypatch.setattr(links, "_READ_SECONDS", {**links._READ_SECONDS, Lane.FEED: 4_000.0})


@pytest.mark.slow
@pytest.mark.usefixtures("quick")
def test_a_hub_that_vanishes_without_a_word_is_missed_and_found_again(tmp_path: Path) -> None:
    """Its host lost its power: no connection ends, no byte comes, and new ones are not refused."""
    with floor(tmp_path, Manners()) as there:
        order = there.give("n-1")
        until(lambda: there.has(order))
        there.lamp.shows(Online)
        there.proxy.vanish()
        there.lamp.shows(Offline)
        before = there.at_hub()
        of = order.shipments[0].id
        for _ in range(10):  # the packer notices nothing
            write(there.store, order, facts.PackStarted(shipment=of))
            write(there.store, order, facts.PackStopped(shipment=of, back_to=State.ALLOCATED))
        assert there.at_hub() == before
        later = there.give("n-2")
        assert not there.has(later)
        there.proxy.heal()
        there.lamp.shows(Online)
        until(lambda: there.at_hub() == before + 20)
        until(lambda: there.has(later))


@pytest.mark.slow
@pytest.mark.usefixtures("endless")
def test_a_proxy_that_holds_back_whole_answers_does_not_hold_up_news(tmp_path: Path) -> None:
    """A page is one answer that ends: whoever collects answers has it as soon as it is there."""
    with floor(tmp_path, Manners(collects=1.0)) as there:
        there.lamp.shows(Online)
        for n in range(3):
            order = there.give(f"n-{n}")
            # Not at the end of the long-poll, as a stream's end would be: it has none.
            until(partial(there.has, order))
            write(there.store, order, facts.PackStarted(shipment=order.shipments[0].id))
        until(lambda: there.at_hub() == 3)
        assert there.proxy.done["collects"] > 3
