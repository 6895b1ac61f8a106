"""What is ordered in the benchmarks? Real baskets where the data is there, else drawn like them.

Of the real orders those count that a household would place: at most ten lines of at most six
pieces (`sync.simulate.baskets.PARCELS`), replayed in the order of their placing, again and again
until there are enough. The data has no weights and no GTINs: both are made up from the stock
code's place in the list.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from sync.orders import Claim, Label, Line, Order, Shipment, ShipmentLine, State, apply, facts
from sync.orders import shipment_id as named_shipment
from sync.simulate import baskets, people
from sync.simulate.carrier import paper
from sync.simulate.carrier import tracking as numbers
from sync.simulate.goods import COMPANY, catalogue, with_check_digit
from tests import data

BENCH = "bench-1"
LABELLED = 600
"""The most urgent orders have their labels already, as at a real bench; the rest will."""
_SOONEST = datetime(2031, 1, 6, 16, 0, tzinfo=UTC)
_PARQUET = ("data", "online-retail", "online_retail.parquet")


@dataclass(frozen=True, slots=True)
class Good:
    """One item that is sold."""

    sku: str
    name: str
    gtin: str
    grams: int


@dataclass(frozen=True, slots=True)
class Basket:
    """What one order is about."""

    goods: tuple[tuple[Good, int], ...]
    country: str


def real() -> bool:
    """Whether the real baskets are there."""
    return data.find(*_PARQUET) is not None


def orders(count: int) -> Iterator[tuple[Order, bytes]]:
    """Give so many open orders of this bench, the most urgent first, each with its label's bytes.

    No bytes: the label is still to be bought.
    """
    throw = Random(20261122)  # the same orders on every machine
    for n, basket in enumerate(itertools.islice(_baskets(), count)):
        order = _order(n, basket, throw)
        yield _labelled(order, n) if n < LABELLED else (order, b"")


def _baskets() -> Iterator[Basket]:
    if real():
        return itertools.cycle(_replayed())
    drawn, throw = baskets.Baskets(baskets.PARCELS), Random(541909)
    known = {
        good.sku: Good(good.sku, good.name, f"0{good.gtin}", good.grams) for good in catalogue()
    }
    several = (drawn.draw(throw) for _ in itertools.count())
    return (Basket(tuple((known[g.sku], n) for g, n in b.goods), b.country) for b in several)


def _replayed() -> list[Basket]:
    from tests.sync.simulate import measured  # duckdb: only where the data is

    there = measured.connect(data.need(*_PARQUET))
    names = dict(
        there.execute(
            "select StockCode, arg_max(Description, InvoiceDate) from raw "
            "where Description is not null group by 1"
        ).fetchall()
    )
    rows = there.execute(
        "select invoice, line.code, line.pieces, placed.country from line "
        f"join placed using (invoice) where {measured.within(baskets.PARCELS)} "
        "order by placed.moment, invoice, line.code"
    ).fetchall()
    codes = sorted({code for _, code, _, _ in rows})
    known = {code: _good(at, code, names.get(code) or code) for at, code in enumerate(codes)}
    found = []
    for _, lines in itertools.groupby(rows, key=lambda row: row[0]):
        kept = list(lines)
        goods = tuple((known[code], pieces) for _, code, pieces, _ in kept)
        found.append(Basket(goods, measured.ISO.get(kept[0][3], "GB")))
    return found


def _good(at: int, code: str, name: str) -> Good:
    gtin = with_check_digit(f"{COMPANY}{at + 1:05d}")
    grams = 40 + int.from_bytes(hashlib.sha256(code.encode()).digest()[:2], "big") % 800
    return Good(code, " ".join(name.split()), f"0{gtin}", grams)


def _order(n: int, basket: Basket, throw: Random) -> Order:
    number = f"{200 + n % 7}-{n + 1:07d}-{(n * 7919) % 10**7:07d}"
    id = f"amazon-uk:{number}"
    address = people.someone(throw, basket.country)
    lines = tuple(
        Line(
            id=f"{n}{at:02d}",
            sku=good.sku,
            gtins=(good.gtin,),
            name=good.name,
            quantity=pieces,
            grams=good.grams,
            bin=f"{'ABC'[at % 3]}-{n % 12 + 1:02d}-{at + 1:02d}",
        )
        for at, (good, pieces) in enumerate(basket.goods)
    )
    return Order(
        id=id,
        channel="amazon-uk",
        channel_order_id=number,
        marketplace="amazon",
        site="A1F83G8C2ARO7P",
        placed_at=_SOONEST - timedelta(days=2),
        ship_by=_SOONEST + timedelta(seconds=n),
        service="standard",
        lines=lines,
        address=address,
        address_digest=address.digest,
        shipments=(
            Shipment(
                id=named_shipment(id, 1),
                state=State.ALLOCATED,
                warehouse="main",
                bench=BENCH,
                claim=Claim(1, n + 1),
                lines=tuple(ShipmentLine(line=line.id, quantity=line.quantity) for line in lines),
            ),
        ),
    )


def _labelled(order: Order, n: int) -> tuple[Order, bytes]:
    """The order with its label bought ahead, and the label's bytes."""
    if order.address is None:
        return order, b""
    tracking = numbers.number("RR", n, "GB")
    grams = 100 + sum(line.grams * line.quantity for line in order.lines)
    drawn = paper.draw(
        sender=order.address,
        to=order.address,
        title="Standard",
        tracking=tracking,
        order=order.channel_order_id,
        grams=grams,
        lane="GREEN",
        day=_SOONEST,
        format="zpl",
    )
    parcel = f"{order.shipments[0].id}/1"
    label = Label(
        carrier="Simpost",
        service="standard",
        tracking=tracking,
        sha256=hashlib.sha256(drawn).hexdigest(),
        grams=grams,
        tolerance_grams=10**6,  # boxes are not what is measured
        address=order.address_digest,
        lane="GREEN",
    )
    digest = order.address_digest
    for fact in (
        facts.ParcelPlanned(parcel=parcel),
        facts.LabelRequested(parcel=parcel, key=f"{parcel}:1", grams=grams, address=digest),
        facts.LabelBought(parcel=parcel, label=label),
    ):
        order = apply(order, fact)
    return order, drawn
