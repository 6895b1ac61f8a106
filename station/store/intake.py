"""What does a page of the feed write? Orders that come, change and go, items and packers.

A bench that comes back after a week, or is new, reads tens of thousands of orders while a packer
works at it: each page is one transaction, and scans wait for it. So whatever is written is laid
out for all of a page's rows first, and what nobody here has seen yet is only inserted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec
from msgspec.structs import replace
from sqlalchemy import BindParameter, Column, Table, bindparam, delete, exists, func, select, update
from sqlalchemy.dialects.sqlite import Insert, insert

from station.store import journal
from station.store import schema as t
from station.store.index import UNSEEN, Found, index, keys
from station.store.statement import Rows, Statement
from station.store.store import Turn
from sync.client.replica import catch_up
from sync.orders import Order, order_of
from sync.orders.learn import learn
from sync.protocol import digest
from sync.protocol.cursor import Cursor, read
from sync.protocol.messages import Change, Item, Numbered, Packer, Page
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
_SHIPMENT = Statement(
    select(t.shipments.c.number, t.shipments.c.found_by).where(t.shipments.c.id == _OF)
)
_LAST_NUMBER = Statement(select(func.max(t.shipments.c.number)))
_DROP_SHIPMENT = Statement(delete(t.shipments).where(t.shipments.c.id == _OF))
_OTHERS = exists().where(t.of_order(_OF))
_DROP_ORDER = Statement(delete(t.orders).where(t.orders.c.id == _OF, ~_OTHERS))


def _or_write(table: Table, *columns: str) -> Insert:
    """Insert a row, or write these columns of the one that is there."""
    return _upsert(table, table.primary_key, columns)


def _upsert(table: Table, key: Iterable[Column[str]], columns: Iterable[str]) -> Insert:
    new = insert(table)
    set_ = {name: new.excluded[name] for name in columns}
    return new.on_conflict_do_update(index_elements=list(key), set_=set_)


_DOCUMENTS = Rows(_or_write(t.orders, "confirmed", "now", "version"), *t.orders.c.keys())
_SHIPMENTS = Rows(
    _upsert(t.shipments, [t.shipments.c.id], t.shipments.c.keys()), *t.shipments.c.keys()
)
_AGAIN = Rows(
    _upsert(t.shipments, [t.shipments.c.id], ("generation", "share")), *t.shipments.c.keys()
)
_WANT = Statement(insert(t.blobs).on_conflict_do_nothing(), "sha256")
_NAME = Rows(insert(t.labels).on_conflict_do_nothing(), *t.labels.c.keys())
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


def write(turn: Turn, page: Page, generation: int) -> bool:
    """Write everything that a page says; say whether its orders name bytes."""
    came = []
    for change in map(_laid, page.changes):
        if change.of:
            came.append(change)
        else:
            _go(turn, change)
    names = bool(came) and _come(turn, came, generation)
    _master_data(turn, page.items, page.packers)
    return names


def wished(page: Page) -> list[str]:
    """Name the shipments of a page that another bench is to have."""
    return [one.shipment for one in map(_laid, page.changes) if one.wanted]


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
    for number, kept in turn.rows(_SHIPMENT, {"of": shipment_id}):
        turn.lose(number, kept)
    turn.run(_DROP_SHIPMENT, {"of": shipment_id})
    turn.run(_DROP_ORDER, {"of": order_id})


# -- what comes


class Laid(Change, frozen=True, kw_only=True, gc=False):
    """A change as the rows that will stand for it, and the document that they were made from.

    The order itself is let go at once, and read again in the few cases in which somebody has to
    look at it: those of a whole page would not fit into a processor's cache.
    """

    document: bytes
    of: str = ""
    """The order's id; "" where the shipment is gone."""
    version: int = 0
    row: tuple[object, ...] = ()
    """Of `shipments`, without its number and generation."""
    found: Found = UNSEEN
    wanted: bool = False
    """Another bench is to have it."""
    labels: tuple[str, ...] = ()
    """SHA-256 of the bytes that its order names."""

    @property  # type: ignore[misc]  # read where it is asked for
    def order(self) -> Order | None:
        """The order, as a `Change` has it."""
        return _ORDER.decode(self.document) if self.of else None


learn(Laid)
_ORDER = msgspec.json.Decoder(Order)


def laid(seq: int, shipment: str, order: Order | None, through: int, document: bytes) -> Laid:
    """Lay a change out for a bench that has nothing of its order yet: what mostly comes at once."""
    if order is None:
        return Laid(seq=seq, shipment=shipment, order=None, through=through, document=document)
    found, labels, wanted = UNSEEN, [], False
    for one in order.shipments:
        if one.id == shipment:
            found, wanted = index(order, one), bool(one.wanted)
        labels += [parcel.label.sha256 for parcel in one.parcels if parcel.label is not None]
    return Laid(
        seq=seq,
        shipment=shipment,
        order=None,
        through=through,
        document=document,
        of=order.id,
        version=order.version,
        row=_row(shipment, order, found),
        found=found,
        wanted=wanted,
        labels=tuple(labels),
    )


def _row(shipment: str, order: Order, found: Found) -> tuple[object, ...]:
    share = digest.share(shipment, order.version)
    return (shipment, order.id, order.channel, share, *found.marks, keys(found))


def _laid(change: Change) -> Laid:
    if isinstance(change, Laid):
        return change
    return laid(change.seq, change.shipment, change.order, change.through, document(change))


def _come(turn: Turn, came: Sequence[Laid], generation: int) -> bool:
    """Write what is here now; say whether it names bytes."""
    # Of two shipments of one order, the later change has the later document.
    latest = {one.of: one for one in came}
    pending = journal.pending_of(turn, latest)
    new = latest.keys() - _known(turn, latest) - pending.keys()
    turn.changed |= new
    fresh = [(id, one.document, b"", one.version) for id, one in latest.items()]
    turn.pour(_DOCUMENTS, [row for row in fresh if row[0] in new])
    # Once each, whatever the page says.
    here = {one.shipment: one for one in came}
    _put_shipments(turn, [one for one in here.values() if one.of in new], latest, generation)
    _change(turn, [one for one in here.values() if one.of not in new], latest, pending, generation)
    named = {sha256: one.of for one in latest.values() for sha256 in one.labels}
    turn.run(_WANT, *({"sha256": sha256} for sha256 in sorted(named)))
    turn.pour(_NAME, [(sha256, named[sha256], 0) for sha256 in sorted(named)])
    return bool(named)


def _change(
    turn: Turn,
    came: Sequence[Laid],
    latest: Mapping[str, Laid],
    pending: Mapping[str, Sequence[Numbered]],
    generation: int,
) -> None:
    """Write what the hub says now of orders that are here, or of which entries are."""
    if not came:
        return
    orders = {one.of: _ORDER.decode(latest[one.of].document) for one in came}
    rows = [(None, generation, *_row(one.shipment, orders[one.of], UNSEEN)) for one in came]
    turn.pour(_AGAIN, rows)
    turn.run(_SETTLE, *({"of": id, "through": latest[id].through} for id in pending))
    turn.put_confirmed(
        [
            (
                catch_up(order, latest[id].through, pending.get(id, ())).order,
                order,
                latest[id].document,
            )
            for id, order in orders.items()
        ]
    )


def _known(turn: Turn, ids: Iterable[str]) -> set[str]:
    asked = msgspec.json.encode(list(ids)).decode()
    return {id for (id,) in turn.rows(_KNOWN, {"ids": asked})}


def _put_shipments(
    turn: Turn, came: Iterable[Laid], latest: Mapping[str, Laid], generation: int
) -> None:
    """Write the rows of shipments of which nothing is here yet, and what they are found by."""
    (last,) = turn.row(_LAST_NUMBER) or (None,)
    rows, found = [], {}
    for number, one in enumerate(came, (last or 0) + 1):
        later = latest[one.of]
        if later is not one:
            one = laid(one.seq, one.shipment, later.order, later.through, later.document)
        rows.append((number, generation, *one.row))
        found[number] = one.found
    turn.pour(_SHIPMENTS, rows)
    turn.find(found)


# -- master data


def _master_data(turn: Turn, items: Iterable[Item], packers: Iterable[Packer]) -> None:
    rows = []
    for item in items:
        body = msgspec.json.encode(item)
        rows += [(gtin, body) for gtin in item.gtins]
    turn.pour(_ITEMS, rows)
    turn.pour(_PACKERS, [(one.badge.upper(), msgspec.json.encode(one)) for one in packers])
