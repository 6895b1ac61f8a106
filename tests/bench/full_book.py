"""What does a hub's book of many orders look like? Real baskets, each with its shipment and label.

Written straight into the tables, a few thousand orders a statement: the same rows that the book
writes, from a template order whose ids are replaced. Every order is allocated: the first ones to
the benches that are measured, the rest to others. Each has the entries that the hub itself made.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import msgspec
from msgspec.structs import replace
from sqlalchemy import insert, text

from sync.hub import setup, vault
from sync.hub.engine import Store, open_store
from sync.hub.schema import address, bench, entry, feed, orders, parcel, shipment
from sync.orders import Claim, Order, facts
from sync.protocol import chain, digest
from tests.bench import orders as baskets

CLAIM = Claim(1, 1)
AT_ONCE = 2_000
TEMPLATES = 40
OTHERS = 20
"""Benches that have what is not measured."""
ADDED_AT = 1_767_000_000.0
NUMBER, TRACKING = "{:03d}-{:07d}-0000001", "RR{:09d}GB"


@dataclass(frozen=True, slots=True)
class Template:
    """An order as JSON, with the words in it that differ from order to order."""

    doc: bytes
    address: bytes
    number: bytes
    tracking: bytes
    pieces: tuple[tuple[str, int], ...]
    """Lines, and how many pieces of each."""


@cache
def templates() -> tuple[Template, ...]:
    """Give so many real orders that have their labels."""
    return tuple(_template(order) for order, _ in baskets.orders(TEMPLATES))


def _template(order: Order) -> Template:
    (one,) = order.shipments
    (box,) = one.parcels
    assert box.label is not None
    there = msgspec.json.encode(order.address)
    shipments = (replace(one, claim=CLAIM),)
    plain = replace(order, address=None, version=4, shipments=shipments)
    return Template(
        doc=msgspec.json.encode(plain),
        address=there,
        number=order.channel_order_id.encode(),
        tracking=box.label.tracking.encode(),
        pieces=tuple((line.line, line.due) for line in one.lines),
    )


def number(n: int) -> str:
    """Name the order of that place in the book."""
    return NUMBER.format(200 + n // 10**7, n % 10**7)


def tracking(n: int) -> str:
    """Name its label."""
    return TRACKING.format(n)


def template(n: int) -> Template:
    """Give what it was made from."""
    return templates()[n % TEMPLATES]


def owner(n: int, benches: int, each: int) -> str:
    """Name the bench that has it: the measured ones have the first orders."""
    return f"b{n // each}" if n < benches * each else f"x{n % OTHERS}"


def make(url: str, key: Path, count: int, benches: int, each: int) -> Store:
    """Make a hub whose book has so many orders, `each` of them at every measured bench."""
    store = open_store(url)
    setup.make(store)
    safe = vault.at(key)
    names = [f"b{n}" for n in range(benches)] + [f"x{n}" for n in range(OTHERS)]
    heads = dict.fromkeys(names, 0)
    sums = dict.fromkeys(names, 0)
    for first in range(0, count, AT_ONCE):
        rows: dict[str, list[dict[str, object]]] = {}
        for n in range(first, min(first + AT_ONCE, count)):
            name = owner(n, benches, each)
            heads[name] += 1
            id = f"amazon-uk:{number(n)}#1"
            sums[name] = digest.moved(sums[name], (), (digest.share(id, 4),))
            for where, row in _rows(n, name, heads[name], safe):
                rows.setdefault(where, []).append(row)
        with store.write() as connection:  # so often that the log stays small
            for table in (orders, address, shipment, parcel, feed, entry):
                connection.execute(insert(table), rows[table.name])
    with store.write() as connection:
        connection.execute(insert(bench), [_bench(name, heads[name], sums[name]) for name in names])
    with store.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.execute(text("ANALYZE"))
    return store


def _bench(name: str, head: int, total: int) -> dict[str, object]:
    return {
        "name": name,
        "warehouse": "main",
        "prefetch": 30,
        "incarnation": 1,
        "public_key": name,
        "feed_seq": head,
        "digest": total,
        "last_seq": 0,
        "last_hash": chain.START,
        "heartbeat": b"",
        "added_at": ADDED_AT,
    }


def _rows(
    n: int, name: str, seq: int, safe: vault.Vault
) -> Iterator[tuple[str, dict[str, object]]]:
    made, order = template(n), f"amazon-uk:{number(n)}"
    doc = made.doc.replace(made.number, number(n).encode())
    doc = doc.replace(made.tracking, tracking(n).encode())
    doc = doc.replace(f'"{baskets.BENCH}"'.encode(), f'"{name}"'.encode())
    due = 2e9 + n
    yield (
        "orders",
        {
            "id": order,
            "channel": "amazon-uk",
            "channel_order_id": number(n),
            "version": 4,
            "summary": "allocated",
            "payment": "paid",
            "service": "standard",
            "ship_by": due,
            "placed_at": ADDED_AT,
            "received_at": ADDED_AT,
            "called_off": False,
            "doc": doc,
        },
    )
    sealed = safe.seal(made.address, f"address {order}")
    yield "address", {"order_id": order, "sealed": sealed, "stored_at": ADDED_AT}
    yield (
        "shipment",
        {
            "id": f"{order}#1",
            "order_id": order,
            "state": "allocated",
            "stopped": False,
            "warehouse": "main",
            "bench": name,
            "claims": 1,
            "ship_by": due,
        },
    )
    yield (
        "parcel",
        {
            "id": f"{order}#1/1",
            "order_id": order,
            "label_work": False,
            "confirm_work": False,
            "tracking": tracking(n),
            "tries": 0,
            "due_at": 0.0,
        },
    )
    share = digest.share(f"{order}#1", 4)
    moved = {"seq": seq, "gone": False, "share": share, "at": ADDED_AT}
    yield "feed", {"bench": name, "row": f"{order}#1", **moved}
    kinds = ("shipment-allocated", "parcel-planned", "label-requested", "label-bought")
    for at, kind in enumerate(kinds):
        yield "entry", _entry(4 * n + at + 1, order, kind)


def _entry(seq: int, order: str, kind: str) -> dict[str, object]:
    return {
        "bench": "hub",
        "incarnation": 1,
        "seq": seq,
        "id": f"{seq:032x}",
        "order_id": order,
        "at": ADDED_AT,
        "received_at": ADDED_AT,
        "kind": kind,
        "body": b'{"id":"%032x"}' % seq + b" " * 250,
        "hash": "",
        "verdict": "ok",
        "reason": "",
    }


def packing(n: int) -> list[facts.Fact]:
    """Give every fact of packing the order of that place, up to the closing scan."""
    id = f"amazon-uk:{number(n)}#1"
    box, job = f"{id}/1", facts.print_job(tracking(n), 1)
    pieces = [
        facts.ItemPacked(parcel=box, line=line)
        for line, due in template(n).pieces
        for _ in range(due)
    ]
    return [
        facts.PackStarted(shipment=id),
        facts.ParcelOpened(parcel=box),
        *pieces,
        facts.ParcelChecked(parcel=box),
        facts.BoxChosen(parcel=box, box="M"),
        facts.ParcelWeighed(parcel=box, grams=700),
        facts.PrintQueued(parcel=box, job=job),
        facts.PrintStarted(parcel=box, job=job),
        facts.PrintSent(parcel=box, job=job),
        facts.LabelPrinted(parcel=box, job=job, evidence="odometer"),
        facts.ParcelClosed(parcel=box, tracking=tracking(n)),
    ]


def mine(name: str, each: int) -> Iterator[int]:
    """Give the places of a measured bench's orders."""
    first = int(name.removeprefix("b")) * each
    return itertools.chain(range(first, first + each))
