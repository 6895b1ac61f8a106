"""The third round: marketplaces are told what ships, once each channel's moment has come.

The reference by which a parcel is told, and that the call is about to be made, are committed
before the call; what came of it after. A confirmation that is found as sent when a hub starts
is one whose answer was lost: it is told again in the same words, which is safe. Of an order that
was held or called off meanwhile nothing is told: the marketplace is only asked what it knows.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, select

from sync.hub import troubles, work
from sync.hub.book import Book, confirm_at, seconds
from sync.hub.captured import moment
from sync.hub.channels import Outside
from sync.hub.engine import Store
from sync.hub.labels import FIRST_AGAIN_SECONDS, TELL_AFTER, Taken, again, release, take
from sync.hub.schema import entry, parcel
from sync.hub.troubles import Kind, Trouble
from sync.orders import Cancellation, Confirmation, Fact, Order, facts, refusal, shipment_of
from sync.ports import Accepted, Rejected, Told, Unsure

AT_ONCE = 100
"""Parcels that one look takes up; the next look takes the rest."""
LOOKS = 3
"""In a row that find nothing, before it is believed: a marketplace may show a change late."""


@dataclass(slots=True)
class Confirmations:
    """The round."""

    store: Store
    book: Book
    outside: Outside
    again_seconds: float = FIRST_AGAIN_SECONDS
    clock: Callable[[], float] = time.time
    holder: str = ""
    """The hub process that asks; "" for a command line, which nobody takes over from."""

    def due(self, channel: str = "") -> list[str]:
        """Name the parcels that their marketplace must be told of now."""
        wanted = select(parcel.c.id).where(
            parcel.c.confirm_work.is_(True), parcel.c.due_at <= self.clock()
        )
        if channel:
            wanted = wanted.where(parcel.c.id.startswith(f"{channel}:", autoescape=True))
        with self.store.read() as connection:
            ordered = wanted.order_by(parcel.c.due_at, parcel.c.id).limit(AT_ONCE)
            return list(connection.execute(ordered).scalars())

    def do(self, id: str) -> Told | None:
        """Tell a parcel's marketplace; None when there was nothing to tell.

        Raises Stopped, Failed and Unknown.
        """
        with self.store.read() as connection:
            known = self._order(connection, id)
        if known is None:
            return None
        there = self.outside.channel(known.channel)
        with self.store.write() as connection:
            order = self._due(connection, id)
            if order is None:
                return None  # done meanwhile: whoever comes late must not take the parcel
            if take(connection, id, self.clock(), self.holder) is Taken.NOT:
                return None
            order = self._intend(connection, order, id)
            if order is None:
                release(connection, id)
                return None
            shipped_at = _closed_at(connection, order, id)
        box = order.parcel(id)
        if box.confirmation is Confirmation.UNCERTAIN:
            told = there.line.hold(there.market.look_up_shipment(order, box))
        else:
            told = there.line.hold(there.market.confirm_shipment(order, box, shipped_at))
        with self.store.write() as connection:
            if box.confirmation is Confirmation.UNCERTAIN:
                self._looked(connection, id, told)
            else:
                self._outcome(connection, id, told)
        return told

    def _order(self, connection: Connection, id: str, *, lock: bool = False) -> Order | None:
        of = connection.execute(
            select(parcel.c.order_id).where(parcel.c.id == id)
        ).scalar_one_or_none()
        return self.book.get(connection, of, lock=lock) if of else None

    def _due(self, connection: Connection, id: str) -> Order | None:
        """Give the order, until the transaction ends, where its marketplace is to be told now."""
        order = self._order(connection, id, lock=True)
        if order is None:
            return None
        at = confirm_at(connection, order.channel)
        shipment = order.shipment(shipment_of(id))
        return order if work.confirm_work(shipment, order.parcel(id), at) else None

    def _intend(self, connection: Connection, order: Order, id: str) -> Order | None:
        """Put on record that the call is about to be made; None when it must not be.

        An order that is left uncertain is held or called off: it is only looked up.
        """
        shipment, box = order.shipment(shipment_of(id)), order.parcel(id)
        at = confirm_at(connection, order.channel)
        if at is None:
            return None
        if box.confirmation is Confirmation.SENT:
            lost = facts.ConfirmationUncertain(parcel=id, why="the hub stopped before an answer")
            order = self.book.record(connection, order, [lost], self.clock())
        uncertain = box.confirmation in (Confirmation.SENT, Confirmation.UNCERTAIN)
        if box.confirmation is Confirmation.NOT_DUE:
            reference = box.reference or work.reference(order, shipment, box)
            queued = facts.ConfirmationQueued(parcel=id, at=at, reference=reference)
            if refusal(order, queued) is not None:
                return None
            order = self.book.record(connection, order, [queued], self.clock())
        sent = facts.ConfirmationSent(parcel=id)
        if refusal(order, sent) is not None:
            return order if uncertain else None  # held or called off meanwhile
        return self.book.record(connection, order, [sent], self.clock())

    def _outcome(self, connection: Connection, id: str, told: Told) -> None:
        order = self._order(connection, id, lock=True)
        if order is None:
            return
        release(connection, id)
        now = self.clock()
        fact: Fact
        match told:
            case Accepted(answer=answer):
                fact = facts.ConfirmationAccepted(parcel=id, answer=answer)
                troubles.solve(connection, [troubles.key(Kind.CONFIRMATION, id)], now)
            case Rejected(why=why):
                fact = facts.ConfirmationRejected(parcel=id, why=why)
                self._trouble(connection, order, id, f"the marketplace refuses: {why}")
            case Unsure(why=why):
                fact = facts.ConfirmationUncertain(parcel=id, why=why)
        if refusal(order, fact) is None:
            self.book.record(connection, order, [fact], now)
        if (
            isinstance(told, Unsure)
            and again(connection, id, self.again_seconds, self.clock()) >= TELL_AFTER
        ):
            sentence = f"nobody knows whether the marketplace was told: {told.why}"
            self._trouble(connection, order, id, sentence)

    def _looked(self, connection: Connection, id: str, told: Told) -> None:
        """Settle what the marketplace knows of a parcel that must not be told of now."""
        order = self._order(connection, id, lock=True)
        if order is None:
            return
        release(connection, id)
        fact: Fact | None = None
        cancelled = order.shipment(shipment_of(id)).cancellation is Cancellation.CANCELLED
        match told:
            case Accepted(answer=answer):
                fact = facts.ConfirmationAccepted(parcel=id, answer=answer)
                how = "called off" if cancelled else "held"
                sentence = f"the marketplace was told that it ships before it was {how}"
                self._trouble(connection, order, id, sentence)
            case Rejected() | Unsure():
                looks = again(connection, id, self.again_seconds, self.clock())
                if cancelled and isinstance(told, Rejected) and looks >= LOOKS:
                    why = "it was called off before the marketplace was told"
                    fact = facts.ConfirmationRejected(parcel=id, why=why)
                elif isinstance(told, Unsure) and looks >= TELL_AFTER:
                    sentence = f"nobody knows whether the marketplace was told: {told.why}"
                    self._trouble(connection, order, id, sentence)
        if fact is not None and refusal(order, fact) is None:
            self.book.record(connection, order, [fact], self.clock())

    def _trouble(self, connection: Connection, order: Order, id: str, sentence: str) -> None:
        one = Trouble(kind=Kind.CONFIRMATION, subject=id, sentence=sentence, order=order.id)
        troubles.open_(connection, [one], self.clock())


def _closed_at(connection: Connection, order: Order, id: str) -> datetime:
    """Say when a parcel was closed, so that a second telling says the same as the first."""
    found = connection.execute(
        select(entry.c.captured_at, entry.c.received_at, entry.c.body)
        .where(
            entry.c.order_id == order.id,
            entry.c.kind == "parcel-closed",
            entry.c.verdict == "ok",
        )
        .order_by(entry.c.received_at.desc(), entry.c.seq.desc())
    )
    for row in found:
        if f'"{id}"'.encode() in bytes(row.body):
            at = moment(row.captured_at, row.received_at, seconds(order.placed_at))
            return datetime.fromtimestamp(at, UTC)
    return datetime.now(UTC)
