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
from sync.orders import Contents, LabelState, Order, Parcel, PrintState, Shipment

NOT_OURS = "4006381333931"
"""A highlighter: the best-known GTIN there is, and nothing that the demo's shop sells."""
RELOAD_SECONDS = 2.0
"""How long a parcel may lie on the scale without an answer before a packer puts it on again."""
EMPTY_SECONDS = 0.5
"""How long a pan must be empty until the scale has seen it; people take longer anyway."""
PATIENCE_SECONDS = 12.0
"""How long a packer waits for a label before taking another order."""
CLUMSY_GRAMS = 700
"""A tape gun, forgotten on the scale."""


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
    empty: float = 60.0
    """Seconds since the scale was emptied."""
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
    if session.flow == "choose" or order is None or shipment is None:
        return Lift() if seen.on_scale else _open_next(seen, throw)
    if shipment.stopped or seen.idle > PATIENCE_SECONDS:
        return command("CANCEL")
    parcel = session.parcel
    if parcel is None or session.flow == "pick":
        return command("DONE")
    match parcel.contents:
        case Contents.CHECKED | Contents.BOXED:
            return _weigh(seen, order, parcel, throw, mistakes)
        case Contents.WEIGHED:
            return Lift() if seen.on_scale else _stick(seen, parcel, throw, mistakes)
        case Contents.PLANNED | Contents.OPEN:
            return Lift() if seen.on_scale else _pack(seen, order, shipment, throw, mistakes)


def badge(seen: Seen) -> Scan:
    """Scan the packer's badge."""
    return Scan(write(BadgeCode(seen.badge)))


def command(name: str, n: int = 0) -> Scan:
    """Scan a card of the command sheet."""
    return Scan(write(CommandCode(name, n)))


def _open_next(seen: Seen, throw: Random) -> Move:
    """Take the next order from the trolley: by its pick sheet, or just by a piece of it."""
    if not seen.waiting:
        return Wait()
    # Mostly the first; now and then another, so that one that is refused stops nobody.
    order = seen.waiting[0] if throw.random() < 0.8 else throw.choice(seen.waiting)
    gtins = [line.gtins[0] for line in order.lines if line.gtins]
    if gtins and throw.random() < 0.5:
        return Scan(printed(throw.choice(gtins)))
    return Scan(write(OrderCode(order.channel_order_id)))


def _pack(seen: Seen, order: Order, shipment: Shipment, throw: Random, mistakes: float) -> Move:
    """Put the next piece into the box; many alike go in at once, with the QTY card."""
    left = {part.line: part.due - shipment.packed(part.line) for part in shipment.lines}
    to_go = [order.line(line) for line, count in left.items() if count]
    if not to_go:
        return command("DONE")
    if throw.random() < mistakes:
        return _odd_piece(seen, order, shipment, throw)
    line = to_go[0]
    if not line.gtins:
        return command("HOLD")
    many = left[line.id] >= 3 and not line.serial_required and seen.session.quantity == 1
    if many and throw.random() < 0.5:
        return command("QTY", left[line.id])
    return Scan(printed(line.gtins[0]))


def _odd_piece(seen: Seen, order: Order, shipment: Shipment, throw: Random) -> Move:
    """Do what happens at real benches."""
    packed = [part.line for part in shipment.lines if shipment.packed(part.line)]
    full = [part.line for part in shipment.lines if shipment.packed(part.line) == part.due > 0]
    match throw.choice(("wrong", "over", "undo", "short", "hold", "smudge", "order", "next box")):
        case "over" if full and order.line(full[0]).gtins:
            return Scan(printed(order.line(full[0]).gtins[0]))
        case "undo" if packed:
            return command("UNDO")
        case "short" if packed:
            return command("SHORT")
        case "hold" if throw.random() < 0.3:
            return command("HOLD")
        case "next box" if packed:
            return command("NEXTBOX")
        case "smudge":
            return Scan(NOT_OURS[:-2])
        case "order" if seen.waiting:
            return Scan(write(OrderCode(seen.waiting[-1].channel_order_id)))
        case _:
            return Scan(NOT_OURS)


def _weigh(seen: Seen, order: Order, parcel: Parcel, throw: Random, mistakes: float) -> Move:
    """Put the box on the scale; take it off and put it on again when that led to nothing."""
    if seen.on_scale:
        return Lift() if seen.idle > RELOAD_SECONDS else Wait()
    if seen.empty < EMPTY_SECONDS:
        return Wait()
    forgotten = CLUMSY_GRAMS if throw.random() < mistakes else 0
    return Weigh(weight(seen.session, order, parcel) + forgotten)


def weight(session: Session, order: Order, parcel: Parcel) -> int:
    """Return what the parcel weighs: its pieces and its box."""
    pieces = sum(order.line(packed.line).grams * packed.quantity for packed in parcel.packed)
    return max(pieces + dict(session.settings.boxes).get(parcel.box, 0), 1)


def _stick(seen: Seen, parcel: Parcel, throw: Random, mistakes: float) -> Move:
    """Stick the label on the box, when it has come out, and scan it."""
    label = parcel.label
    if parcel.label_state is LabelState.FAILED:
        return command("DONE" if throw.random() < 0.7 else "HOLD")
    if label is None or not parcel.label_usable or not seen.out.get(label.tracking):
        return Wait()
    if parcel.print_state in (PrintState.NONE, PrintState.QUEUED):
        return Wait()
    chance = throw.random()
    others = [tracking for tracking in seen.out if tracking != label.tracking]
    if chance < mistakes and others:
        return Scan(throw.choice(others[-5:]))
    if chance < 1.5 * mistakes and parcel.copies == 1:
        return command("REPRINT")
    if chance < 1.8 * mistakes:
        return command("VOID")
    return Scan(label.tracking)


def _answer(seen: Seen, question: Question, throw: Random) -> Move:
    """Answer what the bench asks."""
    session = seen.session
    match question.kind:
        case "did-it-come-out":
            return _came_out(seen, question)
        case "serial":
            return Scan(f"SN{throw.randrange(10**8):08d}")
        case "why-copy":
            return command("BOX", throw.randint(1, 4))
        case "hold" | "short" | "void":
            # As good as the same card again, which may not follow itself at once.
            return command("DONE")
        case "weight" if session.order is not None and session.parcel is not None:
            right = weight(session, session.order, session.parcel)
            if seen.on_scale == right:
                return command("UNDO") if seen.idle > RELOAD_SECONDS else Wait()
            if not seen.on_scale and seen.empty < EMPTY_SECONDS:
                return Wait()
            return Lift() if seen.on_scale else Weigh(right)
        case _:
            return command("UNDO")


def _came_out(seen: Seen, question: Question) -> Move:
    """Look into the printer's tray, when it has nothing more to do."""
    tracking, _, copy = question.about.get("job", "").rpartition(":")
    if seen.out.get(tracking, 0) >= int(copy or 1):
        return Scan(tracking)
    return Wait() if seen.printing else command("REPRINT")


def printed(gtin: str) -> str:
    """Return a GTIN as it is printed on a piece: an EAN-13 has no leading zero.

    >>> printed("04006381333931"), printed("14006381333938")
    ('4006381333931', '14006381333938')
    """
    return gtin.removeprefix("0") if len(gtin) == 14 else gtin


def wrong_scan(seen: Seen) -> Scan:
    """Scan something that does not belong to what is open."""
    order = seen.session.order
    if order is None or seen.session.flow == "choose":
        # Any piece of any order here would be right now.
        return Scan(NOT_OURS)
    here = {gtin for line in order.lines for gtin in line.gtins}
    for other in seen.waiting:
        for line in other.lines:
            if line.gtins and line.gtins[0] not in here:
                return Scan(printed(line.gtins[0]))
    return Scan(NOT_OURS)
