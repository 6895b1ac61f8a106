"""What may a restored hub not give out yet? What a bench that is silent since may have packed.

A bench that was switched off, or cut off, when the hub was put back to an older state may have
been given, have packed and have labelled what this book takes for untouched: a second bench would
pack it again, and the carrier would sell both the same label. So what was ordered before the
restore waits until each bench has been heard, or a person has shut it out. New orders do not wait,
nor does what a bench has already: of its labels, only those that the lost hub may have bought for a
silent bench (`labels`).
"""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from sync.hub import troubles
from sync.hub.book import Book
from sync.hub.schema import bench, orders, shipment
from sync.hub.setup import READ_AGAIN_SECONDS, RESTORING_SECONDS, noted, owes
from sync.hub.troubles import Kind, Trouble
from sync.orders import State

SECONDS = 60.0
"""Between two looks."""


def benches(connection: Connection) -> list[str]:
    """Name the benches of which the restored hub has heard nothing."""
    return [name for name, said, _ in _lately(connection) if not said]


def ordered_since(connection: Connection) -> float | None:
    """Give the moment after which orders must be placed to be given out; None: all may be.

    Also while a bench that has come back is still telling what it knows.
    """
    return float(noted(connection, "restored_at") or 0.0) if owing(connection) else None


def owing(connection: Connection) -> frozenset[str]:
    """Name the benches that have not told the restored hub everything yet."""
    return frozenset(name for name, said, here in _lately(connection) if owes(said, here))


def _lately(connection: Connection) -> list[tuple[str, bytes, int]]:
    """Give the benches that lived when the hub was restored: name, heartbeat, last entry here.

    One that had been silent for a week before had been given nothing in the time that is lost.
    """
    at = noted(connection, "restored_at")
    if at is None:
        return []
    lately = float(at) - READ_AGAIN_SECONDS
    rows = connection.execute(
        select(bench.c.name, bench.c.heartbeat, bench.c.last_seq)
        .where(bench.c.public_key != "", bench.c.seen_at > lately)
        .order_by(bench.c.name)
    )
    return [(row.name, row.heartbeat, row.last_seq) for row in rows]


def tell(connection: Connection, _: Book, now: float) -> int:
    """Let a person know what waits for which bench, until it waits no more."""
    at = noted(connection, "restored_at")
    if at is None or now < float(at) + RESTORING_SECONDS:
        return 0
    silent = benches(connection)
    waits = connection.execute(
        select(func.count())
        .select_from(shipment.join(orders, orders.c.id == shipment.c.order_id))
        .where(
            shipment.c.state == State.READY.value,
            shipment.c.stopped.is_(False),
            func.coalesce(orders.c.placed_at, 0.0) <= float(at),
        )
    ).scalar_one()
    found = [_trouble(name, waits) for name in silent if waits]
    troubles.open_(connection, found, now)
    here = connection.execute(select(bench.c.name)).scalars()
    well = [troubles.key(Kind.BENCH, name) for name in here if name not in silent or not waits]
    troubles.solve(connection, well, now)
    return 0


def _trouble(name: str, waits: int) -> Trouble:
    sentence = (
        f"bench {name} was not heard of since the hub was put back, and may have packed what waits"
        f" ({waits} shipments): switch it on; if it is gone for good, look what it packed and run"
        f" `packbench-hub bench revoke {name}`"
    )
    return Trouble(kind=Kind.BENCH, subject=name, sentence=sentence)
