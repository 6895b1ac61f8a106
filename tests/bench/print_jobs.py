"""A bench's file in which so many labels wait for the printer, each of another order."""

from __future__ import annotations

import hashlib
import re
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from sqlalchemy import insert

from station.config import DATABASE
from station.store import schema as t
from station.store.keep import StoreKeep
from station.store.store import Store
from sync.orders import Claim, Order, apply, facts
from sync.protocol.cursor import Cursor
from sync.protocol.messages import Change, Enrolled, Heartbeat, Page
from tests.builders import a_label, a_line, an_order

BENCH, PRINTER = "b1", "labels"
_EPOCH = 1
_PAGE = 500
_NOW = datetime(2031, 1, 6, tzinfo=UTC)
_NAME = re.compile(rb"\^FD(P\d+)\^FS")


def label(name: str, *, size: int = 0) -> bytes:
    """Return a carrier's label: it bears its tracking number, and a picture of so many bytes."""
    picture = f"^FO20,100^GFA,{size},{size},100,{'F' * size}^FS" if size else ""
    return f"^XA^CI28^LL1218^FO20,20^A0N,60,60^FD{name}^FS{picture}^XZ".encode()


def name_of(data: bytes) -> str:
    """Return the tracking number of what came out; "" where it bears none."""
    found = _NAME.search(data)
    return found[1].decode() if found else ""


def filled(folder: Path, count: int, *, size: int = 0) -> list[str]:
    """Make the file; return the tracking numbers, in the order of printing."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"P{n:06}" for n in range(count)]
    with closing(Store(folder / DATABASE)) as store:
        keep = StoreKeep(store, lambda: Heartbeat(bench=BENCH))
        keep.enrol(Enrolled(bench=BENCH, incarnation=1, epoch=_EPOCH, server_time=_NOW))
        keep.reset(_EPOCH)
        for at in range(0, count, _PAGE):
            orders = [_order(n, names[n], size) for n in range(at, min(at + _PAGE, count))]
            keep.take(_page(at, orders, count))
            for name in names[at : at + _PAGE]:
                data = label(name, size=size)
                keep.put_blob(hashlib.sha256(data).hexdigest(), data)
            with store.turn() as turn:
                rows = [_job(at + n, order) for n, order in enumerate(orders, 1)]
                turn.sql.execute(insert(t.jobs), rows)
    return names


def _order(n: int, name: str, size: int) -> Order:
    order = an_order(f"202-{n:07d}-0000001", lines=(a_line("L1"),))
    shipment = order.shipments[0].id
    parcel = f"{shipment}/1"
    sha256 = hashlib.sha256(label(name, size=size)).hexdigest()
    bought = msgspec.structs.replace(a_label(order, name), sha256=sha256)
    for fact in (
        facts.ShipmentAllocated(shipment=shipment, warehouse="w", bench=BENCH, claim=Claim(1, n)),
        facts.ParcelPlanned(parcel=parcel),
        facts.LabelRequested(parcel=parcel, key=name, grams=400, address=order.address_digest),
        facts.LabelBought(parcel=parcel, label=bought),
        facts.PrintQueued(parcel=parcel, job=facts.print_job(name, 1), copy=1, reason=""),
    ):
        order = apply(order, fact)
    return order


def _job(seq: int, order: Order) -> dict[str, object]:
    parcel = order.shipments[0].parcels[0]
    if parcel.label is None:
        raise RuntimeError(f"{order.id} has no label")
    return {
        "id": parcel.print_job,
        "seq": seq,
        "printer": PRINTER,
        "kind": "label",
        "order_id": order.id,
        "parcel_id": parcel.id,
        "sha256": parcel.label.sha256,
        "state": "queued",
        "note": "",
    }


def _page(after: int, orders: list[Order], count: int) -> Page:
    return Page(
        after=str(Cursor(_EPOCH, after)),
        next=str(Cursor(_EPOCH, after + len(orders))),
        head=str(Cursor(_EPOCH, count)),
        changes=tuple(
            Change(seq=after + n, shipment=order.shipments[0].id, order=order, through=0)
            for n, order in enumerate(orders, 1)
        ),
        server_time=_NOW,
    )
