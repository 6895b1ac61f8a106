"""What must never be? Watches the floor while it works, and compares all the books at the end.

The floor is what hands did: entries on a bench's disk, labels that came out of a printer, boxes
that were closed and given to the carrier. It is true whatever the books say.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from station.spool.ledger import Job
from sync.orders import ConfirmAt, Entry, Impossible, apply, facts, shipment_id
from sync.protocol.cursor import read
from sync.protocol.messages import Change, Page
from tests.torture.simulation.outside import CHANNELS, Label

if TYPE_CHECKING:
    from tests.torture.simulation.machine import Machine
    from tests.torture.simulation.world import World


_ENTRY = msgspec.json.Decoder(Entry)


class Broke(BaseException):
    """An invariant does not hold. A BaseException, so that nothing of the product takes it."""

    def __init__(self, invariant: str, what: str) -> None:
        super().__init__(f"{invariant}: {what}")
        self.invariant, self.what = invariant, what


@dataclass(slots=True)
class Happened:
    """An entry that is on a bench's disk."""

    machine: str
    seq: int
    entry: Entry
    lost: bool = False
    """Its disk was destroyed."""


@dataclass(slots=True)
class Box:
    """A box that somebody closed."""

    machine: str
    parcel: str
    tracking: str
    entry: str
    """Which entry says so."""
    gone: bool = False
    """The carrier has it."""


class Rules:
    """What an onlooker knows who was everywhere."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.truth: dict[str, Happened] = {}
        """By the entry's id."""
        self.boxes: list[Box] = []
        self.disturbed: set[str] = set()
        """Shipments that people, or a restore, took from a bench while it could not hear."""
        self.restored_at = 0.0
        """When the hub's books were last put back."""
        self._last: dict[str, tuple[int, str]] = {}
        """By machine: number and hash of the last entry that was seen on its disk."""
        self._printed: Counter[str] = Counter()
        self._holders: dict[tuple[str, str], str] = {}
        self._told: dict[str, str] = {}
        self._upto: dict[str, int] = {}
        """By machine: the last entry on its disk when the last page came."""

    # -- while it happens

    def happened(self, machine: Machine, seq: int, hash: str, entry: Entry) -> None:
        """An entry was found on a disk."""
        self._last[machine.name] = (seq, hash)
        if entry.id in self.truth:
            raise Broke("an entry's id is its own", f"{entry.id} was given twice")
        self.truth[entry.id] = Happened(machine.name, seq, entry)
        self._world.done[str(type(entry.fact).__struct_config__.tag)] += 1
        match entry.fact:
            case facts.ParcelClosed(parcel=parcel, tracking=tracking):
                self.boxes.append(Box(machine.name, parcel, tracking, entry.id))
            case facts.ParcelReopened(parcel=parcel):
                self._reopened(machine.name, parcel)
            case facts.ParcelHandedOver(parcel=parcel):
                for box in self._here(machine.name, parcel):
                    box.gone = True
            case facts.PackStarted(shipment=shipment):
                self._begun(machine, shipment)

    def _reopened(self, machine: str, parcel: str) -> None:
        for box in self._here(machine, parcel):
            self.boxes.remove(box)

    def _here(self, machine: str, parcel: str) -> list[Box]:
        mine = [b for b in self.boxes if b.machine == machine and b.parcel == parcel]
        return [box for box in mine if not box.gone][-1:]

    def boxes_at(self, machine: Machine) -> set[str]:
        """Name the parcels whose boxes stand at a bench."""
        return {b.parcel for b in self.boxes if b.machine == machine.name and not b.gone}

    def _begun(self, machine: Machine, shipment: str) -> None:
        """Nobody begins under his lease what the hub has given to another."""
        me = machine.enrolled()
        row = self._world.books.disk.raw.execute(
            "SELECT bench FROM shipment WHERE id = ?", (shipment,)
        ).fetchone()
        if machine.odd or shipment in self.disturbed or me is None or row is None:
            return
        if row[0] != me.bench:
            raise Broke(
                "a lease holds",
                f"{me.bench} began {shipment} under its lease, and the hub had given it to"
                f" {row[0] or 'nobody'}",
            )

    def journal_survived(self, machine: Machine) -> None:
        """After a crash, what was on record is there."""
        known = self._last.get(machine.name)
        if known is None:
            return
        row = machine.disk.raw.execute(
            "SELECT hash FROM entries WHERE seq = ?", (known[0],)
        ).fetchone()
        if row is None or row[0] != known[1]:
            raise Broke("no scan is lost", f"{machine.name} had entry {known[0]} before its crash")

    def disk_lost(self, machine: Machine, kept: set[str]) -> None:
        """A disk was destroyed; the image that is put in has the entries of those ids.

        Not those up to a number: of two images, each may be of a journal that went on otherwise.
        """
        for id, one in self.truth.items():
            if one.machine == machine.name:
                one.lost = id not in kept
        self._last.pop(machine.name, None)

    def restored(self) -> None:
        """The hub forgot what it gave since the copy was made."""
        self.restored_at = self._world.agenda.now
        rows = self._world.books.disk.raw.execute("SELECT id FROM shipment").fetchall()
        self.disturbed |= {str(id) for (id,) in rows}
        self.disturbed |= {
            shipment_id(id, 1)
            for one in self._world.market.orders.values()
            for id in (f"{one.order.channel}:{one.order.channel_order_id}",)
        }

    def enrolled_anew(self, bench: str) -> None:
        """A machine became that bench: the one before may not know yet that it is over."""
        rows = self._world.books.disk.raw.execute(
            "SELECT id FROM shipment WHERE bench = ?", (bench,)
        ).fetchall()
        self.disturbed |= {str(id) for (id,) in rows}

    def came_out(self, machine: Machine, job: Job) -> None:
        """A label came out of a printer."""
        # Two benches would make two boxes; but nobody keeps a copied disk from printing again.
        name = f"{machine.name}.{machine.odd}:{job.id}" if machine.odd else job.id
        self._printed[name] += 1
        self._world.done["label printed"] += 1
        if self._printed[name] > 1:
            raise Broke("a label is printed once", f"{job.id} came out twice at {machine.name}")

    def about_to_take(self, machine: Machine, page: Page) -> str:
        """A page came in; give where the bench has read to."""
        self._upto[machine.name] = machine.last_seq()
        me = machine.enrolled()
        for change in page.changes:
            for one in change.order.shipments if change.order else ():
                if me is None or one.id != change.shipment or one.bench != me.bench:
                    continue
                held = (one.id, str(one.claim))
                if self._holders.setdefault(held, me.bench) != me.bench:
                    raise Broke(
                        "one bench a fencing token",
                        f"{one.id} was held under {one.claim} by {self._holders[held]}"
                        f" and is by {me.bench}",
                    )
        return machine.cursor()

    def took(self, machine: Machine, page: Page, before: str, digest: int | None) -> None:
        """The store has dealt with a page."""
        after = machine.cursor()
        if before != page.after and after != before:
            raise Broke(
                "a page is applied where it was read from",
                f"{machine.name} stood at {before} and took a page that was read from {page.after}",
            )
        if digest is not None and page.digest is not None and digest != page.digest:
            raise Broke(
                "a replica is what its feed says",
                f"{machine.name} differs at {page.head} (read in epoch {read(page.head).epoch})",
            )
        if after == page.next and before == page.after:
            for change in page.changes:
                self._kept_what_was_done_here(machine, change)

    def _kept_what_was_done_here(self, machine: Machine, change: Change) -> None:
        """What the hub has not judged yet still counts on the bench that did it."""
        if change.order is None:
            return
        expected = change.order
        # Also what was answered to the page itself, by whatever number the hub knows its journal.
        later = min(change.through, self._upto[machine.name])
        for (body,) in machine.disk.raw.execute(
            "SELECT body FROM entries WHERE order_id = ? AND pending AND seq > ? ORDER BY seq",
            (expected.id, later),
        ):
            with suppress(Impossible):
                expected = apply(expected, _ENTRY.decode(body).fact)
        there = machine.shown(expected.id)
        if there is None or there.shipments != expected.shipments:
            raise Broke(
                "what was done here stays done",
                f"{machine.name} shows {expected.id} without what it has not told yet",
            )

    def told(self, channel: str, said: dict[str, str]) -> None:
        """A marketplace is told of a parcel."""
        parcel, reference = said["parcel"], said["reference"]
        self._world.done["parcel told to its marketplace"] += 1
        if self._told.setdefault(parcel, reference) != reference:
            raise Broke(
                "a parcel is told once", f"{parcel} as {self._told[parcel]} and {reference}"
            )
        if not self._reached(CHANNELS[channel], parcel):
            raise Broke("nothing is told before its moment", f"{parcel} at {CHANNELS[channel]}")

    def _reached(self, at: ConfirmAt, parcel: str) -> bool:
        match at:
            case ConfirmAt.ARRANGE:
                return any(one.parcel == parcel for one in self._world.carrier.labels.values())
            case ConfirmAt.CLOSED:
                return any(box.parcel == parcel for box in self.boxes)
            case _:
                return any(box.parcel == parcel and box.gone for box in self.boxes)

    def sold(self, label: Label) -> None:
        """The carrier sold a label."""
        self._world.done["label bought"] += 1

    def in_the_carriers_hands(self, tracking: str) -> bool:
        """Say whether a box with that label was given to the carrier."""
        return any(box.tracking == tracking and box.gone for box in self.boxes)
