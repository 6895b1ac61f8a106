"""How is a label given back for another one?

label bought --VOID--> sure? --VOID again--> asked back; the new one follows by itself (see ship)
"""

from __future__ import annotations

from dataclasses import replace

from station.codes.code import CommandCode
from station.flows import reply
from station.flows.flow import Input, Scanned, Step
from station.flows.record import record
from station.session import Question, Session
from station.wording import labels, word
from sync.orders import facts as f


def ask(session: Session) -> Step:
    """Ask for the card once more: the label was paid."""
    parcel = session.parcel
    if parcel is None or not parcel.label_usable:
        return Step(reply.refuse(session, word.NOT_YET, labels.NONE_YET, labels.WAIT_OR_PUT_ASIDE))
    question = Question(kind="void")
    return Step(reply.ask(session, question, word.VOID, labels.VOID_SURE, labels.VOID_AGAIN))


def answer(session: Session, input: Input, question: Question) -> Step:
    """VOID again, or something else."""
    match input:
        case Scanned(code=CommandCode(name="VOID" | "DONE")):
            plain = replace(session, question=None)
            step = record(plain, f.VoidRequested(parcel=session.parcel_id, why="replaced at bench"))
            told = reply.calm(step.session, word.VOID, labels.GIVING_BACK, labels.DESTROY_IT)
            return Step(told, step.effects)
        case Scanned():
            return ask(session)
        case _:
            return Step(session)
