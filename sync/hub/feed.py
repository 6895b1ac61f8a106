"""What a bench reads: its feed, compacted to one row a shipment.

The cursor is dense: `UPDATE bench SET feed_seq = feed_seq + n … RETURNING` holds that bench's row
to the commit, so that no reader can pass a number that is not there yet (a bigserial lost 13.6 %
of the rows). The snapshot is the feed from 0. Items and packers go down the same way, as rows of
their own that carry no shipment.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, bindparam, delete, func, select, update

from sync.hub.engine import upsert
from sync.hub.schema import address, bench, feed, item, orders, packer, shipment
from sync.hub.setup import epoch
from sync.orders import Order, State
from sync.protocol import digest
from sync.protocol.cursor import START, Cursor
from sync.protocol.messages import Item, Packer, Page, Reset

if TYPE_CHECKING:
    from sync.hub.book import Book

MOST = 1_000
"""Rows a page may have, whatever is asked for."""
MOST_BYTES = 2_000_000
"""What the documents of a page may come to, if it has more than one: whoever wrote a novel into an
order's title must not make pages that no bench can hold."""
KEPT_SECONDS = 30 * 24 * 3600.0
"""How long a feed says that a shipment is gone: a bench that is away for longer reads from 0."""
MOST_NAMES = 500
"""Asked for in one statement: databases bound the number of parameters."""
PACKERS = "@packers"
ITEMS = "@items/"
"""Feed rows that are no shipments begin with @."""
DONE_WITH = frozenset({State.IN_TRANSIT, State.DELIVERED, State.COMPLETED})
"""Shipments that no bench has to know any more."""


Moves = dict[str, dict[str, int | None]]
"""By bench: which rows of its feed move, each with its order's version; None: it is gone."""


def move(connection: Connection, before: Order | None, after: Order, now: float) -> None:
    """Put a changed order into the feeds of the benches that have it, or had it."""
    put_all(connection, moves(before, after), now)


def moves(before: Order | None, after: Order) -> Moves:
    """Say which rows of which feeds a changed order moves."""
    moved: Moves = {}
    had = {one.id: one.bench for one in before.shipments} if before else {}
    for one in after.shipments:
        if one.bench:
            version = None if one.state in DONE_WITH else after.version
            moved.setdefault(one.bench, {})[one.id] = version
        if had.get(one.id) not in (None, "", one.bench):
            moved.setdefault(had[one.id], {})[one.id] = None
    return moved


def lock(
    connection: Connection, names: Iterable[str], such: ColumnElement[bool] | None = None
) -> frozenset[str]:
    """Keep several benches' feeds to oneself, in the order of their names; `such`: only those."""
    wanted = select(bench.c.name).where(bench.c.name.in_(sorted(names))).order_by(bench.c.name)
    if such is not None:
        wanted = wanted.where(such)
    return frozenset(connection.execute(wanted.with_for_update()).scalars())


def put_all(connection: Connection, moved: Moves, now: float) -> None:
    """Move rows of several feeds; benches in the order of their names, so that none waits round."""
    for name in sorted(moved):
        put(connection, name, moved[name], now)


def put(connection: Connection, name: str, rows: Mapping[str, int | None], now: float) -> None:
    """Move rows of a bench's feed to its end; an unknown bench has no feed.

    Each row with the version that its order has, by which the digest goes; None: it is gone.
    """
    locked = connection.execute(
        update(bench)
        .where(bench.c.name == name)
        .values(feed_seq=bench.c.feed_seq + len(rows))
        .returning(bench.c.feed_seq, bench.c.digest)
    ).one_or_none()
    if locked is None:
        return
    first = locked.feed_seq - len(rows) + 1
    new = [
        {
            "bench": name,
            "row": row,
            "seq": first + at,
            "gone": version is None,
            "share": _share(row, version),
            "at": now,
        }
        for at, (row, version) in enumerate(rows.items())
    ]
    old = _shares(connection, name, [row for row in rows if not row.startswith("@")])
    upsert(connection, feed, new, "bench", "row")
    total = digest.moved(locked.digest, old, (int(str(row["share"])) for row in new))
    if total != locked.digest:
        connection.execute(update(bench).where(bench.c.name == name).values(digest=total))


def _share(row: str, version: int | None) -> int:
    return 0 if version is None or row.startswith("@") else digest.share(row, version)


def _shares(connection: Connection, name: str, rows: Sequence[str]) -> list[int]:
    """Give what those rows are in the digest before they move."""
    found: list[int] = []
    for at in range(0, len(rows), MOST_NAMES):
        some = feed.c.row.in_(rows[at : at + MOST_NAMES])
        shares = select(feed.c.share).where(feed.c.bench == name, some)
        found += connection.execute(shares).scalars()
    return found


def put_everywhere(connection: Connection, rows: Iterable[str]) -> None:
    """Move rows that all benches have to the end of every feed."""
    names = connection.execute(select(bench.c.name).order_by(bench.c.name)).scalars().all()
    moved = dict.fromkeys(rows, 0)
    for name in names:
        if moved:
            # They are never gone, so that nobody asks when they moved.
            put(connection, name, moved, 0.0)


def purge(connection: Connection, now: float) -> int:
    """Forget what has been gone for a month; give how many rows of all feeds that were."""
    old = (feed.c.gone.is_(True)) & (feed.c.at < now - KEPT_SECONDS)
    last = connection.execute(
        select(feed.c.bench, func.max(feed.c.seq).label("seq"))
        .where(old)
        .group_by(feed.c.bench)
        .order_by(feed.c.bench)
    ).all()
    forgotten = 0
    for row in last:
        # The bench's row first, as `put` has it: what has moved meanwhile is not older any more.
        connection.execute(
            update(bench).where(bench.c.name == row.bench).values(purged_seq=row.seq)
        )
        done = connection.execute(
            delete(feed).where(feed.c.bench == row.bench, old, feed.c.seq <= row.seq)
        )
        forgotten += done.rowcount
        _bring_forward(connection, row.bench, row.seq)
    return forgotten


def _bring_forward(connection: Connection, name: str, purged: int) -> None:
    """Move what is older than the last row that was forgotten, and not gone, to the feed's end.

    Whoever reads from 0 has read nothing that was forgotten; but between two pages he stands where
    only he does who was away for too long. With nothing left there, his first page passes it.
    """
    there = (feed.c.bench == name) & (feed.c.seq < purged)
    rows = connection.execute(select(feed.c.row).where(there).order_by(feed.c.seq)).scalars().all()
    if not rows:
        return
    head = connection.execute(
        update(bench)
        .where(bench.c.name == name)
        .values(feed_seq=bench.c.feed_seq + len(rows))
        .returning(bench.c.feed_seq)
    ).scalar_one()
    first = head - len(rows) + 1
    connection.execute(
        update(feed)
        .where(feed.c.bench == name, feed.c.row == bindparam("of"))
        .values(seq=bindparam("to")),
        [{"of": row, "to": first + at} for at, row in enumerate(rows)],
    )


class Told(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A protocol.Change whose order is the JSON that is stored, not read."""

    seq: int
    shipment: str
    order: msgspec.Raw | None
    through: int


class Fed(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A protocol.Page of such changes: the same on the wire, at a tenth of the work."""

    after: str
    next: str
    head: str
    changes: tuple[Told, ...] = ()
    items: tuple[Item, ...] = ()
    packers: tuple[Packer, ...] = ()
    digest: int | None = None
    lease_seconds: float = 0.0
    server_time: datetime


def page(
    connection: Connection, book: Book, name: str, after: Cursor, limit: int, now: float
) -> Page | Reset:
    """Read a page of a bench's feed, and what its own entries have become by then."""
    found = fed(connection, book, name, after, limit, now)
    if isinstance(found, Reset):
        return found
    return msgspec.json.decode(msgspec.json.encode(found), type=Page)


def fed(
    connection: Connection, book: Book, name: str, after: Cursor, limit: int, now: float
) -> Fed | Reset:
    """Read a page as it is sent: at most so many rows, and not much more than MOST_BYTES."""
    mine = epoch(connection)
    known = connection.execute(
        select(bench.c.feed_seq, bench.c.digest, bench.c.purged_seq, bench.c.last_seq).where(
            bench.c.name == name
        )
    ).one()
    head = known.feed_seq
    wrong = _wrong(after, mine, head, known.purged_seq)
    if wrong:
        return Reset(epoch=mine, reason=wrong)
    limit = min(max(limit, 1), MOST)
    rows, full = _fitting(_rows(connection, name, after.seq, limit), limit)
    last = rows[-1].seq if full else head
    docs = _documents(connection, book, name, after.seq, last)
    through = known.last_seq
    # Taken apart as tuples: by its names a row of SQLAlchemy takes longer than its document.
    changes = tuple(
        Told(seq=seq, shipment=row, order=docs.get(row), through=through)
        for row, seq, _ in rows
        if row[:1] != "@"
    )
    names = [row for row, _, _ in rows if row[:1] == "@"]
    return Fed(
        after=str(after),
        next=str(Cursor(mine, last)),
        head=str(Cursor(mine, head)),
        changes=changes,
        items=_items(connection, names),
        packers=_packers(connection) if PACKERS in names else (),
        digest=known.digest if last == head else None,
        server_time=datetime.fromtimestamp(now, UTC),
    )


def _wrong(after: Cursor, mine: int, head: int, purged: int) -> str:
    """Say why nobody can go on reading from there; "" where one can."""
    if after == START:
        return ""
    if after.epoch != mine:
        return f"the hub is in epoch {mine}"
    if after.seq > head:
        return f"the feed ends at {head}"
    if 0 < after.seq < purged:
        return f"what was gone up to {purged} is forgotten"
    return ""


def _rows(
    connection: Connection, name: str, after: int, limit: int
) -> Sequence[Row[Any, Any, Any]]:
    """Give the next rows, each with the length of its order's document."""
    return connection.execute(
        select(feed.c.row, feed.c.seq, func.length(orders.c.doc).label("size"))
        .outerjoin(shipment, (shipment.c.id == feed.c.row) & feed.c.gone.is_(False))
        .outerjoin(orders, orders.c.id == shipment.c.order_id)
        .where(feed.c.bench == name, feed.c.seq > after)
        .order_by(feed.c.seq)
        .limit(limit)
    ).all()


def _fitting(
    rows: Sequence[Row[Any, Any, Any]], limit: int
) -> tuple[Sequence[Row[Any, Any, Any]], bool]:
    """Give as many of the rows as a page may have, one at least, and whether more may follow."""
    total = 0
    for at, (_, _, size) in enumerate(rows):
        total += size or 0
        if total > MOST_BYTES and at > 0:
            return rows[:at], True
    return rows, len(rows) == limit


def _documents(
    connection: Connection, book: Book, name: str, after: int, last: int
) -> dict[str, msgspec.Raw]:
    """Give the orders of those rows that are not gone, by shipment, as they are sent."""
    found = connection.execute(
        select(feed.c.row, orders.c.id, orders.c.doc, address.c.sealed)
        .join(shipment, shipment.c.id == feed.c.row)
        .join(orders, orders.c.id == shipment.c.order_id)
        .outerjoin(address, address.c.order_id == orders.c.id)
        .where(feed.c.bench == name, feed.c.seq > after, feed.c.seq <= last)
        .where(feed.c.gone.is_(False))
    ).all()
    return {row: msgspec.Raw(book.whole(id, doc, sealed)) for row, id, doc, sealed in found}


def _items(connection: Connection, names: Iterable[str]) -> tuple[Item, ...]:
    shelves = [int(name.removeprefix(ITEMS)) for name in names if name.startswith(ITEMS)]
    if not shelves:
        return ()
    docs = connection.execute(
        select(item.c.doc).where(item.c.shelf.in_(shelves)).order_by(item.c.sku)
    ).scalars()
    return tuple(msgspec.json.decode(doc, type=Item) for doc in docs)


def _packers(connection: Connection) -> tuple[Packer, ...]:
    rows = connection.execute(select(packer).order_by(packer.c.badge))
    return tuple(
        Packer(badge=row.badge, name=row.name, role=row.role, language=row.language) for row in rows
    )


def head(connection: Connection, name: str) -> str:
    """Give where a bench's feed ends, as its cursor is when it has read it all."""
    seq = connection.execute(select(bench.c.feed_seq).where(bench.c.name == name)).scalar_one()
    return str(Cursor(epoch(connection), seq))


def heads(connection: Connection) -> dict[str, int]:
    """Give where every bench's feed ends."""
    rows = connection.execute(select(bench.c.name, bench.c.feed_seq))
    return {row.name: row.feed_seq for row in rows}
