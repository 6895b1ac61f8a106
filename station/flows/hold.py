"""How is an order put aside for the supervisor, and how does it come back?

packing --HOLD--> sure? --HOLD again--> held: nothing of it is labelled or closed; next order
choose  --a held order, a supervisor logged in--> release? --DONE--> released and opened
Only holds of the bench's own making are released here: operator and stock.
"""

from __future__ import annotations

from dataclasses import replace

from station.codes.code import CommandCode
from station.flows import reply, standing
from station.flows.flow import Input, Scanned, Step
from station.flows.record import record
from station.session import Question, Session
from station.wording import orders, outside, word
from sync.orders import HoldKind, Order, Shipment
from sync.orders import facts as f

RELEASABLE = (HoldKind.OPERATOR, HoldKind.STOCK)


def ask(session: Session) -> Step:
    """Ask for the card once more: a packer cannot release what a packer held."""
    question = Question(kind="hold")
    return Step(reply.ask(session, question, word.HOLD, orders.HOLD_SURE, orders.HOLD_AGAIN))


def answer(session: Session, input: Input, question: Question) -> Step:
    """HOLD again, or something else."""
    match input:
        case Scanned(code=CommandCode(name="HOLD" | "DONE")):
            return hold(replace(session, question=None), HoldKind.OPERATOR)
        case Scanned():
            return ask(session)
        case _:
            return Step(session)


def hold(session: Session, kind: HoldKind) -> Step:
    """Put the order on hold and aside. Raises Impossible."""
    by = session.packer.badge if session.packer else ""
    number = session.order.channel_order_id if session.order else ""
    held = f.OrderHeld(shipment=session.shipment_id, hold=kind, why=f"bench {session.bench} {by}")
    step = record(session, held)
    told = reply.done(standing.put_down(step.session), word.HOLD, orders.held(number), orders.ASIDE)
    return Step(told, step.effects)


def releasable(session: Session, shipment: Shipment) -> bool:
    """Whether whoever is logged in may release all that holds it."""
    kinds = {hold.kind for hold in shipment.holds}
    return bool(kinds) and kinds <= set(RELEASABLE) and standing.supervises(session)


def ask_release(session: Session, order: Order, shipment: Shipment) -> Step:
    """Ask the supervisor whether it may go."""
    session = replace(standing.put_down(session), order=order, shipment_id=shipment.id)
    question = Question(kind="release")
    what = outside.is_held(shipment.holds[0])
    return Step(reply.ask(session, question, word.HOLD, what, orders.DONE_RELEASES))


def answer_release(session: Session, input: Input, question: Question) -> Step:
    """DONE, or something else."""
    shipment = session.shipment
    if shipment is None or session.order is None:
        return Step(standing.put_down(session))
    match input:
        case Scanned(code=CommandCode(name="DONE")):
            released = [
                f.HoldReleased(shipment=shipment.id, hold=hold.kind) for hold in shipment.holds
            ]
            step = record(replace(session, question=None), *released)
            number = session.order.channel_order_id
            told = reply.good(step.session, word.OK, orders.released(number), orders.SCAN_IT_AGAIN)
            return Step(standing.put_down(told), step.effects)
        case Scanned():
            return ask_release(session, session.order, shipment)
        case _:
            return Step(session)
