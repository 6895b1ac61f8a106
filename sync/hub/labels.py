"""The second round: labels are bought, found out about, given back and replaced.

What is asked stands on record before it is asked (`LabelRequested` with its key), what came of
it after. An answer that is lost leaves `uncertain`, and only a look-up leaves that. Bytes are
stored under their hash before the fact that names them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import msgspec
from sqlalchemy import Connection, select, update

from sync.hub import ahead, reconsider, troubles, work
from sync.hub.book import HUB, Book
from sync.hub.channels import Outside, Post
from sync.hub.engine import Store, upsert
from sync.hub.process import living
from sync.hub.schema import blob, entry, parcel
from sync.hub.setup import epoch, noted
from sync.hub.troubles import Kind, Trouble
from sync.hub.unheard import owing
from sync.hub.vault import Vault
from sync.hub.verdicts import ALREADY
from sync.hub.work import LabelWork
from sync.orders import (
    Entry,
    Fact,
    HoldKind,
    LabelState,
    Order,
    Parcel,
    Shipment,
    facts,
    refusal,
    shipment_of,
)
from sync.ports import Accepted, Bought, Declined, Rejected, Unsure, Wanted

BUSY_SECONDS = 120.0
"""How long a parcel is ours before another hub may take it up: longer than a talk lasts."""
FIRST_AGAIN_SECONDS = 2.0
LONGEST_AGAIN_SECONDS = 600.0
AT_ONCE = 100
"""Parcels that one look takes up; the next look takes the rest."""


@dataclass(slots=True)
class Labels:
    """The round."""

    store: Store
    book: Book
    vault: Vault
    outside: Outside
    again_seconds: float = FIRST_AGAIN_SECONDS
    clock: Callable[[], float] = time.time
    holder: str = ""
    """The hub process that asks; "" for a command line, which nobody takes over from."""

    def due(self) -> list[str]:
        """Name the parcels for which a carrier has to be asked now."""
        with self.store.read() as connection:
            return list(
                connection.execute(
                    select(parcel.c.id)
                    .where(parcel.c.label_work.is_(True), parcel.c.due_at <= self.clock())
                    .order_by(parcel.c.due_at, parcel.c.id)
                    .limit(AT_ONCE)
                ).scalars()
            )

    def do(self, id: str) -> None:
        """Do what is to be done for a parcel. Raises Stopped, Failed and Unknown.

        A request that was taken up before may have been sent by a hub that died: it is looked
        up first.
        """
        post = self.outside.post()
        with self.store.write() as connection:
            found = _find(connection, self.book, id)
            todo = work.label_work(*found) if found else None
            if found is None or todo is None:
                return  # done meanwhile: whoever comes late must not keep others from the parcel
            taken = take(connection, id, self.clock(), self.holder)
            if taken is Taken.NOT:
                return
            order, shipment, box = found
            asked = _requested(connection, order.id, id, box.label_key)
            fresh = taken is Taken.FRESH and not _forgotten(connection, order)
            if todo is LabelWork.VOID and not box.void_wanted:
                why = work.why_void(order, shipment, box)
                self._record(connection, order, [facts.VoidRequested(parcel=id, why=why)])
            if todo is LabelWork.REPLACE:
                self._request(connection, order, shipment, box)
                release(connection, id)
        match todo:
            case LabelWork.BUY | LabelWork.LOOK_UP | LabelWork.GIVE_UP if asked is not None:
                self._settle(post, order, box, asked, todo, fresh)
            case LabelWork.VOID:
                self._void(post, order, box)
            case _:
                pass

    def _settle(
        self,
        post: Post,
        order: Order,
        box: Parcel,
        asked: facts.LabelRequested,
        todo: LabelWork,
        fresh: bool,
    ) -> None:
        """Bring a request to its end: bought, failed, or still not known."""
        moved = order.address is None or asked.address != order.address_digest
        give_up = todo is LabelWork.GIVE_UP or moved
        came: Bought | Declined | Unsure = Declined("it was not bought, because it was stopped")
        if give_up or todo is LabelWork.LOOK_UP or not fresh:
            came = post.line.hold(post.carrier.look_up(asked.key))
        old = isinstance(came, Bought)
        if not give_up and ((fresh and todo is LabelWork.BUY) or isinstance(came, Declined)):
            came = post.line.hold(post.carrier.buy(_wanted(order, box, asked)))
        with self.store.write() as connection:
            found = _find(connection, self.book, box.id)
            release(connection, box.id)
            if found is None or found[2].label_key != asked.key:
                return
            self._outcome(connection, found, asked, came, give_up)
            if old:
                self._distrust(connection, box.id, asked)

    def _distrust(self, connection: Connection, id: str, asked: facts.LabelRequested) -> None:
        """Give a label back that is known again, where it may be on another bench's box."""
        found = _find(connection, self.book, id)
        if found is not None and _out_elsewhere(connection, found[0], found[1], asked):
            void = facts.VoidRequested(parcel=id, why="another bench may have printed it")
            self._record(connection, found[0], [void])

    def _outcome(
        self,
        connection: Connection,
        found: tuple[Order, Shipment, Parcel],
        asked: facts.LabelRequested,
        came: Bought | Declined | Unsure,
        give_up: bool,
    ) -> None:
        order, shipment, box = found
        now = self.clock()
        match came:
            case Bought(label=label, data=data, given_back=spent):
                # A label that was looked up does not say for which address it was bought.
                label = msgspec.structs.replace(label, address=asked.address)
                self._keep(connection, order.id, label.sha256, data)
                bought = facts.LabelBought(parcel=box.id, label=label)
                after = self._record(connection, order, [bought])
                troubles.solve(connection, [troubles.key(Kind.LABEL, box.id)], now)
                if spent:  # before this hub was restored; the next one has another key
                    after = self._record(connection, after, [facts.LabelVoided(parcel=box.id)])
                    self._request(connection, after, after.shipment(shipment.id), box)
                reconsider.of_order(connection, self.book, order.id, now)
            case Declined(why=why):
                failed = facts.LabelFailed(parcel=box.id, why=why)
                after = self._record(connection, order, [failed])
                if give_up:
                    self._request(connection, after, after.shipment(shipment.id), box)
                else:
                    self._declined(connection, after, shipment.id, box.id, why)
            case Unsure(why=why):
                if box.label_state is LabelState.REQUESTED:
                    lost = facts.LabelUncertain(parcel=box.id, why=why)
                    self._record(connection, order, [lost])
                self._again(connection, order, box.id, why)

    def _declined(
        self, connection: Connection, order: Order, shipment: str, id: str, why: str
    ) -> None:
        """What a carrier declines is held: a new address releases it, or a person."""
        held = facts.OrderHeld(
            shipment=shipment, hold=HoldKind.ADDRESS, why=f"the carrier declines: {why}"
        )
        self._record(connection, order, [held])
        sentence = f"the carrier declines the label: {why}"
        one = Trouble(kind=Kind.LABEL, subject=id, sentence=sentence, order=order.id)
        troubles.open_(connection, [one], self.clock())

    def _void(self, post: Post, order: Order, box: Parcel) -> None:
        if box.label is None:
            return
        came = post.line.hold(post.carrier.void(box.label))
        with self.store.write() as connection:
            found = _find(connection, self.book, box.id)
            release(connection, box.id)
            if found is None or found[2].label != box.label:
                return
            order, shipment, _ = found
            match came:
                case Accepted():
                    after = self._record(connection, order, [facts.LabelVoided(parcel=box.id)])
                case Rejected(why=why):
                    refused = facts.VoidRefused(parcel=box.id, why=why)
                    after = self._record(connection, order, [refused])
                    sentence = f"the carrier did not take the label back: {why}"
                    one = Trouble(kind=Kind.VOID, subject=box.id, sentence=sentence, order=order.id)
                    troubles.open_(connection, [one], self.clock())
                case Unsure(why=why):
                    self._again(connection, order, box.id, why)
                    return
            self._request(connection, after, after.shipment(shipment.id), box)

    def _request(
        self, connection: Connection, order: Order, shipment: Shipment, box: Parcel
    ) -> None:
        """Put a new request on record, where one may be made."""
        asked = ahead.request(order, shipment, order.parcel(box.id))
        if asked is not None:
            self._record(connection, order, [asked])

    def _record(self, connection: Connection, order: Order, new: list[Fact]) -> Order:
        """Record what can still happen: a bench may have been quicker."""
        possible = [fact for fact in new if refusal(order, fact) is None]
        return self.book.record(connection, order, possible, self.clock())

    def _keep(self, connection: Connection, order: str, sha256: str, data: bytes) -> None:
        row = {
            "sha256": sha256,
            "order_id": order,
            "sealed": self.vault.seal(data, f"blob {sha256}"),
            "stored_at": self.clock(),
        }
        upsert(connection, blob, [row], "sha256")

    def _again(self, connection: Connection, order: Order, id: str, why: str) -> None:
        tries = again(connection, id, self.again_seconds, self.clock())
        if tries >= TELL_AFTER:
            sentence = f"nobody knows whether a label was bought: {why}"
            one = Trouble(kind=Kind.LABEL, subject=id, sentence=sentence, order=order.id)
            troubles.open_(connection, [one], self.clock())


TELL_AFTER = 5
"""Answers that were lost in a row before a person is told: a minute's outage needs nobody."""


class Taken(Enum):
    """Whether a parcel was taken up."""

    NOT = "not"
    """Somebody else is at it, or it is put off."""
    FRESH = "fresh"
    """Nobody has been at this work before."""
    AGAIN = "again"
    """Somebody was, and did not come to an end."""


def take(connection: Connection, id: str, now: float, holder: str = "") -> Taken:
    """Take a parcel up for a while, as that hub process; from one that lives it is not taken."""
    row = connection.execute(
        select(parcel.c.due_at, parcel.c.holder).where(parcel.c.id == id).with_for_update()
    ).one_or_none()
    if row is None or row.due_at > now:
        return Taken.NOT
    if row.holder not in ("", holder) and row.holder in living(connection):
        # A talk may wait long for its bucket. Should that process die, its burial frees this.
        later = update(parcel).where(parcel.c.id == id).values(due_at=now + BUSY_SECONDS)
        connection.execute(later)
        return Taken.NOT
    held = {"due_at": now + BUSY_SECONDS, "holder": holder}
    connection.execute(update(parcel).where(parcel.c.id == id).values(**held))
    return Taken.AGAIN if row.due_at else Taken.FRESH


def release(connection: Connection, id: str) -> None:
    """Let go of a parcel: what is to be done for it now is new work."""
    connection.execute(update(parcel).where(parcel.c.id == id).values(due_at=0.0, holder=""))


def again(connection: Connection, id: str, first: float, now: float | None = None) -> int:
    """Put a parcel off, longer with every try; give how many there were. `now`: or the clock's."""
    tries = connection.execute(
        update(parcel)
        .where(parcel.c.id == id)
        .values(tries=parcel.c.tries + 1)
        .returning(parcel.c.tries)
    ).scalar_one()
    begin = time.time() if now is None else now
    pause = min(LONGEST_AGAIN_SECONDS, first * 2.0 ** min(tries - 1, 20))
    put_off = {"due_at": begin + pause, "holder": ""}
    connection.execute(update(parcel).where(parcel.c.id == id).values(**put_off))
    return int(tries)


def _find(connection: Connection, book: Book, id: str) -> tuple[Order, Shipment, Parcel] | None:
    of = connection.execute(select(parcel.c.order_id).where(parcel.c.id == id)).scalar_one_or_none()
    order = book.get(connection, of, lock=True) if of else None
    if order is None:
        return None
    return order, order.shipment(shipment_of(id)), order.parcel(id)


def _requested(
    connection: Connection, order: str, id: str, key: str
) -> facts.LabelRequested | None:
    """Give the request on record under that key, with what it was made for."""
    bodies = connection.execute(
        select(entry.c.body)
        .where(
            entry.c.order_id == order,
            entry.c.kind == "label-requested",
            entry.c.verdict == "ok",
            # A bench that asked for the same at the same time is told so, and may weigh otherwise.
            entry.c.reason != ALREADY,
        )
        .order_by(entry.c.received_at.desc(), entry.c.seq.desc())
    ).scalars()
    for body in bodies:
        fact = msgspec.json.decode(body, type=Entry).fact
        if isinstance(fact, facts.LabelRequested) and (fact.parcel, fact.key) == (id, key):
            return fact
    return None


def _forgotten(connection: Connection, order: Order) -> bool:
    """Say whether this hub may have forgotten a label: the order is from before it was restored."""
    restored_at = noted(connection, "restored_at")
    if restored_at is None:
        return False
    return order.placed_at is None or order.placed_at.timestamp() <= float(restored_at)


def _out_elsewhere(
    connection: Connection, order: Order, shipment: Shipment, asked: facts.LabelRequested
) -> bool:
    """Say whether a label that this hub had forgotten may be out at another bench.

    When the shipment was given away, nobody knew that there was a label to be given back. Or the
    claim is the copy's, and this hub asked as for the first time under a key that the lost hub had
    used: while others have still to tell what they did, nobody knows for which bench. A claim of an
    earlier epoch that was adopted is of the bench whose box bears the label.
    """
    claim = shipment.claim
    if claim is None or not _forgotten(connection, order):
        return False
    now = epoch(connection)
    rows = connection.execute(
        select(entry.c.body, entry.c.received_at, entry.c.incarnation)
        .where(
            entry.c.order_id == order.id,
            entry.c.bench == HUB,
            entry.c.kind.in_(("label-requested", "shipment-allocated")),
            entry.c.verdict == "ok",
        )
        .order_by(entry.c.received_at, entry.c.seq)
    )
    asked_at, asked_in = 0.0, 0
    given_at, given_in = 0.0, 0
    for body, at, written_in in rows:
        fact = msgspec.json.decode(body, type=Entry).fact
        if isinstance(fact, facts.LabelRequested) and fact.key == asked.key and not asked_in:
            asked_at, asked_in = at, written_in
        elif isinstance(fact, facts.ShipmentAllocated) and fact.claim == claim:
            given_at, given_in = at, written_in
    if claim.epoch == now:
        return bool(asked_in) and asked_at < given_at
    adopted = given_in == now
    return not adopted and asked_in == now and bool(owing(connection) - {shipment.bench})


def _wanted(order: Order, box: Parcel, asked: facts.LabelRequested) -> Wanted:
    assert order.address is not None  # the caller looked
    return Wanted(
        key=asked.key,
        parcel=box.id,
        order=order.channel_order_id,
        to=order.address,
        grams=asked.grams,
        service=order.service,
        pieces=max(1, sum(line.quantity for line in order.lines)),
        value=order.total,
    )
