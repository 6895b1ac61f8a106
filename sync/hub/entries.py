"""What benches report: takes a batch of entries in, whole, once, and in order.

The hub never refuses a fact: each entry is stored with a verdict, and one that cannot be applied
or even read never holds up the next. What it refuses is authority: a bench whose claim is gone
changes nothing. One transaction holds the journal, the orders, the feeds and the acknowledgement.

Locks are taken in one order everywhere: a bench's journal, then orders by id, then benches' rows by
name. The journal's is no row, because feeds are counted in the benches' rows, which come last.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, text, update

from sync.hub import taking
from sync.hub.book import Book, kind_of
from sync.hub.captured import Sending, captured, utc
from sync.hub.joint import Said, Sent, canonical, problem
from sync.hub.reconsider import UNREADABLE, reconsider
from sync.hub.schema import bench, entry
from sync.orders import Entry
from sync.protocol.messages import Acked, Gap, Judged, Verdict

MOST = 500
"""Entries in a batch: some 200 kB."""
JOURNALS = 0x70_61_63_6B
"""Sets these advisory locks apart from whatever else is locked so: "pack"."""
_JOURNAL = text("SELECT pg_advisory_xact_lock(:kind, hashtext(:name))")


def take(connection: Connection, book: Book, sent: Sent, now: float) -> Acked | Gap:
    """Take a batch in, or say from where it must be sent again."""
    if connection.dialect.name == "postgresql":  # SQLite has one writer
        connection.execute(_JOURNAL, {"kind": JOURNALS, "name": sent.bench})
    known = connection.execute(
        select(
            bench.c.last_seq,
            bench.c.last_hash,
            bench.c.incarnation,
            bench.c.clock_offset,
            bench.c.lease_seconds,
        ).where(bench.c.name == sent.bench)
    ).one()
    if sent.incarnation != known.incarnation:
        return Gap(need=1, fork=True)
    stored = _stored(connection, sent, known.last_seq)
    hashes = {row.seq: row.hash for row in stored}
    wrong = problem(sent, known.last_seq, known.last_hash, hashes)
    if wrong is not None:
        return wrong
    new = [one for one in sent.entries if one.seq > known.last_seq]
    sending = Sending(now, sent.boot, sent.sent_boottime, known.clock_offset)
    judged = _take_new(connection, book, sent, new, sending)
    last = new[-1].seq if new else known.last_seq
    if new:
        # Where it was enrolled anew meanwhile, its new journal says itself how far it is.
        connection.execute(
            update(bench)
            .where(bench.c.name == sent.bench, bench.c.incarnation == sent.incarnation)
            .values(last_seq=last, last_hash=new[-1].hash)
        )
    return Acked(
        # Not all that is here: of what another machine with the same disk has told since, this
        # one's journal has other entries under the same numbers.
        acked=sent.entries[-1].seq if sent.entries else last,
        verdicts=(*_overruled(sent, stored), *judged),
        lease_seconds=known.lease_seconds,
        server_time=datetime.fromtimestamp(now, UTC),
    )


def _stored(connection: Connection, sent: Sent, last: int) -> Sequence[Row[Any, Any, Any, Any]]:
    """Give what is stored of the numbers that a batch repeats: none, when it only goes on."""
    if not sent.entries or sent.entries[0].seq > last:
        return ()
    first = sent.entries[0].seq
    return connection.execute(
        select(entry.c.seq, entry.c.hash, entry.c.verdict, entry.c.reason)
        .where(
            entry.c.bench == sent.bench,
            entry.c.incarnation == sent.incarnation,
            entry.c.seq >= first - 1,
            entry.c.seq <= min(last, first + MOST),
        )
        .order_by(entry.c.seq)
    ).all()


def _overruled(sent: Sent, stored: Sequence[Row[Any, Any, Any, Any]]) -> list[Judged]:
    """Give again the verdicts that a bench must hear of: the answer that had them may be lost."""
    repeated = {one.seq for one in sent.entries}
    return [
        Judged(seq=row.seq, verdict=Verdict(row.verdict), reason=row.reason)
        for row in stored
        if row.seq in repeated and row.verdict not in (Verdict.OK, Verdict.DUP)
    ]


def _take_new(
    connection: Connection, book: Book, sent: Sent, new: Sequence[Said], sending: Sending
) -> tuple[Judged, ...]:
    read = [taking.read(bytes(one.entry)) for one in new]
    parsed = [one for one in read if one is not None]
    there = taking.known_ids(connection, [one.id for one in parsed])
    here = taking.begin(connection, book, {one.order for one in parsed}, sending.received)
    here.hear(parsed)
    judged, rows = [], []
    for one, said in zip(new, read, strict=True):
        verdict, reason = Verdict.INVALID, "unreadable"
        if said is not None and taking.storable(said.id) in there:
            verdict, reason = Verdict.DUP, ""
        elif said is not None:
            verdict, reason = here.follow(said, sent.bench)
            there.add(taking.storable(said.id))
        if said is not None:
            here.settle(said, sent.bench)
        here.trouble(said, verdict, reason, sent.bench)
        judged.append(Judged(seq=one.seq, verdict=verdict, reason=reason))
        rows.append(_row(sent, one, said, judged[-1], sending))
    if rows:
        connection.execute(insert(entry), rows)
    here.write(sent.bench)
    return tuple(judged)


def _row(
    sent: Sent, one: Said, said: Entry | None, judged: Judged, sending: Sending
) -> dict[str, object]:
    happened = captured(said.at, one.boot, one.boottime, sending) if said else None
    return {
        "bench": sent.bench,
        "incarnation": sent.incarnation,
        "seq": one.seq,
        "id": taking.storable(said.id) if said else f"{sent.bench}.{sent.incarnation}.{one.seq}",
        "order_id": taking.storable(said.order) if said else "",
        "at": utc(said.at) if said else None,
        "captured_at": happened,
        "received_at": sending.received,
        "kind": kind_of(said.fact) if said else UNREADABLE,
        "body": bytes(one.entry),
        "hash": one.hash,
        "verdict": judged.verdict.value,
        "reason": judged.reason,
    }


__all__ = ["MOST", "Said", "Sent", "canonical", "reconsider", "take"]
