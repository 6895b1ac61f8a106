"""What becomes of scans that a scanner kept while it was out of range, and sends now?

They are on record and count for nothing, least of all for the order that happens to be open.

asked --DONE--> they are taken now, one after the other, as if they were scanned
asked --UNDO--> they are dropped
"""

from __future__ import annotations

from dataclasses import replace

from station.codes.code import CommandCode
from station.flows import reply
from station.flows.flow import Input, LateScans, Scanned, Step, TakeLate
from station.session import Question, Session
from station.wording import pieces, word


def ask(session: Session, late: LateScans) -> Step:
    """Ask what they are for."""
    question = Question(kind="late", about={"n": str(late.count), "first": late.first})
    return _ask(session, question)


def _ask(session: Session, question: Question) -> Step:
    count, first = int(question.about["n"]), question.about["first"]
    what = pieces.came_late(count, first)
    return Step(reply.ask(session, question, word.WAIT, what, pieces.TAKE_OR_DROP))


def answer(session: Session, input: Input, question: Question) -> Step:
    """DONE takes them; anything else asks again."""
    match input:
        case Scanned(code=CommandCode(name="DONE")):
            plain = replace(session, question=None)
            told = reply.calm(plain, word.OK, pieces.TAKEN_NOW, pieces.SEE_NEXT)
            return Step(told, (TakeLate(),))
        case Scanned():
            return _ask(session, question)
        case _:
            return Step(session)
