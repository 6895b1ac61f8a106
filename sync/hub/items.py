"""Our own items and packers: how they come in, and how orders and benches learn of them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from typing import TextIO

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, func, select

from sync.hub import feed
from sync.hub.book import Book
from sync.hub.engine import upsert
from sync.hub.schema import item, orders, packer
from sync.orders import Line, Order
from sync.protocol.messages import Item, Packer

SHELF = 200
"""Items that travel to a bench together: some 20 kB."""
COLUMNS = ("sku", "name", "gtins", "grams", "bin", "serial")
"""What an item file may have; sku it must have. Several GTINs stand with blanks between."""


class Unreadable(ValueError):
    """A file that cannot be taken over; says in which line and why."""


def read_csv(file: TextIO) -> Iterator[tuple[Item, bool]]:
    """Read an item file: the item, and whether its serial numbers are asked for.

    Raises Unreadable.
    """
    table = csv.DictReader(file)
    names = [name.strip().lower() for name in table.fieldnames or ()]
    if "sku" not in names:
        raise Unreadable(f"the first line must name the columns, sku among them: {COLUMNS}")
    table.fieldnames = names
    for row in table:
        yield _item({name: (value or "").strip() for name, value in row.items() if name}, table)


def _item(row: dict[str, str], table: csv.DictReader[str]) -> tuple[Item, bool]:
    where = f"line {table.line_num}"
    if not row["sku"]:
        raise Unreadable(f"{where}: there is no sku")
    numbers = (row.get("gtins") or row.get("gtin") or row.get("barcode") or "").split()
    for number in numbers:
        if not (number.isascii() and number.isdigit() and 8 <= len(number) <= 14):
            raise Unreadable(f"{where}: {number!r} is no GTIN")
    grams = row.get("grams") or "0"
    if not (grams.isascii() and grams.isdigit()):
        raise Unreadable(f"{where}: {grams!r} is no number of grams")
    made = Item(
        sku=row["sku"],
        gtins=tuple(number.zfill(14) for number in numbers),
        name=row.get("name", ""),
        bin=row.get("bin", ""),
        grams=int(grams),
    )
    return made, row.get("serial", "").lower() in ("1", "yes", "true", "x")


def store(connection: Connection, book: Book, read: Iterable[tuple[Item, bool]], now: float) -> int:
    """Take items over, and tell benches and the orders that are still open; give how many."""
    known = {row.sku: row.shelf for row in connection.execute(select(item.c.sku, item.c.shelf))}
    rows = {}
    for one, serial in read:
        shelf = known.setdefault(one.sku, len(known) // SHELF)
        rows[one.sku] = {
            "sku": one.sku,
            "shelf": shelf,
            "serial": serial,
            "doc": msgspec.json.encode(one),
        }
    upsert(connection, item, list(rows.values()), "sku")
    shelves = sorted({int(str(row["shelf"])) for row in rows.values()})
    feed.put_everywhere(connection, (f"{feed.ITEMS}{shelf}" for shelf in shelves))
    _tell_orders(connection, book, now)
    return len(rows)


def _tell_orders(connection: Connection, book: Book, now: float) -> None:
    """Orders that came before their items learn of them."""
    waiting = connection.execute(
        select(orders.c.id).where(
            orders.c.summary.in_(("pending_payment", "ready", "allocated", "held"))
        )
    ).scalars()
    for order in book.get_all(connection, waiting, lock=True).values():
        book.save(connection, order, enriched(connection, order), now)


def enriched(connection: Connection, order: Order) -> Order:
    """Give an order whose lines know what our own items say: GTINs, weight, bin."""
    skus = {line.sku for line in order.lines}
    rows = connection.execute(
        select(item.c.sku, item.c.serial, item.c.doc).where(item.c.sku.in_(sorted(skus)))
    )
    known = {row.sku: (msgspec.json.decode(row.doc, type=Item), row.serial) for row in rows}
    lines = tuple(
        _known_line(line, *known[line.sku]) if line.sku in known else line for line in order.lines
    )
    return replace(order, lines=lines)


def _known_line(line: Line, ours: Item, serial: bool) -> Line:
    return replace(
        line,
        gtins=ours.gtins or line.gtins,
        name=line.name or ours.name,
        grams=ours.grams or line.grams,
        bin=ours.bin or line.bin,
        serial_required=line.serial_required or serial,
    )


def add_packer(connection: Connection, person: Packer) -> None:
    """Let a person log in at every bench."""
    upsert(connection, packer, [msgspec.to_builtins(person)], "badge")
    feed.put_everywhere(connection, (feed.PACKERS,))


def everything(connection: Connection) -> list[str]:
    """Name the feed rows that a new bench begins with."""
    last = connection.execute(select(func.max(item.c.shelf))).scalar_one_or_none()
    shelves = range(0 if last is None else last + 1)
    return [feed.PACKERS, *(f"{feed.ITEMS}{shelf}" for shelf in shelves)]
