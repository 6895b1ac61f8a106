"""What happens when somebody walks for an order? Shelf by shelf, into a tote.

no tote  --a free tote--> which order? --an order--> picking
picking  --a bin--> at that bin --a piece from it--> counted
picking  --the last piece--> choose: the tote can be packed
picking  --DONE, CANCEL--> choose: the rest is picked later; SHORT--> see short
"""

from __future__ import annotations

import re
from dataclasses import replace

from station.codes.code import BinCode, CommandCode, ToteCode
from station.flows import misplaced, reply, standing
from station.flows.flow import Input, Scanned, Step
from station.flows.record import go_on, record
from station.session import Session, Text
from station.wording import notices, orders, pieces, word
from sync.orders import Order, Shipment, ShipmentLine, State
from sync.orders import facts as f

Place = tuple[tuple[int, int, str], ...]


def standing_prompt(session: Session) -> Session:
    """Say where to go, and what to take."""
    if session.order is None:
        tote = standing.note(session, "tote")
        return reply.calm(session, word.PICK, orders.free_tote(tote), orders.SCAN_FOR_TOTE)
    line = current(session)
    if line is None:
        return reply.done(session, word.COMPLETE, orders.PICKED, orders.PACK_TOTE)
    name, bin = standing.name_of(session, line.line), _bin(session, line)
    at_it = not bin or standing.note(session, "bin") == bin
    what = pieces.take(name, line.due - line.picked)
    return reply.calm(session, word.PICK, what, pieces.SCAN_NEXT if at_it else pieces.go_to(bin))


def begin_tote(session: Session, tote: str, order: Order | None) -> Step:
    """A free tote was scanned: take it for an order. Raises Impossible."""
    session = replace(standing.put_down(session), flow="pick")
    session = standing.noted(session, "tote", tote)
    if order is not None:
        return _start(session, order)
    return Step(standing_prompt(session))


def resume(session: Session, order: Order, shipment: Shipment) -> Step:
    """Go on walking for an order that was begun."""
    session = replace(standing.put_down(session), flow="pick", order=order, shipment_id=shipment.id)
    return Step(standing_prompt(standing.noted(session, "tote", shipment.tote)))


def _start(session: Session, order: Order) -> Step:
    tote = standing.note(session, "tote")
    allocated = (s for s in order.shipments if s.state is State.ALLOCATED)
    shipment = next((s for s in allocated if s.bench in ("", session.bench)), None)
    if shipment is None or shipment.stopped or not standing.due(shipment):
        what = orders.not_to_pick(order.channel_order_id)
        return Step(reply.refuse(session, word.NOT_YET, what, orders.SCAN_FOR_TOTE))
    if session.lease_over:
        then = notices.BEGUN_GO_ON
        return Step(reply.refuse(session, word.NOT_YET, notices.LEASE_OVER, then))
    session = replace(session, order=order, shipment_id=shipment.id, undo=())
    step = record(session, f.PickStarted(shipment=shipment.id, tote=tote))
    return Step(standing_prompt(step.session), step.effects)


def step(session: Session, input: Input) -> Step:
    """Say what to do about what just happened."""
    match input:
        case Scanned(code=CommandCode(name="DONE")):
            return Step(_stop(session))
        case Scanned(code=CommandCode()):
            return misplaced.step(session, input)
        case Scanned() if session.order is None:
            return _for_tote(session, input)
        case Scanned(code=BinCode(bin=bin)):
            return Step(_at_bin(session, bin))
        case Scanned() if standing.matching(session, input):
            return _pick(session, input)
        case Scanned():
            return misplaced.step(session, input)
        case _:
            return Step(session)


def _for_tote(session: Session, scanned: Scanned) -> Step:
    wanted = scanned.known.order or scanned.known.needing
    if wanted is not None and not isinstance(scanned.code, ToteCode):
        return _start(session, wanted)
    if isinstance(scanned.code, ToteCode) and scanned.known.order is None:
        return begin_tote(session, scanned.code.tote, scanned.known.needing)
    answered = misplaced.step(session, scanned).session
    return Step(replace(answered, latched=False))


def _stop(session: Session) -> Session:
    return reply.calm(standing.put_down(session), word.READY, orders.TOTE_ASIDE, orders.SCAN_ONE)


def _at_bin(session: Session, bin: str) -> Session:
    open_here = [line for line in _open(session) if _bin(session, line) == bin]
    if not open_here:
        line = current(session)
        there = _bin(session, line) if line else ""
        return reply.wrong(session, word.WRONG, pieces.wrong_bin(bin), pieces.go_to(there))
    line = open_here[0]
    session = standing.noted(session, "bin", bin)
    what = pieces.take(standing.name_of(session, line.line), line.due - line.picked)
    return reply.good(session, word.take(line.due - line.picked), what, pieces.SCAN_NEXT)


def _pick(session: Session, scanned: Scanned) -> Step:
    count = session.quantity * standing.pieces_in(scanned)
    session = replace(session, quantity=1)
    candidates = standing.matching(session, scanned)
    name = standing.name_of(session, candidates[0].line)
    here = standing.note(session, "bin")
    at_bin = [c for c in candidates if _bin(session, c) in ("", here)]
    if not at_bin:
        there = _bin(session, candidates[0])
        return Step(reply.refuse(session, word.BIN, pieces.BIN_FIRST, pieces.go_to(there)))
    fits = next((c for c in at_bin if c.due - c.picked >= count), None)
    if fits is None:
        room = max(c.due - c.picked for c in at_bin)
        if room > 0:
            what = pieces.only_so_many_fit(name, room, count)
            return Step(reply.wrong(session, word.TOO_MANY, what, pieces.COUNT_AGAIN))
        what = pieces.enough(name, at_bin[0].due)
        return Step(reply.wrong(session, word.TOO_MANY, what, pieces.BACK_TO_BIN))
    picked = f.PiecePicked(shipment=session.shipment_id, line=fits.line, quantity=count)
    step = record(standing.noted(session, "line", fits.line), picked)
    told = reply.good(
        step.session,
        word.count(fits.picked + count, fits.due),
        pieces.picked(name),
        _next(step.session),
    )
    return go_on(Step(told, step.effects), settled)


def _next(session: Session) -> Text:
    line = current(session)
    if line is None:
        return orders.PACK_TOTE
    bin = _bin(session, line)
    return pieces.SCAN_NEXT if bin in ("", standing.note(session, "bin")) else pieces.go_to(bin)


def settled(session: Session) -> Step:
    """Everything that is there lies in the tote: it can be packed."""
    if current(session) is not None or session.order is None:
        return Step(session)
    # The order stays, closed to scans, so that the last piece can still be taken back.
    return Step(
        reply.done(replace(session, flow="choose"), word.COMPLETE, orders.PICKED, orders.PACK_TOTE)
    )


def picked_all(shipment: Shipment) -> bool:
    """Whether all that is there was picked."""
    return all(line.picked >= line.due for line in shipment.lines)


def current(session: Session) -> ShipmentLine | None:
    """The next line on the way; first what lies in the bin where the picker stands."""
    waiting, here = _open(session), standing.note(session, "bin")
    return next(
        (w for w in waiting if here and _bin(session, w) == here), next(iter(waiting), None)
    )


def in_walk_order(session: Session) -> list[ShipmentLine]:
    """All lines by zone, aisle and bin, numbers counted as numbers."""
    items = standing.items(session)
    return sorted(standing.lines(session), key=lambda line: walk_key(items[line.line].bin))


def _open(session: Session) -> list[ShipmentLine]:
    return [line for line in in_walk_order(session) if line.picked < line.due]


def _bin(session: Session, line: ShipmentLine) -> str:
    return session.order.line(line.line).bin if session.order else ""


def walk_key(bin: str) -> Place:
    """Sort A-2-1 before A-12-3.

    >>> sorted(["A-12-3", "B-1-1", "A-2-1"], key=walk_key)
    ['A-2-1', 'A-12-3', 'B-1-1']
    """
    parts = re.findall(r"[0-9]+|[^0-9]+", bin)
    return tuple((0, int(p), "") if p.isdecimal() else (1, 0, p) for p in parts)
