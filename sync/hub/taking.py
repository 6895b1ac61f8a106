"""What do entries do to the book? Judges them one after the other, and writes what came of it once.

`Taking` holds the orders that a batch names, locked; nothing is written before `write`, except
what the hub itself has to put on record to follow a bench whose claim it had forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import msgspec
from sqlalchemy import Connection, select

from sync.hub import ahead, feed, giveback, troubles, verdicts
from sync.hub.book import HUB, Book, journal
from sync.hub.schema import bench, entry
from sync.hub.setup import epoch
from sync.hub.troubles import Kind, Trouble
from sync.orders import Claim, Entry, Fact, Order, Shipment, facts, order_of
from sync.protocol.messages import Verdict

LONGEST_NAME = 400
"""Of an entry, an order, a shipment or a parcel: databases index no texts of any length, and one
entry that cannot be stored would hold up everything that its bench has to tell after it."""
MOST_IDS = 500
"""Asked for in one statement: databases bound the number of parameters."""


@dataclass(slots=True)
class Taking:
    """Orders while entries are applied to them."""

    connection: Connection
    book: Book
    now: float
    before: dict[str, Order]
    orders: dict[str, Order]
    epoch: int
    troubles: list[Trouble] = field(default_factory=list)
    settled: dict[str, dict[str, bool]] = field(default_factory=dict)
    """By bench: feed rows that must move although their order did not change; True: not its."""
    highest: dict[str, Claim | None] = field(default_factory=dict)
    """The latest claim to a shipment that the journal knows, where that was asked for."""
    answers: list[tuple[str, Sequence[Fact]]] = field(default_factory=list)
    """By order: what the hub does because of an entry, to stand behind it in the journal."""
    printed: set[tuple[Claim | None, str]] = field(default_factory=set)
    """Which print jobs the entries tell of, each with the claim that it was done under."""

    def hear(self, told: Iterable[Entry]) -> None:
        """Look through all entries first: which labels came out under which claim."""
        self.printed |= {
            (one.claim, one.fact.job) for one in told if isinstance(one.fact, facts.OfPrint)
        }

    def follow(self, said: Entry, by: str) -> tuple[Verdict, str]:
        """Judge what a bench says, and let it happen where it counts."""
        order = self.orders.get(said.order)
        if order is not None:
            forgotten = verdicts.adoptable(order, said, self.epoch)
            if forgotten is not None and said.claim is not None:
                self._adopt(order, forgotten, said.claim, by)
        order = self.orders.get(said.order)
        found = verdicts.judge(order, said)
        if found.order is not None:
            self.orders[said.order] = found.order
        if found.verdict is Verdict.OK and order is not None:
            self._heed(order, said.fact)
        return found.verdict, found.reason

    def _heed(self, before: Order, fact: Fact) -> None:
        """Do what a person wanted with a shipment, where its bench has answered."""
        match fact:
            case facts.ShipmentGivenBack(shipment=id):
                after = self.orders[before.id]
                done = giveback.handed_on(self.connection, after, id, self.now)
                self._fold(after, done)
                self.answers.append((before.id, done))
            case facts.ShipmentKept(shipment=id) if before.shipment(id).wanted:
                self.troubles.append(giveback.kept(before, id))

    def _adopt(self, order: Order, shipment: Shipment, claim: Claim, by: str) -> None:
        """Give a bench again what this hub gave it before it was restored, and forgot."""
        if shipment.id not in self.highest:
            self.highest[shipment.id] = highest_claim(self.connection, order, shipment)
        if not verdicts.adopts(claim, self.highest[shipment.id], self.epoch):
            return
        there = select(bench.c.warehouse).where(bench.c.name == by)
        given = facts.ShipmentAllocated(
            shipment=shipment.id,
            warehouse=self.connection.execute(there).scalar_one_or_none() or "",
            bench=by,
            claim=claim,
        )
        # The lost hub gave it a label that was good then, also where another bench had it before.
        labels = (box.label.tracking for box in shipment.parcels if box.label)
        good = [one for one in labels if (claim, facts.print_job(one, 1)) in self.printed]
        done = ahead.given_anew(order, given, good)
        if done is None:
            return
        self._record(order, done)
        self.highest[shipment.id] = claim

    def _record(self, order: Order, done: Sequence[Fact]) -> None:
        """Put on record what the hub itself does."""
        journal(self.connection, order.id, done, self.now)
        self._fold(order, done)

    def _fold(self, order: Order, done: Sequence[Fact]) -> None:
        for fact in done:
            order = ahead.after(order, fact)
        self.orders[order.id] = order

    def settle(self, said: Entry, by: str) -> None:
        """See to it that the bench learns, by its feed, that this entry is dealt with.

        Also where it was followed: what takes itself back within a batch leaves the order as it
        was.
        """
        shipment = verdicts.shipment_named(said.fact)
        if not shipment or "\0" in shipment or order_of(shipment) != said.order:
            return
        order = self.orders.get(said.order)
        mine = order is not None and any(
            one.id == shipment and one.bench == by and one.state not in feed.DONE_WITH
            for one in order.shipments
        )
        self.settled.setdefault(by, {})[shipment] = not mine

    def trouble(self, said: Entry | None, verdict: Verdict, reason: str, by: str) -> None:
        """Let a person know of an entry that was not followed, where somebody has to look."""
        if said is None:
            sentence = verdicts.UNREADABLE.format(bench=by)
            self.troubles.append(Trouble(kind=Kind.ENTRY, subject=by, sentence=sentence))
            return
        sentence = verdicts.sentence(verdict, reason, said.fact, by)
        if sentence:
            subject = storable(verdicts.shipment_named(said.fact) or said.order)
            order = said.order if said.order in self.orders else ""
            self.troubles.append(
                Trouble(kind=Kind.ENTRY, subject=subject, sentence=sentence, order=order)
            )

    def write(self, by: str = "") -> None:
        """Store the orders that changed, and move the feeds, each bench's once.

        After the entries, because what the hub answered to one stands behind it in the journal.

        `by`: a bench whose row the caller will change as well.
        """
        moved: feed.Moves = {}
        for id, done in self.answers:
            journal(self.connection, id, done, self.now)
        for id in sorted(self.orders):
            if self.orders[id] != self.before[id]:
                self.orders[id] = self.book.save(
                    self.connection, self.before[id], self.orders[id], self.now, moved
                )
        for by, rows in self.settled.items():
            for id, gone in rows.items():
                version = None if gone else self.orders[order_of(id)].version
                moved.setdefault(by, {}).setdefault(id, version)
        feed.lock(self.connection, {*moved, by})
        feed.put_all(self.connection, moved, self.now)
        troubles.open_(self.connection, self.troubles, self.now)


def begin(connection: Connection, book: Book, orders: Iterable[str], now: float) -> Taking:
    """Lock the orders that entries name."""
    # PostgreSQL stores no NUL in a text: such an order cannot be in the book.
    found = book.get_all(connection, {id for id in orders if "\0" not in id}, lock=True)
    return Taking(connection, book, now, dict(found), dict(found), epoch(connection))


def known_ids(connection: Connection, ids: Iterable[str]) -> set[str]:
    """Say which of the entries are on record already, under whatever number."""
    wanted = sorted({storable(id) for id in ids})
    found: set[str] = set()
    for at in range(0, len(wanted), MOST_IDS):
        some = select(entry.c.id).where(entry.c.id.in_(wanted[at : at + MOST_IDS]))
        found.update(connection.execute(some).scalars())
    return found


def highest_claim(connection: Connection, order: Order, shipment: Shipment) -> Claim | None:
    """Give the latest claim to a shipment that the book knows of, also one that was taken back."""
    bodies = connection.execute(
        select(entry.c.body).where(
            entry.c.order_id == order.id,
            entry.c.bench == HUB,
            entry.c.kind == "shipment-allocated",
        )
    ).scalars()
    given = (msgspec.json.decode(body, type=Entry).fact for body in bodies)
    claims = [
        fact.claim
        for fact in given
        if isinstance(fact, facts.ShipmentAllocated) and fact.shipment == shipment.id
    ]
    return max([*claims, *([shipment.claim] if shipment.claim else [])], default=None)


def read(body: bytes) -> Entry | None:
    """Read an entry as it came; None: this hub cannot."""
    try:
        said = msgspec.json.decode(body, type=Entry)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    names = (said.id, said.order, verdicts.shipment_named(said.fact))
    return said if max(len(name) for name in names) <= LONGEST_NAME else None


def storable(text: str) -> str:
    """PostgreSQL stores no NUL in a text; the body keeps it as it came."""
    return text.replace("\0", "")
