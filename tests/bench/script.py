"""What is scanned, and what must the screen say then? A packer's day, rehearsed without a screen.

The rehearsal is the product's own bench on a copy of the file: what it answers is what the
benchmark waits for on the terminal, so that no sentence is repeated here. After a badge: open an
order by its pick sheet, scan its pieces, sometimes a wrong one that has to be acknowledged, put
the order aside at the end (its label is still to be bought).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random

from sqlalchemy import select

from station import flows
from station.bench import Bench, Printers
from station.codes.code import BadgeCode, CommandCode, OrderCode
from station.codes.own import write
from station.config import DATABASE
from station.demo.robot import printed
from station.session import Session, Settings
from station.store import queue
from station.store import schema as t
from station.store.ledger import StoreLedger
from station.store.store import Store
from sync.orders import Order
from tests.bench.figure import Missing
from tests.bench.full_store import BADGE
from tests.bench.orders import BENCH, LABELLED

WRONG = 0.06
"""Share of wrong scans, so that the dearest frame (a blinking one) is among the measured."""

PRINTER = "labels"
"""What the label printer is called at the benchmarks' benches."""
FEW = 6
"""Pieces of an order whose label is waited for: only the last of them is measured."""


@dataclass(frozen=True, slots=True)
class Scan:
    """One scan, and the two sentences of the verdict that answers it."""

    kind: str
    """badge | order | piece | wrong | card."""
    text: str
    what: str
    then: str

    @property
    def keys(self) -> bytes:
        """As a keyboard wedge types it."""
        return self.text.encode() + b"\r"


def fresh() -> Session:
    """A bench at which nobody works, as ours is set up: no scale, so expected weights count."""
    return Session(bench=BENCH, settings=Settings(scale=False))


def first_prompt() -> str:
    """What a bench asks for that has just started."""
    return flows.prompt(fresh()).instruction


def rehearse(home: Path, count: int) -> list[Scan]:
    """Work at the bench in that home until so many scans are made; the home is used up."""
    with closing(Store(home / DATABASE)) as store:
        bench = Bench(store, fresh(), Printers())
        return [_answered(bench, *scan) for scan in itertools.islice(_day(store), count)]


def rehearse_labels(home: Path, count: int) -> Iterator[list[Scan]]:
    """Pack so many orders whose label is here: first a badge, then each order's scans in a list.

    An order's scans are its pick sheet, its pieces, and the label that comes out of the printer
    after the last of them.
    """
    with closing(Store(home / DATABASE)) as store:
        bench = Bench(store, fresh(), Printers(label=PRINTER))
        ledger = StoreLedger(store, bench.record, lambda printer, needs: None)
        yield [_answered(bench, "badge", write(BadgeCode(BADGE)))]
        small = (o for o in queue.waiting(store, LABELLED) if _pieces(o) <= FEW)
        for order in itertools.islice(small, count):
            scans = [_answered(bench, "order", write(OrderCode(order.channel_order_id)))]
            for line in order.lines:
                scans += [
                    _answered(bench, "piece", printed(line.gtins[0])) for _ in range(line.quantity)
                ]
            _come_out(ledger)
            bench.refresh()
            label = order.shipments[0].parcels[0].label
            yield [*scans, _answered(bench, "label", label.tracking if label else "")]


def _pieces(order: Order) -> int:
    return sum(line.quantity for line in order.lines)


def _come_out(ledger: StoreLedger) -> None:
    job = ledger.next_job(PRINTER)
    if job is None:
        raise Missing("the last piece of an order whose label is here prints nothing")
    ledger.starting(job.id, 0)
    ledger.sent(job.id)
    ledger.printed(job.id, "odometer")


def _answered(bench: Bench, kind: str, text: str) -> Scan:
    verdict = flows.verdict(bench.scan(text, "wedge"))
    return Scan(kind, text, verdict.line1, verdict.line2)


def _day(store: Store) -> Iterator[tuple[str, str]]:
    yield "badge", write(BadgeCode(BADGE))
    throw = Random(6)
    for order in _anywhere(store, throw):
        yield "order", write(OrderCode(order.channel_order_id))
        here = {gtin for line in order.lines for gtin in line.gtins}
        for line in order.lines:
            for _ in range(line.quantity):
                if throw.random() < WRONG:
                    yield "wrong", printed(throw.choice(sorted(_sold(store) - here)))
                    yield "card", write(CommandCode("ACK"))
                yield "piece", printed(line.gtins[0])
        yield "card", write(CommandCode("CANCEL"))


def _anywhere(store: Store, throw: Random) -> Iterator[Order]:
    """Orders from all over the queue, but none whose label is here already."""
    with store.turn(feed=True) as turn:
        ids = turn.sql.execute(select(t.shipments.c.order_id).order_by(t.shipments.c.urgency))
        later = ids.scalars().all()[LABELLED:]
    while True:
        with store.turn(feed=True) as turn:
            order = turn.order(throw.choice(later))
        if order is not None:
            yield order


def _sold(store: Store) -> set[str]:
    with store.turn(feed=True) as turn:
        return set(turn.sql.execute(select(t.items.c.gtin)).scalars())
