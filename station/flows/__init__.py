"""What a bench does about a scan. One file a flow; `step` is the one way in.

Flows are pure: no clock, no store, no waiting. `step` never raises and answers every input, in
this order:

1. what the disk refused is said, and nothing else changes;
2. news of the order or the printer is taken in, whatever is on the screen;
3. a latched bench hears an acknowledgement, and nothing else;
4. what the hub decided about earlier work is acknowledged before new work begins;
5. a pending question hears its answer, UNDO and CANCEL (which drop it), HELP, LANGUAGE,
   DEVICES;
6. commands that mean the same everywhere; a command that means nothing here says so;
7. the flow.

A fact that the lifecycle refuses (`Impossible`) leaves no trace of its step but a red verdict with
the reason: caught here, and nowhere else.

`prompt` and `verdict` say what is on the screen, `enter` what a fresh bench says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from station import commands
from station.codes.code import CommandCode
from station.flows import (
    choose,
    help,
    hold,
    late,
    login,
    news,
    notices,
    pack,
    pick,
    replacing,
    reply,
    reprint,
    ship,
    short,
    standing,
    undo,
    weigh,
)
from station.flows.flow import (
    Commanded,
    Input,
    Known,
    LateScans,
    Noticed,
    NotZeroed,
    PrinterTrouble,
    Refreshed,
    Refused,
    Scanned,
    Step,
    Unweighed,
    Weighed,
)
from station.flows.record import with_undo
from station.flows.view import instruction, prompt, verdict
from station.prompt import Tone
from station.session import NOTHING, Question, Said, Session
from station.wording import LANGUAGES, labels, orders, people, pieces, word
from station.wording.reasons import impossible
from sync.orders import Impossible, Order
from sync.orders.facts import Fact

FLOWS: Mapping[str, Callable[[Session, Input], Step]] = {
    "login": login.step,
    "choose": choose.step,
    "pick": pick.step,
    "pack": pack.step,
    "weigh": weigh.step,
    "ship": ship.step,
}
STANDING: Mapping[str, Callable[[Session], Session]] = {
    "login": login.standing_prompt,
    "choose": choose.standing_prompt,
    "pick": pick.standing_prompt,
    "pack": pack.standing_prompt,
    "weigh": weigh.standing_prompt,
    "ship": ship.standing_prompt,
}
"""What a flow says of itself when nothing just happened."""

QUESTIONS: Mapping[str, Callable[[Session, Input, Question], Step]] = {
    "serial": pack.answer_serial,
    "weight": weigh.answer_weight,
    "did-it-come-out": ship.answer_came_out,
    "why-copy": reprint.answer,
    "more-copies": reprint.answer_more,
    "void": replacing.answer,
    "hold": hold.answer,
    "release": hold.answer_release,
    "short": short.answer,
    "late": late.answer,
}
VERBS: Mapping[str, Callable[[Session], Step]] = {
    "UNDO": undo.step,
    "SHORT": short.ask,
    "HOLD": hold.ask,
    "REPRINT": reprint.ask,
    "VOID": replacing.ask,
    "LOGOUT": login.log_out,
}
"""Commands that are the same in every flow that accepts them; DONE, BOX, NEXTBOX are the flow's."""
MOST_PIECES = 999
"""On a QTY card: more than this is no count but a mistake."""


def enter(session: Session) -> Session:
    """Say what a bench says that has just started, or been put down."""
    return STANDING.get(session.flow, choose.standing_prompt)(session)


def step(session: Session, input: Input) -> Step:
    """Say what to do about what just happened. Never raises; has an answer for every input."""
    if session.flow not in FLOWS:
        session = replace(
            standing.put_down(session), flow="login" if not session.packer else "choose"
        )
    try:
        return notices.told(_with_undo(session, input, _answered(session, input)))
    except Impossible as refused:
        plain = replace(session, question=None, quantity=1)
        return Step(reply.wrong(plain, word.NO, *impossible(refused.reason)))


def _answered(session: Session, input: Input) -> Step:
    session = replace(session, devices=False) if session.devices else session
    match input:
        case Refused(why=why):
            told = reply.stop(session, word.STOP, people.disk_refused(why), people.MAKE_ROOM)
            return Step(replace(session, said=told.said, noticed=0))
        case PrinterTrouble(needs=needs):
            return Step(_printer(session, needs))
        case Refreshed():
            return _refreshed(session, input)
        case Noticed():
            return Step(notices.news(session))
        case LateScans():
            # What is red or asked already comes first; the caller asks again after it.
            busy = session.latched or session.question is not None
            return Step(session) if busy else late.ask(session, input)
        case Commanded(name=name):
            return _heard(session, _card(name))
        case Scanned() | Weighed() | NotZeroed() | Unweighed():
            return _heard(session, input)


def _card(name: str) -> Scanned:
    """A key is as good as its card: "BOX3" is the card BOX with a 3 on it."""
    letters = name.rstrip("0123456789")
    digits = name[len(letters) :][:4]
    return Scanned(CommandCode(letters, int(digits or 0)), raw="")


def _printer(session: Session, needs: str) -> Session:
    """Note it for the notice above the list; say it aloud where nothing waits for an answer."""
    was = standing.note(session, "printer")
    session = standing.noted(session, "printer", needs)
    if session.latched or session.question is not None or was == needs:
        return session
    if not needs:
        return reply.calm(session, word.PRINTER, labels.PRINTER_WELL, instruction(session))
    return reply.refuse(session, word.PRINTER, labels.printer_needs(needs), labels.IT_GOES_ON)


def _refreshed(session: Session, input: Refreshed) -> Step:
    """News is taken in at once; what latches or asks stays on the screen."""
    after = news.step(session, input)
    told = after.session
    open_question = session.question is not None and told.question == session.question
    if (session.latched or open_question) and not told.latched:
        kept = replace(told, said=session.said, latched=session.latched, noticed=session.noticed)
        return Step(kept, after.effects)
    return after


def _heard(session: Session, input: Scanned | Weighed | NotZeroed | Unweighed) -> Step:
    name = _card_name(input)
    if session.latched:
        return _acknowledged(session) if name == "ACK" else Step(_still_latched(session))
    if name == "HELP":
        return Step(help.turn(session))
    if name == "LANGUAGE":
        return Step(_other_language(session))
    if name == "DEVICES":
        return Step(replace(session, devices=True))
    if session.help_page:
        session = replace(session, help_page=0)
        if name == "ACK":
            return Step(session)
    if notices.due(session):
        return Step(notices.show(session))
    if _without_its_order(session):
        return news.step(session, Refreshed(None))
    if session.question is not None:
        return _asked(session, input, session.question, name)
    if name:
        return _command(session, input, name)
    if isinstance(input, Weighed | NotZeroed | Unweighed) and session.flow != "weigh":
        return Step(session)  # a box that is put down, or lifted off: nobody asked
    return FLOWS[session.flow](session, input)


def _card_name(input: Input) -> str:
    match input:
        case Scanned(code=CommandCode(name=name)):
            return name
        case _:
            return ""


def _without_its_order(session: Session) -> bool:
    """Whether the order that is open was taken away: the store has it no more."""
    picking_none = session.flow == "pick" and not session.shipment_id
    working = session.flow in commands.WITH_AN_ORDER and not picking_none
    return working and session.shipment is None


def _acknowledged(session: Session) -> Step:
    seen = notices.acknowledge(session) if session.noticed else Step(session)
    plain = replace(seen.session, latched=False)
    return Step(enter(plain) if plain.question is None else plain, seen.effects)


def _still_latched(session: Session) -> Session:
    said = session.said
    if said is None:
        return reply.stop(session, word.STOP, people.ACKNOWLEDGE)
    if said.tone is Tone.STOP and said.then != NOTHING:
        return session  # what to do with the box stays; the way out stands under it
    again = Said(word=said.word, tone=said.tone, what=said.what, then=people.ACKNOWLEDGE)
    return replace(session, said=again)


def _other_language(session: Session) -> Session:
    at = LANGUAGES.index(session.language) if session.language in LANGUAGES else -1
    return replace(session, language=LANGUAGES[(at + 1) % len(LANGUAGES)])


def _asked(session: Session, input: Input, question: Question, name: str) -> Step:
    if name in ("UNDO", "CANCEL"):
        dropped = undo.step(session)
        released = question.kind == "release"
        return Step(standing.put_down(dropped.session)) if released else dropped
    answer = QUESTIONS.get(question.kind)
    if answer is None:  # stored by a version that had more questions
        return Step(enter(replace(session, question=None)))
    return answer(session, input, question)


def _command(session: Session, input: Input, name: str) -> Step:
    command = commands.find(name)
    if command is None:
        return Step(reply.refuse(session, word.UNKNOWN, people.no_such_card(name), pieces.SEE_NEXT))
    if session.flow not in command.flows:
        what = people.not_now(word.command_label(name))
        return Step(reply.refuse(session, word.NOT_YET, what, instruction(session)))
    if name in VERBS:
        return VERBS[name](session)
    match name:
        case "ACK":
            return Step(enter(session))
        case "CANCEL":
            return Step(_put_down(session))
        case "QTY":
            return Step(_quantity(session, input))
        case _:
            return FLOWS[session.flow](session, input)


def _put_down(session: Session) -> Session:
    """The order stays as it is; another may be packed meanwhile."""
    parcel, order = session.parcel, session.order
    told = standing.put_down(session)
    if order is not None and session.flow == "ship" and parcel is not None and not parcel.closed:
        told = replace(told, pending=(*told.pending, f"waits:{order.channel_order_id}"))
    number = order.channel_order_id if order else ""
    return reply.calm(told, word.ASIDE, orders.put_down(number), orders.NEXT_ORDER)


def _quantity(session: Session, input: Input) -> Session:
    n = input.code.n if isinstance(input, Scanned) and isinstance(input.code, CommandCode) else 0
    if not 0 < n <= MOST_PIECES:
        return reply.refuse(session, word.NO, people.no_such_quantity(n), pieces.SEE_NEXT)
    counting = replace(session, quantity=n)
    return reply.calm(counting, word.quantity(n), pieces.counts(n), pieces.SCAN_NEXT)


def _with_undo(session: Session, input: Input, after: Step) -> Step:
    """Remember how the step is taken back; taking back is not remembered."""
    facts: list[Fact] = [e for e in after.effects if isinstance(e, Fact)]
    told = after.session
    if not facts or told.order is None or _takes_back(input):
        return after
    if isinstance(input, Refreshed):  # nobody's scan: there is nothing to take back
        return Step(replace(told, undo=()), after.effects)
    before = _order_before(session, input, told.order.id)
    if before is None:
        return after
    chain = with_undo(told.undo, before, facts, session.flow)
    return Step(replace(told, undo=chain), after.effects)


def _takes_back(input: Input) -> bool:
    match input:
        case Commanded(name="UNDO") | Scanned(code=CommandCode(name="UNDO")):
            return True
        case _:
            return False


def _order_before(session: Session, input: Input, id: str) -> Order | None:
    """The order as it was before the step, which may have opened it."""
    known = input.known if isinstance(input, Scanned) else Known()
    opened = (known.order, known.needing) if session.flow in ("choose", "login", "pick") else ()
    candidates = (*opened, session.order) if session.flow != "pick" else (session.order, *opened)
    return next((o for o in candidates if o is not None and o.id == id), None)


__all__ = [
    "FLOWS",
    "QUESTIONS",
    "STANDING",
    "VERBS",
    "Commanded",
    "Input",
    "Known",
    "LateScans",
    "NotZeroed",
    "PrinterTrouble",
    "Refreshed",
    "Refused",
    "Scanned",
    "Step",
    "Unweighed",
    "Weighed",
    "enter",
    "instruction",
    "prompt",
    "step",
    "verdict",
]
