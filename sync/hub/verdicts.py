"""What is an entry worth? Pure: an order and what a bench says of it, and the hub's verdict.

A fact is never refused, only authority is: work under a claim that is gone, or on an order that
was called off, is on record and changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from msgspec.structs import replace

from sync.orders import (
    Cancellation,
    Claim,
    Entry,
    Fact,
    Impossible,
    LabelState,
    Order,
    Reason,
    Shipment,
    apply,
    facts,
    shipment_of,
)
from sync.protocol.messages import Verdict

WITHOUT_CLAIM: frozenset[type] = frozenset(
    {
        facts.OrderHeld,
        facts.HoldReleased,
        facts.CancelRequested,
        facts.CancelWithdrawn,
        facts.CancelRefused,
        facts.OrderCancelled,
        facts.ParcelStaged,
        facts.ParcelUnstaged,
        facts.ParcelManifested,
        facts.ParcelHandedOver,
        facts.HandoverUndone,
        facts.MishapReported,
        facts.ReturnOpened,
        facts.ReturnArrived,
    }
)
"""What a supervisor says, or the dock does, without working on the shipment."""

ONLY_THE_HUB: frozenset[type] = frozenset(
    {
        facts.AddressChanged,
        facts.PaymentCleared,
        facts.ShipmentAllocated,
        facts.ShipmentWanted,
        facts.WishWithdrawn,
        facts.ConfirmationQueued,
        facts.ConfirmationSent,
        facts.ConfirmationUncertain,
        facts.ConfirmationAccepted,
        facts.ConfirmationRejected,
    }
)
"""What no bench can know, or give itself."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict, why, and the order as it is then."""

    verdict: Verdict
    reason: str
    order: Order | None


def judge(order: Order | None, said: Entry) -> Judgement:
    """Say what an entry is worth to its order; None: it is not in the book."""
    if order is None:
        return Judgement(Verdict.UNKNOWN, "", None)
    shipment = shipment_in(order, said.fact)
    if shipment is not None and _fenced(shipment, said):
        cancelled = shipment.cancellation is Cancellation.CANCELLED
        return Judgement(Verdict.LATE if cancelled else Verdict.FENCED, "", order)
    if type(said.fact) in ONLY_THE_HUB:
        return Judgement(Verdict.INVALID, "only the hub", order)
    try:
        after = apply(order, said.fact)
    except Impossible as refused:
        if _already(order, said.fact, refused.reason):
            return Judgement(Verdict.OK, ALREADY, order)
        late = refused.reason is Reason.CANCELLED
        return Judgement(Verdict.LATE if late else Verdict.INVALID, str(refused.reason), order)
    except (LookupError, ValueError, TypeError, AssertionError):
        # A hole in the rules must not hold up everything that the bench has to tell after it.
        return Judgement(Verdict.INVALID, "impossible", order)
    return Judgement(Verdict.OK, "", replace(after, address=order.address))


ALREADY = "already"
"""Why an entry is ok that changed nothing: the hub had done just that."""


def _fenced(shipment: Shipment, said: Entry) -> bool:
    if said.claim is None and type(said.fact) in WITHOUT_CLAIM:
        return False
    return said.claim != shipment.claim


def _already(order: Order, fact: Fact, reason: Reason) -> bool:
    """Say whether the hub did just that meanwhile: planned the parcel, asked for its label."""
    match fact:
        case facts.ParcelPlanned(parcel=id, replaces=replaces):
            same = reason is Reason.PARCEL_EXISTS
            return same and order.parcel(id).replaces == replaces
        case facts.LabelRequested(parcel=id):
            asked = (LabelState.REQUESTED, LabelState.UNCERTAIN, LabelState.BOUGHT)
            same = reason is Reason.NOT_IN_THIS_STATE
            return same and order.parcel(id).label_state in asked
        case _:
            return False


def adoptable(order: Order, said: Entry, epoch: int) -> Shipment | None:
    """Give the shipment whose claim a restored hub may have forgotten, if it seems so.

    The claim is from before the restore and later than what the book has. Whether nobody else was
    given it since, the journal knows.
    """
    shipment = shipment_in(order, said.fact)
    claim = said.claim
    if shipment is None or claim is None or claim == shipment.claim or claim.epoch >= epoch:
        return None
    if shipment.cancellation is Cancellation.CANCELLED:
        return None
    return None if shipment.claim is not None and claim < shipment.claim else shipment


def adopts(claim: Claim, highest: Claim | None, epoch: int) -> bool:
    """Say whether a claim that the book has forgotten counts, by the highest that it remembers.

    >>> adopts(Claim(1, 2), Claim(1, 1), 2), adopts(Claim(1, 2), Claim(2, 1), 2)
    (True, False)
    """
    return claim.epoch < epoch and (highest is None or (claim > highest and highest.epoch < epoch))


def waits(verdict: Verdict, said: Entry | None, epoch: int) -> bool:
    """Say whether an entry that was not followed may still come true at a restored hub.

    Its order may come back, and so may what the hub had done for it: bought its label, heard of it
    from another bench. What was done under a claim of this epoch, the hub has not forgotten.
    """
    if said is None or verdict is Verdict.UNKNOWN:
        return True
    return verdict is Verdict.INVALID and (said.claim is None or said.claim.epoch < epoch)


def shipment_in(order: Order, fact: Fact) -> Shipment | None:
    """Give the shipment that a fact is about, where the order has it."""
    id = shipment_named(fact)
    return next((one for one in order.shipments if one.id == id), None)


def shipment_named(fact: Fact) -> str:
    """Name the shipment that a fact is about; "" where it is about the order."""
    if isinstance(fact, facts.AddressChanged):
        return ""
    return fact.shipment if isinstance(fact, facts.OfShipment) else shipment_of(fact.parcel)


_SENTENCES = {
    Verdict.FENCED: (
        "bench {bench} worked on it although another bench has it now: "
        "look for a second box, and take it apart"
    ),
    Verdict.LATE: (
        "bench {bench} worked on it after it was cancelled: take the box apart, put the goods back"
    ),
    Verdict.UNKNOWN: "bench {bench} reported work on an order that is not in the book",
}
_AFOOT = facts.ParcelClosed | facts.ParcelStaged | facts.ParcelManifested | facts.ParcelHandedOver
"""What moved a box: true on the floor, whatever the book makes of it."""
ANSWERS = facts.ShipmentGivenBack | facts.ShipmentKept
"""Nothing lies anywhere for them, whatever the book makes of them."""
_PULL_IT = (
    "bench {bench} closed or moved a box of it that must not go ({reason}): "
    "pull it from its lane, and pack it again when it may"
)
_LOOK_INSIDE = (
    "bench {bench} put something in a box, or took it out, that the order has no room for "
    "({reason}): open the box and count"
)
UNREADABLE = "bench {bench} reported something that this hub cannot read"


def sentence(verdict: Verdict, reason: str, fact: Fact, bench: str) -> str:
    """Say what a person must do about an entry that was not followed; "" for nothing."""
    if isinstance(fact, ANSWERS):
        template = ""
    elif verdict is Verdict.INVALID and isinstance(fact, _AFOOT):
        template = _PULL_IT
    elif verdict is Verdict.INVALID and isinstance(fact, facts.ItemPacked | facts.ItemUnpacked):
        template = _LOOK_INSIDE
    else:
        template = _SENTENCES.get(verdict, "")
    return template.format(bench=bench, reason=reason)
