"""What is packed next? An order, a tote, a parcel's label, or simply a piece says it.

nothing open --an order of this bench--> open, where it stands (pack, weigh, ship, pick)
nothing open --a piece that an order here needs--> that order is open, the piece is in it
nothing open --a free tote--> pick
The order that was closed last stays in the session until the next one opens: UNDO may reopen it.
"""

from __future__ import annotations

from dataclasses import replace

from station.codes.code import BadgeCode, Garbled, OrderCode, Sscc, ToteCode, Tracking
from station.flows import hold, login, misplaced, opening, pack, pick, reply, ship, standing, weigh
from station.flows.flow import Input, Scanned, Step
from station.flows.record import go_on
from station.prompt import Tone
from station.session import Said, Session, Text
from station.wording import labels, notices, orders, outside, pieces, word
from sync.orders import Cancellation, HoldKind, Order, Shipment, State


def standing_prompt(session: Session) -> Session:
    """Ask for something to pack."""
    return reply.calm(session, word.READY, orders.NONE_OPEN, orders.SCAN_ONE)


def step(session: Session, input: Input) -> Step:
    """Say what to do about what just happened."""
    match input:
        case Scanned(code=BadgeCode()):
            return login.step(session, input)
        case Scanned() if _just_closed(session, input):
            return Step(_closed_again(session))
        case Scanned(known=known) if known.order is not None and not _is_free(input):
            return _open(session, known.order, input)
        case Scanned(code=ToteCode(tote=tote), known=known):
            return pick.begin_tote(session, tote, known.needing)
        case Scanned(code=OrderCode(number=number)):
            what = orders.not_here(number)
            return Step(reply.wrong(session, word.UNKNOWN, what, orders.PUT_ASIDE))
        case Scanned(known=known) if known.needing is not None:
            return _open_with_piece(session, known.needing, input)
        case Scanned(known=known) if known.item is not None:
            what = pieces.not_needed(known.item.name or known.item.sku)
            return Step(reply.wrong(session, word.NO_ORDER, what, pieces.PUT_BACK))
        case Scanned(code=Garbled()):
            return Step(reply.refuse(session, word.RESCAN, pieces.GARBLED, pieces.SCAN_AGAIN))
        case Scanned(code=Tracking(number=number) | Sscc(digits=number)):
            return Step(
                reply.wrong(session, word.UNKNOWN, labels.unknown(number), labels.PUT_ASIDE)
            )
        case Scanned() if misplaced.is_ours(input.code):
            return Step(reply.refuse(session, word.NOT_YET, pieces.NOT_ASKED, orders.SCAN_ONE))
        case Scanned():
            return misplaced.step(replace(session, order=None), input)
        case _:
            return Step(session)


def _just_closed(session: Session, scanned: Scanned) -> bool:
    """Whether it is the label that closed the last parcel: scanners repeat themselves."""
    parcel = session.parcel
    if parcel is None or parcel.label is None or not parcel.closed:
        return False
    return standing.tracking_of(scanned) == standing.same_form(parcel.label.tracking)


def _closed_again(session: Session) -> Session:
    order, parcel = session.order, session.parcel
    lane = parcel.label.lane if parcel and parcel.label else ""
    what = orders.finished(order.channel_order_id if order else "", lane)
    return reply.done(session, word.DONE, what, orders.NEXT_ORDER)


def _is_free(scanned: Scanned) -> bool:
    """Whether it is a tote whose order was packed: it can be used again."""
    order, known = scanned.known.order, scanned.known.shipment_id
    if order is None or not isinstance(scanned.code, ToteCode):
        return False
    of_tote = [s for s in order.shipments if known in ("", s.id) and s.tote == scanned.code.tote]
    return bool(of_tote) and all(s.state not in (*WORKABLE, State.READY) for s in of_tote)


def shipment_here(session: Session, order: Order, wanted: str) -> Shipment | None:
    """The shipment of an order that this bench works on."""
    here = [s for s in order.shipments if s.bench in ("", session.bench)]
    ranked = sorted(
        here or order.shipments, key=lambda s: (s.id != wanted, s.state not in WORKABLE)
    )
    return next(iter(ranked), None)


WORKABLE = (State.ALLOCATED, State.PICKING, State.PACKING)


def why_not(session: Session, order: Order, shipment: Shipment | None) -> Said | None:
    """Say why an order cannot be opened here; None if it can."""
    if shipment is None:
        return _no(word.EMPTY, orders.empty(order.channel_order_id), orders.PUT_ASIDE)
    if shipment.cancellation is Cancellation.CANCELLED:
        return _stop(orders.cancelled(order.channel_order_id), orders.CANCELLED_TOTE)
    if shipment.cancellation is Cancellation.REQUESTED:
        return _stop(orders.cancel_asked(order.channel_order_id), orders.PUT_ASIDE)
    if shipment.holds:
        return _no(word.HOLD, outside.is_held(shipment.holds[0]), orders.PUT_ASIDE)
    if not order.lines or not standing.due(shipment):
        return _no(word.EMPTY, orders.empty(order.channel_order_id), orders.PUT_ASIDE)
    match shipment.state:
        case State.PENDING_PAYMENT:
            return _no(word.NOT_YET, orders.is_held(HoldKind.PAYMENT), orders.PUT_ASIDE)
        case State.READY if shipment.wanted:
            what = orders.elsewhere(order.channel_order_id, shipment.wanted)
            return _no(word.NOT_HERE, what, orders.BRING_IT)
        case State.READY:
            return _no(word.NOT_YET, orders.unassigned(order.channel_order_id), orders.PUT_ASIDE)
        case State.ALLOCATED | State.PICKING | State.PACKING:
            if shipment.bench not in ("", session.bench):
                what = orders.elsewhere(order.channel_order_id, shipment.bench)
                return _no(word.NOT_HERE, what, orders.BRING_IT)
            if session.lease_over and shipment.state is State.ALLOCATED:
                return _no(word.NOT_YET, notices.LEASE_OVER, notices.BEGUN_GO_ON)
            return None
        case _:
            what = orders.already_packed(order.channel_order_id)
            return _no(word.PACKED, what, orders.TO_ITS_LANE)


def _stop(what: Text, then: Text) -> Said:
    return Said(word=word.STOP, tone=Tone.STOP, what=what, then=then)


def _no(word_: Text, what: Text, then: Text) -> Said:
    return Said(word=word_, tone=Tone.BAD, what=what, then=then)


def _open(session: Session, order: Order, scanned: Scanned) -> Step:
    shipment = shipment_here(session, order, scanned.known.shipment_id)
    if _is_spoiled(order, scanned):
        return Step(reply.stop(session, word.STOP, labels.SPOILED, labels.TAKE_IT_OFF))
    refused = why_not(session, order, shipment)
    if shipment is None or refused is not None:
        if (
            shipment
            and refused
            and refused.word == word.HOLD
            and hold.releasable(session, shipment)
        ):
            return hold.ask_release(session, order, shipment)
        return Step(replace(session, said=refused, latched=True))
    walking = shipment.state is State.PICKING and not pick.picked_all(shipment)
    if walking and isinstance(scanned.code, ToteCode):
        return pick.resume(session, order, shipment)
    begun = opening.begin(session, order, shipment.id)
    return go_on(begun, lambda opened: _enter(opened, scanned))


def _is_spoiled(order: Order, scanned: Scanned) -> bool:
    text = standing.tracking_of(scanned)
    return any(
        text == standing.same_form(spoiled)
        for shipment in order.shipments
        for parcel in shipment.parcels
        for spoiled in parcel.spoiled
    )


def _enter(session: Session, scanned: Scanned) -> Step:
    if session.flow == "pack":
        if standing.complete(session) and session.parcel and not session.parcel.pieces:
            return opening.finish(session, "")
        number = session.order.channel_order_id if session.order else ""
        to_go = orders.to_go(standing.to_go(session))
        return pack.full(reply.good(session, word.PACK, orders.opened(number), to_go))
    if session.flow == "weigh":
        return weigh.enter(replace(session, said=None))
    label = session.parcel.label if session.parcel else None
    if label and standing.tracking_of(scanned) == standing.same_form(label.tracking):
        return ship.step(session, scanned)
    return ship.enter(session)


def _open_with_piece(session: Session, order: Order, scanned: Scanned) -> Step:
    shipment = shipment_here(session, order, scanned.known.shipment_id)
    refused = why_not(session, order, shipment)
    if shipment is None or refused is not None:
        return Step(replace(session, said=refused, latched=True))
    quantity = session.quantity
    begun = opening.begin(session, order, shipment.id)

    def with_piece(opened: Session) -> Step:
        if opened.flow != "pack" or not standing.matching(opened, scanned):
            return _enter(opened, scanned)
        return pack.piece(replace(opened, quantity=quantity), scanned)

    return go_on(begun, with_piece)
