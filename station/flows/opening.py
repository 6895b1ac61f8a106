"""What happens when work on an order begins, and when its next box is opened?

allocated, picking --begin--> packing, its parcel open
packing            --begin--> wherever its parcel stands: pack, weigh or ship
"""

from __future__ import annotations

from dataclasses import replace

from station.flows import standing
from station.flows.flow import Step
from station.flows.record import go_on, record
from station.session import Session
from sync.orders import Contents, Order, State, parcel_id
from sync.orders import facts as f


def begin(session: Session, order: Order, shipment_id: str) -> Step:
    """Take an order on the bench and open its box. Raises Impossible."""
    session = standing.put_down(session)
    waits = f"waits:{order.channel_order_id}"
    session = replace(
        session,
        order=order,
        shipment_id=shipment_id,
        pending=tuple(p for p in session.pending if p != waits),
    )
    shipment = order.shipment(shipment_id)
    if shipment.state is State.PACKING:
        return open_next(session)
    return go_on(record(session, f.PackStarted(shipment=shipment_id)), open_next)


def open_next(session: Session) -> Step:
    """Go on with the parcel that is not closed, or plan one. Raises Impossible."""
    shipment = session.shipment
    if shipment is None:
        return Step(standing.put_down(session))
    parcel = standing.live_parcel(shipment)
    facts: list[f.Fact] = []
    if parcel is None:
        id = parcel_id(shipment.id, len(shipment.parcels) + 1)
        facts.append(f.ParcelPlanned(parcel=id))
    else:
        id = parcel.id
    if parcel is None or parcel.contents is Contents.PLANNED:
        facts.append(f.ParcelOpened(parcel=id))
    step = record(replace(session, parcel_id=id), *facts)
    return Step(replace(step.session, flow=standing.flow_of(step.session)), step.effects)
