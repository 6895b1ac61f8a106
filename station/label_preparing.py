"""Is a carrier's label its parcel's, and what is sent to the printer for it?

Found out when the bytes arrive, long before anybody packs, by a process of its own; at the latest
when the label is queued. The ledger hands out no label before. What was made of one is kept under
its hash, its printer and its parcel's number: a reprint is the same label, dot for dot.

A label that is none, or is another parcel's, holds its shipment, with the reason: whoever packs
puts it aside before it has a box, and a supervisor sees it at once. What another printer could
print lights the lamp, and holds only the shipment that somebody is about to close.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import bindparam, select, text, update
from sqlalchemy.dialects.sqlite import insert

from drivers.label_printers.head import Head
from drivers.label_printers.sheet_rule import Rule, read_rules
from drivers.label_printers.unusable import Why
from station.config import Config
from station.label_process import LabelProcess, Stopped
from station.label_worker import Answer, Asked, Ready, Refused
from station.store import schema as t
from station.store.statement import Statement
from station.store.store import Store, StoreError, Turn
from sync.orders import (
    Fact,
    HoldKind,
    Label,
    Order,
    Parcel,
    PrintState,
    facts,
    shipment_of,
)

log = logging.getLogger(__name__)

Record = Callable[..., bool]
"""Puts facts of an order on record; False, and none of them, if one cannot happen now."""
FULL_SECONDS = 1.0
"""After the disk refused: what cannot be kept is not got ready."""


@dataclass(frozen=True, slots=True)
class Outlet:
    """The printer that carriers' labels come out of."""

    printer: str
    head: Head
    rules: tuple[Rule, ...] = ()


def outlet_of(config: Config, sheets: Path) -> Outlet | None:
    """Return the printer that station.toml names for labels, if any. Raises BadRules."""
    name = config.printer_of("label")
    if not name:
        return None
    one = config.printers[name]
    head = Head(
        language=one.language,
        dots_per_mm=one.dots_per_mm,
        graphics=one.graphics,
        stock=one.stock,
    )
    return Outlet(name, head, read_rules(sheets))


@dataclass(frozen=True, slots=True)
class _Found:
    """A label to look at."""

    order_id: str
    parcel: Parcel
    label: Label
    data: bytes
    job: str
    """The job that waits for it; "" where none does yet."""


class LabelPreparer:
    """Gets labels ready, one after the other, until stopped; those that are waited for first."""

    def __init__(
        self,
        store: Store,
        record: Record,
        outlet: Outlet,
        process: LabelProcess,
        *,
        ready: Callable[[], None],
        refused: Callable[[Why | None], None] = lambda why: None,
    ) -> None:
        """`ready` is called when a label may go that waited; `refused` hears why one may not.

        None: the last one may.
        """
        self._store, self._record, self._outlet = store, record, outlet
        self._process, self._ready, self._refused = process, ready, refused
        self._mark = outlet.head.mark
        self._stopping, self._woken = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="labels", daemon=True)

    def start(self) -> None:
        """Begin; what was not looked at before the last stop is looked at now."""
        self._woken.set()
        self._thread.start()

    def wake(self) -> None:
        """Bytes may have arrived, or a label been queued."""
        self._woken.set()

    def stop(self) -> None:
        """End at once: what is half looked at is looked at again."""
        self._stopping.set()
        self._woken.set()
        self._process.stop()
        if self._thread.is_alive():
            self._thread.join(2.0)

    def _run(self) -> None:
        known = False
        while not self._stopping.is_set():
            self._woken.wait()
            self._woken.clear()
            try:
                if not known:
                    self._know_the_printer()
                    known = True
                while not self._stopping.is_set() and self._look_at_one():
                    pass
            except Stopped:
                return
            except StoreError as e:
                log.warning("labels wait: %s", e)
                self._stopping.wait(FULL_SECONDS)
                self._woken.set()

    def _know_the_printer(self) -> None:
        """For another printer every label is looked at anew."""
        with self._store.turn() as turn:
            if turn.get(HEAD, "") != self._mark:
                turn.sql.execute(update(t.labels).values(looked=False))
                turn.set(HEAD, self._mark)

    def _look_at_one(self) -> bool:
        """Get the next label ready; False when there is none."""
        with self._store.turn(feed=True) as turn:
            waiting = [(found, self._verdict(turn, found)) for found in self._waiting(turn)]
            todo = next((found for found, verdict in waiting if verdict is None), None)
            if todo is None:
                todo = self._arrived(turn)
        for found, verdict in waiting:
            if verdict:
                # Somebody released a hold, and the label is what it was.
                self._hold(found, Why[verdict])
        if todo is None:
            return False
        answer = self._process.ask(
            Asked(
                data=todo.data,
                head=self._outlet.head,
                tracking=todo.label.tracking,
                carrier=todo.label.carrier,
                format=todo.label.format,
                rules=self._outlet.rules,
            )
        )
        self._keep(todo, answer)
        return True

    def _waiting(self, turn: Turn) -> Iterator[_Found]:
        """Give the labels that are queued, oldest first."""
        for job, order_id, parcel_id, data in turn.rows(_QUEUED, {"at": self._outlet.printer}):
            order = turn.order(order_id)
            parcel = order.parcel(parcel_id) if order else None
            if parcel is not None and parcel.label is not None and parcel.print_job == job:
                yield _Found(order_id, parcel, parcel.label, data, job)

    def _arrived(self, turn: Turn) -> _Found | None:
        """Give a label that nobody waits for yet and that was not looked at."""
        while (row := turn.row(_TO_LOOK)) is not None:
            sha256, order_id, data = row
            order = turn.order(order_id)
            for parcel in _parcels(order, sha256) if order else ():
                assert parcel.label is not None  # `_parcels` looked
                found = _Found(order_id, parcel, parcel.label, data, "")
                if self._verdict(turn, found) is None:
                    return found
            turn.run(_LOOKED, {"sha256": sha256})
        return None

    def _verdict(self, turn: Turn, found: _Found) -> str | None:
        """Return the name of why it must not be printed, "" where it may; None: nobody knows."""
        key = {"sha256": found.label.sha256, "head": self._mark, "tracking": found.label.tracking}
        row = turn.row(_VERDICT, key)
        return None if row is None else str(row[0])

    def _keep(self, found: _Found, answer: Answer) -> None:
        key = {"sha256": found.label.sha256, "head": self._mark, "tracking": found.label.tracking}
        row: dict[str, str | bytes | None]
        match answer:
            case Ready(job=job):
                row = {**key, "data": job, "why": ""}
            case Refused(why=why):
                row = {**key, "data": None, "why": why.name}
        with self._store.turn() as turn:
            turn.run(_KEEP, row)
        match answer:
            case Ready():
                self._refused(None)
                self._ready()
            case Refused(why=why, said=said):
                log.warning("label refused: %s: %s", found.parcel.id, said)
                self._refused(why)
                if found.job or not why.of_the_printer:
                    self._hold(found, why)

    def _hold(self, found: _Found, why: Why) -> None:
        """Take the label back from the printer's queue, and hold its shipment."""
        with self._store.turn() as turn:
            order = turn.order(found.order_id)
            if order is None:
                return
            happened: list[Fact] = []
            parcel = order.parcel(found.parcel.id)
            if parcel.print_state is PrintState.QUEUED and parcel.print_job == found.job:
                happened.append(facts.PrintWithdrawn(parcel=parcel.id, job=found.job))
            shipment = shipment_of(parcel.id)
            kind = HoldKind.OPERATOR
            happened.append(facts.OrderHeld(shipment=shipment, hold=kind, why=why.reason))
            if self._record(order.id, *happened) and found.job:
                turn.run(_DROP, {"job": found.job})


HEAD = "head"
"""The key in `meta` of the printer that labels were last looked at for."""
_QUEUED = Statement(
    select(t.jobs.c.id, t.jobs.c.order_id, t.jobs.c.parcel_id, t.blobs.c.data)
    .join(t.blobs, t.blobs.c.sha256 == t.jobs.c.sha256)
    .where(t.jobs.c.printer == bindparam("at"), text(t.OPEN_JOBS))
    .where(t.jobs.c.kind == "label", t.jobs.c.state == "queued", t.blobs.c.data.is_not(None))
    .order_by(t.jobs.c.seq)
)
_TO_LOOK = Statement(
    select(t.labels.c.sha256, t.labels.c.order_id, t.blobs.c.data)
    .join(t.blobs, t.blobs.c.sha256 == t.labels.c.sha256)
    .where(text("looked = 0"), t.blobs.c.data.is_not(None))
    .limit(1)
)
_LOOKED = Statement(
    update(t.labels).where(t.labels.c.sha256 == bindparam("sha256")).values(looked=True)
)
_VERDICT = Statement(
    select(t.prepared.c.why).where(
        t.prepared.c.sha256 == bindparam("sha256"),
        t.prepared.c.head == bindparam("head"),
        t.prepared.c.tracking == bindparam("tracking"),
    )
)
_KEEP = Statement(
    insert(t.prepared).on_conflict_do_nothing(), "sha256", "head", "tracking", "data", "why"
)
_DROP = Statement(update(t.jobs).where(t.jobs.c.id == bindparam("job")).values(state="dropped"))


def _parcels(order: Order, sha256: str) -> Iterator[Parcel]:
    """Give the parcels whose label has these bytes and did not come out yet."""
    for shipment in order.shipments:
        for parcel in shipment.parcels:
            label = parcel.label
            if label and label.sha256 == sha256 and parcel.print_state is not PrintState.PRINTED:
                yield parcel
