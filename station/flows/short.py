"""What happens when a piece is not there?

pack, pick --SHORT--> which? --a piece--> that line --SHORT again--> it ships without the rest
                             --SHORT again--> the current line, likewise
When nothing at all is left to ship, the order is held for stock.
"""

from __future__ import annotations

from dataclasses import replace

from station.codes.code import CommandCode
from station.flows import hold, opening, pack, pick, reply, standing
from station.flows.flow import Input, Scanned, Step
from station.flows.record import go_on, record
from station.session import Question, Session
from station.wording import orders, pieces, word
from sync.orders import HoldKind
from sync.orders import facts as f


def ask(session: Session, line: str = "") -> Step:
    """Ask which line it is, and whether it is really not there."""
    line = line or _current(session)
    if not line:
        return Step(reply.refuse(session, word.NOT_YET, orders.NOTHING_MISSING, pieces.SEE_NEXT))
    question = Question(kind="short", about={"line": line})
    what = pieces.missing(standing.name_of(session, line), _missing(session, line))
    return Step(reply.ask(session, question, word.SHORT, what, pieces.SHORT_AGAIN))


def answer(session: Session, input: Input, question: Question) -> Step:
    """SHORT again, a piece of the line that is meant, or something else."""
    line = question.about["line"]
    match input:
        case Scanned(code=CommandCode(name="SHORT" | "DONE")):
            return _short(replace(session, question=None), line)
        case Scanned() if meant := [
            m for m in standing.matching(session, input) if _missing(session, m.line)
        ]:
            return ask(session, meant[0].line)
        case Scanned():
            return ask(session, line)
        case _:
            return Step(session)


def _short(session: Session, line: str) -> Step:
    count, name = _missing(session, line), standing.name_of(session, line)
    if count < 1:
        return Step(reply.refuse(session, word.NOT_YET, orders.NOTHING_MISSING, pieces.SEE_NEXT))
    short = f.LineShort(shipment=session.shipment_id, line=line, quantity=count)
    step = record(session, short)
    told = reply.calm(step.session, word.SHORT, pieces.ships_without(name, count), pieces.SEE_NEXT)
    return go_on(Step(told, step.effects), _on)


def _on(session: Session) -> Step:
    shipment, parcel = session.shipment, session.parcel
    if shipment is None:
        return Step(session)
    if standing.due(shipment) == 0:
        return hold.hold(session, HoldKind.STOCK)
    if session.flow == "pick":
        return pick.settled(session)
    if parcel is not None and not parcel.pieces and standing.complete(session):
        return opening.finish(session, "")
    return pack.full(session)


def _current(session: Session) -> str:
    noted = standing.note(session, "line")
    open_lines = [line for line, count in _all_missing(session).items() if count]
    return noted if noted in open_lines else next(iter(open_lines), "")


def _missing(session: Session, line: str) -> int:
    return _all_missing(session).get(line, 0)


def _all_missing(session: Session) -> dict[str, int]:
    """Pieces of each line that nobody packed, or in picking, picked."""
    packed, picking = standing.counts(session), session.flow == "pick"
    return {
        line.line: max(0, line.due - max(packed[line.line], line.picked if picking else 0))
        for line in standing.lines(session)
    }
