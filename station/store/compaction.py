"""What may a bench forget, so that in its third year it is as fast as on its first day?

What the hub has and would hardly ask for again: acknowledged entries and scans of more than 45
days, jobs of orders that went, and bytes that nobody names. All of it goes in turns so short that
a scan does not feel one. A restored hub is told what it lost by its benches: hence the 45 days.

Days are counted, not read off a clock, which may be a year wrong on one morning: each day on which
the bench runs leaves a mark of how far its numbers had come, and what lies before the mark of 45
days ago goes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import date

import msgspec
from sqlalchemy import BindParameter, bindparam, delete, exists, func, select, text

from station.store import journal
from station.store import schema as t
from station.store.statement import Statement
from station.store.store import Store, Turn

KEPT_DAYS = 45
"""Longer than anybody takes to notice that a hub was put back to an old copy."""
KEPT_LINKS = 2
"""Acknowledged entries that stay however old: the next one chains to the last, and after a reset
the last one goes up once more."""
TURN_SECONDS = 0.005
"""What a turn should take; a scan that comes meanwhile waits for one at most."""
_ROWS, _MOST_ROWS = 50, 2_000
_VACUUM_PAGES = 16
"""Of 4 KiB, given back to the disk in one turn."""
_MARKS = "marks"


class Mark(msgspec.Struct, frozen=True):
    """How far the numbers had come on one day."""

    day: date
    entry: int
    scan: int
    job: int


class _Label(msgspec.Struct):
    sha256: str


class _Parcel(msgspec.Struct):
    label: _Label | None = None


class _Shipment(msgspec.Struct):
    parcels: tuple[_Parcel, ...] = ()


class _Order(msgspec.Struct):
    """Of an order's document only what names bytes: read three times as fast as all of it."""

    shipments: tuple[_Shipment, ...] = ()


_READ_ORDER = msgspec.json.Decoder(_Order)
_READ_MARKS = msgspec.json.Decoder(list[Mark])
_SEQ = t.entries.c.seq
_UPTO: BindParameter[int] = bindparam("upto")
_LAST_SCAN = Statement(select(func.max(t.scans.c.seq)))
_LAST_JOB = Statement(select(func.max(t.jobs.c.seq)))
_OLDEST_ENTRY = Statement(select(func.min(_SEQ)))
_OLDEST_SCAN = Statement(select(func.min(t.scans.c.seq)))
_DROP_ENTRIES = Statement(delete(t.entries).where(_UPTO >= _SEQ))
_DROP_SCANS = Statement(delete(t.scans).where(t.scans.c.seq <= _UPTO))
_GONE_JOBS = Statement(
    select(t.jobs.c.id, t.jobs.c.seq)
    .where(t.jobs.c.seq > bindparam("after"), t.jobs.c.seq <= _UPTO)
    .order_by(t.jobs.c.seq)
    .limit(bindparam("rows"))
)
_DROP_JOB = Statement(
    delete(t.jobs).where(
        t.jobs.c.id == bindparam("id"),
        text(f"NOT ({t.OPEN_JOBS})"),
        ~exists().where(t.orders.c.id == t.jobs.c.order_id),
    )
)
_BLOBS = Statement(select(t.blobs.c.sha256))
_SOME_ORDERS = Statement(
    select(t.orders.c.id, t.orders.c.now, t.orders.c.confirmed)
    .where(t.orders.c.id > bindparam("after"))
    .order_by(t.orders.c.id)
    .limit(bindparam("rows"))
)
_ONE_ORDER = Statement(
    select(t.orders.c.now, t.orders.c.confirmed).where(t.orders.c.id == bindparam("id"))
)
_DROP_BLOB = Statement(
    delete(t.blobs).where(
        t.blobs.c.sha256 == bindparam("of"),
        ~exists().where(t.jobs.c.sha256 == t.blobs.c.sha256, text(t.OPEN_JOBS)),
    )
)
_NO_BLOB = ~exists().where(t.blobs.c.sha256 == bindparam("of"))
_DROP_LABEL = Statement(delete(t.labels).where(t.labels.c.sha256 == bindparam("of"), _NO_BLOB))
_DROP_PREPARED = Statement(
    delete(t.prepared).where(t.prepared.c.sha256 == bindparam("of"), _NO_BLOB)
)


class Compaction:
    """Forgets what may be forgotten, a turn at a time."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.perf_counter) -> None:
        self._store, self._clock = store, clock
        self._rows = _ROWS
        self._changed: set[str] = set()
        """Orders that changed since bytes are looked at: they may name others now."""
        store.listen(self._changed.update)

    def run(self, today: date) -> Iterator[None]:
        """Do one short turn between two yields, until there is nothing to do."""
        with self._store.turn(feed=True) as turn:
            mark = _marked(turn, today)
        yield
        if mark is not None:
            yield from self._entries(mark.entry)
            yield from self._scans(mark.scan)
            yield from self._jobs(mark.job)
        yield from self._blobs()
        yield from self._vacuum()

    def _entries(self, upto: int) -> Iterator[None]:
        while True:
            with self._store.turn(feed=True) as turn:
                began = self._clock()
                if turn.get("swept", "0") != turn.get("generation", "0"):
                    return  # the feed is being read anew: they may have to be applied again
                last = min(upto, int(turn.get("acked", "0")) - KEPT_LINKS)
                (oldest,) = turn.row(_OLDEST_ENTRY) or (None,)
                if oldest is None or oldest > last:
                    return
                until = min(last, oldest + self._rows - 1)
                turn.set(t.BASE, f"{until}.{journal.hash_of(turn, until)}")
                turn.run(_DROP_ENTRIES, {"upto": until})
                self._paced(began)
            yield

    def _scans(self, upto: int) -> Iterator[None]:
        while True:
            with self._store.turn(feed=True) as turn:
                began = self._clock()
                (newest,) = turn.row(_LAST_SCAN) or (None,)
                (oldest,) = turn.row(_OLDEST_SCAN) or (None,)
                # The last one says where the bench stands.
                last = min(upto, (newest or 0) - 1)
                if oldest is None or oldest > last:
                    return
                turn.run(_DROP_SCANS, {"upto": min(last, oldest + self._rows - 1)})
                self._paced(began)
            yield

    def _jobs(self, upto: int) -> Iterator[None]:
        after = 0
        while True:
            with self._store.turn(feed=True) as turn:
                began = self._clock()
                asked = {"after": after, "upto": upto, "rows": self._rows}
                rows = turn.rows(_GONE_JOBS, asked)
                if not rows:
                    return
                turn.run(_DROP_JOB, *({"id": id} for id, _ in rows))
                after = rows[-1][1]
                self._paced(began)
            yield

    def _blobs(self) -> Iterator[None]:
        """Let bytes go that no order here names and no job needs.

        The orders are looked through in many turns. One that came meanwhile may name bytes that
        were there already, and is looked at again in the turn that lets them go.
        """
        self._changed.clear()
        with self._store.turn(feed=True) as turn:
            unnamed = {sha256 for (sha256,) in turn.rows(_BLOBS)}
        after = ""
        while unnamed:
            yield
            with self._store.turn(feed=True) as turn:
                began = self._clock()
                rows = turn.rows(_SOME_ORDERS, {"after": after, "rows": self._rows})
                for _, *bodies in rows:
                    unnamed.difference_update(_names(bodies))
                self._paced(began)
            if not rows:
                break
            after = rows[-1][0]
        left = sorted(unnamed)
        while left:
            yield
            with self._store.turn(feed=True) as turn:
                began = self._clock()
                fresh = {sha for id in self._changed for sha in _named_by(turn, id)}
                # A label is some ten pages: fewer at a time than rows of a journal.
                some, left = left[: self._rows // 8 + 1], left[self._rows // 8 + 1 :]
                gone = [{"of": sha} for sha in some if sha not in fresh]
                for statement in (_DROP_BLOB, _DROP_LABEL, _DROP_PREPARED):
                    turn.run(statement, *gone)
                self._paced(began)

    def _vacuum(self) -> Iterator[None]:
        """Give free pages back to the disk; a file of an older version keeps and reuses them."""
        while self._store.vacuum(_VACUUM_PAGES):
            yield

    def _paced(self, began: float) -> None:
        took = self._clock() - began
        if took > TURN_SECONDS:
            self._rows = max(1, self._rows // 2)
        elif took < TURN_SECONDS / 4:
            self._rows = min(_MOST_ROWS, self._rows * 2)


def _marked(turn: Turn, today: date) -> Mark | None:
    """Leave today's mark; give the one before which things may go."""
    kept = turn.get(_MARKS)
    marks = _READ_MARKS.decode(kept) if kept else []
    if not marks or marks[-1].day != today:
        (scan,) = turn.row(_LAST_SCAN) or (None,)
        (job,) = turn.row(_LAST_JOB) or (None,)
        marks.append(Mark(today, journal.last_link(turn)[0], scan or 0, job or 0))
        marks = marks[-KEPT_DAYS - 1 :]
        turn.set(_MARKS, msgspec.json.encode(marks).decode())
    return marks[0] if len(marks) > KEPT_DAYS else None


def _names(bodies: Iterable[bytes]) -> set[str]:
    return {
        parcel.label.sha256
        for body in bodies
        if body  # one that the hub's document stands for is not written twice
        for shipment in _READ_ORDER.decode(body).shipments
        for parcel in shipment.parcels
        if parcel.label is not None
    }


def _named_by(turn: Turn, order_id: str) -> set[str]:
    return _names(turn.row(_ONE_ORDER, {"id": order_id}) or ())
