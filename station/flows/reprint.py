"""How does the same label come out once more?

printed --REPRINT--> why? --BOX1..4, or any text--> the same bytes again, "COPY n"
unsure  --REPRINT--> did it come out? (see ship)
"""

from __future__ import annotations

from dataclasses import replace

from station import codes
from station.codes.code import CommandCode
from station.flows import misplaced, reply, ship, standing
from station.flows.flow import Input, Scanned, Step
from station.session import Question, Session
from station.wording import labels, word
from sync.orders import PrintState

REASONS = ("torn", "unreadable", "lost", "jam")
"""By the number of the card; what they are called is in the wording."""
LONGEST_REASON = 60


def ask(session: Session) -> Step:
    """Ask why; or whether it came out at all, when nobody knows that."""
    parcel = session.parcel
    if parcel is None or parcel.label is None or not parcel.label_usable:
        return Step(reply.refuse(session, word.NOT_YET, labels.NONE_YET, labels.WAIT_OR_PUT_ASIDE))
    match parcel.print_state:
        case PrintState.UNCERTAIN | PrintState.SENT:
            return Step(ship.ask_whether_it_came_out(session))
        case PrintState.PRINTED:
            question = Question(kind="why-copy")
            return Step(reply.ask(session, question, word.REPRINT, labels.WHY, labels.REASONS))
        case PrintState.NONE | PrintState.QUEUED | PrintState.SENDING:
            return Step(reply.refuse(session, word.NOT_YET, labels.PRINTING, labels.SCAN_IT))


def answer(session: Session, input: Input, question: Question) -> Step:
    """The reason came, or the label itself after all."""
    plain = replace(session, question=None)
    match input:
        case Scanned(code=CommandCode(name="BOX", n=n)) if 0 < n <= len(REASONS):
            return _again(plain, REASONS[n - 1])
        case Scanned() if standing.tracking_of(input) == _tracking(session):
            return ship.step(plain, input)
        case Scanned(raw=raw) if not misplaced.is_ours(input.code) and codes.bare(raw):
            return _again(plain, codes.bare(raw)[:LONGEST_REASON])
        case Scanned():
            return ask(session)
        case _:
            return Step(session)


def _again(session: Session, reason: str) -> Step:
    parcel = session.parcel
    if parcel is None or parcel.label is None:
        return ask(session)
    return ship.print_label(session, parcel.label, parcel.copies + 1, reason)


def _tracking(session: Session) -> str:
    label = session.parcel.label if session.parcel else None
    return standing.same_form(label.tracking) if label else ""
