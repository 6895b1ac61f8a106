"""How orders and troubles look to programs and people who ask the hub."""

from __future__ import annotations

from typing import Any

import msgspec

from sync.hub.book import summary
from sync.hub.troubles import ACTIONS, Trouble
from sync.orders import Order

Json = dict[str, Any]  # for --json; documented by what order_json puts in


def order_json(order: Order) -> Json:
    """Give an order as JSON: itself, and in one word how it is."""
    plain = {name: _whole(getattr(order, name)) for name in order.__struct_fields__}
    shipments = order.shipments
    return {
        **plain,
        "state": summary(order),
        "holds": [
            {"kind": hold.kind.value, "why": hold.why} for one in shipments for hold in one.holds
        ],
        "cancellation": shipments[0].cancellation.value if shipments else "none",
    }


def trouble_json(one: Trouble) -> Json:
    """Give a trouble as JSON."""
    return {
        "kind": one.kind.value,
        "order": one.order,
        "subject": one.subject,
        "sentence": one.sentence,
        "actions": list(ACTIONS[one.kind]),
    }


def _whole(value: object) -> object:
    """Give every field by its name, also where a document leaves it out."""
    if isinstance(value, msgspec.Struct):
        return {name: _whole(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, tuple):
        return [_whole(one) for one in value]
    return msgspec.to_builtins(value)
