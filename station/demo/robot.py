"""What does a packer do next? Looks at what is to be seen and says one move. Pure.

It knows what a packer knows: what the screen says, what lies on the trolley, which labels came
out of the printer, whether something stands on the scale. It remembers nothing: after a crash it
goes on from what it sees. Chance comes in; sometimes it makes an honest mistake, or does one of
the unusual things that packers do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from station.codes.code import BadgeCode, CommandCode, OrderCode
from station.codes.own import write
from station.session import Question, Session
from sync.orders import Contents, Line, Order, Parcel, PrintState, Shipment

NOT_OURS = "4006381333931"
"""A highlighter: the best-known GTIN there is, and nothing that the demo's shop sells."""
STUCK_SECONDS = 4.0
"""How long nothing may happen before a packer tries something else."""


@dataclass(frozen=True, slots=True)
class Scan:
    """Pull the trigger of the scanner at a code."""

    text: str


@dataclass(frozen=True, slots=True)
class Weigh:
    """Put the parcel on the scale."""

    grams: int


@dataclass(frozen=True, slots=True)
class Lift:
    """Take it off."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Look again when something has changed."""


Move = Scan | Weigh | Lift | Wait


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What there is to be seen from where the packer stands."""

    session: Session
    badge: str
    waiting: Sequence[Order] = ()
    """The next orders on the trolley."""
    out: Mapping[str, int] = field(default_factory=dict)
    """How often a label came out of the printer, by what its barcode says."""
    printing: bool = False
    """The printer has something to do, or waits for paper."""
    on_scale: int = 0
    """Grams."""
    idle: float = 0.0
    """Seconds since anything changed."""


def next_move(seen: Seen, throw: Random, mistakes: float) -> Move:
    """Say what to do now. `mistakes`: the share of moves that are wrong or unusual."""
    session = seen.session
    if session.latched:
        return command("ACK")
    if session.question is not None:
        return _answer(seen, session.question, throw)
    if session.packer is None:
        return badge(seen)
    order, shipment = session.order, session.shipment
    if order is None or shipment is None:
        return Lift() if seen.on_scale else _open_next(seen, throw)
    return _work(seen, order, shipment, throw, mistakes)


def badge(seen: Seen) -> Scan:
    """Scan the packer's badge."""
    return Scan(write(BadgeCode(seen.badge)))


def command(name: str, n: int = 0) -> Scan:
    """Scan a card of the command sheet."""
    return Scan(write(CommandCode(name, n)))


def _open_next(seen: Seen, throw: Random) -> Move:
    """Take the next order from the trolley: by its pick sheet, or just by a piece of it."""
    for order in seen.waiting:
        gtins = [line.gtins[0] for line in order.lines if line.gtins]
        if gtins and throw.random() < 0.5:
            return Scan(printed(throw.choice(gtins)))
        return Scan(write(OrderCode(order.channel_order_id)))
    return Wait()


def _work(seen: Seen, order: Order, shipment: Shipment, throw: Random, mistakes: float) -> Move:
    """Go on with the order that is open."""
    session, parcel = seen.session, seen.session.parcel
    if shipment.stopped:
        return command("DONE")
    if parcel is not None and parcel.contents in (Contents.CHECKED, Contents.BOXED):
        return _weigh(seen, order, parcel)
    if seen.on_scale:
        return Lift()
    if missing := _missing(order, shipment):
        if throw.random() < mistakes:
            return _odd_piece(seen, shipment, missing, throw)
        return _piece(session, shipment, missing, throw)
    if parcel is None or parcel.closed:
        return command("DONE")
    return _stick(seen, parcel, throw, mistakes)


def _missing(order: Order, shipment: Shipment) -> list[Line]:
    return [
        order.line(part.line) for part in shipment.lines if shipment.packed(part.line) < part.due
    ]


def _piece(session: Session, shipment: Shipment, missing: list[Line], throw: Random) -> Move:
    """Put the next piece into the box; many alike go in at once, with the QTY card."""
    line = missing[0]
    if not line.gtins:
        return command("HOLD")
    due = next(part.due for part in shipment.lines if part.line == line.id)
    left = due - shipment.packed(line.id)
    alike = left >= 3 and not line.serial_required and session.quantity == 1
    if alike and throw.random() < 0.5:
        return command("QTY", left)
    return Scan(printed(line.gtins[0]))


def _odd_piece(seen: Seen, shipment: Shipment, missing: list[Line], throw: Random) -> Move:
    """Do what happens at real benches."""
    begun = any(shipment.packed(part.line) for part in shipment.lines)
    full = [line for line in shipment.lines if shipment.packed(line.line) == line.due > 0]
    order = seen.session.order
    match throw.choice(("wrong", "over", "undo", "short", "hold", "smudge", "order")):
        case "over" if full and order is not None and order.line(full[0].line).gtins:
            return Scan(printed(order.line(full[0].line).gtins[0]))
        case "undo" if begun:
            return command("UNDO")
        case "short" if begun and len(missing) == 1:
            return command("SHORT")
        case "hold" if throw.random() < 0.3:
            return command("HOLD")
        case "smudge":
            return Scan(printed(missing[0].gtins[0])[:-2] if missing[0].gtins else "40")
        case "order" if seen.waiting:
            return Scan(write(OrderCode(seen.waiting[-1].channel_order_id)))
        case _:
            return Scan(NOT_OURS)


def _weigh(seen: Seen, order: Order, parcel: Parcel) -> Move:
    """Put the box on the scale; take it off and put it on again when that led to nothing."""
    if seen.on_scale:
        return Lift() if seen.idle > STUCK_SECONDS else Wait()
    return Weigh(weight(seen.session, order, parcel))


def weight(session: Session, order: Order, parcel: Parcel) -> int:
    """Return what the parcel weighs: its pieces and its box."""
    pieces = sum(order.line(packed.line).grams * packed.quantity for packed in parcel.packed)
    boxes = dict(session.settings.boxes)
    return max(pieces + boxes.get(parcel.box, min(boxes.values(), default=0)), 1)


def _stick(seen: Seen, parcel: Parcel, throw: Random, mistakes: float) -> Move:
    """Stick the label on the box, when it has come out, and scan it."""
    label = parcel.label
    if label is None or not parcel.label_usable or not seen.out.get(label.tracking):
        return Wait()
    if parcel.print_state not in (PrintState.PRINTED, PrintState.SENT):
        return Wait()
    chance = throw.random()
    others = [tracking for tracking in seen.out if tracking != label.tracking]
    if chance < mistakes and others:
        return Scan(throw.choice(others[-5:]))
    if chance < 2 * mistakes and parcel.copies < 2:
        return command("REPRINT")
    return Scan(label.tracking)


def _answer(seen: Seen, question: Question, throw: Random) -> Move:
    """Answer what the bench asks."""
    about = question.about
    match question.kind:
        case "did-it-come-out":
            if seen.printing:
                return Wait()
            tracking, _, copy = about.get("job", "").rpartition(":")
            return command("YES" if seen.out.get(tracking, 0) >= int(copy or 1) else "NO")
        case "serial":
            return Scan(f"SN{throw.randrange(10**8):08d}")
        case _:
            return command("YES")


def printed(gtin: str) -> str:
    """Return a GTIN as it is printed on a piece: an EAN-13 has no leading zero.

    >>> printed("04006381333931"), printed("14006381333938")
    ('4006381333931', '14006381333938')
    """
    return gtin.removeprefix("0") if len(gtin) == 14 else gtin


def wrong_scan(seen: Seen) -> Scan:
    """Scan something that does not belong to what is open."""
    order = seen.session.order
    here = {gtin for line in order.lines for gtin in line.gtins} if order is not None else set()
    for other in seen.waiting:
        for line in other.lines:
            if line.gtins and line.gtins[0] not in here:
                return Scan(printed(line.gtins[0]))
    return Scan(NOT_OURS)
