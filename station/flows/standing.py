"""How does the open order stand? What is left to pack, what it should weigh, where it goes on."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from station import codes
from station.codes.code import Gtin, Sscc, Tracking, Unknown
from station.flows.flow import Scanned
from station.session import Session
from sync.orders import Contents, Line, Parcel, Shipment, ShipmentLine
from sync.orders.box import proposed

FLOW_OF = {
    Contents.PLANNED: "pack",
    Contents.OPEN: "pack",
    Contents.CHECKED: "weigh",
    Contents.BOXED: "weigh",
    Contents.WEIGHED: "ship",
}
"""Where work goes on, by what is in the box."""


def flow_of(session: Session) -> str:
    """Where the open parcel goes on."""
    return FLOW_OF[session.parcel.contents] if session.parcel else "choose"


def live_parcel(shipment: Shipment) -> Parcel | None:
    """The parcel to work on: the first that is neither closed nor shipped again in another."""
    again = {parcel.replaces for parcel in shipment.parcels}
    open_ones = (p for p in shipment.parcels if not p.closed and p.id not in again)
    return next(open_ones, None)


def packed_here(parcel: Parcel | None, line: str) -> int:
    """How many pieces of a line lie in this parcel."""
    return sum(p.quantity for p in parcel.packed if p.line == line) if parcel else 0


def counts(session: Session) -> Counter[str]:
    """Pieces packed, by line, counted once: an order may have 500 lines.

    Shipping again starts from none.
    """
    shipment, parcel = session.shipment, session.parcel
    if shipment is None:
        return Counter()
    if parcel is not None and parcel.replaces:
        counted: tuple[Parcel, ...] = (parcel,)
    else:
        counted = tuple(p for p in shipment.parcels if not p.replaces)
    packed_pieces: Counter[str] = Counter()
    for one in counted:
        for part in one.packed:
            packed_pieces[part.line] += part.quantity
    return packed_pieces


def packed(session: Session, line: ShipmentLine) -> int:
    """How many pieces of a line are packed."""
    return counts(session)[line.line]


def remaining(session: Session, line: ShipmentLine) -> int:
    """How many pieces of a line are still to go; below nought when there are too many."""
    return line.due - packed(session, line)


def items(session: Session) -> dict[str, Line]:
    """The lines as they were sold, by id."""
    return {line.id: line for line in session.order.lines} if session.order else {}


def lines(session: Session) -> tuple[ShipmentLine, ...]:
    """The lines of the open shipment that the order knows."""
    if session.order is None or session.shipment is None:
        return ()
    known = items(session)
    return tuple(line for line in session.shipment.lines if line.line in known)


def left(session: Session) -> list[tuple[ShipmentLine, int]]:
    """Each line and how many pieces of it are still to go."""
    done = counts(session)
    return [(line, line.due - done[line.line]) for line in lines(session)]


def to_go(session: Session) -> int:
    """Pieces that are still to be packed."""
    return sum(max(0, count) for _, count in left(session))


def too_many(session: Session) -> ShipmentLine | None:
    """A line of which more is packed than still ships: the buyer took some back."""
    return next((line for line, count in left(session) if count < 0), None)


def complete(session: Session) -> bool:
    """Whether every piece that ships is packed."""
    return all(count == 0 for _, count in left(session))


def due(shipment: Shipment) -> int:
    """Pieces that the shipment sends."""
    return sum(line.due for line in shipment.lines)


def name_of(session: Session, line: str) -> str:
    """What a line is called."""
    for known in session.order.lines if session.order else ():
        if known.id == line:
            return known.name or known.sku
    return line


def matching(session: Session, scanned: Scanned) -> list[ShipmentLine]:
    """The lines that the scanned piece may belong to: by its GTIN, or by our own SKU on it.

    "abc-1" and "ABC-1" are one SKU, unless the order has both: then the very letters count.
    """
    order = session.order
    if order is None:
        return []
    text = scanned.code.text if isinstance(scanned.code, Unknown) else codes.bare(scanned.raw)
    digits = scanned.code.digits if isinstance(scanned.code, Gtin) else ""
    found, exact, known = [], [], items(session)
    for line in lines(session):
        item = known[line.line]
        by_sku = bool(item.sku) and item.sku.casefold() == text.casefold()
        if by_sku and item.sku == text:
            exact.append(line)
        if by_sku or (digits and digits in item.gtins):
            found.append(line)
    return exact or found


def pieces_in(scanned: Scanned) -> int:
    """How many pieces the code itself counts: a case says so."""
    return scanned.code.count if isinstance(scanned.code, Gtin) else 1


def tracking_of(scanned: Scanned) -> str:
    """The scanned text as tracking numbers are compared: upper case, no spaces."""
    match scanned.code:
        case Tracking(number=number):
            return number
        case Sscc(digits=digits):
            return "00" + digits
        case _:
            return same_form(codes.bare(scanned.raw))


def same_form(tracking: str) -> str:
    """A tracking number as they are compared; an SSCC with the 00 that some labels leave out."""
    plain = tracking.replace(" ", "").upper()
    return "00" + plain if len(plain) == 18 and plain.isdigit() else plain


def proposed_box(session: Session) -> str:
    """The smallest kind of box that should do; "" where the bench has none."""
    if session.parcel is None:
        return ""
    return proposed(session.parcel.pieces, session.settings.boxes)


def expected_grams(session: Session) -> int | None:
    """What the parcel should weigh; None when nobody ever weighed one of its items."""
    order, parcel = session.order, session.parcel
    if order is None or parcel is None:
        return None
    known = {line.id: line.grams for line in order.lines}
    if any(known.get(p.line, 0) <= 0 for p in parcel.packed):
        return None
    box = dict(session.settings.boxes).get(parcel.box, 0)
    return box + sum(known[p.line] * p.quantity for p in parcel.packed)


def tolerance_grams(session: Session, expected: int) -> int:
    """How far a parcel may weigh from what is expected."""
    settings = session.settings
    return max(settings.weight_tolerance_grams, expected * settings.weight_tolerance_percent // 100)


def supervises(session: Session) -> bool:
    """Whether the packer may release what a packer may not."""
    return session.packer is not None and session.packer.role == "supervisor"


def put_down(session: Session) -> Session:
    """The session with nothing open."""
    return replace(
        session,
        flow="choose",
        order=None,
        shipment_id="",
        parcel_id="",
        question=None,
        quantity=1,
        undo=(),
        pending=tuple(p for p in session.pending if p.startswith(LASTING)),
    )


LASTING = ("printer:", "waits:")
"""Notes that outlive an order: the printer needs a hand; an order waits for its label."""


def note(session: Session, key: str) -> str:
    """What a flow noted down; "" for nothing."""
    start = f"{key}:"
    return next((p[len(start) :] for p in session.pending if p.startswith(start)), "")


def noted(session: Session, key: str, value: str) -> Session:
    """The session with one note changed; "" strikes it out."""
    others = tuple(p for p in session.pending if not p.startswith(f"{key}:"))
    return replace(session, pending=(*others, f"{key}:{value}") if value else others)
