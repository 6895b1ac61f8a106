"""One bench without its screen: what comes in is looked up, decided, stored, and then acted upon.

The app, the devices, the link and the spool all come here, each from its own thread; the store's
turn makes them one after the other. Everything a scan causes is one transaction. `Bench` decides
nothing about orders: that is the flows' business.
"""

from __future__ import annotations

import logging
import math
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import uuid4

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.dialects.sqlite import insert

from station import codes, flows
from station.codes.code import Code, Garbled
from station.double_read import Reading, double_read
from station.flows.flow import (
    Acknowledged,
    Effect,
    Input,
    Noticed,
    Print,
    PrintLabel,
    Refreshed,
    Refused,
    Scanned,
    Step,
    TakeLate,
)
from station.late import Late
from station.notice import Notice
from station.session import Session, restored, saved
from station.store import desk, journal, notices
from station.store import schema as t
from station.store.statement import Statement
from station.store.store import Store, StoreError, Turn
from sync.client.boot import boot, boottime
from sync.orders import Entry, Fact, Impossible, Order, facts, order_of

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]
Ids = Callable[[], str]
Stamps = Callable[[], journal.Stamp]


def _stamp() -> journal.Stamp:
    return journal.Stamp(boot(), boottime())


@dataclass(frozen=True, slots=True)
class Printers:
    """Which printer prints what: names from station.toml, "" where there is none."""

    label: str = ""
    paper: str = ""


class Bench:
    """Where a bench stands, and the only way on."""

    def __init__(
        self,
        store: Store,
        fresh: Session,
        printers: Printers,
        *,
        clock: Clock = lambda: datetime.now(UTC),
        ids: Ids = lambda: uuid4().hex,
        stamps: Stamps = _stamp,
        lease: Callable[[], float] = lambda: math.inf,
    ) -> None:
        """Stand where the last scan left the bench; `fresh` is a session of nobody.

        `lease`: until when, by the machine's own clock, what nobody has begun may be begun here.
        """
        self.store = store
        self.printers = printers
        self._clock, self._ids, self._stamp = clock, ids, stamps
        self._lease = lease
        self._notices: tuple[Notice, ...] | None = None
        """What waits to be acknowledged; None: it may have changed."""
        store.listen(self._changed)
        self.on_commit: Callable[[], None] = lambda: None
        """Called after a step that put something on record: the link and the spool look again."""
        self._heard: Reading | None = None
        self.twice = False
        """The last scan was the one before it once more: heard, kept, and nothing more."""
        self._late = Late(lambda text: self._read(codes.read(text), text, "late", None), self.put)
        self._doubted = False
        """The step queued a label that may have come out before: the packer must be asked."""
        self.begun: dict[str, float] = {}
        """By print job: when the scan that caused it came in, on the monotonic clock."""
        with store.turn(feed=True) as turn:
            kept = journal.last_session(turn)
            order = turn.order(kept.order_id) if kept and kept.order_id else None
        self.session = restored(fresh, kept, order) if kept else fresh

    def scan(self, text: str, source: str, at: float | None = None, aim: str = "") -> Session:
        """Take a scan; return where the bench stands now.

        `at`: when it came in, monotonic; with it, a trigger held down is one scan.
        """
        text = _storable(text)
        code = codes.read(text, aim or None)
        self.twice = False
        if at is not None:
            reading = Reading(text, source, at)
            self.twice = double_read(self._heard, reading, code)
            self._heard = reading
            if self.twice:
                return self._again(text, source)
        return self._read(code, text, source, at)

    def late(self, texts: Sequence[str], source: str) -> Session:
        """Take scans that were made some time ago: on record, and then a question."""
        for text in texts:
            self.ignore(_storable(text), source)
        self._late.add(tuple(map(_storable, texts)))
        return self._late.after(self.session, self.session)

    def ignore(self, text: str, source: str) -> Session:
        """Keep a scan that means nothing: it came twice, lay beside the right one, or is old."""
        return self._again(_storable(text), source)

    def _again(self, text: str, source: str) -> Session:
        """On disk like every scan; it means nothing."""
        try:
            with self.store.turn() as turn:
                journal.write_scan(turn, self._clock(), text, source, saved(self.session))
        except StoreError:
            log.exception("a scan that means nothing was not stored")
        return self.session

    def garbled(self, text: str, source: str) -> Session:
        """Take half a scan."""
        text = _storable(text)
        return self._read(Garbled(text), text, source, None)

    def put(self, input: Input) -> Session:
        """Take anything else that happens at the bench."""
        return self._turn(lambda turn: input, "", "")

    def refresh(self) -> Session:
        """Look whether the open order changed under the packer, or the hub decided something."""
        known = self.session.notices

        def refreshed(turn: Turn) -> Input | None:
            before = self.session.order
            if before is not None and turn.order(before.id) != before:
                return Refreshed(before)
            return self._noticed(turn)

        session = self._turn(refreshed, "", "")
        if flows.notices.due(session) and set(session.notices) - set(known):
            return self.put(Noticed())
        return session

    def resume(self) -> Session:
        """Go on after a start: news that came just before the bench stopped was never looked at."""
        waits = self.session.order is not None and not self.session.idle
        return self._turn(lambda turn: Refreshed(None) if waits else self._noticed(turn), "", "")

    def record(self, order_id: str, *happened: Fact) -> bool:
        """Put facts on record that no scan caused; False, and nothing, if one cannot happen."""
        with self.store.turn() as turn:
            order = turn.order(order_id)
            entries = [self._entry(order, fact) for fact in happened] if order else []
            if order is None or len(journal.possible(order, entries)) < len(entries):
                return False
            journal.write_entries(turn, entries, stamp=self._stamp())
            # Not when this block ends: the spool's own turn may be around it.
            turn.afterwards.append(self.on_commit)
        return True

    def lease_over(self) -> bool:
        """Whether what nobody has begun may be begun elsewhere by now."""
        return self._stamp().boottime >= self._lease()

    def _changed(self, ids: frozenset[str]) -> None:
        if notices.NOTICED in ids:
            self._notices = None

    def _noticed(self, turn: Turn) -> Input | None:
        """A decision of the hub that came since the last step, if it can be told at once."""
        fresh = self._fresh(turn)
        new = set(fresh.notices) - set(self.session.notices)
        return Noticed() if new and flows.notices.news(fresh) is not fresh else None

    # -- a step

    def _read(self, code: Code, text: str, source: str, at: float | None) -> Session:
        def scanned(turn: Turn) -> Input:
            return Scanned(code, text, desk.look_up(turn, code))

        return self._turn(scanned, text, source, at)

    def _turn(
        self,
        asked: Callable[[Turn], Input | None],
        text: str,
        source: str,
        at: float | None = None,
        *,
        news_first: bool = True,
    ) -> Session:
        began = time.monotonic() if at is None else at
        try:
            with self.store.turn() as turn:
                input = asked(turn)
                if input is None:
                    return self.session
                fresh = self._fresh(turn)
                unseen = news_first and fresh.order != self.session.order
                unseen = unseen and not isinstance(input, Refreshed)
                if not unseen:
                    step = flows.step(fresh, input)
                    session = self._carry_out(turn, step, text, source, began)
                    if isinstance(input, Refreshed) and step.session.latched:
                        self._tell(turn, step.session, input)
        except (StoreError, Impossible) as e:
            # The turn left no trace; the packer is told, and the scan can be made again.
            log.exception("a step was not stored")
            refused = flows.step(self.session, Refused(str(e)))
            self.session = replace(refused.session, order=self.session.order)
            return self.session
        if unseen:
            # The scan was quicker than the news on its way to us. Taken in with the scan, it would
            # be no news any more: no label would be printed, no cancellation shown.
            self.refresh()
            return self._turn(asked, text, source, at, news_first=False)
        before, self.session = self.session, session
        self.on_commit()
        return self._late.after(before, self.refresh() if self._doubted else session)

    def _fresh(self, turn: Turn) -> Session:
        if self._notices is None:
            self._notices = notices.waiting(turn)
        order = self.session.order
        return replace(
            self.session,
            order=None if order is None else turn.order(order.id),
            notices=self._notices,
            lease_over=self.lease_over(),
        )

    def _carry_out(self, turn: Turn, step: Step, text: str, source: str, began: float) -> Session:
        now = self._clock()
        scan = journal.write_scan(turn, now, text, source, saved(step.session))
        orders = {o.id: o for o in (step.session.order, self.session.order) if o is not None}
        entries = [
            self._entry(orders.get(_order_of(effect)) or turn.order(_order_of(effect)), effect, now)
            for effect in step.effects
            if isinstance(effect, Fact)
        ]
        journal.write_entries(turn, entries, scan, self._stamp())
        session = step.session
        if session.order is not None:
            session = replace(session, order=turn.order(session.order.id))
        self._doubted = False
        for effect in step.effects:
            self._print(turn, effect, began)
        return session

    def _entry(self, order: Order | None, fact: Fact, at: datetime | None = None) -> Entry:
        packer = self.session.packer
        shipment = None
        if order is not None and not isinstance(fact, facts.AddressChanged):
            shipment = next((s for s in order.shipments if s.id == _shipment_of(fact)), None)
        return Entry(
            id=self._ids(),
            order=_order_of(fact) if order is None else order.id,
            at=at or self._clock(),
            bench=self.session.bench,
            by=packer.badge if packer else "",
            claim=shipment.claim if shipment else None,
            fact=fact,
        )

    def _print(self, turn: Turn, effect: Effect, began: float) -> None:
        match effect:
            case PrintLabel(parcel_id=parcel, job=job, sha256=sha256):
                self.begun[job] = began
                if not _queue(turn, job, self.printers.label, "label", parcel, sha256):
                    self._doubt(turn, parcel, job)
            case Print(layout=layout, order_id=order_id, parcel_id=parcel):
                # Drawn later, from the order as it is then: a slip takes longer than a scan may.
                job = f"{layout}:{self._ids()}"
                _queue(turn, job, self.printers.paper, "paper", parcel, "", order_id, layout)
            case Acknowledged(notice=seq):
                notices.acknowledge(turn, seq)
            case TakeLate():
                self._late.wanted = True
            case facts.LabelPrinted(job=job):
                _moved(turn, job, "printed")
            case facts.LabelNotPrinted(job=job):
                _moved(turn, job, "queued")
            case facts.PrintWithdrawn(job=job):
                _moved(turn, job, "dropped")
            case _:
                pass

    def _tell(self, turn: Turn, told: Session, news: Refreshed) -> None:
        """What happened to the order that is open was told as its news: that is enough."""
        order = self.session.order or news.before
        if order is not None and not told.noticed and told.said is not self.session.said:
            notices.tell(turn, order.id)

    def _doubt(self, turn: Turn, parcel: str, job: str) -> None:
        """Its bytes went out once already, and the hub overruled that: only a person can look."""
        order = turn.order(order_of(parcel))
        why = "it was begun before the order was held"
        uncertain = facts.PrintUncertain(parcel=parcel, job=job, why=why)
        journal.write_entries(turn, [self._entry(order, uncertain)], stamp=self._stamp())
        _moved(turn, job, "uncertain")
        self._doubted = True


_LAST_JOB = Statement(select(func.max(t.jobs.c.seq)))
_MOVE = Statement(
    update(t.jobs).where(t.jobs.c.id == bindparam("job")).values(state=bindparam("to"))
)
_NEW_JOB = insert(t.jobs)
_QUEUE = Statement(
    _NEW_JOB.on_conflict_do_update(
        index_elements=[t.jobs.c.id],
        set_={"state": "queued", "seq": _NEW_JOB.excluded.seq},
        where=t.jobs.c.attempts == 0,
    ).returning(t.jobs.c.id),
    *("id", "seq", "printer", "kind", "order_id", "parcel_id", "sha256", "state", "note"),
)


def _queue(
    turn: Turn,
    job: str,
    printer: str,
    kind: str,
    parcel: str,
    sha256: str,
    order_id: str = "",
    note: str = "",
) -> bool:
    """Queue a job; False where its bytes may have gone out before."""
    (last,) = turn.row(_LAST_JOB) or (None,)
    new = {
        "id": job,
        "seq": (last or 0) + 1,
        "printer": printer,
        "kind": kind,
        "order_id": order_id or order_of(parcel),
        "parcel_id": parcel,
        "sha256": sha256,
        "state": "queued",
        "note": note,
    }
    # The same label and copy is the same job for ever: said twice, it is printed once. It comes
    # twice where the hub held the order before it heard of the first time.
    return turn.row(_QUEUE, new) is not None


def _moved(turn: Turn, job: str, state: str) -> None:
    turn.run(_MOVE, {"job": job, "to": state})


def _storable(text: str) -> str:
    r"""The text without half characters: a terminal's Kitty keys can make one, no file holds one.

    >>> _storable("MUG\ud800")
    'MUG\ufffd'
    """
    return text if text.isascii() else _HALF.sub("\ufffd", text)


_HALF = re.compile("[\ud800-\udfff]")


def _shipment_of(fact: Fact) -> str:
    if isinstance(fact, facts.OfShipment):
        return fact.shipment
    return "" if isinstance(fact, facts.AddressChanged) else fact.parcel.rpartition("/")[0]


def _order_of(fact: Fact) -> str:
    return order_of(_shipment_of(fact))
