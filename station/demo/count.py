"""What came of the demo? Counted at the ends: printers, marketplace, journals. Pure.

Nothing here is what a bench believes: a label counts when it lies in the printer's record, a
confirmation when it stands in the marketplace's books.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from sync.orders import Cancellation, Entry, Order
from sync.orders.facts import LabelBought, ParcelClosed, ParcelReopened, PrintQueued, print_job


class Percentiles(msgspec.Struct, frozen=True):
    """Milliseconds; None when nothing was measured."""

    p50: float | None = None
    p99: float | None = None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The demo's last line. The names are promised to scripts."""

    orders: int
    cancelled: int
    held: int
    restarts: int
    parcels: int
    labels_printed: int
    labels_duplicate: int
    labels_missing: int
    confirmed: int
    unconfirmed: int
    scans: int
    scan_to_screen_ms: Percentiles
    last_piece_to_first_byte_ms: Percentiles
    seconds: float


class Confirmed(msgspec.Struct, frozen=True):
    """A parcel that the marketplace was told of."""

    tracking: str


class Sold(msgspec.Struct, frozen=True, kw_only=True):
    """An order in the marketplace's books."""

    state: str
    cancel_requested: bool = False
    confirmations: tuple[Confirmed, ...] = ()


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """A line that a bench wrote into timings.jsonl."""

    scan_to_screen_ms: float | None = None
    last_piece_to_first_byte_ms: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """Everything that is counted."""

    sold: dict[str, Sold]
    """The marketplace's books, by its own order ids."""
    orders: Sequence[Order]
    """The hub's order book."""
    printed: Sequence[tuple[str, ...]]
    """One label that came out each: what its barcodes say."""
    journal: Sequence[Entry]
    """What happened at all benches, each bench's in its order."""
    scans: int
    restarts: int
    timings: Sequence[Timing]
    seconds: float


def report(ends: Ends) -> Report:
    """Add everything up."""
    outcome = outcomes(ends.sold, ends.orders)
    closed = closed_parcels(ends.journal)
    out = Counter(code for codes in ends.printed for code in set(codes))
    known = _trackings(ends)
    closing = {tracking for tracking in closed.values() if tracking}
    told = {one.tracking for sold in ends.sold.values() for one in sold.confirmations}
    how_many = Counter(outcome.values())
    return Report(
        orders=len(outcome),
        cancelled=how_many["cancelled"],
        held=how_many["held"],
        restarts=ends.restarts,
        parcels=len(closed),
        labels_printed=sum(count for code, count in out.items() if code in known),
        labels_duplicate=len(duplicates(out, known, ends.journal)),
        labels_missing=len([tracking for tracking in closing | told if not out[tracking]]),
        confirmed=how_many["confirmed"],
        unconfirmed=how_many["unconfirmed"],
        scans=ends.scans,
        scan_to_screen_ms=percentiles(one.scan_to_screen_ms for one in ends.timings),
        last_piece_to_first_byte_ms=percentiles(
            one.last_piece_to_first_byte_ms for one in ends.timings
        ),
        seconds=round(ends.seconds, 1),
    )


def outcomes(sold: dict[str, Sold], orders: Iterable[Order]) -> dict[str, str]:
    """Say of every order of the marketplace: confirmed, cancelled, held or unconfirmed."""
    ours = {order.channel_order_id: order for order in orders}
    return {id: _outcome(one, ours.get(id)) for id, one in sold.items()}


def _outcome(sold: Sold, ours: Order | None) -> str:
    if sold.state == "CANCELLED":
        return "cancelled"
    told = {one.tracking for one in sold.confirmations}
    if told and (ours is None or _shipped(ours) <= told):
        return "confirmed"
    if ours is not None and not _shipped(ours) and (_stopped(ours) or sold.cancel_requested):
        return "held"
    return "unconfirmed"


def _shipped(order: Order) -> set[str]:
    return {
        parcel.label.tracking
        for shipment in order.shipments
        for parcel in shipment.parcels
        if parcel.closed and parcel.label is not None
    }


def _stopped(order: Order) -> bool:
    return any(
        shipment.holds or shipment.cancellation is not Cancellation.NONE
        for shipment in order.shipments
    )


def closed_parcels(journal: Iterable[Entry]) -> dict[str, str]:
    """Return the parcels that are closed, with the tracking number that was scanned."""
    closed: dict[str, str] = {}
    for entry in journal:
        match entry.fact:
            case ParcelClosed(parcel=parcel, tracking=tracking):
                closed[parcel] = tracking
            case ParcelReopened(parcel=parcel):
                closed.pop(parcel, None)
            case _:
                pass
    return closed


def duplicates(out: Counter[str], known: set[str], journal: Iterable[Entry]) -> dict[str, int]:
    """Return the labels that came out more often than anybody asked for, and how much more.

    A copy that somebody gave a reason for is one that was asked for.
    """
    jobs = {
        entry.fact.job
        for entry in journal
        if isinstance(entry.fact, PrintQueued) and entry.fact.copy > 1 and entry.fact.reason
    }
    more = {}
    for tracking in known:
        copies = sum(print_job(tracking, copy) in jobs for copy in range(2, 10))
        if out[tracking] > 1 + copies:
            more[tracking] = out[tracking] - 1 - copies
    return more


def _trackings(ends: Ends) -> set[str]:
    bought = {
        entry.fact.label.tracking for entry in ends.journal if isinstance(entry.fact, LabelBought)
    }
    for order in ends.orders:
        for shipment in order.shipments:
            for parcel in shipment.parcels:
                bought.update(parcel.spoiled)
                if parcel.label is not None:
                    bought.add(parcel.label.tracking)
    return bought


def percentiles(values: Iterable[float | None]) -> Percentiles:
    """Return the middle of the values, and what one in a hundred is above.

    >>> percentiles([3.0, 1.0, None, 2.0])
    Percentiles(p50=2.0, p99=3.0)
    """
    known = sorted(value for value in values if value is not None)
    if not known:
        return Percentiles()

    def at(share: float) -> float:
        return round(known[min(int(share * len(known)), len(known) - 1)], 2)

    return Percentiles(at(0.5), at(0.99))


def broken_promises(report: Report) -> tuple[str, ...]:
    """Return a sentence for everything that must not be."""
    promises = (
        (report.unconfirmed, "{} orders were neither confirmed, cancelled nor held"),
        (report.labels_duplicate, "{} labels came out twice"),
        (report.labels_missing, "{} parcels left without their label"),
    )
    return tuple(sentence.format(number) for number, sentence in promises if number)
