"""What happens when work on an order begins, and when its next box is opened?

allocated, picking --begin--> packing, its parcel open
packing            --begin--> wherever its parcel stands: pack, weigh or ship
all packed         --finish--> choose, without the boxes that turned out not to be needed
"""

from __future__ import annotations

from dataclasses import replace

from station.flows import hold, reply, standing
from station.flows.flow import Step
from station.flows.record import go_on, record
from station.session import Session
from station.wording import labels, orders, parcels, word
from sync.orders import Contents, HoldKind, LabelState, Order, Parcel, State, parcel_id
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


def finish(session: Session, lane: str) -> Step:
    """Every piece of the shipment lies in a closed box: on with another order.

    Boxes that were planned, or opened, and are not needed are dropped: without them the shipment
    is packed. One that has a label already is a supervisor's business.
    """
    shipment, order = session.shipment, session.order
    if shipment is None or order is None:
        return Step(standing.put_down(session))
    empty = [parcel for parcel in shipment.parcels if not parcel.closed and not parcel.pieces]
    if any(parcel.label_state is not LabelState.NONE for parcel in empty):
        held = hold.hold(session, HoldKind.OPERATOR)
        told = reply.stop(held.session, word.STOP, labels.LABEL_TOO_MANY, orders.ASIDE)
        return Step(told, held.effects)
    facts = [fact for parcel in reversed(empty) for fact in _dropped(parcel)]
    step = record(session, *facts)
    then = parcels.TO_THE_LANE if lane else orders.NEXT_ORDER
    said = orders.finished(order.channel_order_id, lane)
    told = reply.done(replace(step.session, flow="choose"), word.DONE, said, then)
    return Step(told, step.effects)


def _dropped(parcel: Parcel) -> list[f.Fact]:
    shut: list[f.Fact] = [f.ParcelShut(parcel=parcel.id)]
    return [*(shut if parcel.contents is Contents.OPEN else []), f.ParcelDropped(parcel=parcel.id)]
