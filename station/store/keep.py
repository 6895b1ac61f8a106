"""The link's view of the file: `sync.client.keep.Keep`."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable

import msgspec
from sqlalchemy import func, select, update

from station.store import intake, journal, notices
from station.store import schema as t
from station.store.lease import LeaseShelf
from station.store.statement import Statement
from station.store.store import Store, StoreError, Turn
from sync.client import wish
from sync.client.boot import boot as this_boot
from sync.orders import Entry, Fact, order_of
from sync.protocol import chain, digest, reading
from sync.protocol.cursor import START, Cursor, read
from sync.protocol.messages import (
    Acked,
    Batch,
    Enrolled,
    Heartbeat,
    Judged,
    Numbered,
    Page,
    Rejoin,
    Verdict,
)
from sync.protocol.reading import Unread

COUNT_SECONDS = 60.0
"""From one counting of the digest to the next: scans wait for it, and of 100,000 rows it takes
some 20 ms."""
LEAST_ROWS, MOST_ROWS = 200, 1_000
TURN_SECONDS = 0.04
"""Of a page so many rows are written in one transaction as this processor writes in that time,
because a scan waits for it; within these bounds, because small ones cost more a row."""
_GIVE_WAY_SECONDS = 0.001
_ENTRY = msgspec.json.Decoder(Entry)
_A_WANTED = Statement(select(t.blobs.c.sha256).where(t.blobs.c.data.is_(None)).limit(1))


class StoreKeep:
    """Takes what the hub says and gives what it is owed."""

    def __init__(
        self,
        store: Store,
        heartbeat: Callable[[], Heartbeat],
        *,
        count_seconds: float = COUNT_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        boot: str | None = None,
        record: Callable[[str, Fact], bool] = lambda order, fact: False,
        arrived: Callable[[], None] = lambda: None,
    ) -> None:
        """Begin; the digest is counted at the first page that reaches the end, then so often.

        `boot`: which start of the machine this is; None: as the machine says. `record` puts a fact
        of an order on record, within a turn: what the bench answers when the hub wants work back.
        `arrived` is called when the bytes of a label are here.
        """
        self._arrived = arrived
        self._store = store
        self._heartbeat = heartbeat
        self._record = record
        self._count_seconds = count_seconds
        self._clock = clock
        self._counted: float | None = None
        self._rows = LEAST_ROWS
        self._boot = this_boot() if boot is None else boot
        self._lease = LeaseShelf(store, self._boot)
        self._wants_bytes = True

    def enrolled(self) -> Enrolled | None:
        """What this bench is at the hub."""
        with self._store.turn(feed=True) as turn:
            body = turn.get("enrolled")
        return msgspec.json.decode(body, type=Enrolled) if body else None

    def enrol(self, enrolled: Enrolled) -> None:
        """Keep what the hub made of this bench."""
        with self._store.turn() as turn:
            turn.set("enrolled", msgspec.json.encode(enrolled).decode())

    def cursor(self) -> Cursor:
        """Where the feed was read to."""
        with self._store.turn(feed=True) as turn:
            return _cursor(turn)

    def read(self, told: Unread) -> Page:
        """Read a page's orders, and lay out what need not wait for the transaction.

        Raises msgspec.DecodeError, UnicodeDecodeError.
        """
        return reading.whole(told, intake.laid)

    def take(self, page: Page) -> int | None:
        """Store a page, if it was read from the present cursor.

        Gives the replica's digest where the page reaches the feed's end and it was counted.
        """
        taken: int | None = None
        rows, self._wants_bytes = self._rows, False
        for at, part in enumerate(intake.parts(page, rows)):
            if at:
                # A lock that is taken again at once never passes to the scan that waits for it.
                time.sleep(_GIVE_WAY_SECONDS)
            began = time.thread_time()
            wished = intake.wished(part)
            # An answer is an entry: it is on disk before it goes up, and so is what it answers.
            with self._store.turn(feed=not wished) as turn:
                if read(part.after) != _cursor(turn):
                    return None
                taken = self._take(turn, part)
                self._answer(turn, wished)
            if len(part.changes) == rows:
                self._rows = _fitting(rows, time.thread_time() - began)
        return taken

    def wants_bytes(self) -> bool:
        """Whether the page that was stored last names bytes, and some are not here."""
        return self._wants_bytes

    def _take(self, turn: Turn, page: Page) -> int | None:
        generation = int(turn.get("generation", "0"))
        worked = notices.look(turn, page)
        if intake.write(turn, page, generation):
            self._wants_bytes |= turn.row(_A_WANTED, {}) is not None
        notices.compare(turn, worked, page)
        turn.set("cursor", page.next)
        if page.next != page.head:
            return None
        notices.forget(turn, generation)
        intake.sweep(turn, generation)
        return self._count(turn) if page.digest is not None else None

    def _answer(self, turn: Turn, wished: Iterable[str]) -> None:
        """Say of what is wanted elsewhere whether it was begun here.

        In the turn that brings the question: no scan lies between, so that nothing that was given
        back can be begun.
        """
        for id in wished:
            order = turn.order(order_of(id))
            said = wish.answer(order, id) if order is not None else None
            if order is not None and said is not None:
                self._record(order.id, said)

    def _count(self, turn: Turn) -> int | None:
        """Count the digest; None where it was counted a moment ago.

        Also after a reset: where the hub's own sum is wrong, reading anew does not mend it, and
        must not be all that the bench does.
        """
        now = self._clock()
        if self._counted is not None and now - self._counted < self._count_seconds:
            return None
        self._counted = now
        return _digest(turn)

    def reset(self, epoch: int) -> None:
        """Read the feed from 0; rows that it does not name again are swept at its end.

        A hub that was put back to an older state has lost entries that it acknowledged, and would
        give out packed orders as unpacked: nothing is taken to be in its documents until they say
        so, and the newest entry goes up again, to be told what is missing.
        """
        with self._store.turn() as turn:
            turn.set("cursor", str(Cursor(epoch, 0)))
            turn.set("generation", str(int(turn.get("generation", "0")) + 1))
            turn.set("acked", str(max(journal.base(turn)[0], int(turn.get("acked", "0")) - 1)))
            turn.sql.execute(update(t.entries).values(pending=True))

    def rejoin(self) -> Rejoin | None:
        """What the hub must be told before anything else: a damaged file lost entries.

        Until it has answered nothing goes up: under the old incarnation the chain would not join.
        """
        with self._store.turn(feed=True) as turn:
            body = turn.get(t.REJOIN)
        return msgspec.json.decode(body, type=Rejoin) if body else None

    def rejoined(self, enrolled: Enrolled) -> None:
        """The hub has begun a new incarnation of this bench."""
        with self._store.turn() as turn:
            turn.set("enrolled", msgspec.json.encode(enrolled).decode())
            turn.set(t.REJOIN, "")

    def batch(self, limit: int) -> Batch | None:
        """The oldest entries that the hub has not acknowledged; None where it must rejoin first."""
        with self._store.turn(feed=True) as turn:
            acked = int(turn.get("acked", "0"))
            rows = (
                select(
                    t.entries.c.seq,
                    t.entries.c.body,
                    t.entries.c.hash,
                    t.entries.c.boot,
                    t.entries.c.boottime,
                )
                .where(t.entries.c.seq > acked)
                .order_by(t.entries.c.seq)
                .limit(limit)
            )
            entries = tuple(
                Numbered(
                    seq=row.seq,
                    entry=_ENTRY.decode(row.body),
                    hash=row.hash,
                    boot=row.boot,
                    boottime=row.boottime,
                )
                for row in turn.sql.execute(rows)
            )
            previous = journal.hash_of(turn, entries[0].seq - 1) if entries else chain.START
            body = turn.get("enrolled")
            late = bool(turn.get(t.REJOIN))
        if not entries or not body or late:
            return None
        me = msgspec.json.decode(body, type=Enrolled)
        return Batch(
            bench=me.bench,
            incarnation=me.incarnation,
            previous=previous,
            boot=self._boot,
            entries=entries,
        )

    def acked(self, answer: Acked) -> None:
        """Everything up to `answer.acked` is on the hub's disk."""
        overruled = any(one.verdict in notices.OVERRULED for one in answer.verdicts)
        # Those that a packer must hear of wait for the disk: acknowledged, they are not said again.
        with self._store.turn(feed=not overruled) as turn:
            if answer.acked > int(turn.get("acked", "0")):
                turn.set("acked", str(answer.acked))
            epoch = answer.head.partition(".")[0]
            if epoch and epoch != turn.get(t.ACKED_IN):
                turn.set(t.ACKED_IN, epoch)
            news = [judged for judged in answer.verdicts if _says(turn, judged)]
            if overruled:
                notices.judge(turn, news)

    def overruled(self) -> tuple[tuple[Verdict, Entry], ...]:
        """Entries that the hub stored and did not follow, newest first: troubles."""
        rows = (
            select(t.entries.c.verdict, t.entries.c.body)
            .where(t.entries.c.verdict.in_(notices.OVERRULED))
            .order_by(t.entries.c.seq.desc())
            .limit(100)
        )
        with self._store.turn(feed=True) as turn:
            found = turn.sql.execute(rows).all()
        return tuple((Verdict(row.verdict), _ENTRY.decode(row.body)) for row in found)

    def rewind(self, need: int) -> None:
        """The hub lost entries from that number on: send them again."""
        with self._store.turn() as turn:
            turn.set("acked", str(max(journal.base(turn)[0], need - 1)))

    def wanted_blobs(self) -> Iterable[str]:
        """SHA-256 of bytes that orders here name and that are not here yet."""
        with self._store.turn(feed=True) as turn:
            # In any order, so that bytes that the hub has not cannot keep others from being asked.
            rows = select(t.blobs.c.sha256).where(t.blobs.c.data.is_(None))
            rows = rows.order_by(func.random()).limit(100)
            return tuple(turn.sql.execute(rows).scalars())

    def put_blob(self, sha256: str, data: bytes) -> None:
        """Store bytes under their hash; whoever waits for them is told by their order's id."""
        if hashlib.sha256(data).hexdigest() != sha256:
            raise ValueError(f"these are not the bytes of {sha256}")
        with self._store.turn(feed=True) as turn:
            turn.sql.execute(update(t.blobs).where(t.blobs.c.sha256 == sha256).values(data=data))
            waiting = select(t.jobs.c.order_id).where(t.jobs.c.sha256 == sha256)
            turn.changed |= set(turn.sql.execute(waiting).scalars())
            turn.afterwards.append(self._arrived)

    def hubs(self) -> tuple[str, ...]:
        """Where the hub's processes listened when it last said so."""
        with self._store.turn(feed=True) as turn:
            return tuple(turn.get("hubs").split())

    def know_hubs(self, addresses: tuple[str, ...]) -> None:
        """The hub's processes listen there."""
        with self._store.turn(feed=True) as turn:
            turn.set("hubs", " ".join(addresses))

    def hold_lease(self, until: float) -> None:
        """What is here may be begun until then on this start's clock; infinity: at any time."""
        self._lease.hold(until)

    def lease(self) -> float:
        """Until when what is here may be begun."""
        return self._lease.until()

    def heartbeat(self) -> Heartbeat:
        """What the bench tells of itself."""
        said = self._heartbeat()
        try:
            with self._store.turn(feed=True) as turn:
                last = turn.sql.execute(select(func.max(t.entries.c.seq))).scalar() or 0
        except StoreError:
            return said  # a disk that does not answer is no reason to seem dead
        return msgspec.structs.replace(said, last_seq=last)


def _says(turn: Turn, judged: Judged) -> bool:
    """Keep a verdict; whether it is news: the hub repeats some, in case its answer was lost."""
    new = {"verdict": judged.verdict}
    unlike = (t.entries.c.seq == judged.seq, t.entries.c.verdict != judged.verdict)
    return bool(turn.sql.execute(update(t.entries).where(*unlike).values(new)).rowcount)


def _fitting(rows: int, seconds: float) -> int:
    """Give how many rows the next transaction has, when so many took so long."""
    return min(max(int(rows * TURN_SECONDS / max(seconds, 0.001)), LEAST_ROWS), MOST_ROWS)


_HALF = 2**32
_SHARES = select(
    # A sum of a few shares overflows SQLite's 64 bits; sums of their halves do not.
    func.coalesce(func.sum(t.shipments.c.share.op(">>")(32)), 0).label("high"),
    func.coalesce(func.sum(t.shipments.c.share.op("&")(_HALF - 1)), 0).label("low"),
)


def _digest(turn: Turn) -> int:
    row = turn.sql.execute(_SHARES).one()
    return (int(row.high) * _HALF + int(row.low)) % digest.MODULUS


def _cursor(turn: Turn) -> Cursor:
    return read(turn.get("cursor", str(START)))
