"""Which orders are meant? By number, or by a filter."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from sync.hub.schema import orders, parcel, shipment

LEFT = ("handed_over", "in_transit", "delivered", "completed", "cancelled")
"""Orders that cannot be late any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A filter; "" takes any."""

    channel: str = ""
    state: str = ""
    payment: str = ""
    service: str = ""
    warehouse: str = ""
    bench: str = ""
    late: bool = False
    limit: int = 1000

    @property
    def narrow(self) -> bool:
        """Whether it leaves anything out."""
        named = (self.channel, self.state, self.payment, self.service, self.warehouse, self.bench)
        return any(named) or self.late


def ids(connection: Connection, wanted: Wanted, now: float) -> list[str]:
    """Name the orders that a filter takes, most urgent first."""
    found = select(orders.c.id).order_by(func.coalesce(orders.c.ship_by, 4e9), orders.c.id)
    if wanted.channel:
        found = found.where(orders.c.channel == wanted.channel)
    if wanted.state:
        found = found.where(orders.c.summary == wanted.state)
    if wanted.payment:
        found = found.where(orders.c.payment == wanted.payment)
    if wanted.service:
        found = found.where(orders.c.service == wanted.service)
    if wanted.late:
        found = found.where(orders.c.ship_by < now, orders.c.summary.not_in(LEFT))
    if wanted.warehouse:
        there = select(shipment.c.order_id).where(shipment.c.warehouse == wanted.warehouse)
        found = found.where(orders.c.id.in_(there))
    if wanted.bench:
        here = select(shipment.c.order_id).where(shipment.c.bench == wanted.bench)
        found = found.where(orders.c.id.in_(here))
    return list(connection.execute(found.limit(wanted.limit)).scalars())


def named(connection: Connection, text: str) -> str | None:
    """Name the one order that is meant: by our id, its marketplace's number, or a tracking."""
    ours = select(orders.c.id).where((orders.c.id == text) | (orders.c.channel_order_id == text))
    found = list(connection.execute(ours.limit(2)).scalars())
    if not found:
        theirs = select(parcel.c.order_id).where(parcel.c.tracking == text)
        found = list(connection.execute(theirs.limit(2)).scalars())
    return found[0] if len(found) == 1 else None
