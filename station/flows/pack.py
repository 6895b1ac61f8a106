"""What happens when somebody packs? Every piece is scanned into the box.

open       --a piece that is still to go--> open, or the box is full: weigh
open       --a piece whose serial is asked--> serial? --the serial--> as above
open       --NEXTBOX--> weigh, the rest goes into another parcel
over-full  --a piece of the line that was reduced--> open: it was taken out
open       --one too many, a wrong or an unknown thing--> red until acknowledged
anything else leaves the order as it is and says why
"""

from __future__ import annotations

from dataclasses import replace

from station.codes.code import CommandCode, Gtin
from station.flows import misplaced, opening, reply, standing, weigh
from station.flows.flow import Effect, Input, Print, Scanned, Step
from station.flows.record import go_on, record
from station.session import Question, Session, Text
from station.wording import orders, parcels, pieces, word
from sync.orders import Contents, ShipmentLine
from sync.orders import facts as f

SLIP = "packing_slip"
LONGEST_SERIAL = 60
"""Characters; the longest that GS1 knows has 30."""


def standing_prompt(session: Session) -> Session:
    """Say where packing stands, when nothing else has to be said."""
    if standing.too_many(session) is not None:
        return reply.calm(session, word.PACK, *_take_out_first(session))
    return reply.calm(session, word.PACK, orders.to_go(standing.to_go(session)), pieces.SCAN_NEXT)


def step(session: Session, input: Input) -> Step:
    """Say what to do about what just happened."""
    match input:
        case Scanned(code=CommandCode(name="NEXTBOX")):
            return _next_box(session)
        case Scanned(code=CommandCode(name="DONE")):
            return _done(session)
        case Scanned(code=CommandCode(name="BOX")):
            return Step(reply.refuse(session, word.NOT_YET, parcels.BOX_LATER, pieces.SCAN_NEXT))
        case Scanned() if standing.matching(session, input):
            return piece(session, input)
        case Scanned():
            return misplaced.step(session, input)
        case _:
            return Step(session)


def piece(session: Session, scanned: Scanned) -> Step:
    """A piece of this order was scanned. Raises Impossible."""
    count = session.quantity * standing.pieces_in(scanned)
    session = replace(session, quantity=1)
    candidates = standing.matching(session, scanned)
    over = _over_full(session, candidates)
    if over is not None:
        return _take_out(session, over)
    fits = next((c for c in candidates if standing.remaining(session, c) >= count), None)
    if fits is None:
        return Step(_too_many(session, candidates, count))
    serial = scanned.code.serial if isinstance(scanned.code, Gtin) else ""
    if session.order and session.order.line(fits.line).serial_required:
        name = standing.name_of(session, fits.line)
        if count != 1:
            return Step(reply.wrong(session, word.SERIAL, pieces.one_by_one(name), pieces.ONE))
        if not serial:
            return Step(_ask_serial(session, fits.line, scanned))
    else:
        serial = ""
    return _put_in(session, fits.line, count, serial)


def _over_full(session: Session, candidates: list[ShipmentLine]) -> ShipmentLine | None:
    for line in candidates:
        here = standing.packed_here(session.parcel, line.line)
        if standing.remaining(session, line) < 0 and here:
            return line
    return None


def _take_out(session: Session, line: ShipmentLine) -> Step:
    here = next(p for p in session.parcel.packed if p.line == line.line) if session.parcel else None
    serial = here.serials[0] if here and here.serials else ""
    name = standing.name_of(session, line.line)
    out = f.ItemUnpacked(parcel=session.parcel_id, line=line.line, serial=serial)
    step = record(session, out)
    told = reply.good(step.session, word.OUT, pieces.taken_out(name), pieces.SCAN_NEXT)
    return go_on(Step(told, step.effects), full)


def _too_many(session: Session, candidates: list[ShipmentLine], count: int) -> Session:
    line = max(candidates, key=lambda c: standing.remaining(session, c))
    name, room = standing.name_of(session, line.line), standing.remaining(session, line)
    if room > 0:
        what = pieces.only_so_many_fit(name, room, count)
        return reply.wrong(session, word.TOO_MANY, what, pieces.COUNT_AGAIN)
    what = pieces.enough(name, line.due)
    return reply.wrong(session, word.TOO_MANY, what, pieces.PUT_BACK)


def _ask_serial(session: Session, line: str, scanned: Scanned) -> Session:
    digits = scanned.code.digits if isinstance(scanned.code, Gtin) else ""
    question = Question(kind="serial", about={"line": line, "gtin": digits})
    name = standing.name_of(session, line)
    return reply.ask(session, question, word.SERIAL, pieces.serial_of(name), pieces.SCAN_SERIAL)


def answer_serial(session: Session, input: Input, question: Question) -> Step:
    """The serial number came, or something else did."""
    if not isinstance(input, Scanned):
        return Step(session)
    serial = "".join(c for c in input.raw if c.isprintable()).strip()
    again = standing.matching(session, input) or misplaced.is_ours(input.code)
    if again or not 0 < len(serial) <= LONGEST_SERIAL:
        name = standing.name_of(session, question.about["line"])
        what = pieces.no_serial(name)
        return Step(reply.ask(session, question, word.SERIAL, what, pieces.SCAN_SERIAL))
    if isinstance(input.code, Gtin) and input.code.serial:
        serial = input.code.serial
    return _put_in(replace(session, question=None), question.about["line"], 1, serial)


def _put_in(session: Session, line: str, count: int, serial: str) -> Step:
    fact = f.ItemPacked(parcel=session.parcel_id, line=line, quantity=count, serial=serial)
    step = record(standing.noted(session, "line", line), fact)
    session = step.session
    of_line = next(one for one in standing.lines(session) if one.line == line)
    told = reply.good(
        session,
        word.count(standing.packed(session, of_line), of_line.due),
        pieces.packed(standing.name_of(session, line)),
        orders.to_go(standing.to_go(session)),
    )
    return go_on(Step(told, step.effects), full)


def full(session: Session) -> Step:
    """Go on to the scale if every piece is in. Raises Impossible."""
    parcel = session.parcel
    ready = parcel is not None and parcel.contents is Contents.OPEN and parcel.pieces > 0
    return _check(session) if ready and standing.complete(session) else Step(session)


def _next_box(session: Session) -> Step:
    parcel = session.parcel
    if parcel is None or not parcel.pieces:
        return Step(reply.refuse(session, word.NOT_YET, parcels.EMPTY_BOX, pieces.SCAN_NEXT))
    if standing.too_many(session) is not None:
        return Step(reply.refuse(session, word.NOT_YET, *_take_out_first(session)))
    return _check(replace(session, said=None))


def _done(session: Session) -> Step:
    if standing.too_many(session) is not None:
        return Step(reply.refuse(session, word.NOT_YET, *_take_out_first(session)))
    if standing.complete(session):
        packed_here = session.parcel is not None and session.parcel.pieces
        return full(session) if packed_here else opening.finish(session, "")
    missing = orders.missing(standing.to_go(session))
    return Step(reply.refuse(session, word.NOT_YET, missing, orders.SHORT_OR_HOLD))


def _take_out_first(session: Session) -> tuple[Text, Text]:
    line = standing.too_many(session)
    name = standing.name_of(session, line.line) if line else ""
    return orders.reduced(name, -standing.remaining(session, line) if line else 0), pieces.TAKE_OUT


def _check(session: Session) -> Step:
    """Every piece that goes into this box is in it."""
    id = session.parcel_id
    facts: list[f.Fact] = [f.ParcelChecked(parcel=id)]
    box = standing.proposed_box(session)
    if box and not session.settings.ask_box:
        facts.append(f.BoxChosen(parcel=id, box=box))
    step = record(session, *facts)
    papers: tuple[Effect, ...] = ()
    slip = session.settings.slip and standing.complete(step.session)
    if session.order and slip:
        papers = (Print(SLIP, session.order.id, id),)
    weighing = replace(step.session, flow="weigh")
    return go_on(Step(weighing, (*step.effects, *papers)), weigh.enter)
