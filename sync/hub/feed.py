"""What a bench reads: its feed, compacted to one row a shipment.

The cursor is dense: `UPDATE bench SET feed_seq = feed_seq + n … RETURNING` holds that bench's row
to the commit, so that no reader can pass a number that is not there yet (a bigserial lost 13.6 %
of the rows). The snapshot is the feed from 0. Items and packers go down the same way, as rows of
their own that carry no shipment.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import Connection, select, update

from sync.hub.engine import upsert
from sync.hub.schema import bench, feed, item, packer
from sync.hub.setup import epoch
from sync.orders import Order, State, order_of
from sync.protocol.cursor import START, Cursor
from sync.protocol.messages import Change, Item, Packer, Page, Reset

if TYPE_CHECKING:
    from sync.hub.book import Book

MOST = 1_000
"""Rows a page may have, whatever is asked for: a page of large orders is some megabytes."""
PACKERS = "@packers"
ITEMS = "@items/"
"""Feed rows that are no shipments begin with @."""
DONE_WITH = frozenset({State.IN_TRANSIT, State.DELIVERED, State.COMPLETED})
"""Shipments that no bench has to know any more."""


def move(connection: Connection, before: Order | None, after: Order) -> None:
    """Put a changed order into the feeds of the benches that have it, or had it."""
    moved: dict[str, dict[str, bool]] = {}
    had = {one.id: one.bench for one in before.shipments} if before else {}
    for one in after.shipments:
        if one.bench:
            gone = one.state in DONE_WITH
            moved.setdefault(one.bench, {})[one.id] = gone
        if had.get(one.id) not in (None, "", one.bench):
            moved.setdefault(had[one.id], {})[one.id] = True
    for name in sorted(moved):
        put(connection, name, moved[name])


def put(connection: Connection, name: str, rows: dict[str, bool]) -> None:
    """Move rows of a bench's feed to its end; True: gone. An unknown bench has no feed."""
    head = connection.execute(
        update(bench)
        .where(bench.c.name == name)
        .values(feed_seq=bench.c.feed_seq + len(rows))
        .returning(bench.c.feed_seq)
    ).scalar_one_or_none()
    if head is None:
        return
    first = head - len(rows) + 1
    new = [
        {"bench": name, "row": row, "seq": first + at, "gone": gone}
        for at, (row, gone) in enumerate(rows.items())
    ]
    upsert(connection, feed, new, "bench", "row")


def put_everywhere(connection: Connection, rows: Iterable[str]) -> None:
    """Move rows that all benches have to the end of every feed."""
    names = connection.execute(select(bench.c.name).order_by(bench.c.name)).scalars().all()
    moved = dict.fromkeys(rows, False)
    for name in names:
        if moved:
            put(connection, name, dict(moved))


def page(
    connection: Connection, book: Book, name: str, after: Cursor, limit: int, now: float
) -> Page | Reset:
    """Read a page of a bench's feed, and what its own entries have become by then."""
    mine = epoch(connection)
    head, through = connection.execute(
        select(bench.c.feed_seq, bench.c.last_seq).where(bench.c.name == name)
    ).one()
    if after != START and after.epoch != mine:
        return Reset(epoch=mine, reason=f"the hub is in epoch {mine}")
    if after.seq > head:
        return Reset(epoch=mine, reason=f"the feed ends at {head}")
    rows = connection.execute(
        select(feed.c.row, feed.c.seq, feed.c.gone)
        .where(feed.c.bench == name, feed.c.seq > after.seq)
        .order_by(feed.c.seq)
        .limit(min(max(limit, 1), MOST))
    ).all()
    shipments = [row for row in rows if not row.row.startswith("@")]
    found = book.get_all(connection, (order_of(row.row) for row in shipments if not row.gone))
    changes = tuple(
        Change(
            seq=row.seq,
            shipment=row.row,
            order=None if row.gone else found.get(order_of(row.row)),
            through=through,
        )
        for row in shipments
    )
    names = [row.row for row in rows if row.row.startswith("@")]
    full = len(rows) == min(max(limit, 1), MOST)
    return Page(
        after=str(after),
        next=str(Cursor(mine, rows[-1].seq if full else head)),
        head=str(Cursor(mine, head)),
        changes=changes,
        items=_items(connection, names),
        packers=_packers(connection) if PACKERS in names else (),
        server_time=datetime.fromtimestamp(now, UTC),
    )


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


def heads(connection: Connection) -> dict[str, int]:
    """Give where every bench's feed ends."""
    rows = connection.execute(select(bench.c.name, bench.c.feed_seq))
    return {row.name: row.feed_seq for row in rows}
