"""What does the bench know of a code? Looked up in a turn, before a flow is asked."""

from __future__ import annotations

import msgspec
from sqlalchemy import bindparam, select

from station.codes.code import (
    BadgeCode,
    Code,
    Gtin,
    OrderCode,
    Sscc,
    ToteCode,
    Tracking,
    Unknown,
)
from station.flows.flow import Known
from station.store import schema as t
from station.store.index import plain
from station.store.store import Turn
from sync.orders import order_of
from sync.protocol.messages import Item, Packer

# Made once: making a statement again for every scan costs more than running it.
_PACKER = select(t.packers.c.packer).where(t.packers.c.badge == bindparam("badge"))
_ITEM = select(t.items.c.item).where(t.items.c.gtin == bindparam("gtin"))
_NEEDING = (
    select(t.needs.c.shipment_id)
    .where(t.needs.c.gtin == bindparam("gtin"))
    .order_by(t.needs.c.several, t.needs.c.urgency, t.needs.c.shipment_id)
    .limit(1)
)
_NAMED = (
    select(t.codes.c.kind, t.codes.c.shipment_id, t.codes.c.parcel_id)
    .join(t.shipments, t.shipments.c.id == t.codes.c.shipment_id)
    .where(t.codes.c.kind.in_(bindparam("kinds", expanding=True)))
    .where(t.codes.c.code == bindparam("code"))
    .order_by(t.shipments.c.urgency)
)


def look_up(turn: Turn, code: Code) -> Known:
    """Return what is known of the code; an empty `Known` is an answer too."""
    match code:
        case Gtin(digits=digits):
            return _piece(turn, digits)
        case BadgeCode(badge=badge):
            return Known(packer=packer(turn, badge))
        case OrderCode(number=number):
            return _named(turn, number, "order")
        case ToteCode(tote=tote):
            return _named(turn, tote, "tote")
        case Tracking(number=number):
            return _named(turn, number, "tracking", "spoiled", "order")
        case Sscc(digits=digits):
            # Some labels print it with its identifier 00 before it, some without.
            known = _named(turn, digits, "tracking", "spoiled")
            return known if known.order else _named(turn, f"00{digits}", "tracking", "spoiled")
        case Unknown(text=text):
            return _named(turn, text, "tracking", "spoiled", "order")
        case _:
            return Known()


def packer(turn: Turn, badge: str) -> Packer | None:
    """Whose badge it is."""
    body = turn.sql.execute(_PACKER, {"badge": badge.upper()}).scalar()
    return None if body is None else msgspec.json.decode(body, type=Packer)


def _named(turn: Turn, text: str, *kinds: str) -> Known:
    code = plain(text)
    if not code:
        return Known()
    rows = turn.sql.execute(_NAMED, {"kinds": kinds, "code": code}).all()
    found = sorted(rows, key=lambda row: kinds.index(row.kind))
    if not found:
        return Known()
    first = found[0]
    order = turn.order(order_of(first.shipment_id))
    return Known(order=order, shipment_id=first.shipment_id, parcel_id=first.parcel_id)


def _piece(turn: Turn, gtin: str) -> Known:
    shipment = turn.sql.execute(_NEEDING, {"gtin": gtin}).scalar()
    needing = turn.order(order_of(shipment)) if shipment else None
    body = turn.sql.execute(_ITEM, {"gtin": gtin}).scalar()
    item = None if body is None else msgspec.json.decode(body, type=Item)
    return Known(needing=needing, shipment_id=shipment or "", item=item)
