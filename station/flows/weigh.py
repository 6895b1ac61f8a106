"""What should the parcel weigh, and does it?

checked --a box code, where one is asked--> boxed
boxed   --a weight as expected--> weighed: ship
boxed   --another weight--> does a supervisor accept it? --badge--> weighed; UNDO opens the box
boxed   --DONE--> does a supervisor accept the expected weight? (the scale is broken)
Without a scale the expected weight counts, at once.
"""

from __future__ import annotations

from dataclasses import replace

from station.codes.code import BadgeCode, BoxCode, CommandCode
from station.flows import misplaced, reply, ship, standing
from station.flows.flow import Input, NotZeroed, Scanned, Step, Unweighed, Weighed
from station.flows.record import go_on, record
from station.prompt import Tone
from station.session import Question, Said, Session
from station.wording import parcels, people, word
from sync.orders import Contents
from sync.orders import facts as f


def standing_prompt(session: Session) -> Session:
    """Say what the scale waits for."""
    if _box_is_missing(session):
        return reply.calm(session, word.BOX, parcels.CHECKED, parcels.SCAN_BOX)
    return reply.calm(session, word.WEIGH, parcels.CHECKED, parcels.ON_THE_SCALE)


def enter(session: Session) -> Step:
    """The box is full: go on. Raises Impossible."""
    if not session.settings.scale and not _box_is_missing(session):
        return accept(session, _estimate(session), "expected")
    told = standing_prompt(session)
    # "OK 3/3" is the answer to the scan; what comes next is the second line of it.
    if session.said and session.said.tone is Tone.GOOD and told.said:
        return Step(replace(session, said=_with_next(session, told)))
    return Step(told)


def _with_next(session: Session, told: Session) -> Said | None:
    said, following = session.said, told.said
    if said is None or following is None:
        return following
    return Said(word=said.word, tone=said.tone, what=said.what, then=following.then)


def step(session: Session, input: Input) -> Step:
    """Say what to do about what just happened."""
    match input:
        case Weighed(grams=grams):
            return _weighed(session, grams)
        case NotZeroed():
            return Step(reply.refuse(session, word.NOT_YET, parcels.NOT_ZEROED, parcels.EMPTY_PAN))
        case Unweighed(why=why):
            what, then = parcels.scale_needs(why), parcels.EMPTY_PAN
            return Step(reply.refuse(session, word.NOT_YET, what, then))
        case Scanned(code=BoxCode(box=box)):
            return _choose_box(session, box)
        case Scanned(code=CommandCode(name="BOX", n=n)):
            kinds = session.settings.boxes
            return _choose_box(session, kinds[n - 1][0] if 0 < n <= len(kinds) else "")
        case Scanned(code=CommandCode(name="DONE")):
            return Step(_ask_without_scale(session))
        case Scanned() if standing.matching(session, input):
            line = standing.matching(session, input)[0]
            what = parcels.is_full(standing.name_of(session, line.line))
            return Step(reply.wrong(session, word.TOO_MANY, what, parcels.UNDO_OPENS))
        case Scanned():
            return misplaced.step(session, input)
        case _:
            return Step(session)


def _choose_box(session: Session, box: str) -> Step:
    parcel = session.parcel
    if parcel is None or box not in dict(session.settings.boxes):
        return Step(reply.refuse(session, word.UNKNOWN, parcels.no_such_box(box), parcels.SCAN_BOX))
    facts: list[f.Fact] = []
    if parcel.contents is Contents.BOXED:
        facts.append(f.BoxReturned(parcel=parcel.id))
    step = record(session, *facts, f.BoxChosen(parcel=parcel.id, box=box))
    told = reply.good(step.session, word.BOX, parcels.box(box), parcels.ON_THE_SCALE)
    return go_on(Step(told, step.effects), enter)


def _weighed(session: Session, grams: int) -> Step:
    if _box_is_missing(session):
        return Step(reply.refuse(session, word.BOX, parcels.BOX_FIRST, parcels.SCAN_BOX))
    if grams <= 0:
        return Step(reply.refuse(session, word.NOT_YET, parcels.NOTHING_ON_IT, parcels.EMPTY_PAN))
    expected = standing.expected_grams(session)
    if expected is not None and abs(grams - expected) > standing.tolerance_grams(session, expected):
        question = Question(kind="weight", about={"grams": str(grams), "how": "scale"})
        what = parcels.weighs(grams, expected)
        then = parcels.TOO_HEAVY if grams > expected else parcels.TOO_LIGHT
        return Step(reply.ask(session, question, word.WEIGHT, what, then))
    return accept(session, grams, "scale")


def _ask_without_scale(session: Session) -> Session:
    if _box_is_missing(session):
        return reply.refuse(session, word.BOX, parcels.BOX_FIRST, parcels.SCAN_BOX)
    grams = _estimate(session)
    question = Question(kind="weight", about={"grams": str(grams), "how": "expected"})
    return reply.ask(session, question, word.WEIGHT, parcels.unweighed(grams), people.SUPERVISOR)


def answer_weight(session: Session, input: Input, question: Question) -> Step:
    """A supervisor's badge came, or another weight, or something else."""
    match input:
        case Weighed() | NotZeroed():
            return step(replace(session, question=None), input)
        case Scanned(code=BadgeCode(), known=known):
            if known.packer is None or known.packer.role != "supervisor":
                what = people.NOT_A_SUPERVISOR
                return Step(reply.ask(session, question, word.WEIGHT, what, people.SUPERVISOR))
            grams, how = int(question.about["grams"]), question.about["how"]
            return accept(replace(session, question=None), grams, how)
        case Scanned():
            what = people.ONLY_A_SUPERVISOR
            return Step(reply.ask(session, question, word.WEIGHT, what, people.SUPERVISOR))
        case _:
            return Step(session)


def accept(session: Session, grams: int, how: str) -> Step:
    """Put the weight on record and go on to the label. Raises Impossible."""
    step = record(session, f.ParcelWeighed(parcel=session.parcel_id, grams=grams, how=how))
    return go_on(Step(replace(step.session, flow="ship"), step.effects), ship.enter)


def _box_is_missing(session: Session) -> bool:
    parcel, settings = session.parcel, session.settings
    asked = settings.ask_box and bool(settings.boxes)
    return asked and parcel is not None and parcel.contents is Contents.CHECKED


def _estimate(session: Session) -> int:
    """A weight without a scale: what is known of it, and never nought."""
    expected, parcel = standing.expected_grams(session), session.parcel
    if expected is None and parcel is not None and parcel.label is not None:
        expected = parcel.label.grams
    return max(1, expected or 0)
