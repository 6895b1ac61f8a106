from collections import Counter
from datetime import UTC, datetime

import msgspec
import pytest

from station.demo import count
from station.demo.count import Confirmed, Ends, Sold, Timing
from sync.orders import Entry, Fact, Hold, HoldKind, Label, LabelState, Order, Parcel, Shipment
from sync.orders import facts as f

NOW = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
ONE, TWO = "RR000000015GB", "RR000000024GB"


def an_order(id: str, *trackings: str, closed: bool = True, holds: tuple[Hold, ...] = ()) -> Order:
    order = f"amazon:{id}"
    parcels = tuple(
        Parcel(
            id=f"{order}#1/{n}",
            number=n,
            label_state=LabelState.BOUGHT,
            label=Label(carrier="simpost", service="s", tracking=tracking, sha256=""),
            closed=closed,
        )
        for n, tracking in enumerate(trackings, start=1)
    )
    shipment = Shipment(id=f"{order}#1", lines=(), parcels=parcels, holds=holds)
    return Order(id=order, channel="amazon", channel_order_id=id, shipments=(shipment,))


def told(*trackings: str, state: str = "SHIPPED") -> Sold:
    return Sold(state=state, confirmations=tuple(Confirmed(one) for one in trackings))


def journal(*facts: Fact) -> list[Entry]:
    return [Entry(id=str(n), order="amazon:1", at=NOW, fact=fact) for n, fact in enumerate(facts)]


def closing(tracking: str, parcel: str = "amazon:1#1/1") -> Fact:
    return f.ParcelClosed(parcel=parcel, tracking=tracking)


def copied(tracking: str, copy: int, reason: str) -> Fact:
    job = f.print_job(tracking, copy)
    return f.PrintQueued(parcel="amazon:1#1/1", job=job, copy=copy, reason=reason)


def ends(
    *,
    sold: dict[str, Sold] | None = None,
    orders: tuple[Order, ...] = (),
    printed: tuple[tuple[str, ...], ...] = (),
    facts: tuple[Fact, ...] = (),
    timings: tuple[Timing, ...] = (),
) -> Ends:
    return Ends(
        sold=sold or {},
        orders=orders,
        printed=printed,
        journal=journal(*facts),
        scans=7,
        restarts=2,
        timings=timings,
        seconds=12.34,
    )


HELD = (Hold(HoldKind.ADDRESS, "masked"),)


@pytest.mark.parametrize(
    ("sold", "order", "outcome"),
    [
        (told(ONE), an_order("1", ONE), "confirmed"),
        (told(ONE, state="PARTIALLY_SHIPPED"), an_order("1", ONE), "confirmed"),
        (told(ONE), an_order("1", ONE, TWO), "unconfirmed"),
        (told(state="UNSHIPPED"), an_order("1", ONE), "unconfirmed"),
        (told(state="UNSHIPPED"), None, "unconfirmed"),
        (told(state="CANCELLED"), None, "cancelled"),
        (told(state="CANCELLED"), an_order("1", ONE), "cancelled"),
        (told(state="UNSHIPPED"), an_order("1", holds=HELD), "held"),
        (told(state="UNSHIPPED"), an_order("1", ONE, holds=HELD), "unconfirmed"),
        (told(state="UNSHIPPED"), an_order("1", ONE, closed=False, holds=HELD), "held"),
        (Sold(state="UNSHIPPED", cancel_requested=True), an_order("1"), "held"),
    ],
)
def test_an_order_has_one_outcome(sold: Sold, order: Order | None, outcome: str) -> None:
    assert count.outcomes({"1": sold}, [order] if order else []) == {"1": outcome}


def test_a_shipped_and_told_order_counts_once_everywhere() -> None:
    report = count.report(
        ends(
            sold={"1": told(ONE)},
            orders=(an_order("1", ONE),),
            printed=((ONE,), ("PKORD1",)),
            facts=(closing(ONE),),
            timings=(
                Timing(scan_to_screen_ms=4.0),
                Timing(scan_to_screen_ms=8.0),
                Timing(last_piece_to_first_byte_ms=20.0),
            ),
        )
    )
    assert msgspec.to_builtins(report) == {
        "orders": 1,
        "cancelled": 0,
        "held": 0,
        "restarts": 2,
        "parcels": 1,
        "labels_printed": 1,
        "labels_duplicate": 0,
        "labels_missing": 0,
        "confirmed": 1,
        "unconfirmed": 0,
        "scans": 7,
        "scan_to_screen_ms": {"p50": 8.0, "p99": 8.0},
        "last_piece_to_first_byte_ms": {"p50": 20.0, "p99": 20.0},
        "seconds": 12.3,
    }
    assert count.broken_promises(report) == ()


def test_a_label_that_came_out_twice_is_a_duplicate() -> None:
    report = count.report(ends(orders=(an_order("1", ONE),), printed=((ONE,), (ONE,))))
    assert (report.labels_printed, report.labels_duplicate) == (2, 1)
    assert count.broken_promises(report) == ("1 labels came out twice",)


def test_a_copy_with_a_reason_is_no_duplicate_but_a_third_is() -> None:
    out = Counter({ONE: 2})
    reasoned = journal(copied(ONE, 2, "torn"))
    assert count.duplicates(out, {ONE}, reasoned) == {}
    assert count.duplicates(Counter({ONE: 3}), {ONE}, reasoned) == {ONE: 1}
    assert count.duplicates(out, {ONE}, journal(copied(ONE, 2, ""))) == {ONE: 1}


def test_a_closed_parcel_whose_label_never_came_out_is_missing() -> None:
    report = count.report(
        ends(sold={"1": told(TWO)}, printed=(), facts=(closing(ONE), closing(TWO, "x/2")))
    )
    assert (report.parcels, report.labels_missing) == (2, 2)


def test_a_parcel_that_was_opened_again_is_not_closed() -> None:
    reopened = f.ParcelReopened(parcel="amazon:1#1/1")
    assert count.closed_parcels(journal(closing(ONE), reopened)) == {}


def test_what_was_not_measured_is_null() -> None:
    assert count.percentiles([None]) == count.Percentiles(None, None)
