"""The walk of one order: marketplace, hub, bench, printer, marketplace. Every wire is a real one.

The world outside is the simulation, the hub answers over HTTP, the bench is the product's own
without its screen, its spool prints on a virtual printer over TCP. Only the packer is scripted.
"""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from starlette.types import ASGIApp

from drivers.simulate.label_printer import VirtualPrinter
from station.bench import Bench, Printers
from station.codes.code import BadgeCode, OrderCode
from station.codes.own import write
from station.demo.paper import codes as codes_on
from station.flows.flow import Weighed
from station.notice import Kind
from station.session import Session
from station.spool import Printer, Spool
from station.store import journal, notices
from station.store.keep import StoreKeep
from station.store.ledger import StoreLedger
from station.store.store import Store
from sync.client.link import Link, LinkState, Online, enrol
from sync.client.signer import KEY, open_key
from sync.hub import app as hub_app
from sync.hub import benches, giveback, items, takeover, troubles
from sync.orders import Cancellation, Confirmation, Order, State, order_of
from sync.protocol.messages import Heartbeat, Packer, Verdict
from sync.simulate import goods, serve
from tests.sync.hub.world import World
from tests.sync.hub.world import world as a_world

pytestmark = pytest.mark.slow
DEADLINE = 60.0
"""Seconds until something that must happen is taken not to."""


@dataclass
class Floor:
    """One bench at one hub, with its printer."""

    world: World
    bench: Bench
    store: Store
    keep: StoreKeep
    spool: Spool
    printer: VirtualPrinter
    changed: threading.Event
    hub: ASGIApp
    connection: ExitStack
    """The server's and the link's end: closed, they cannot reach each other."""
    lamps: list[LinkState] = field(default_factory=list)
    out: int = 0

    def until(self, what: Callable[[], bool]) -> None:
        """Wait for the next change of the store, again and again, until this is so."""
        end = time.monotonic() + DEADLINE
        while not what():
            left = end - time.monotonic()
            assert left > 0, "it did not happen"
            self.changed.wait(min(left, 0.2))
            self.changed.clear()
            self.bench.refresh()

    def now(self, id: str) -> Order | None:
        """The order as the bench has it."""
        with self.store.turn() as turn:
            return turn.order(id)

    def here(self, id: str) -> bool:
        """Whether the order has come, with its label's bytes."""
        order = self.now(id)
        if order is None or not order.shipments[0].parcels:
            return False
        label = order.shipments[0].parcels[0].label
        return label is not None and label.sha256 not in self.keep.wanted_blobs()

    def go_round(self) -> None:
        """Let the hub read, allot, buy labels, confirm; the bench hears of it."""
        self.world.pull()
        self.world.go_round()
        self.world.rounds.announce()

    def pack(self, id: str) -> str:
        """Pack the order as its packer; return the tracking number on the label that came out."""
        order = self.now(id)
        assert order is not None
        self.bench.scan(write(OrderCode(order.channel_order_id)), "hand")
        for line in order.shipments[0].lines:
            item = order.line(line.line)
            for n in range(line.due):
                self.bench.scan(item.gtins[0][1:], "hand")
                if item.serial_required:
                    self.bench.scan(f"SN-{line.line}-{n}", "hand")
        session = self.bench.session
        assert session.parcel is not None
        assert session.parcel.label is not None
        self.bench.put(Weighed(session.parcel.label.grams))
        job = self.bench.session.parcel.print_job if self.bench.session.parcel else ""
        assert job, "the label is printed as soon as the parcel is weighed"
        assert self.printer.wait_printed(self.out + 1)
        self.out += 1
        return codes_on(self.printer.printed[-1].data)[-1]

    def leave_hub(self) -> None:
        """The network is gone."""
        self.connection.close()

    def reach_hub(self) -> None:
        """It is back."""
        url = self.connection.enter_context(serve.running(self.hub))
        key = self.store.path.parent / KEY
        link = Link(url, self.keep, lambda: open_key(key), self.lamps.append)
        self.bench.on_commit = self.both(link)
        link.start()
        self.connection.callback(link.stop)

    def both(self, link: Link) -> Callable[[], None]:
        """What is told of every step."""

        def committed() -> None:
            self.spool.wake()
            link.wake()

        return committed


@contextmanager
def a_floor(folder: Path) -> Iterator[Floor]:
    with ExitStack() as stack:
        world = stack.enter_context(a_world(folder))
        hub = hub_app.app(hub_app.Hub(world.store, world.book, world.safe, world.rounds.bell))
        with world.store.write() as connection:
            code = benches.new_code(connection, "b1", time.time(), prefetch=30)
            catalogue = items.read_csv(io.StringIO(goods.master_data()))
            items.store(connection, world.book, catalogue, time.time())
            items.add_packer(connection, Packer(badge="P001", name="Ada"))
        printer = stack.enter_context(VirtualPrinter())
        store = Store(folder / "bench.db")
        stack.callback(store.close)
        with serve.running(hub) as url:
            enrolled = enrol(url, code, "here", public_key=open_key(folder / KEY).public_key)
        bench = Bench(store, Session(bench="b1"), Printers("zebra", ""))
        keep = StoreKeep(store, lambda: Heartbeat(bench="b1"), record=bench.record)
        keep.enrol(enrolled)
        changed = threading.Event()
        store.listen(lambda ids: changed.set())
        ledger = StoreLedger(store, bench.record, lambda name, needs: None)
        spool = Spool([Printer(name="zebra", url=printer.url)], ledger)
        connection_to_hub = stack.enter_context(ExitStack())
        floor = Floor(world, bench, store, keep, spool, printer, changed, hub, connection_to_hub)
        spool.start()
        stack.callback(spool.stop)
        floor.reach_hub()
        yield floor


def test_an_order_goes_from_the_marketplace_through_the_bench_and_back(tmp_path: Path) -> None:
    with a_floor(tmp_path) as floor:
        (id,) = floor.world.place()
        floor.go_round()
        floor.until(lambda: floor.here(id))
        floor.bench.scan(write(BadgeCode("P001")), "hand")
        floor.bench.scan(floor.pack(id), "hand")
        order = floor.now(id)
        assert order is not None
        assert order.state is State.PACKED
        floor.until(lambda: floor.world.order(id).state is State.PACKED)
        floor.go_round()
        confirmed = floor.world.parcel(id)
        assert confirmed.confirmation is Confirmation.ACCEPTED
        totals = floor.world.amazon_books()
        assert (totals["confirmations"], totals["confirmed_twice"]) == (1, 0)
        assert floor.world.carrier_books()["sold"] == 1
        floor.until(lambda: floor.now(id) == floor.world.order(id))
        assert any(isinstance(lamp, Online) for lamp in floor.lamps)


def test_an_order_called_off_while_it_is_packed_is_neither_closed_nor_confirmed(
    tmp_path: Path,
) -> None:
    with a_floor(tmp_path) as floor:
        (id,) = floor.world.place()
        floor.go_round()
        floor.until(lambda: floor.here(id))
        floor.bench.scan(write(BadgeCode("P001")), "hand")
        tracking = floor.pack(id)
        floor.world.act(id, "cancel")
        floor.go_round()

        def called_off() -> bool:
            order = floor.now(id)
            return order is not None and (order.shipments[0].cancellation is Cancellation.CANCELLED)

        floor.until(called_off)
        floor.bench.refresh()
        assert floor.bench.session.latched, "the packer is told at once"
        floor.bench.scan("PKCMDACK", "hand")
        floor.bench.scan(tracking, "hand")
        order = floor.now(id)
        assert order is not None
        assert not order.shipments[0].parcels[0].closed
        floor.go_round()
        assert floor.world.amazon_books()["confirmations"] == 0
        assert floor.world.carrier_books()["voided"] == 1


def test_what_was_decided_while_a_bench_was_alone_is_told_before_it_begins_anything_new(
    tmp_path: Path,
) -> None:
    with a_floor(tmp_path) as floor:
        ids = floor.world.place(4)
        floor.go_round()
        floor.until(lambda: all(floor.here(id) for id in ids))
        cancelled, taken, moved, last = ids
        other = floor.world.bench("b2")
        floor.leave_hub()
        floor.bench.scan(write(BadgeCode("P001")), "hand")
        for id in (cancelled, taken, moved):
            floor.bench.scan(floor.pack(id), "hand")
        floor.world.act(cancelled, "cancel")
        floor.world.act(moved, "address")
        floor.world.pull()
        with floor.world.store.write() as connection:
            order = floor.world.book.get(connection, taken, lock=True)
            assert order is not None
            done = takeover.facts_of(connection, order, other.name)
            why = "it is silent"
            takeover.take_over(
                connection, floor.world.book, order, done, time.time(), why=why, by="S"
            )
        floor.world.go_round()
        floor.reach_hub()
        told: dict[str, str] = {}

        def all_told() -> bool:
            session = floor.bench.session
            if session.noticed:
                about = session.notices[0]
                told[order_of(about.shipment)] = about.kind
                floor.bench.scan("PKCMDACK", "hand")
            with floor.store.turn() as turn:
                return not journal.owed(turn) and not floor.bench.session.noticed

        floor.until(lambda: all_told() and len(told) == 3)
        assert told[cancelled] in (Kind.CANCELLED, Kind.LEFT)
        assert told[taken] in (Kind.TAKEN, Kind.LEFT)
        assert told[moved] in (Kind.ADDRESS, Kind.UNCLEAR)
        floor.until(lambda: floor.here(last))
        floor.bench.scan(floor.pack(last), "hand")
        assert floor.world.carrier_books()["double"] == 0


def test_a_bench_packs_on_while_the_hub_is_away_and_owes_nothing_afterwards(
    tmp_path: Path,
) -> None:
    with a_floor(tmp_path) as floor:
        (id,) = floor.world.place()
        floor.go_round()
        floor.until(lambda: floor.here(id))
        floor.leave_hub()
        floor.bench.scan(write(BadgeCode("P001")), "hand")
        floor.bench.scan(floor.pack(id), "hand")
        order = floor.now(id)
        assert order is not None
        assert order.state is State.PACKED, "nothing at the bench waited for the hub"
        assert floor.world.order(id).state is State.ALLOCATED
        with floor.store.turn() as turn:
            assert journal.owed(turn) > 0
        floor.reach_hub()
        floor.until(lambda: floor.world.order(id).state is State.PACKED)
        floor.go_round()
        assert floor.world.amazon_books()["confirmations"] == 1
        floor.until(lambda: floor.now(id) == floor.world.order(id))
        with floor.store.turn() as turn:
            assert journal.owed(turn) == 0
            assert not notices.waiting(turn), "nothing was decided that a packer must hear of"


def give(floor: Floor, id: str, name: str) -> None:
    """A supervisor wants the order at another bench."""
    world, now = floor.world, time.time()
    with world.store.write() as connection:
        order = world.order(id)
        done = giveback.facts_of(connection, order, name, now)
        giveback.give(connection, world.book, order, done, now, by="S1")
    floor.go_round()


def test_an_order_that_nobody_began_is_packed_at_another_bench_with_the_same_label(
    tmp_path: Path,
) -> None:
    with a_floor(tmp_path) as floor:
        (id,) = floor.world.place()
        floor.go_round()
        floor.until(lambda: floor.here(id))
        floor.bench.scan(write(BadgeCode("P001")), "hand")
        other = floor.world.bench("b2")
        give(floor, id, "b2")
        floor.until(lambda: floor.now(id) is None)
        floor.until(lambda: floor.world.shipment(id).bench == "b2")
        assert set(other.pack(floor.world.order(id))) == {Verdict.OK}
        floor.go_round()
        assert floor.world.parcel(id).confirmation is Confirmation.ACCEPTED
        books = floor.world.carrier_books()
        assert (books["labels"], books["sold"]) == (1, 1)


def test_an_order_that_was_begun_offline_is_not_given_back(tmp_path: Path) -> None:
    with a_floor(tmp_path) as floor:
        (id,) = floor.world.place()
        floor.go_round()
        floor.until(lambda: floor.here(id))
        floor.bench.scan(write(BadgeCode("P001")), "hand")
        floor.leave_hub()
        floor.world.bench("b2")
        give(floor, id, "b2")
        tracking = floor.pack(id)
        floor.reach_hub()
        floor.until(lambda: floor.world.shipment(id).wanted == "")
        floor.bench.scan(tracking, "hand")
        floor.until(lambda: floor.world.order(id).state is State.PACKED)
        assert floor.world.shipment(id).bench == "b1"
        with floor.world.store.read() as connection:
            (told,) = troubles.listed(connection)
        assert (told.kind, told.order_id) == (troubles.Kind.KEPT, id)
        floor.go_round()
        assert floor.world.parcel(id).confirmation is Confirmation.ACCEPTED
