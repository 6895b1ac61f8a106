"""What is said about orders: open, finished, held, called off."""

from __future__ import annotations

from station.session import Text
from station.wording.text import shown, text
from sync.orders import HoldKind

NONE_OPEN = text("orders.none_open")
SCAN_ONE = text("orders.scan_one")
SCAN_IT_AGAIN = text("orders.scan_it_again")
NEXT_ORDER = text("orders.next_order")
ASIDE = text("orders.aside")
PUT_ASIDE = text("orders.put_aside")
BRING_IT = text("orders.bring_it")
TO_ITS_LANE = text("orders.to_its_lane")
CANCELLED_TOTE = text("orders.cancelled_tote")
TAKE_ALL_OUT = text("orders.take_all_out")
PULL_IT = text("orders.pull_it")
FINISH_OR_CANCEL = text("orders.finish_or_cancel")
SHORT_OR_HOLD = text("orders.short_or_hold")
HOLD_IT = text("orders.hold_it")
HOLD_SURE = text("orders.hold_sure")
HOLD_AGAIN = text("orders.hold_again")
DONE_RELEASES = text("orders.done_releases")
GIFT = text("orders.gift")
REOPENED = text("orders.reopened")
PUT_DOWN = text("orders.nothing_packed")
QUESTION_DROPPED = text("orders.question_dropped")
NOTHING_TO_UNDO = text("orders.nothing_to_undo")
NOTHING_MISSING = text("orders.nothing_missing")
LABEL_ASKED_FOR = text("orders.label_asked_for")
VOID_INSTEAD = text("orders.void_instead")
REDUCED_CLOSED = text("orders.reduced_closed")
PICKED = text("orders.picked")
PACK_TOTE = text("orders.pack_tote")
TOTE_ASIDE = text("orders.tote_aside")
SCAN_FOR_TOTE = text("orders.scan_for_tote")


def to_go(pieces: int) -> Text:
    """Pieces that are still to be packed."""
    return text("orders.to_go", n=pieces) if pieces else text("orders.all_in")


def missing(pieces: int) -> Text:
    """Not done: so many are missing."""
    return text("orders.missing", n=pieces)


def opened(number: str) -> Text:
    """Work on it begins, or goes on."""
    return text("orders.opened", order=number)


def this_one(number: str) -> Text:
    """The order that was scanned is the one that is open."""
    return text("orders.this_one", order=number)


def still_open(open_one: str, scanned: str) -> Text:
    """Another order was scanned while one is open."""
    return text("orders.still_open", open=open_one, order=scanned)


def put_down(number: str) -> Text:
    """It was put aside as it is."""
    return text("orders.put_down", order=number)


def finished(number: str, lane: str) -> Text:
    """Every parcel of it is closed; where the last one goes."""
    if not lane:
        return text("orders.finished", order=number)
    return text("orders.finished_to", order=number, lane=lane)


def not_here(number: str) -> Text:
    """No such order on this bench."""
    return text("orders.not_here", order=shown(number))


def other_tote(tote: str) -> Text:
    """A tote that is not this order's."""
    return text("orders.other_tote", tote=shown(tote))


def gone(number: str) -> Text:
    """It was taken from this bench."""
    return text("orders.gone", order=number)


def elsewhere(number: str, bench: str) -> Text:
    """Another bench works on it."""
    return text("orders.elsewhere", order=number, bench=bench)


def unassigned(number: str) -> Text:
    """No bench has it yet."""
    return text("orders.unassigned", order=number)


def already_packed(number: str) -> Text:
    """It was packed before."""
    return text("orders.already_packed", order=number)


def empty(number: str) -> Text:
    """Nothing of it is left to ship."""
    return text("orders.empty", order=number)


def cancelled(number: str) -> Text:
    """It was called off."""
    return text("orders.cancelled", order=number)


def cancel_asked(number: str) -> Text:
    """Somebody wants it called off."""
    return text("orders.cancel_asked", order=number)


def is_held(kind: HoldKind) -> Text:
    """Why it must not go now."""
    return text(f"held.{kind.value}")


def held(number: str) -> Text:
    """It was put on hold."""
    return text("orders.held", order=number)


def released(number: str) -> Text:
    """It may go."""
    return text("orders.released", order=number)


def reduced(name: str, extra: int) -> Text:
    """The buyer took some back, and they lie in the box."""
    return text("orders.reduced", name=name, n=extra)


def free_tote(tote: str) -> Text:
    """A tote that has no order yet."""
    return text("orders.free_tote", tote=shown(tote))


def not_to_pick(number: str) -> Text:
    """It cannot be picked from here."""
    return text("orders.not_to_pick", order=number)


def late(clock: str) -> Text:
    """The time it should have left by, marked."""
    return text("orders.late", clock=clock)
