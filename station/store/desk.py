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
from station.store.statement import Statement
from station.store.store import Turn
from sync.orders import order_of, parcel_id
from sync.protocol.messages import Item, Packer

_READ_PACKER = msgspec.json.Decoder(Packer)
_READ_ITEM = msgspec.json.Decoder(Item)
_PACKER = Statement(select(t.packers.c.packer).where(t.packers.c.badge == bindparam("badge")))
_ITEM = Statement(select(t.items.c.item).where(t.items.c.gtin == bindparam("gtin")))
_NEEDING = Statement(
    select(t.shipments.c.id)
    .join(t.needs, t.needs.c.shipment == t.shipments.c.number)
    .where(t.needs.c.gtin == bindparam("gtin"))
    .order_by(t.needs.c.several, t.needs.c.urgency, t.needs.c.shipment)
    .limit(1)
)
_NAMED = Statement(
    select(t.shipments.c.id, t.codes.c.parcel)
    .join(t.codes, t.codes.c.shipment == t.shipments.c.number)
    .where(t.codes.c.kind == bindparam("kind"), t.codes.c.code == bindparam("code"))
    .order_by(t.shipments.c.urgency)
    .limit(1)
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
    found = turn.row(_PACKER, {"badge": badge.upper()})
    return None if found is None else _READ_PACKER.decode(found[0])


def _named(turn: Turn, text: str, *kinds: str) -> Known:
    code = plain(text)
    if not code:
        return Known()
    for kind in kinds:
        found = turn.row(_NAMED, {"kind": kind, "code": code})
        if found is not None:
            shipment, number = found
            order = turn.order(order_of(shipment))
            parcel = parcel_id(shipment, number) if number else ""
            return Known(order=order, shipment_id=shipment, parcel_id=parcel)
    return Known()


def _piece(turn: Turn, gtin: str) -> Known:
    (shipment,) = turn.row(_NEEDING, {"gtin": gtin}) or ("",)
    needing = turn.order(order_of(shipment)) if shipment else None
    found = turn.row(_ITEM, {"gtin": gtin})
    item = None if found is None else _READ_ITEM.decode(found[0])
    return Known(needing=needing, shipment_id=shipment, item=item)
