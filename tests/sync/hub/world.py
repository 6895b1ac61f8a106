"""A whole small world in one process: Amazon, Simpost, a hub with its books, a scripted bench.

The outside is the simulation, over loopback sockets; the hub is the product's own, its rounds
called by hand, so that a test says when what happens. The bench does what a packer does, by facts.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx
import msgspec
from sqlalchemy import Connection, update

from sync.hub import benches, channels, entries, feed, pull, setup, vault
from sync.hub.bell import Bell
from sync.hub.book import Book
from sync.hub.engine import Store, open_store
from sync.hub.process import LEFT
from sync.hub.rounds import Rounds
from sync.hub.schema import parcel
from sync.markets.amazon import SETTLED
from sync.orders import Claim, Entry, Fact, Order, Parcel, Shipment, facts
from sync.protocol import chain, cursor
from sync.protocol.messages import Acked, Batch, Enrol, Gap, Numbered, Page, Verdict
from sync.simulate import panel
from sync.simulate.amazon.book import Trade
from sync.simulate.amazon.place import Odds
from sync.simulate.amazon.routes import Amazon, Pace
from sync.simulate.baskets import Baskets
from sync.simulate.carrier.book import Book as CarrierBook
from sync.simulate.carrier.routes import Simpost
from sync.simulate.chance import dice
from sync.simulate.faults import Fault, Faults
from sync.simulate.keep import Shelf
from tests import data
from tests.contract import Contract, ContractTransport, contract_of_amazon
from tests.sync.simulate.shop import BOARD, address

FAST = 1e6
"""The two minutes for which Amazon keeps changes back pass in a tenth of a millisecond."""


def opened(folder: Path, url: str = "") -> tuple[Store, vault.Vault, Book]:
    """Open a hub's books in a folder."""
    store = open_store(url or f"sqlite:///{folder / 'hub.db'}")
    setup.make(store)
    safe = vault.at(folder / "hub.key")
    return store, safe, Book(safe)


@dataclass
class Bench:
    """A bench without a screen: reads its feed, sends entries."""

    store: Store
    book: Book
    name: str
    incarnation: int
    at: str = "0.0"
    orders: dict[str, Order] = field(default_factory=dict)
    through: int = 0
    seq: int = 0
    hash: str = chain.START

    def read(self, limit: int = 500) -> Page:
        """Read one page of the feed."""
        with self.store.read() as connection:
            page = feed.page(
                connection, self.book, self.name, cursor.read(self.at), limit, time.time()
            )
        assert isinstance(page, Page)
        assert page.after == self.at
        for change in page.changes:
            self.through = change.through
            if change.order is None:
                self.orders.pop(change.shipment, None)
            else:
                self.orders[change.shipment] = change.order
        self.at = page.next
        return page

    def catch_up(self) -> None:
        """Read the feed to its end."""
        while (page := self.read()).next != page.head:
            pass

    def numbered(self, order: str, claim: Claim | None, *done: Fact) -> list[Numbered]:
        """Put facts into the bench's own journal."""
        new = []
        for fact in done:
            self.seq += 1
            said = Entry(
                id=uuid4().hex,
                order=order,
                at=datetime.now(UTC),
                bench=self.name,
                by="P1",
                claim=claim,
                fact=fact,
            )
            self.hash = chain.link(self.hash, self.seq, said)
            new.append(Numbered(seq=self.seq, entry=said, hash=self.hash))
        return new

    def batch(self, previous: str, new: list[Numbered]) -> Batch:
        """Make a batch."""
        return Batch(
            bench=self.name, incarnation=self.incarnation, previous=previous, entries=tuple(new)
        )

    def post(self, batch: Batch) -> Acked | Gap:
        """Send a batch as it goes over the wire."""
        sent = msgspec.json.decode(msgspec.json.encode(batch), type=entries.Sent)
        with self.store.write() as connection:
            return entries.take(connection, self.book, sent, time.time())

    def say(self, order: Order, *done: Fact, claim: Claim | None = None) -> list[Verdict]:
        """Report facts; give what the hub made of them."""
        previous = self.hash
        shipment = order.shipments[0]
        new = self.numbered(order.id, claim or shipment.claim, *done)
        answer = self.post(self.batch(previous, new))
        assert isinstance(answer, Acked)
        assert answer.acked == self.seq
        return [one.verdict for one in answer.verdicts]

    def pack(self, order: Order, shipment: Shipment | None = None) -> list[Verdict]:
        """Pack a shipment that has its label, and close its parcel."""
        one = shipment or order.shipments[0]
        return self.say(order, *packing(order, one))


def packing(order: Order, one: Shipment) -> list[Fact]:
    """Every fact of packing a shipment whose first parcel has its label, up to the closing scan."""
    box = one.parcels[0]
    assert box.label is not None
    job = facts.print_job(box.label.tracking, 1)
    pieces = [
        facts.ItemPacked(
            parcel=box.id,
            line=line.line,
            serial=f"S-{line.line}-{n}" if order.line(line.line).serial_required else "",
        )
        for line in one.lines
        for n in range(line.due)
    ]
    return [
        facts.PackStarted(shipment=one.id),
        facts.ParcelOpened(parcel=box.id),
        *pieces,
        facts.ParcelChecked(parcel=box.id),
        facts.BoxChosen(parcel=box.id, box="M"),
        facts.ParcelWeighed(parcel=box.id, grams=box.label.grams + 10),
        facts.PrintQueued(parcel=box.id, job=job),
        facts.PrintStarted(parcel=box.id, job=job),
        facts.PrintSent(parcel=box.id, job=job),
        facts.LabelPrinted(parcel=box.id, job=job, evidence="odometer"),
        facts.ParcelClosed(parcel=box.id, tracking=box.label.tracking),
    ]


@dataclass
class World:
    """What a test holds of it."""

    amazon: Amazon
    simpost: Simpost
    store: Store
    safe: vault.Vault
    book: Book
    rounds: Rounds
    contract: Contract | None

    def place(self, number: int = 1, kind: str = "plain") -> list[str]:
        """Let buyers order; give our ids of the orders."""
        placed = [f"uk:{id}" for id in self.amazon.place(number, kind)]
        seen_from_now_on()
        return placed

    def act(self, order: str, verb: str) -> None:
        """Let something happen to an order at Amazon."""
        why = self.amazon.act(order.removeprefix("uk:"), verb)
        assert why is None, why
        seen_from_now_on()

    def pull(self) -> pull.Pulled:
        """Read the channel once."""
        return pull.pull(self.store, self.book, self.rounds.outside, "uk")

    def order(self, id: str) -> Order:
        """Give an order as the book has it."""
        with self.store.read() as connection:
            found = self.book.get(connection, id)
        assert found is not None
        return found

    def shipment(self, id: str) -> Shipment:
        """Give an order's only shipment."""
        (one,) = self.order(id).shipments
        return one

    def parcel(self, id: str) -> Parcel:
        """Give the only parcel of an order."""
        (one,) = self.shipment(id).parcels
        return one

    def bench(self, name: str = "b1", prefetch: int = 30) -> Bench:
        """Enrol a bench."""
        now = time.time()
        with self.store.write() as connection:
            code = benches.new_code(connection, name, now, prefetch=prefetch)
            enrolled = benches.enrol(connection, Enrol(code=code, public_key="0" * 64), now)
        assert enrolled is not None
        return Bench(self.store, self.book, name, enrolled.incarnation)

    def go_round(self) -> None:
        """Allot, buy labels and confirm until nothing is left to do now."""
        while self.rounds.allot_all() + self.rounds.label_all() + self.rounds.confirm_all():
            pass

    def record(self, id: str, *done: Fact) -> Order:
        """Put facts on record as the hub."""
        with self.store.write() as connection:
            order = self.book.get(connection, id, lock=True)
            assert order is not None
            return self.book.record(connection, order, done, time.time())

    def arm(self, name: str, *, times: int = 1, on: str = "") -> None:
        """Let something go wrong outside."""
        for service in (self.amazon, self.simpost):
            service.faults.arm(Fault(name, times=times, on=on))

    def kill(self) -> None:
        """Let the hub die at its next pause: after a call whose answer did not come."""
        self.rounds.stop.set()

    def live_again(self) -> None:
        """Start the hub again on the same books."""
        self.rounds = Rounds(
            self.store,
            self.book,
            self.safe,
            Bell(),
            self.rounds.client,
            again_seconds=0.001,
            pause_seconds=0.001,
        )
        with self.store.write() as connection:
            # What was left half done is taken up, and every back-off is over.
            left = {"due_at": LEFT, "holder": ""}
            connection.execute(update(parcel).where(parcel.c.due_at > 0.0).values(**left))

    def due_now(self) -> None:
        """Let every back-off be over."""
        with self.store.write() as connection:
            connection.execute(update(parcel).where(parcel.c.due_at > 1.0).values(due_at=1.0))

    def amazon_books(self) -> dict[str, int]:
        """Give Amazon's totals."""
        return self.amazon.book.totals()

    def carrier_books(self) -> dict[str, int]:
        """Give Simpost's totals."""
        return self.simpost.book.totals()


def seen_from_now_on() -> None:
    """Let it be so late that a round which begins now asks for what just happened.

    A round asks in whole milliseconds, and up to a little before now: what happened in the same
    millisecond comes with the next round, whose window overlaps. A test goes one round, and the
    simulation answers a call of ours within that millisecond now and then.
    """
    happened, held_back = time.time(), (SETTLED + pull.MARGIN).total_seconds() / FAST
    while math.floor((time.time() - held_back) * 1000) <= happened * 1000:
        pass  # a millisecond or two


@contextmanager
def world(folder: Path, url: str = "") -> Iterator[World]:
    """Make a world; every exchange with Amazon is checked against its model, where that is."""
    with ExitStack() as stack:
        shelf, other = Shelf(), Shelf()
        stack.callback(shelf.close)
        stack.callback(other.close)
        now: Callable[[], datetime] = lambda: datetime.now(UTC)  # noqa: E731
        trade = Trade(1, Baskets(abroad=0.3), Odds({}, within=60.0))
        pace = Pace(rate_scale=1e6, time_scale=FAST, token_seconds=3600 * FAST)
        amazon = Amazon(trade, shelf, now, pace, Faults(dice(1, "faults")))
        simpost = Simpost(CarrierBook(other, 1), now, Faults(dice(1, "c")), rate_scale=1e6)
        BOARD.app = panel.app([amazon, simpost], [amazon])
        there = data.find("specs", "amazon", "oas3_converted")
        contract = contract_of_amazon() if there else None
        wire: httpx.BaseTransport = httpx.HTTPTransport(verify=False)  # nothing is encrypted here
        if contract:
            for path in ("/labels", "/services", "/manifests"):
                contract._beside = (*contract._beside, path)
            wire = ContractTransport(wire, contract)
        client = stack.enter_context(httpx.Client(transport=wire, timeout=60))
        store, safe, book = opened(folder, url)
        stack.callback(store.close)
        rounds = Rounds(store, book, safe, Bell(), client, again_seconds=0.001, pause_seconds=0.001)
        with store.write() as connection:
            connect(connection, safe, amazon.credentials())
        made = World(amazon, simpost, store, safe, book, rounds, contract)
        yield made
        rounds.stop.set()
        assert contract is None or not contract.violations


def connect(connection: Connection, safe: vault.Vault, credentials: dict[str, object]) -> None:
    """Add the simulated Amazon as channel `uk` and Simpost as carrier."""
    channels.add_channel(
        connection,
        safe,
        market="amazon",
        name="uk",
        credentials=credentials,
        base_url=address(),
        token_url=f"{address()}/auth/o2/token",
        rate_scale=1e6,
        time_scale=FAST,
    )
    channels.add_carrier(
        connection,
        safe,
        kind="simpost",
        name="simpost",
        credentials={},
        base_url=address(),
        rate_scale=1e6,
    )
