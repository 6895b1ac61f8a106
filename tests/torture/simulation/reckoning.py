"""Do all the books agree, once everybody has heard everything? Looked at after healing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from sync.hub.book import HUB
from sync.orders import (
    Cancellation,
    Claim,
    Entry,
    Impossible,
    LabelState,
    Order,
    apply,
    facts,
    shipment_of,
)
from sync.protocol import chain, digest
from tests.torture.simulation.machine import Machine
from tests.torture.simulation.outside import Label
from tests.torture.simulation.rules import Broke

if TYPE_CHECKING:
    from tests.torture.simulation.world import World

_ENTRY = msgspec.json.Decoder(Entry)


@dataclass(frozen=True, slots=True)
class Stored:
    """A row of the hub's journal."""

    bench: str
    incarnation: int
    seq: int
    id: str
    order: str
    body: bytes
    hash: str
    verdict: str
    reason: str


class Reckoning:
    """The hub's books as they are at the end, beside what happened on the floor."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._raw = world.books.disk.raw
        self._orders = {
            str(id): msgspec.json.decode(doc, type=Order)
            for id, doc in self._raw.execute("SELECT id, doc FROM orders ORDER BY id")
        }
        self._journal = [
            Stored(*row)
            for row in self._raw.execute(
                "SELECT bench, incarnation, seq, id, order_id, body, hash, verdict, reason"
                " FROM entry ORDER BY rowid"
            )
        ]
        self._accepted = {one.id for one in self._journal if one.verdict == "ok"}
        told = [_ENTRY.decode(one.body).fact for one in self._journal]
        self._asked = {fact.key for fact in told if isinstance(fact, facts.LabelRequested)}

    def settle(self) -> None:
        """Compare everything. Raises Broke."""
        for machine in self._world.machines:
            if not machine.gone:
                self._replica(machine)
        self._every_fact_once()
        self._chains()
        self._claims()
        self._claims()
        self._boxes()
        self._labels()
        self._marketplaces()
        for order in self._orders.values():
            self._nothing_left_good(order)
            self._projection(order)

    # -- both ends hold the same orders

    def _replica(self, machine: Machine) -> None:
        me = machine.enrolled()
        if me is None:
            return
        feed = self._raw.execute(
            "SELECT row, share FROM feed WHERE bench = ? AND NOT gone AND row NOT LIKE '@%'",
            (me.bench,),
        ).fetchall()
        (total,) = self._raw.execute(
            "SELECT digest FROM bench WHERE name = ?", (me.bench,)
        ).fetchone()
        here = {
            str(shipment): (
                msgspec.json.decode(said, type=Order),
                msgspec.json.decode(now or said, type=Order),
            )
            for shipment, said, now in machine.disk.raw.execute(
                "SELECT shipments.id, confirmed, now FROM shipments"
                " JOIN orders ON orders.id = order_id"
            )
        }
        there = {str(row) for row, _ in feed}
        if set(here) != there:
            odd = sorted(set(here) ^ there)
            raise Broke("both ends hold the same orders", f"{machine.name} and its feed: {odd}")
        if digest.moved(0, (), (share for _, share in feed)) != total:
            raise Broke("a digest is the sum of its feed", me.bench)
        for shipment, (said, now) in here.items():
            known = self._orders[said.id]
            # The marketplace's clock of its last change is no change of the order.
            if replace(said, address=None, changed_at=known.changed_at) != known:
                raise Broke(
                    "both ends hold the same orders",
                    f"{machine.name} has {said.id} at {said.version}, the hub {known.version}"
                    f" ({shipment})",
                )
            if now != said:
                raise Broke("nothing is pending at the end", f"{machine.name}: {said.id}")

    # -- every scanned fact is at the hub, once

    def _every_fact_once(self) -> None:
        there = Counter(
            one.id for one in self._journal if one.bench != HUB and one.verdict != "dup"
        )
        truth = self._world.rules.truth
        for id, one in truth.items():
            if there[id] > 1:
                raise Broke("every fact is at the hub once", f"{id} is there {there[id]} times")
            if not there[id] and not one.lost:
                raise Broke(
                    "every fact is at the hub once",
                    f"{one.machine} told {one.seq} ({id}, {type(one.entry.fact).__name__}), and"
                    " the hub has it not",
                )
        for row in self._journal:
            if row.bench == HUB:
                continue
            known = truth.get(row.id)
            if known is None:
                raise Broke("the hub makes nothing up", f"{row.bench} {row.seq}: {row.id}")
            if _ENTRY.decode(row.body) != known.entry:
                raise Broke("a fact is stored as it was told", row.id)

    def _chains(self) -> None:
        last: dict[tuple[str, int], Stored] = {}
        for one in sorted(self._journal, key=lambda e: (e.bench, e.incarnation, e.seq)):
            if one.bench == HUB:
                continue
            before = last.get((one.bench, one.incarnation))
            if before is not None:
                if one.seq != before.seq + 1:
                    raise Broke("a journal has no gap", f"{one.bench} after {before.seq}")
                said = chain.link(before.hash, one.seq, _ENTRY.decode(one.body))
                if said != one.hash:
                    raise Broke("a journal hangs together", f"{one.bench} at {one.seq}")
            last[one.bench, one.incarnation] = one

    # -- what counts was done under a claim that was good

    def _claims(self) -> None:
        """Look at what was given and taken back, in the journal's order, beside what counts."""
        good: dict[str, Claim] = {}
        early: dict[tuple[str, Claim], Stored] = {}
        for one in self._journal:
            said = _ENTRY.decode(one.body)
            if one.verdict != "ok" or isinstance(said.fact, facts.AddressChanged):
                continue
            id = (
                said.fact.shipment
                if isinstance(said.fact, facts.OfShipment)
                else (shipment_of(said.fact.parcel))
            )
            match said.fact:
                case facts.ShipmentAllocated(claim=claim):
                    good[id] = claim
                    early.pop((id, claim), None)
                case facts.AllocationWithdrawn():
                    good.pop(id, None)
                case _ if said.claim is not None and said.claim != good.get(id):
                    # A restored hub gives a claim again, which it forgot, when it hears of it.
                    early.setdefault((id, said.claim), one)
        for (id, claim), one in early.items():
            raise Broke(
                "what counts was done under a good claim",
                f"{one.bench} {one.seq} counts, of {id} under {claim}, which was gone",
            )

    # -- no order is shipped twice

    def _boxes(self) -> None:
        accepted: Counter[str] = Counter()
        warned = {
            str(subject)
            for (subject,) in self._raw.execute("SELECT subject FROM trouble").fetchall()
        }
        lost = {id for id, one in self._world.rules.truth.items() if one.lost}
        for box in self._world.rules.boxes:
            if box.entry in self._accepted:
                accepted[box.parcel] += 1
            elif box.entry not in lost and not warned & {box.parcel, shipment_of(box.parcel)}:
                raise Broke(
                    "a second box has a trouble",
                    f"{box.machine} closed {box.parcel} with {box.tracking}, the hub did not"
                    " follow, and nobody was told",
                )
        for parcel, boxes in accepted.items():
            if boxes > 1:
                raise Broke("no order is shipped twice", f"{boxes} boxes of {parcel} count")
        for order in self._orders.values():
            for shipment in order.shipments:
                for one in shipment.parcels:
                    if one.closed != bool(accepted[one.id]):
                        raise Broke(
                            "a parcel is closed where a box was", f"{one.id}: {accepted[one.id]}"
                        )

    # -- at most one good label for a parcel

    def _labels(self) -> None:
        good: dict[str, list[str]] = {}
        for label in self._world.carrier.labels.values():
            refused = self._world.rules.in_the_carriers_hands(label.tracking)
            if not label.void and not refused and not self._forgotten(label):
                good.setdefault(label.parcel, []).append(label.tracking)
        for parcel, trackings in good.items():
            if len(trackings) > 1:
                raise Broke("one good label a parcel", f"{parcel} has {trackings}")
            order = self._orders.get(parcel.rpartition("#")[0])
            known = _label_of(order, parcel) if order else ""
            if known != trackings[0]:
                raise Broke(
                    "every paid label is known", f"{parcel}: {trackings[0]}, the hub has {known!r}"
                )

    def _forgotten(self, label: Label) -> bool:
        """A label that a lost hub bought, under a key for which its successor has not asked.

        If it ever does, it is given that one; if not, only the carrier's bill tells of it.
        """
        return label.key not in self._asked and label.bought_at <= self._world.rules.restored_at

    def _nothing_left_good(self, order: Order) -> None:
        """What was called off before its box was closed has no label that counts."""
        gone = self._world.rules.in_the_carriers_hands
        good = {
            one.tracking
            for one in self._world.carrier.labels.values()
            if not one.void and not gone(one.tracking)
        }
        for shipment in order.shipments:
            off = shipment.cancellation is Cancellation.CANCELLED
            for box in shipment.parcels if off else ():
                if box.label and not box.closed and box.label.tracking in good:
                    raise Broke("what is cancelled has no label", f"{box.id}: {box.label.tracking}")

    # -- marketplaces are told of what ships, once

    def _marketplaces(self) -> None:
        due = self._raw.execute("SELECT id FROM parcel WHERE confirm_work ORDER BY id").fetchall()
        if due:
            raise Broke("every parcel is told in the end", str([id for (id,) in due]))
        for order in self._orders.values():
            known = self._world.market.orders[order.channel_order_id].told
            for shipment in order.shipments:
                for box in shipment.parcels:
                    if box.confirmation == "accepted" and box.reference not in known:
                        raise Broke("a marketplace knows what it accepted", box.id)

    # -- the book is its journal

    def _projection(self, order: Order) -> None:
        first = self._world.first_words.get(order.id)
        if first is None:
            return
        mine = [_ENTRY.decode(one.body) for one in self._journal if self._counts(one, order)]
        for in_order in (False, True):
            now = _folded(first, mine, in_order=in_order)
            if now.shipments == order.shipments and now.address_digest == order.address_digest:
                return
        raise Broke("the book is the sum of its journal", order.id)

    def _counts(self, one: Stored, order: Order) -> bool:
        return one.order == order.id and one.verdict == "ok" and one.reason != "already"


def _folded(order: Order, journal: list[Entry], *, in_order: bool) -> Order:
    """Give what a journal makes of an order.

    At a hub that was restored, entries come true later than they were told: what is impossible in
    its place is tried again after each that is not, but not within what the hub did at one moment.
    `in_order`: what a bench told later comes true no sooner than what it told before.
    """
    waiting: list[Entry] = []

    def behind(one: Entry) -> bool:
        told = waiting[: waiting.index(one)] if one in waiting else waiting
        return in_order and any(earlier.bench == one.bench for earlier in told)

    for one, following in zip_longest(journal, journal[1:]):
        done = False
        if one.bench == HUB or not behind(one):
            order, done = _tried(order, one.fact)
        if not done:
            waiting.append(one)
            continue
        if following is not None and one.bench == following.bench == HUB and one.at == following.at:
            continue
        for early in list(waiting):
            order, done = (order, False) if behind(early) else _tried(order, early.fact)
            if done:
                waiting.remove(early)
    return order


def _tried(order: Order, fact: facts.Fact) -> tuple[Order, bool]:
    try:
        return apply(order, fact), True
    except Impossible:
        return order, False


def _label_of(order: Order, parcel: str) -> str:
    for shipment in order.shipments:
        for box in shipment.parcels:
            bought = box.label is not None and box.label_state is LabelState.BOUGHT
            if box.id == parcel and bought and box.label:
                return box.label.tracking
    return ""
