"""What does a bench answer when the hub wants a shipment back? No I/O.

It has begun, or it has not; the answer is a fact like any other, under the claim that it has. A
wish that was answered is gone from the order as the bench has it, so that a page that comes twice,
or a feed that is read anew, is not answered twice.
"""

from __future__ import annotations

from sync.orders import Fact, Order, facts, refusal


def answer(order: Order, id: str) -> Fact | None:
    """Say what the bench answers, by its order as it is now; None where nothing is asked."""
    here = next((one for one in order.shipments if one.id == id), None)
    if here is None or not here.wanted or not here.bench:
        return None
    back = facts.ShipmentGivenBack(shipment=id)
    return back if refusal(order, back) is None else facts.ShipmentKept(shipment=id)
