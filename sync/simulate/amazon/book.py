"""The books of the simulated Amazon: every order, what became of it, and what we were told."""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec.structs import replace

from sync.orders.address import Address
from sync.orders.learn import learn
from sync.simulate.amazon import sold
from sync.simulate.amazon.place import Odds, draw_kind, place
from sync.simulate.amazon.refusal import Refusal, missing
from sync.simulate.amazon.search import Cursor, Page, key, page, start
from sync.simulate.amazon.sold import ALREADY_FULFILLED, Sold, Told, TurnedDown
from sync.simulate.baskets import Baskets
from sync.simulate.chance import dice
from sync.simulate.keep import Shelf

ORDER = "amazon.order"
STATE = "amazon.state"


class State(msgspec.Struct, frozen=True, kw_only=True):
    """What the book remembers beside its orders."""

    seed: int
    placed: int = 0
    """How many orders were placed ever: the number of the last one."""
    arrival: datetime | None = None
    """When the next order comes by itself; None: none does."""


@dataclass(frozen=True, slots=True)
class Trade:
    """How the shop goes."""

    seed: int
    baskets: Baskets
    odds: Odds
    per_hour: float = 0.0
    """Orders that come by themselves."""
    lag: timedelta = timedelta(0)
    """How long a change takes to be seen in a search."""


class Book:
    """Every order of one seller."""

    def __init__(self, trade: Trade, shelf: Shelf) -> None:
        self._trade = trade
        self._shelf = shelf
        self._orders: dict[str, Sold] = {}
        self._older: dict[str, list[Sold]] = {}
        self._coming: list[tuple[datetime, str]] = []
        self._sorted: dict[bool, list[tuple[tuple[datetime, str], Sold]]] = {}
        kept = dict(shelf.load(STATE))
        self.state = (
            msgspec.json.decode(kept["state"], type=State) if kept else State(seed=trade.seed)
        )
        for _, body in shelf.load(ORDER):
            order = msgspec.json.decode(body, type=Sold)
            self._orders[order.id] = order
            self._await(order)

    def __len__(self) -> int:
        """How many orders there are."""
        return len(self._orders)

    def get(self, id: str) -> Sold | None:
        """Give an order as it stands."""
        return self._orders.get(id)

    def place(
        self, number: int, now: datetime, *, kind: str = "", waiting: bool = False
    ) -> list[str]:
        """Place so many new orders, of that kind or of whatever comes; give their ids."""
        new: dict[str, Sold] = {}
        while len(new) < number:
            order = self._next(now, kind, waiting)
            if order.id not in self._orders:
                new[order.id] = order
        self._keep(new.values())
        return list(new)

    def catch_up(self, now: datetime) -> None:
        """Let everything happen that is due by now: changes to orders, and new orders."""
        due: dict[str, Sold] = {}
        while self._coming and self._coming[0][0] <= now:
            _, id = heapq.heappop(self._coming)
            due[id] = sold.happen(self._orders[id], now)
        self._keep(due.values())
        while self._trade.per_hour and (arrival := self._arrival(now)) <= now:
            gap = dice(self.state.seed, "gap", self.state.placed).expovariate(self._trade.per_hour)
            self.place(1, arrival)
            self.state = replace(self.state, arrival=arrival + timedelta(hours=gap))
            self._save()

    def horizon(self, now: datetime) -> datetime:
        """Give the moment up to which changes can be seen in a search."""
        return now - self._trade.lag

    def search(self, cursor: Cursor, now: datetime) -> Page:
        """Give the page of orders that a search asks for, as they are seen by now."""
        rows = self._visible(self.horizon(now), by_change=cursor.search.by_change)
        first = bisect_left(rows, start(cursor), key=lambda row: row[0])
        return page((rows[at][1] for at in range(first, len(rows))), cursor)

    def confirm(self, id: str, told: Told) -> Refusal | None:
        """Take note of a shipped parcel; a refusal is noted too."""
        order = self._orders.get(id)
        if order is None:
            return missing(id)
        after = sold.confirm(order, told)
        if isinstance(after, Refusal):
            self.turn_down(id, told.reference, told.tracking, after, told.first)
            return after
        self._keep([after])
        return None

    def turn_down(
        self, id: str, reference: str, tracking: str, refusal: Refusal, now: datetime
    ) -> None:
        """Note that a confirmation was refused."""
        order = self._orders.get(id)
        if order is not None:
            noted = TurnedDown(at=now, reference=reference, tracking=tracking, why=refusal.message)
            self._keep([sold.turn_down(order, noted)])

    def cancel(self, id: str, by: str, now: datetime) -> Refusal | None:
        """Cancel an order."""
        return self._change(id, lambda order: sold.cancel(order, by, now))

    def request_cancel(self, id: str, why: str, now: datetime) -> Refusal | None:
        """Let the buyer ask for a cancellation."""
        return self._change(id, lambda order: sold.request_cancel(order, why, now))

    def change_address(self, id: str, address: Address, now: datetime) -> Refusal | None:
        """Send an order somewhere else."""
        return self._change(id, lambda order: sold.change_address(order, address, now))

    def pay(self, id: str, now: datetime) -> Refusal | None:
        """Take the payment of an order."""
        return self._change(id, lambda order: sold.pay(order, now))

    def ledger(self) -> dict[str, Any]:
        """Give the books as JSON: every order, and the totals."""
        return {
            "orders": {order.id: _entry(order) for order in self._orders.values()},
            "totals": self.totals(),
        }

    def totals(self) -> dict[str, int]:
        """Add everything up."""
        orders = list(self._orders.values())
        states = Counter(order.fulfilment for order in orders)
        trackings = Counter(told.tracking for order in orders for told in order.told)
        return {
            "orders": len(orders),
            "pending": states["PENDING"],
            "open": states["UNSHIPPED"],
            "partly_shipped": states["PARTIALLY_SHIPPED"],
            "shipped": states["SHIPPED"],
            "cancelled": states["CANCELLED"],
            "cancel_requested": sum(
                order.cancel_requested and order.fulfilment == "UNSHIPPED" for order in orders
            ),
            "confirmations": sum(len(order.told) for order in orders),
            "repeats": sum(_repeats(order) for order in orders),
            "edits": sum(told.edits for order in orders for told in order.told),
            "refused": sum(len(order.turned_down) for order in orders),
            "confirmed_twice": sum(
                any(one.why == ALREADY_FULFILLED for one in order.turned_down) for order in orders
            ),
            "confirmed_after_cancel": sum(
                order.status == "CANCELLED" and bool(order.turned_down) for order in orders
            ),
            "shipped_against_request": sum(
                order.cancel_requested and bool(order.told) for order in orders
            ),
            "same_tracking": sum(count > 1 for count in trackings.values()),
        }

    def _next(self, now: datetime, kind: str, waiting: bool) -> Sold:
        self.state = replace(self.state, placed=self.state.placed + 1)
        seed, number = self.state.seed, self.state.placed
        odds = self._trade.odds
        return place(
            self._trade.baskets,
            kind or draw_kind(dice(seed, "kind", number), odds.of),
            seed=seed,
            number=number,
            now=now,
            within=odds.within,
            waiting=waiting,
        )

    def _arrival(self, now: datetime) -> datetime:
        if self.state.arrival is None:
            first = now + timedelta(hours=1 / self._trade.per_hour)
            self.state = replace(self.state, arrival=first)
            return first
        return self.state.arrival

    def _change(self, id: str, change: Callable[[Sold], Sold | Refusal]) -> Refusal | None:
        order = self._orders.get(id)
        if order is None:
            return missing(id)
        after = change(order)
        if isinstance(after, Refusal):
            return after
        self._keep([after])
        return None

    def _keep(self, orders: Iterable[Sold]) -> None:
        """Put orders on the shelf, then let them be seen."""
        kept = list(orders)
        if not kept:
            return
        self._shelf.put(ORDER, ((order.id, msgspec.json.encode(order)) for order in kept))
        self._save()
        for order in kept:
            before = self._orders.get(order.id)
            if before is not None and self._trade.lag and before.changed < order.changed:
                self._older.setdefault(order.id, []).append(before)
            self._orders[order.id] = order
            if before is None or before.coming != order.coming:
                self._await(order)
        self._sorted.clear()

    def _await(self, order: Sold) -> None:
        if order.coming:
            heapq.heappush(self._coming, (order.coming[0].at, order.id))

    def _save(self) -> None:
        self._shelf.put(STATE, [("state", msgspec.json.encode(self.state))])

    def _visible(
        self, horizon: datetime, *, by_change: bool
    ) -> list[tuple[tuple[datetime, str], Sold]]:
        """Sort the orders as they stood at the horizon; with no lag that is as they stand."""
        if self._trade.lag or by_change not in self._sorted:
            seen = (self._seen(order, horizon) for order in self._orders.values())
            rows = [(key(order, by_change=by_change), order) for order in seen if order]
            rows.sort(key=lambda row: row[0])
            self._sorted[by_change] = rows
        return self._sorted[by_change]

    def _seen(self, order: Sold, horizon: datetime) -> Sold | None:
        if not self._trade.lag or order.changed <= horizon:
            self._older.pop(order.id, None)
            return order
        older = self._older.get(order.id, [])
        return next((one for one in reversed(older) if one.changed <= horizon), None)


def _entry(order: Sold) -> dict[str, Any]:
    return {
        "state": order.fulfilment,
        "kind": order.kind,
        "placed": order.placed,
        "changed": order.changed,
        "cancelled_by": order.cancelled_by,
        "cancel_requested": order.cancel_requested,
        "address": order.address.digest if order.address else "",
        "pieces": sum(item.quantity for item in order.items),
        "confirmations": [
            {
                "reference": told.reference,
                "tracking": told.tracking,
                "carrier": told.carrier,
                "pieces": sum(told.quantities.values()),
                "times": told.times,
                "edits": told.edits,
            }
            for told in order.told
        ],
        "repeats": _repeats(order),
        "refused": msgspec.to_builtins(order.turned_down),
        "late": list(order.late),
    }


def _repeats(order: Sold) -> int:
    return sum(told.times - 1 - told.edits for told in order.told)


learn(State)
