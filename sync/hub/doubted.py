"""Which labels may a restored hub not trust? Those in its book that are on no closed box.

What the lost hub gave back to the carrier since the copy was made is bought and good in the copy,
and the carrier has sold another one since. So the book says of each such label that it does not
know what became of it: no bench prints it or closes a box with it, until the round of labels has
asked the carrier under the same key.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, select

from sync.hub.book import Book
from sync.hub.schema import parcel
from sync.orders import Fact, Order, facts, refusal

WHY = "the hub was put back to an older copy: the carrier is asked whether it is still good"
AT_ONCE = 500
"""Orders that are read at a time."""


def doubt(connection: Connection, book: Book, now: float) -> int:
    """Put on record that labels of boxes that are open may not be good; say how many."""
    done = 0
    for ids in _labelled(connection):
        for order in book.get_all(connection, ids, lock=True).values():
            new = _doubts(order)
            if new:
                book.record(connection, order, new, now)
                done += len(new)
    return done


def _labelled(connection: Connection) -> Iterator[Sequence[str]]:
    """Name the orders that have a label, some at a time."""
    last = ""
    while True:
        ids = (
            connection.execute(
                select(parcel.c.order_id)
                .distinct()
                .where(parcel.c.tracking != "", parcel.c.order_id > last)
                .order_by(parcel.c.order_id)
                .limit(AT_ONCE)
            )
            .scalars()
            .all()
        )
        if not ids:
            return
        yield ids
        last = ids[-1]


def _doubts(order: Order) -> list[Fact]:
    # What is to be given back is asked about by that; without a key nobody can be asked.
    wanted = [
        facts.LabelUncertain(parcel=box.id, why=WHY)
        for one in order.shipments
        for box in one.parcels
        if box.label_usable and box.label_key
    ]
    return [fact for fact in wanted if refusal(order, fact) is None]
