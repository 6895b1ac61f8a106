"""What waits at this bench? Lists, counts, and the orders that come next."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from sqlalchemy import Select, func, select

from station.store import schema as t
from station.store.store import Store
from sync.orders import Order, State


def waiting(store: Store, limit: int) -> tuple[Order, ...]:
    """The next orders that may be begun or gone on with: begun ones first, then by urgency."""
    ready: list[tuple[int, str]] = []
    with store.turn(feed=True) as turn:
        begun = turn.sql.execute(_next(State.PACKING, limit)).all()
        # One query a state: asked for both at once, SQLite would sort the whole queue.
        for state in (State.ALLOCATED, State.PICKING):
            rows = turn.sql.execute(_next(state, limit))
            ready += [(row.urgency, row.order_id) for row in rows]
        ids = [row.order_id for row in begun] + [id for _, id in sorted(ready)]
        orders = [turn.order(id) for id in ids[:limit]]
    return tuple(order for order in orders if order is not None)


def _next(state: State, limit: int) -> Select[tuple[int, str]]:
    return (
        select(t.shipments.c.urgency, t.shipments.c.order_id)
        .where(t.shipments.c.state == state, ~t.shipments.c.stopped)
        .order_by(t.shipments.c.urgency)
        .limit(limit)
    )


def counts(store: Store) -> dict[str, int]:
    """How many shipments are in each state."""
    rows = select(t.shipments.c.state, func.count()).group_by(t.shipments.c.state)
    with store.turn(feed=True) as turn:
        return {state: count for state, count in turn.sql.execute(rows).all()}


def listed(store: Store, state: str = "", channel: str = "") -> Iterator[Order]:
    """Every order of the queue, the most urgent first."""
    rows = (
        select(t.NOW)
        .join(t.shipments, t.shipments.c.order_id == t.orders.c.id)
        .order_by(t.shipments.c.urgency, t.shipments.c.id)
    )
    if state:
        rows = rows.where(t.shipments.c.state == state)
    if channel:
        rows = rows.where(t.shipments.c.channel == channel)
    with store.turn(feed=True) as turn:
        bodies = turn.sql.execute(rows).scalars().all()
    return (msgspec.json.decode(body, type=Order) for body in bodies)
