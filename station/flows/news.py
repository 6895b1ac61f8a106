"""What does it mean for the packer that the open order changed meanwhile?

cancelled, held, taken over, gone --> stop: put it aside; the bench goes on with another order
given back before it was begun    --> stop: bring it to the bench that packs it
fewer pieces                      --> stop: take them out; a full box is opened again for it
label or print                    --> the flow that waits for it goes on by itself
address                           --> a label for the old one is given back when its turn comes
"""

from __future__ import annotations

from dataclasses import replace

from station.flows import hold, opening, pack, pick, reply, ship, standing
from station.flows.flow import Refreshed, Step
from station.flows.record import record
from station.session import Session, Text
from station.wording import labels, orders, outside, pieces, word
from sync.orders import Cancellation, Contents, HoldKind, Order, PrintState, Shipment, State
from sync.orders import facts as f


def step(session: Session, news: Refreshed) -> Step:
    """Say what to do about it. Raises Impossible."""
    if session.question is not None and session.question.kind == "release":
        return Step(_asked_about(session, news.before))
    if session.flow not in ("pick", "pack", "weigh", "ship"):
        return Step(_after_closing(session, news.before))
    if session.flow == "pick" and not session.shipment_id:
        return Step(session)
    shipment = session.shipment
    if session.order is None or shipment is None:
        number = news.before.channel_order_id if news.before else ""
        return Step(_aside(session, word.STOP, orders.gone(number), orders.PUT_ASIDE))
    stopped = _stopped(session, shipment)
    if stopped is not None:
        return Step(_aside(session, *stopped))
    if session.flow == "pick":
        return pick.settled(session)
    return _packing(session, shipment, news.before)


def _asked_about(session: Session, before: Order | None) -> Session:
    """It lies here and nobody has begun it: another bench may have got it."""
    shipment = session.shipment
    if shipment is not None and shipment.bench:
        return session
    number = before.channel_order_id if before else ""
    if shipment is not None and shipment.wanted:
        what, then = orders.elsewhere(number, shipment.wanted), orders.BRING_IT
    else:
        what, then = orders.gone(number), orders.PUT_ASIDE
    return _aside(session, word.STOP, what, then)


def _after_closing(session: Session, before: Order | None) -> Session:
    """The order that was closed last is still at hand: it may have to be pulled."""
    shipment, was = session.shipment, _shipment(before, session.shipment_id)
    if shipment is None or was is None or session.order is None:
        return session
    if shipment.stopped and not was.stopped:
        number = session.order.channel_order_id
        what = orders.cancelled(number) if _cancelled(shipment) else orders.held(number)
        return reply.stop(replace(session, undo=()), word.STOP, what, orders.PULL_IT)
    return session


def _cancelled(shipment: Shipment) -> bool:
    return shipment.cancellation is not Cancellation.NONE and not shipment.holds


def _stopped(session: Session, shipment: Shipment) -> tuple[Text, Text, Text] | None:
    """Why work on it must end now."""
    number = session.order.channel_order_id if session.order else ""
    labelled = any(
        parcel.print_state is not PrintState.NONE and not parcel.closed
        for parcel in shipment.parcels
    )
    if shipment.cancellation is Cancellation.CANCELLED:
        then = labels.VOID_TAKE_IT_OFF if labelled else orders.TAKE_ALL_OUT
        return word.STOP, orders.cancelled(number), then
    if shipment.cancellation is Cancellation.REQUESTED:
        return word.STOP, orders.cancel_asked(number), orders.PUT_ASIDE
    if shipment.holds:
        return word.HOLD, outside.is_held(shipment.holds[0]), orders.PUT_ASIDE
    if shipment.bench not in ("", session.bench):
        return word.STOP, orders.elsewhere(number, shipment.bench), orders.BRING_IT
    wanted = State.PICKING if session.flow == "pick" else State.PACKING
    if shipment.state is not wanted:
        return word.STOP, orders.gone(number), orders.PUT_ASIDE
    if not standing.due(shipment):
        return word.EMPTY, orders.empty(number), orders.TAKE_ALL_OUT
    return None


def _aside(session: Session, word_: Text, what: Text, then: Text) -> Session:
    return reply.stop(standing.put_down(session), word_, what, then)


def _packing(session: Session, shipment: Shipment, before: Order | None) -> Step:
    parcel = session.parcel
    if parcel is None or parcel.closed:
        return opening.open_next(session)
    over = standing.too_many(session)
    if over is not None and not _over_full_before(session, before, over.line):
        return _take_out(session, over.line)
    session = replace(session, flow=standing.flow_of(session))
    if over is not None:
        return Step(session)
    if session.flow == "pack":
        if standing.complete(session) and not parcel.pieces:
            return opening.finish(session, "")
        return pack.full(session)
    if session.flow != "ship":
        return Step(session)
    was = _shipment(before, session.shipment_id)
    earlier = next((p for p in was.parcels if p.id == parcel.id), None) if was else None
    now = session.order.address_digest if session.order else ""
    moved = before is not None and before.address_digest != now
    if not ship.is_news(earlier, parcel, moved):
        return Step(session)
    if session.question is not None and session.question.kind == "did-it-come-out":
        session = replace(session, question=None)
    return ship.enter(session)


def _take_out(session: Session, line: str) -> Step:
    """The buyer took some back, and they lie in a box already."""
    parcel = session.parcel
    if parcel is None or not standing.packed_here(parcel, line):
        # They lie in a box that is closed: somebody must open it, and decide.
        held = hold.hold(replace(session, question=None), HoldKind.OPERATOR)
        told = reply.stop(held.session, word.STOP, orders.REDUCED_CLOSED, orders.ASIDE)
        return Step(told, held.effects)
    facts: list[f.Fact] = []
    if parcel.contents is Contents.WEIGHED:
        facts.append(f.WeightWithdrawn(parcel=parcel.id))
    if parcel.contents is not Contents.OPEN:
        if parcel.box:
            facts.append(f.BoxReturned(parcel=parcel.id))
        facts.append(f.ParcelUnchecked(parcel=parcel.id))
    step = record(replace(session, flow="pack", undo=(), question=None), *facts)
    name = standing.name_of(session, line)
    lines = (one for one in standing.lines(session) if one.line == line)
    extra = sum(-standing.remaining(session, one) for one in lines)
    told = reply.stop(step.session, word.STOP, orders.reduced(name, extra), pieces.TAKE_OUT)
    return Step(told, step.effects)


def _over_full_before(session: Session, before: Order | None, line: str) -> bool:
    if before is None:
        return False
    return any(
        one.line == line
        for one in [standing.too_many(replace(session, order=before))]
        if one is not None
    )


def _shipment(order: Order | None, id: str) -> Shipment | None:
    return next((s for s in order.shipments if s.id == id), None) if order else None
