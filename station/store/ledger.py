"""The spool's view of the file: `station.spool.ledger.Ledger`.

A label's truth is its parcel's print axis, which facts alone move; the job's own state follows in
the same transaction. A job whose parcel has gone another way (label void, another copy asked for)
is dropped when it is next looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from sqlalchemy import BindParameter, bindparam, select, text, update

from drivers.label_printers.capability import Capability
from station.spool.ledger import Job, JobKind, JobState
from station.store import schema as t
from station.store.printers import capability, keep
from station.store.statement import Statement
from station.store.store import Store, Turn
from sync.orders import Fact, Order, PrintState, Reason, facts, refusal

Record = Callable[[str, Fact], bool]
"""Puts a fact of an order on record; False if it cannot happen now."""

_FLYING = ("sending", "sent", "uncertain")


class _Row(NamedTuple):
    """A row of `jobs`, as its columns stand in the table."""

    id: str
    seq: int
    printer: str
    kind: str
    order_id: str
    parcel_id: str
    sha256: str
    state: str
    attempts: int
    counter_before: int | None
    note: str


_JOB: BindParameter[str] = bindparam("job")
_NEXT = Statement(
    select(t.jobs)
    .join(t.blobs, t.blobs.c.sha256 == t.jobs.c.sha256)
    .where(t.blobs.c.data.is_not(None))
    .where(t.jobs.c.printer == bindparam("at"), text(t.OPEN_JOBS))
    .order_by(t.jobs.c.state == "queued", t.jobs.c.seq)
)
_BYTES = Statement(select(t.blobs.c.data).where(t.blobs.c.sha256 == bindparam("sha256")))
_READY = Statement(
    select(t.prepared.c.data).where(
        t.prepared.c.sha256 == bindparam("sha256"),
        t.prepared.c.head == bindparam("head"),
        t.prepared.c.tracking == bindparam("tracking"),
    )
)
_FIND = Statement(select(t.jobs).where(t.jobs.c.id == _JOB))
_MOVE = Statement(update(t.jobs).where(t.jobs.c.id == _JOB).values(state=bindparam("to")))
_START = Statement(
    update(t.jobs)
    .where(t.jobs.c.id == _JOB)
    .values(state="sending", attempts=t.jobs.c.attempts + 1, counter_before=bindparam("counter"))
)


class StoreLedger:
    """Keeps the jobs of every printer of this bench."""

    def __init__(
        self,
        store: Store,
        record: Record,
        needs: Callable[[str, str], None],
        gone: Callable[[str], None] = lambda job: None,
        heads: Mapping[str, str] | None = None,
    ) -> None:
        """`needs` hears (printer, what it needs) at each change; `gone` that a job's bytes went.

        `heads`: printers, each with its `Head.mark`, whose labels wait until `LabelPreparer` has
        found them to be their parcels'. What prints bytes as they are is not among them.
        """
        self._heads = heads or {}
        self._store = store
        self._gone = gone
        self._record = record
        self._needs = needs

    def next_job(self, printer: str) -> Job | None:
        """What this printer is to deal with: what is in flight, else the oldest that may go."""
        with self._store.turn(feed=True) as turn:
            for found in turn.rows(_NEXT, {"at": printer}):
                row = _Row(*found)
                if not self._may_go(turn, row):
                    continue
                ready = self._ready(turn, row)
                if ready is not None or row.state in _FLYING:
                    return _job(turn, row, ready or b"")
        return None

    def _ready(self, turn: Turn, row: _Row) -> bytes | None:
        """What to send instead of the bytes as they came, empty for those; None: not yet, never."""
        head = self._heads.get(row.printer)
        if row.kind != "label" or head is None:
            return b""
        order = turn.order(row.order_id)
        parcel = order.parcel(row.parcel_id) if order else None
        tracking = parcel.label.tracking if parcel and parcel.label else ""
        found = turn.row(_READY, {"sha256": row.sha256, "head": head, "tracking": tracking})
        return None if found is None else found[0]

    def starting(self, job: str, counter: int | None) -> bool:
        """Put on record that the first byte is about to go out."""
        with self._store.turn() as turn:
            row = _row(turn, job)
            if row is None or row.state != "queued" or not self._may_go(turn, row):
                return False
            fact = facts.PrintStarted(parcel=row.parcel_id, job=job)
            if row.kind == "label" and not self._record(row.order_id, fact):
                return False
            turn.run(_START, {"job": job, "counter": counter})
        return True

    def sent(self, job: str) -> None:
        """Put on record that the last byte went out."""
        self._gone(job)
        self._moved(
            job, ("sending",), "sent", lambda parcel: facts.PrintSent(parcel=parcel, job=job)
        )

    def printed(self, job: str, evidence: str) -> None:
        """Put on record that it came out."""
        self._moved(
            job,
            ("sending", "sent"),
            "printed",
            lambda parcel: facts.LabelPrinted(parcel=parcel, job=job, evidence=evidence),
        )

    def uncertain(self, job: str, why: str) -> None:
        """Put on record that nobody knows."""
        self._moved(
            job,
            ("sending", "sent"),
            "uncertain",
            lambda parcel: facts.PrintUncertain(parcel=parcel, job=job, why=why),
        )

    def not_printed(self, job: str, evidence: str) -> None:
        """Put on record that it did not come out."""
        self._moved(
            job,
            ("sending", "sent"),
            "queued",
            lambda parcel: facts.LabelNotPrinted(parcel=parcel, job=job, evidence=evidence),
        )

    def capability(self, printer: str) -> Capability | None:
        """What is known of a printer."""
        with self._store.turn(feed=True) as turn:
            return capability(turn, printer)

    def keep(self, printer: str, capability: Capability) -> None:
        """Keep what is known of a printer."""
        with self._store.turn() as turn:
            keep(turn, printer, capability)

    def trouble(self, printer: str, needs: str) -> None:
        """Pass on what a printer needs."""
        self._needs(printer, needs)

    def _moved(
        self, job: str, since: tuple[str, ...], to: str, fact: Callable[[str], Fact]
    ) -> None:
        with self._store.turn() as turn:
            row = _row(turn, job)
            if row is None or row.state not in since:
                return
            if row.kind == "label" and not self._record(row.order_id, fact(row.parcel_id)):
                return
            turn.run(_MOVE, {"job": job, "to": to})

    def _may_go(self, turn: Turn, row: _Row) -> bool:
        """Whether the job is in flight or may be; what can never go is dropped."""
        if row.kind == "paper":
            return bool(row.state != "uncertain")
        order = turn.order(row.order_id)
        if order is None and turn.get("swept", "0") != turn.get("generation", "0"):
            return False  # the feed is being read anew: the order may still come
        state = _of_parcel(order, row.parcel_id, row.id)
        if state is None:
            turn.run(_MOVE, {"job": row.id, "to": "dropped"})
            return False
        if row.state in _FLYING:
            return True
        if order is None or state is not PrintState.QUEUED:
            return False
        why = refusal(order, facts.PrintStarted(parcel=row.parcel_id, job=row.id))
        if why is Reason.NO_LABEL:
            turn.run(_MOVE, {"job": row.id, "to": "dropped"})
        return why is None


def _of_parcel(order: Order | None, parcel_id: str, job: str) -> PrintState | None:
    """How far the parcel's print has come, if this job is still the one."""
    if order is None:
        return None
    parcel = next(
        (p for shipment in order.shipments for p in shipment.parcels if p.id == parcel_id), None
    )
    if parcel is None or parcel.print_job != job or parcel.print_state is PrintState.PRINTED:
        return None
    return parcel.print_state


def printer_of(turn: Turn, job: str) -> str:
    """Name the printer that a job is for; "" for a job that is not there."""
    row = _row(turn, job)
    return row.printer if row else ""


def _row(turn: Turn, job: str) -> _Row | None:
    found = turn.row(_FIND, {"job": job})
    return _Row(*found) if found else None


def _job(turn: Turn, row: _Row, data: bytes) -> Job:
    if not data:
        # The bytes of the one that goes, not of all that wait.
        (data,) = turn.row(_BYTES, {"sha256": row.sha256}) or (b"",)
    return Job(
        id=row.id,
        printer=row.printer,
        kind=JobKind(row.kind),
        order_id=row.order_id,
        parcel_id=row.parcel_id,
        data=data or b"",
        sha256=row.sha256,
        state=JobState(row.state),
        attempts=row.attempts,
        counter_before=row.counter_before,
    )
