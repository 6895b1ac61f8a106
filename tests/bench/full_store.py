"""A bench's file with very many open orders: made once by the product's own store, then copied.

It is kept in the folder for temporary files, under a hash of all code that decides what is in it,
so that a change of the store makes a new one.
"""

from __future__ import annotations

import hashlib
import itertools
import shutil
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from station.config import DATABASE
from station.store.keep import StoreKeep
from station.store.store import Store
from sync.orders import Order
from sync.protocol.cursor import Cursor
from sync.protocol.messages import Change, Enrolled, Heartbeat, Item, Packer, Page
from tests.bench import orders as made

MANY = 100_000
"""Open orders; what the goals speak of."""
BADGE = "BENCH01"
EPOCH = 1
_PAGE = 1000
_NOW = datetime(2031, 1, 6, tzinfo=UTC)
Told = Callable[[int, int], None]
"""Hears how many orders are in, of how many."""
_ROOT = Path(__file__).resolve().parents[2]


def home(cache: Path, folder: Path, count: int, told: Told) -> Path:
    """Make a bench's home in `folder` with so many open orders in its file; return it."""
    ready = cache / f"{count}-{_fingerprint()}.db"
    if not ready.exists():
        for old in cache.glob(f"{count}-*.db*"):
            old.unlink()
        making = ready.with_suffix(".making")
        for left in cache.glob(f"{making.name}*"):
            left.unlink()
        fill(making, count, told)
        making.rename(ready)
    folder.mkdir(parents=True)
    shutil.copyfile(ready, folder / DATABASE)
    return folder


def fill(path: Path, count: int, told: Told) -> None:
    """Have the store take so many orders from a feed."""
    with closing(Store(path)) as store:
        keep = StoreKeep(store, lambda: Heartbeat(bench=made.BENCH))
        keep.enrol(Enrolled(bench=made.BENCH, incarnation=1, epoch=EPOCH, server_time=_NOW))
        keep.reset(EPOCH)
        seq = 0
        orders = made.orders(count)
        while rows := list(itertools.islice(orders, _PAGE)):
            page = _page(seq, [order for order, _ in rows], count)
            keep.take(page)
            if str(keep.cursor()) != page.next:
                raise RuntimeError("the store refused a page of its own feed")
            for order, label in rows:
                if label:
                    keep.put_blob(_sha256(order), label)
            seq += len(rows)
            told(seq, count)


def _page(seq: int, orders: list[Order], count: int) -> Page:
    items = {
        line.gtins[0]: Item(sku=line.sku, gtins=line.gtins, name=line.name, grams=line.grams)
        for order in orders
        for line in order.lines
    }
    return Page(
        after=str(Cursor(EPOCH, seq)),
        next=str(Cursor(EPOCH, seq + len(orders))),
        head=str(Cursor(EPOCH, count)),
        changes=tuple(
            Change(seq=seq + at, shipment=order.shipments[0].id, order=order, through=0)
            for at, order in enumerate(orders, start=1)
        ),
        items=tuple(items.values()) if seq == 0 else (),
        packers=(Packer(badge=BADGE, name="Ada"),) if seq == 0 else (),
        server_time=_NOW,
    )


def _sha256(order: Order) -> str:
    label = order.shipments[0].parcels[0].label
    if label is None:
        raise RuntimeError(f"{order.id} has no label")
    return label.sha256


def _fingerprint() -> str:
    digest = hashlib.sha256(b"real" if made.real() else b"drawn")
    for folder in ("station/store", "sync/orders", "sync/protocol", "sync/simulate"):
        for path in sorted((_ROOT / folder).rglob("*")):
            if path.suffix in (".py", ".json", ".csv", ".toml"):
                digest.update(path.read_bytes())
    for name in (__file__, made.__file__):
        digest.update(Path(name).read_bytes())
    return digest.hexdigest()[:16]
