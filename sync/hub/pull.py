"""The first round: what is new on a channel goes into the book.

Windows overlap, because a marketplace may show a change late, and end where it says that it has
told everything. Reading the same again changes nothing (`sync.hub.news`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace
from sqlalchemy import Connection, select, update

from sync.hub import buckets, channels, items, news, reconsider, troubles
from sync.hub.book import Book
from sync.hub.channels import Channel, Outside
from sync.hub.engine import Store
from sync.hub.schema import orders
from sync.hub.troubles import Kind, Trouble
from sync.orders import Order
from sync.ports import Fetched

FIRST = timedelta(days=14)
"""How far back a channel is read that was never read: older orders are late beyond saving."""
OVERLAP = timedelta(minutes=5)
"""Amazon's data lag two minutes behind a change; twice that and a little."""
MARGIN = timedelta(seconds=5)
"""How far the marketplace's clock may be behind ours, for the end of a window."""
EAGER_SECONDS = 20.0
"""Between two rounds while the bucket is more than half full: cancellations must come soon."""
LEAST_SECONDS = 0.2
"""However fast a simulated marketplace runs."""


Guard = Callable[[str], AbstractContextManager[object]]
"""Stands around the work on one order, so that the caller may keep its failure from the rest."""


def no_guard(id: str) -> AbstractContextManager[object]:
    """Let a failure through."""
    return nullcontext()


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a round brought."""

    fetched: Fetched
    orders: tuple[Order, ...]
    """All that were read, as they are in the book afterwards (or as read, where they are not)."""
    troubles: tuple[Trouble, ...]
    changed: int
    """Orders that are new or changed."""


def pull(
    store: Store,
    book: Book,
    outside: Outside,
    name: str,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    guard: Guard = no_guard,
) -> Pulled:
    """Fetch what changed on a channel. Raises Failed, Stopped, Unknown."""
    there = outside.channel(name)
    begin, end = window(there, datetime.now(UTC), since, until)
    fetched = there.line.hold(there.market.fetch_orders(there.sites, begin, end))
    found, opened, changed = take_in(store, book, name, fetched, guard=guard, clock=store.now)
    if until is None and since is None:
        now = store.now()
        reached = fetched.until.timestamp() if fetched.until else end.timestamp()
        with store.write() as connection:
            channels.pulled(connection, name, reached, now)
            troubles.solve(connection, [troubles.key(Kind.CHANNEL, name)], now)
    return Pulled(fetched, tuple(found), tuple(opened), changed)


def window(
    there: Channel, now: datetime, since: datetime | None, until: datetime | None
) -> tuple[datetime, datetime]:
    """Say from when to when changes are asked for."""
    settled = (there.market.SETTLED + MARGIN) / there.time_scale
    latest = now - settled
    end = min(until, latest) if until else latest
    if since is None and there.pulled_until is not None:
        since = datetime.fromtimestamp(there.pulled_until, UTC) - OVERLAP / there.time_scale
    begin = since or now - FIRST
    return min(begin, end), end


def take_in(
    store: Store,
    book: Book,
    name: str,
    fetched: Fetched,
    *,
    guard: Guard = no_guard,
    clock: Callable[[], float] = time.time,
) -> tuple[list[Order], list[Trouble], int]:
    """Put what was fetched into the book, each order in a transaction of its own."""
    found, opened, changed = [], [], 0
    for order in fetched.orders:
        with guard(f"{name}:{order.channel_order_id}"):
            with store.write() as connection:
                after, troubled, new = _take_one(connection, book, name, order, fetched, clock())
            found.append(after)
            opened += troubled
            changed += new
    unreadable = [
        Trouble(kind=Kind.UNREADABLE, subject=f"{name}:{id}", sentence=why)
        for id, why in fetched.refused.items()
    ]
    ours = [
        Trouble(kind=Kind.CHANNEL, subject=f"{name} account", sentence=remark)
        for remark in fetched.remarks
    ]
    with store.write() as connection:
        troubles.open_(connection, unreadable + ours, clock())
        if not ours:
            gone = troubles.key(Kind.CHANNEL, f"{name} account")
            troubles.solve(connection, [gone], clock())
    return found, opened + unreadable + ours, changed


def _take_one(
    connection: Connection, book: Book, name: str, order: Order, fetched: Fetched, now: float
) -> tuple[Order, list[Trouble], bool]:
    id = order.channel_order_id
    there = news.named(order, name)
    said = news.Said(
        order=items.enriched(connection, there),
        held=fetched.held.get(id, ""),
        cancel_requested=id in fetched.cancel_requested,
        cancelled=id in fetched.cancelled,
        shipped=id in fetched.shipped,
        partly_shipped=id in fetched.partly_shipped,
        ours=reconsider.shipped_by_us(connection, there.id),
    )
    known = book.get(connection, said.order.id, lock=True)
    if known is None:
        new = news.of_new(said)
        if new is None:
            return said.order, [], False
        after = book.add(connection, new.order, new.facts, now)
    else:
        new = news.of_known(known, said)
        if not said.cancel_requested and _called_off(connection, known.id):
            news.withdrawn(new)
        after = book.record(connection, known, new.facts, now, to=new.order)
    _note_called_off(connection, after.id, said.cancel_requested)
    troubles.open_(connection, new.troubles, now)
    troubles.solve(connection, new.solved, now)
    if known is not None and replace(after, changed_at=known.changed_at) == known:
        return after, new.troubles, False
    return after, new.troubles, True


def _called_off(connection: Connection, id: str) -> bool:
    found = connection.execute(select(orders.c.called_off).where(orders.c.id == id))
    return bool(found.scalar_one())


def _note_called_off(connection: Connection, id: str, called_off: bool) -> None:
    connection.execute(
        update(orders)
        .where(orders.c.id == id, orders.c.called_off != called_off)
        .values(called_off=called_off)
    )


def next_pull(store: Store, there: Channel, operation: str = "searchOrders") -> float:
    """Say in how many seconds a channel is to be read again: often, while its limits allow it."""
    rate = there.line.scaled(operation)
    eager = EAGER_SECONDS / there.time_scale
    if rate is None:
        return max(eager, LEAST_SECONDS)
    with store.read() as connection:
        tokens, per_second = buckets.level(
            connection, there.line.owner, operation, rate, store.now()
        )
    if tokens > rate.burst / 2:
        return max(eager, LEAST_SECONDS)
    return max(eager, 1.0 / per_second, LEAST_SECONDS)
