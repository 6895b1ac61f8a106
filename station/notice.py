"""What did the hub decide about work that was done here? One sentence each, before new work.

While a bench was alone an order may have been called off, given to another bench, or sent
elsewhere, and its box stands here, open or closed. Made from what the hub says and how the bench
saw the order before; `station.store.notices` keeps them until somebody has acknowledged them.
"""

from __future__ import annotations

from collections import Counter
from enum import StrEnum

import msgspec
from msgspec.structs import replace

from sync.orders import Cancellation, Entry, Order, PrintState, Reason, Shipment, State, facts
from sync.protocol.messages import Verdict

WORKED = (State.PICKING, State.PACKING, State.PACKED, State.STAGED)
"""Something of it is in a tote or a box here; after that it is the carrier's."""
FINISHED = (State.PACKED, State.STAGED, State.HANDED_OVER)


class Kind(StrEnum):
    """What was decided."""

    CANCELLED = "cancelled"
    ASKED = "asked"
    """Somebody wants it called off; nobody has agreed yet."""
    TAKEN = "taken"
    """Another bench has it."""
    LEFT = "left"
    """It is not this bench's any more; why, the hub has not said yet."""
    ADDRESS = "address"
    HELD = "held"
    UNCLEAR = "unclear"
    """The hub did not follow what was done here."""
    GONE = "gone"
    """The hub does not know the order."""


class Stage(StrEnum):
    """How far the bench had come with it: where the goods are."""

    TOTE = "tote"
    BOX = "box"
    LANE = "lane"
    """A box is closed, or has its label on."""


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """One decision on one shipment."""

    seq: int = 0
    """In the order in which they are told; 0: not kept yet."""
    shipment: str
    kind: Kind
    stage: Stage
    number: str
    """The marketplace's own number of the order."""
    tote: str = ""
    lane: str = ""
    bench: str = ""
    """Who has it now; "" where the hub does not say."""
    hold: str = ""
    """A `HoldKind`."""


def of_change(before: Order, after: Order, id: str) -> Notice | None:
    """Say what a new document of the hub means to a shipment that was worked on here."""
    was, now = _shipment(before, id), _shipment(after, id)
    if was is None or now is None or was.state not in WORKED:
        return None
    notice = _notice(before, was, Kind.UNCLEAR)
    if now.cancellation is not was.cancellation:
        if now.cancellation is Cancellation.CANCELLED:
            return replace(notice, kind=Kind.CANCELLED)
        if now.cancellation is Cancellation.REQUESTED:
            return replace(notice, kind=Kind.ASKED)
    if was.bench and now.bench != was.bench:
        return replace(notice, kind=Kind.TAKEN, bench=now.bench)
    if before.address_digest != after.address_digest and _labelled(was, before.address_digest):
        return replace(notice, kind=Kind.ADDRESS, stage=Stage.LANE)
    new = [hold.kind for hold in now.holds if hold.kind not in {one.kind for one in was.holds}]
    if new:
        return replace(notice, kind=Kind.HELD, hold=new[0].value)
    return notice if _lost(was, now) else None


def of_leaving(before: Order, id: str, *, owed: bool) -> Notice | None:
    """Say what it means that a shipment is not this bench's any more.

    `owed`: the hub had not heard everything that was done to it here.
    """
    was = _shipment(before, id)
    if was is None or was.state not in (*WORKED, State.HANDED_OVER):
        return None
    if was.state in FINISHED and not owed:
        return None  # it went its way
    # Called off or given away: the verdicts on what is owed will tell.
    return _notice(before, was, Kind.LEFT if owed else Kind.TAKEN)


def of_forgetting(before: Order, id: str) -> Notice | None:
    """Say what it means that the hub names a shipment no more when it is read anew."""
    was = _shipment(before, id)
    if was is None or was.state not in WORKED:
        return None
    return _notice(before, was, Kind.GONE)


def of_verdict(entry: Entry, verdict: Verdict, reason: str, order: Order | None) -> Notice | None:
    """Say what it means that the hub did not follow an entry; `order` as the bench has it."""
    kind = _kind(entry, verdict, reason)
    id = _shipment_id(entry)
    if kind is None or not id:
        return None
    was = _shipment(order, id) if order is not None else None
    if order is None or was is None:
        number = entry.order.partition(":")[2] or entry.order
        stage = Stage.LANE if isinstance(entry.fact, facts.ParcelClosed) else Stage.BOX
        return Notice(shipment=id, kind=kind, stage=stage, number=number)
    return _notice(order, was, kind)


_MOVED_GOODS = (
    facts.PickStarted
    | facts.PiecePicked
    | facts.PackStarted
    | facts.ItemPacked
    | facts.ItemUnpacked
    | facts.LabelPrinted
    | facts.ParcelClosed
    | facts.ParcelReopened
)
"""What a hand did to goods or boxes; the rest is only known."""


def _kind(entry: Entry, verdict: Verdict, reason: str) -> Kind | None:
    if not isinstance(entry.fact, _MOVED_GOODS):
        return None
    match verdict:
        case Verdict.FENCED:
            return Kind.TAKEN
        case Verdict.LATE:
            return Kind.CANCELLED
        case Verdict.UNKNOWN:
            return Kind.GONE
        case Verdict.INVALID if reason == Reason.HELD:
            return Kind.HELD
        case Verdict.INVALID if reason == Reason.CANCEL_REQUESTED:
            return Kind.ASKED
        case Verdict.INVALID if reason == Reason.ADDRESS_CHANGED:
            return Kind.ADDRESS
        case Verdict.INVALID:
            return Kind.UNCLEAR
        case Verdict.OK | Verdict.DUP:
            return None


def _notice(order: Order, shipment: Shipment, kind: Kind) -> Notice:
    out = [one for one in shipment.parcels if one.closed or _printed(one.print_state)]
    lane = next((p.lane or (p.label.lane if p.label else "") for p in out if p.closed), "")
    stage = Stage.BOX if shipment.parcels else Stage.TOTE
    return Notice(
        shipment=shipment.id,
        kind=kind,
        stage=Stage.LANE if out else stage,
        number=order.channel_order_id,
        tote=shipment.tote,
        lane=lane,
    )


def _printed(state: PrintState) -> bool:
    return state in (PrintState.SENT, PrintState.PRINTED, PrintState.UNCERTAIN)


def _labelled(shipment: Shipment, address: str) -> bool:
    """Whether a label for that address came out, or may have."""
    return any(
        parcel.label is not None
        and parcel.label.address == address
        and (parcel.closed or _printed(parcel.print_state))
        for parcel in shipment.parcels
    )


def _lost(was: Shipment, now: Shipment) -> bool:
    """Whether the hub's document has not what lies in a box here."""
    if now.state in (State.IN_TRANSIT, State.DELIVERED, State.COMPLETED):
        return False
    closed = {parcel.id for parcel in now.parcels if parcel.closed}
    if any(parcel.closed and parcel.id not in closed for parcel in was.parcels):
        return True
    return bool(_packed(was) - _packed(now))


def _packed(shipment: Shipment) -> Counter[str]:
    counted: Counter[str] = Counter()
    for parcel in shipment.parcels:
        for part in parcel.packed:
            counted[f"{parcel.id} {part.line}"] += part.quantity
    return counted


def _shipment(order: Order, id: str) -> Shipment | None:
    return next((one for one in order.shipments if one.id == id), None)


def _shipment_id(entry: Entry) -> str:
    fact = entry.fact
    if isinstance(fact, facts.AddressChanged):
        return ""
    return fact.shipment if isinstance(fact, facts.OfShipment) else fact.parcel.rpartition("/")[0]
