"""How does the same label come out once more?

printed --REPRINT--> why? --BOX1..4, or any text--> the same bytes again, "COPY n"
three copies out --REPRINT, why--> does a supervisor want a fourth? --badge--> as above
unsure  --REPRINT--> did it come out? (see ship)
"""

from __future__ import annotations

from dataclasses import replace

from station import codes
from station.codes.code import BadgeCode, CommandCode
from station.flows import misplaced, reply, ship, standing
from station.flows.flow import Input, Scanned, Step
from station.session import Question, Session
from station.wording import labels, people, word
from sync.orders import PrintState

REASONS = ("torn", "unreadable", "lost", "jam")
"""By the number of the card; what they are called is in the wording."""
LONGEST_REASON = 60
MOST_COPIES = 3
"""More labels of one parcel lie about than anybody can keep an eye on: a supervisor decides."""
UNREADABLE = "unreadable"


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
    if parcel.copies >= MOST_COPIES and not standing.supervises(session):
        question = Question(kind="more-copies", about={"reason": reason})
        return Step(
            reply.ask(session, question, word.REPRINT, labels.MANY_COPIES, people.SUPERVISOR)
        )
    return _printed(session, reason)


def answer_more(session: Session, input: Input, question: Question) -> Step:
    """A supervisor's badge came, or the label itself after all, or something else."""
    match input:
        case Scanned(code=BadgeCode(), known=known):
            if known.packer is not None and known.packer.role == "supervisor":
                return _printed(replace(session, question=None), question.about["reason"])
            what = people.NOT_A_SUPERVISOR
            return Step(reply.ask(session, question, word.REPRINT, what, people.SUPERVISOR))
        case Scanned() if standing.tracking_of(input) == _tracking(session):
            return ship.step(replace(session, question=None), input)
        case Scanned():
            what = labels.MANY_COPIES
            return Step(reply.ask(session, question, word.REPRINT, what, people.SUPERVISOR))
        case _:
            return Step(session)


def _printed(session: Session, reason: str) -> Step:
    parcel = session.parcel
    if parcel is None or parcel.label is None:
        return ask(session)
    step = ship.print_label(session, parcel.label, parcel.copies + 1, reason)
    if reason == UNREADABLE and parcel.copies > 1:
        # Two that cannot be read are no accident: the head is dirty, or prints too dark.
        told = reply.good(step.session, word.LABEL, labels.CLEAN_HEAD, labels.SCAN_IT)
        return Step(told, step.effects)
    return step


def _tracking(session: Session) -> str:
    label = session.parcel.label if session.parcel else None
    return standing.same_form(label.tracking) if label else ""
