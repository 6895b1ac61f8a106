"""What does a page of the feed write? Orders that come, change and go, items and packers.

A bench that comes back after a week, or is new, reads tens of thousands of orders while a packer
works at it: each page is one transaction, and scans wait for it. So whatever is written is laid
out for all of a page's rows first, and what nobody here has seen yet is only inserted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec
from msgspec.structs import replace
from sqlalchemy import BindParameter, Table, bindparam, delete, exists, func, select, update
from sqlalchemy.dialects.sqlite import Insert, insert

from station.store import journal
from station.store import schema as t
from station.store.index import NEVER, Found, index
from station.store.statement import Rows, Statement
from station.store.store import Turn
from sync.client.replica import catch_up
from sync.orders import Order, order_of
from sync.protocol import digest
from sync.protocol.cursor import Cursor, read
from sync.protocol.messages import Change, Item, Packer, Page
from sync.protocol.reading import document

_OF: BindParameter[str] = bindparam("of")
_NAMED = func.json_each(bindparam("ids")).table_valued("value")
_KNOWN = Statement(select(t.orders.c.id).join(_NAMED, _NAMED.c.value == t.orders.c.id))
_SETTLE = Statement(
    update(t.entries)
    .where(
        t.entries.c.order_id == _OF,
        t.entries.c.pending,
        t.entries.c.seq <= bindparam("through"),
    )
    .values(pending=False)
)
_OLD = Statement(select(t.shipments.c.id).where(t.shipments.c.generation < bindparam("than")))
_DROP_CODES = Statement(delete(t.codes).where(t.codes.c.shipment_id == _OF))
_DROP_NEEDS = Statement(delete(t.needs).where(t.needs.c.shipment_id == _OF))
_DROP_SHIPMENT = Statement(delete(t.shipments).where(t.shipments.c.id == _OF))
_OTHERS = exists().where(t.shipments.c.order_id == _OF)
_DROP_ORDER = Statement(delete(t.orders).where(t.orders.c.id == _OF, ~_OTHERS))


def _or_write(table: Table, *columns: str) -> Insert:
    """Insert a row, or write these columns of the one that is there."""
    new = insert(table)
    set_ = {name: new.excluded[name] for name in columns}
    return new.on_conflict_do_update(index_elements=table.primary_key, set_=set_)


_DOCUMENTS = Rows(_or_write(t.orders, "confirmed", "now", "version"), *t.orders.c.keys())
_SHIPMENTS = Rows(_or_write(t.shipments, *t.shipments.c.keys()[1:]), *t.shipments.c.keys())
_AGAIN = Rows(_or_write(t.shipments, "generation", "share"), *t.shipments.c.keys())
_WANT = Statement(insert(t.blobs).on_conflict_do_nothing(), "sha256")
_ITEMS = Rows(_or_write(t.items, "item"), *t.items.c.keys())
_PACKERS = Rows(_or_write(t.packers, "packer"), *t.packers.c.keys())


def parts(page: Page, rows: int) -> Iterator[Page]:
    """Cut a page into pages of at most so many rows, each of which goes on where the last ended."""
    epoch, after = read(page.next).epoch, page.after
    for at in range(0, max(len(page.changes), 1), rows):
        changes = page.changes[at : at + rows]
        last = at + rows >= len(page.changes)
        following = page.next if last else str(Cursor(epoch, changes[-1].seq))
        yield replace(
            page,
            after=after,
            next=following,
            changes=changes,
            # They have no place among the rows: those of the whole page, in good time.
            items=page.items if at == 0 else (),
            packers=page.packers if at == 0 else (),
        )
        after = following


def write(turn: Turn, page: Page, generation: int) -> None:
    """Write everything that a page says."""
    for change in page.changes:
        if change.order is None:
            _go(turn, change)
    _come(turn, page, generation)
    _master_data(turn, page.items, page.packers)


def sweep(turn: Turn, generation: int) -> None:
    """Let go of what a new reading of the feed did not name, once at its end.

    Not at every page: looking through a hundred thousand shipments takes longer than a scan may.
    """
    if int(turn.get("swept", "0")) == generation:
        return
    turn.set("swept", str(generation))
    for (shipment_id,) in turn.rows(_OLD, {"than": generation}):
        _leave(turn, shipment_id)


# -- what goes


def _go(turn: Turn, change: Change) -> None:
    _leave(turn, change.shipment)
    order_id = order_of(change.shipment)
    if turn.order(order_id) is None:
        turn.run(_SETTLE, {"of": order_id, "through": change.through})


def _leave(turn: Turn, shipment_id: str) -> None:
    """The shipment is not this bench's any more; what was done to it stays in the journal.

    The order goes although something of it may still be owed: an order that stayed would be gone
    on with, printed and closed here, cancelled or on another bench. If it comes back, what the hub
    has not heard by then is applied again.
    """
    order_id = order_of(shipment_id)
    turn.forget(order_id)
    for statement in (_DROP_CODES, _DROP_NEEDS, _DROP_SHIPMENT):
        turn.run(statement, {"of": shipment_id})
    turn.run(_DROP_ORDER, {"of": order_id})


# -- what comes


def _come(turn: Turn, page: Page, generation: int) -> None:
    came = [(change.shipment, change.order) for change in page.changes if change.order is not None]
    if not came:
        return
    # Of two shipments of one order, the later change has the later document.
    latest = {order.id: order for _, order in came}
    documents = {change.order.id: document(change) for change in page.changes if change.order}
    through = {order_of(change.shipment): change.through for change in page.changes}
    pending = journal.pending_of(turn, latest)
    new = latest.keys() - _known(turn, latest) - pending.keys()
    turn.changed |= new
    rows = [(id, documents[id], b"", latest[id].version) for id in latest if id in new]
    turn.pour(_DOCUMENTS, rows)
    _put_shipments(turn, [(id, latest[of.id]) for id, of in came if of.id in new], generation)
    old = [(id, order) for id, order in came if order.id not in new]
    turn.pour(_AGAIN, [_shipment_row(id, order, generation, None) for id, order in old])
    turn.run(_SETTLE, *({"of": id, "through": through[id]} for id in pending))
    turn.put_confirmed(
        [
            (catch_up(order, through[id], pending.get(id, ())).order, order, documents[id])
            for id, order in latest.items()
            if id not in new
        ]
    )
    _want_labels(turn, latest.values())


def _known(turn: Turn, ids: Iterable[str]) -> set[str]:
    asked = msgspec.json.encode(list(ids)).decode()
    return {id for (id,) in turn.rows(_KNOWN, {"ids": asked})}


def _put_shipments(turn: Turn, came: Iterable[tuple[str, Order]], generation: int) -> None:
    """Write the rows of shipments of which nothing is here yet, and what they are found by."""
    rows, found = [], {}
    for id, order in came:
        for there in order.shipments:
            if there.id == id:
                found[id] = index(order, there)
        rows.append(_shipment_row(id, order, generation, found.get(id)))
    turn.pour(_SHIPMENTS, rows)
    turn.find(found)


def _shipment_row(
    id: str, order: Order, generation: int, found: Found | None
) -> tuple[object, ...]:
    """Lay a row out as the table has it; `put_confirmed` will say what is not yet found."""
    share = digest.share(id, order.version)
    if found is None:
        return (id, order.id, order.channel, share, generation, "", 0, NEVER, 0, 0)
    state, stopped, urgency, pieces, begun, _, _ = found
    marks = (str(state), int(stopped), urgency, pieces, int(begun))
    return (id, order.id, order.channel, share, generation, *marks)


def _want_labels(turn: Turn, orders: Iterable[Order]) -> None:
    named = set()
    for order in orders:
        for shipment in order.shipments:
            for parcel in shipment.parcels:
                if parcel.label:
                    named.add(parcel.label.sha256)
    turn.run(_WANT, *({"sha256": sha256} for sha256 in sorted(named)))


# -- master data


def _master_data(turn: Turn, items: Iterable[Item], packers: Iterable[Packer]) -> None:
    rows = []
    for item in items:
        body = msgspec.json.encode(item)
        rows += [(gtin, body) for gtin in item.gtins]
    turn.pour(_ITEMS, rows)
    turn.pour(_PACKERS, [(one.badge.upper(), msgspec.json.encode(one)) for one in packers])
