"""How is the last scan taken back?

any flow --UNDO--> an open question is dropped, or a quantity, or the newest undo is carried out
It goes back to where that scan was made. What has no way back ends the chain, and says so.
"""

from __future__ import annotations

from dataclasses import replace

from station.flows import reply, standing
from station.flows.flow import Step
from station.flows.record import record
from station.session import NOTHING, Session, Text
from station.wording import orders, pieces, word
from sync.orders import facts as f
from sync.orders.facts import Fact


def step(session: Session) -> Step:
    """Take back what was scanned last. Raises Impossible."""
    if session.question is not None:
        plain = replace(session, question=None)
        return Step(reply.calm(plain, word.UNDONE, orders.QUESTION_DROPPED, pieces.SEE_NEXT))
    if session.quantity != 1:
        plain = replace(session, quantity=1)
        return Step(reply.calm(plain, word.UNDONE, pieces.ONE_AGAIN, pieces.SEE_NEXT))
    if not session.undo or session.order is None:
        return Step(reply.refuse(session, word.NOT_YET, *_why_not(session)))
    undo = session.undo[-1]
    step = record(replace(session, undo=session.undo[:-1], flow=undo.flow), *undo.facts)
    after = step.session
    for fact in undo.facts:
        if isinstance(fact, f.ParcelReopened):
            after = replace(after, done=max(0, after.done - 1))
        if isinstance(fact, f.OfParcel):
            after = replace(after, parcel_id=fact.parcel)
    what = _taken_back(session, undo.facts)
    if any(isinstance(fact, f.PackStopped | f.PickStopped) for fact in undo.facts):
        after = standing.put_down(after)
    return Step(reply.good(after, word.UNDONE, what, pieces.SEE_NEXT), step.effects)


def _why_not(session: Session) -> tuple[Text, Text]:
    parcel = session.parcel
    if parcel is not None and parcel.label_state != "none":
        return orders.LABEL_ASKED_FOR, orders.VOID_INSTEAD
    return orders.NOTHING_TO_UNDO, pieces.SEE_NEXT


def _taken_back(session: Session, facts: tuple[Fact, ...]) -> Text:
    for fact in reversed(facts):
        match fact:
            case f.ItemUnpacked(line=line) | f.PieceUnpicked(line=line):
                return pieces.taken_out(standing.name_of(session, line))
            case f.ItemPacked(line=line):
                return pieces.packed(standing.name_of(session, line))
            case f.ShortWithdrawn(line=line):
                return pieces.not_short(standing.name_of(session, line))
            case f.ParcelReopened():
                return orders.REOPENED
            case f.PackStopped() | f.PickStopped():
                return orders.PUT_DOWN
            case _:
                continue
    return NOTHING
