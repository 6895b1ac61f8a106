"""How does a weighed parcel get its one label, and how is it closed?

weighed  --enter--> label usable: print it; off by weight or address: give it back; none: ask for it
waiting  --news of the label or the print (Refreshed)--> as above
printed  --the label on the box--> closed: the next box, or done
printed  --a spoiled label, or somebody else's--> stop until acknowledged
unsure   --the label itself--> it came out: closed; REPRINT--> it did not; DONE--> it did
failed   --DONE--> ask once more
"""

from __future__ import annotations

from dataclasses import replace

from station.codes.code import CommandCode
from station.flows import misplaced, opening, reply, standing
from station.flows.flow import Input, PrintLabel, Scanned, Step
from station.flows.record import go_on, record
from station.session import Question, Session, Text
from station.wording import labels, orders, parcels, word
from sync.orders import Label, LabelState, Order, Parcel, PrintState
from sync.orders import facts as f
from sync.orders.label_key import label_key

UNSURE = (PrintState.SENDING, PrintState.SENT, PrintState.UNCERTAIN)
"""A label that is scanned in one of these states has come out: the scan proves it."""


def enter(session: Session) -> Step:
    """Do what the label needs now. Raises Impossible."""
    parcel, order = session.parcel, session.order
    if parcel is None or order is None:
        return Step(session)
    match parcel.label_state:
        case LabelState.NONE | LabelState.VOIDED | LabelState.VOID_REFUSED:
            return _request(session)
        case LabelState.BOUGHT if not parcel.void_wanted and parcel.label is not None:
            off = _why_off(session, parcel.label)
            if off is not None:
                return _give_back(session, off)
            if parcel.print_state is PrintState.NONE:
                return print_label(session, parcel.label, 1, "")
            return Step(standing_prompt(session))
        case _:
            return Step(standing_prompt(session))


def standing_prompt(session: Session) -> Session:
    """Say what the label waits for; decide nothing."""
    parcel = session.parcel
    if parcel is None:
        return session
    if parcel.void_wanted:
        return _wait(session, labels.GIVING_BACK)
    match parcel.label_state:
        case LabelState.UNCERTAIN:
            return _wait(session, labels.UNCERTAIN)
        case LabelState.FAILED:
            what = labels.refused(parcel.label_error)
            return reply.refuse(session, word.NO_LABEL, what, labels.AGAIN_OR_HOLD)
        case LabelState.BOUGHT if parcel.print_state is not PrintState.NONE:
            return _printing(session, parcel.print_state)
        case _:
            return _wait(session, labels.COMING)


def _printing(session: Session, state: PrintState) -> Session:
    if state is PrintState.UNCERTAIN:
        return ask_whether_it_came_out(session)
    what = labels.CAME_OUT if state is PrintState.PRINTED else labels.PRINTING
    return reply.good(session, word.LABEL, what, labels.SCAN_IT)


def _why_off(session: Session, label: Label) -> Text | None:
    """Why the label is not for this parcel any more, if so."""
    parcel, order = session.parcel, session.order
    if order is not None and label.address != order.address_digest:
        return labels.ADDRESS_CHANGED
    if parcel is not None and abs(label.grams - parcel.grams) > label.tolerance_grams:
        return labels.WEIGHT_CHANGED
    return None


def _request(session: Session) -> Step:
    parcel, order = session.parcel, session.order
    if parcel is None or order is None:
        return Step(session)
    if not order.address_digest:
        return Step(reply.stop(session, word.STOP, labels.NO_ADDRESS, orders.HOLD_IT))
    fact = f.LabelRequested(
        parcel=parcel.id,
        key=label_key(parcel, order.address_digest),
        grams=parcel.grams,
        address=order.address_digest,
    )
    step = record(session, fact)
    return Step(_wait(step.session, labels.COMING), step.effects)


def _give_back(session: Session, why: Text) -> Step:
    """The label is not for this parcel any more: it goes back to the carrier, another is bought."""
    reason = why.key.partition(".")[2].replace("_", " ")
    step = record(session, f.VoidRequested(parcel=session.parcel_id, why=reason))
    parcel = session.parcel
    if parcel is not None and parcel.print_state is not PrintState.NONE:
        return Step(reply.stop(step.session, word.STOP, why, labels.TAKE_IT_OFF), step.effects)
    return Step(_wait(step.session, why), step.effects)


def print_label(session: Session, label: Label, copy: int, reason: str) -> Step:
    """Queue the label and hand it to the spool. Raises Impossible."""
    job = f.print_job(label.tracking, copy)
    fact = f.PrintQueued(parcel=session.parcel_id, job=job, copy=copy, reason=reason)
    step = record(session, fact)
    told = reply.good(step.session, word.LABEL, labels.PRINTING, labels.SCAN_IT)
    effect = PrintLabel(session.parcel_id, job, label.sha256, copy)
    return Step(told, (*step.effects, effect))


def _wait(session: Session, what: Text) -> Session:
    return reply.calm(session, word.WAIT, what, labels.WAIT_OR_PUT_ASIDE)


def ask_whether_it_came_out(session: Session) -> Session:
    """Only a person knows."""
    job = session.parcel.print_job if session.parcel else ""
    question = Question(kind="did-it-come-out", about={"job": job})
    return reply.ask(session, question, word.PRINTER, labels.UNSURE, labels.SCAN_OR_REPRINT)


_ANSWERED = (PrintState.NONE, PrintState.QUEUED, PrintState.PRINTED)


def answer_came_out(session: Session, input: Input, question: Question) -> Step:
    """The label itself was scanned, or REPRINT (it did not), or DONE (it did)."""
    job, plain = question.about["job"], replace(session, question=None)
    parcel = session.parcel
    if parcel is None or parcel.print_job != job or parcel.print_state in _ANSWERED:
        return step(plain, input)  # it answered itself: another label, or the printer's counter
    match input:
        case Scanned(code=CommandCode(name="REPRINT")):
            fact: f.Fact = f.LabelNotPrinted(parcel=session.parcel_id, job=job, evidence="person")
            told = record(plain, fact)
            said = reply.good(told.session, word.LABEL, labels.PRINTED_AGAIN, labels.SCAN_IT)
            return Step(said, told.effects)
        case Scanned(code=CommandCode(name="DONE")):
            fact = f.LabelPrinted(parcel=session.parcel_id, job=job, evidence="person")
            told = record(plain, fact)
            said = reply.good(told.session, word.LABEL, labels.CAME_OUT, labels.SCAN_IT)
            return Step(said, told.effects)
        case Scanned() if _is_own_label(session, input):
            return _close(plain)
        case Scanned():
            return Step(ask_whether_it_came_out(session))
        case _:
            return Step(session)


def step(session: Session, input: Input) -> Step:
    """Say what to do about what just happened."""
    match input:
        case Scanned() if _is_own_label(session, input):
            return _close(session)
        case Scanned(code=CommandCode(name="DONE")):
            return _done(session)
        case Scanned(code=CommandCode()):
            return misplaced.step(session, input)
        case Scanned() if _is_spoiled(session, input):
            return Step(reply.stop(session, word.STOP, labels.SPOILED, labels.DESTROY_IT))
        case Scanned() if standing.matching(session, input):
            line = standing.matching(session, input)[0]
            what = parcels.is_full(standing.name_of(session, line.line))
            return Step(reply.wrong(session, word.TOO_MANY, what, labels.FINISH_FIRST))
        case Scanned(known=known) if known.order and known.parcel_id not in ("", session.parcel_id):
            what = _whose(session, known.order, known.parcel_id)
            return Step(reply.stop(session, word.WRONG, what, labels.PUT_IT_THERE))
        case Scanned():
            return misplaced.step(session, input)
        case _:
            return Step(session)


def _done(session: Session) -> Step:
    """Enter again what stands still: a refused label is asked for once more."""
    parcel = session.parcel
    if parcel is not None and parcel.label_state is LabelState.FAILED:
        return _request(session)
    if parcel is not None and parcel.print_state is not PrintState.NONE:
        return Step(reply.refuse(session, word.NOT_YET, labels.ONLY_THE_SCAN, labels.SCAN_IT))
    return enter(session)


def is_news(before: Parcel | None, after: Parcel, moved: bool) -> bool:
    """Whether what happened meanwhile asks for another step. `moved`: the buyer did."""
    return moved or before is None or _of_label(before) != _of_label(after)


def _of_label(parcel: Parcel) -> tuple[object, ...]:
    return (
        parcel.label_state,
        parcel.label,
        parcel.void_wanted,
        parcel.label_error,
        parcel.print_state,
        parcel.print_job,
    )


def _whose(session: Session, order: Order, parcel_id: str) -> Text:
    if session.order is not None and order.id == session.order.id:
        return labels.of_parcel(parcel_id.rpartition("/")[2])
    return labels.of_another(order.channel_order_id)


def _is_own_label(session: Session, scanned: Scanned) -> bool:
    parcel = session.parcel
    if parcel is None or parcel.label is None or isinstance(scanned.code, CommandCode):
        return False
    return standing.tracking_of(scanned) == standing.same_form(parcel.label.tracking)


def _is_spoiled(session: Session, scanned: Scanned) -> bool:
    spoiled = session.parcel.spoiled if session.parcel else ()
    return standing.tracking_of(scanned) in {standing.same_form(one) for one in spoiled}


def _close(session: Session) -> Step:
    """The label on the box was scanned."""
    parcel = session.parcel
    if parcel is None or parcel.label is None:
        return Step(session)
    if parcel.void_wanted:
        return Step(reply.stop(session, word.STOP, labels.SPOILED, labels.TAKE_IT_OFF))
    off = _why_off(session, parcel.label)
    if off is not None and parcel.label_state is LabelState.BOUGHT:
        return _give_back(session, off)
    facts: list[f.Fact] = []
    if parcel.print_state in UNSURE:
        job = parcel.print_job
        facts.append(f.LabelPrinted(parcel=parcel.id, job=job, evidence="closing scan"))
    step = record(session, *facts, f.ParcelClosed(parcel=parcel.id, tracking=parcel.label.tracking))
    session = replace(step.session, done=step.session.done + 1, quantity=1)
    return go_on(Step(session, step.effects), _next)


def _next(session: Session) -> Step:
    """The parcel is closed: on with the rest of the shipment, or with another order."""
    parcel, shipment, order = session.parcel, session.shipment, session.order
    if parcel is None or shipment is None or order is None:
        return Step(session)
    lane = parcel.label.lane if parcel.label else ""
    if standing.complete(session):
        return opening.finish(session, lane)
    step = opening.open_next(session)
    told = reply.done(
        step.session,
        word.CLOSED,
        parcels.closed(parcel.number, lane),
        orders.to_go(standing.to_go(step.session)),
    )
    return Step(told, step.effects)
