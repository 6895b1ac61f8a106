"""What a decision of the hub means to work done here: as a table, order by order."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from station.notice import Kind, Notice, Stage, of_change, of_forgetting, of_leaving, of_verdict
from sync.orders import Entry, HoldKind, Order, apply, facts, fold
from sync.protocol.messages import Verdict
from tests.builders import NOON, an_order, up_to_close

WHOLE = up_to_close(an_order())
SHIPMENT = an_order().shipments[0].id
PARCEL = f"{SHIPMENT}/1"


def after(count: int) -> Order:
    """The order after so many of an ordinary shipment's facts."""
    return fold(an_order(), WHOLE[:count])


def up_to(fact: type[facts.Fact]) -> Order:
    """The order when that had just happened."""
    return after(next(at for at, one in enumerate(WHOLE, 1) if isinstance(one, fact)))


def picking() -> Order:
    return fold(after(1), [facts.PickStarted(shipment=SHIPMENT, tote="T7")])


ALLOCATED, PACKING = after(1), up_to(facts.ItemPacked)
PRINTED, CLOSED = up_to(facts.LabelPrinted), after(len(WHOLE))


def cancelled(order: Order) -> Order:
    return apply(order, facts.OrderCancelled(shipment=SHIPMENT))


def asked(order: Order) -> Order:
    return apply(order, facts.CancelRequested(shipment=SHIPMENT))


def held(order: Order) -> Order:
    return apply(order, facts.OrderHeld(shipment=SHIPMENT, hold=HoldKind.STOCK))


def moved(order: Order) -> Order:
    return apply(order, facts.AddressChanged(digest="elsewhere"))


def given_away(order: Order) -> Order:
    (shipment,) = order.shipments
    return replace(order, shipments=(replace(shipment, bench="b2"),))


@pytest.mark.parametrize("decided", [cancelled, asked, held, moved, given_away])
def test_what_nobody_touched_is_nobodys_concern(decided: object) -> None:
    assert callable(decided)
    assert of_change(ALLOCATED, decided(ALLOCATED), SHIPMENT) is None


@pytest.mark.parametrize(
    ("before", "stage", "tote", "lane"),
    [
        (picking(), Stage.TOTE, "T7", ""),
        (PACKING, Stage.BOX, "", ""),
        (PRINTED, Stage.LANE, "", ""),
        (CLOSED, Stage.LANE, "", "GREEN"),
    ],
)
@pytest.mark.parametrize(
    ("decided", "kind"),
    [
        (cancelled, Kind.CANCELLED),
        (asked, Kind.ASKED),
        (held, Kind.HELD),
        (given_away, Kind.TAKEN),
    ],
)
def test_a_decision_says_where_the_goods_are(
    before: Order, stage: Stage, tote: str, lane: str, decided: object, kind: Kind
) -> None:
    assert callable(decided)
    notice = of_change(before, decided(ALLOCATED), SHIPMENT)
    assert notice is not None
    assert (notice.kind, notice.stage, notice.tote, notice.lane) == (kind, stage, tote, lane)
    assert notice.bench == ("b2" if kind is Kind.TAKEN else "")
    assert notice.hold == ("stock" if kind is Kind.HELD else "")


@pytest.mark.parametrize(
    ("before", "told"), [(PACKING, False), (up_to(facts.LabelBought), False), (PRINTED, True)]
)
def test_an_address_matters_when_the_label_for_the_old_one_is_out(
    before: Order, told: bool
) -> None:
    notice = of_change(before, moved(before), SHIPMENT)
    assert (notice is not None) is told
    assert notice is None or notice.kind is Kind.ADDRESS


@pytest.mark.parametrize("before", [picking(), PACKING, PRINTED, CLOSED])
def test_a_document_with_all_that_happened_here_says_nothing(before: Order) -> None:
    assert of_change(before, before, SHIPMENT) is None


@pytest.mark.parametrize(
    ("before", "now"), [(PACKING, ALLOCATED), (CLOSED, PRINTED), (CLOSED, ALLOCATED)]
)
def test_a_document_without_what_lies_in_a_box_here_is_said(before: Order, now: Order) -> None:
    notice = of_change(before, now, SHIPMENT)
    assert notice is not None
    assert notice.kind is Kind.UNCLEAR


@pytest.mark.parametrize(
    ("before", "owed", "told"),
    [
        (ALLOCATED, False, False),
        (picking(), False, True),
        (PACKING, False, True),
        (CLOSED, False, False),
        (CLOSED, True, True),
    ],
)
def test_what_leaves_unfinished_or_unheard_was_taken(before: Order, owed: bool, told: bool) -> None:
    notice = of_leaving(before, SHIPMENT, owed=owed)
    assert (notice is not None) is told
    assert notice is None or notice.kind is (Kind.LEFT if owed else Kind.TAKEN)


def test_what_a_hub_forgot_is_said_only_where_something_stands_here() -> None:
    assert of_forgetting(ALLOCATED, SHIPMENT) is None
    notice = of_forgetting(CLOSED, SHIPMENT)
    assert notice is not None
    assert notice.kind is Kind.GONE


def entry(fact: facts.Fact) -> Entry:
    return Entry(id="e", order=an_order().id, at=NOON, bench="b1", fact=fact)


PACKED = facts.ItemPacked(parcel=PARCEL, line="L1")


@pytest.mark.parametrize(
    ("fact", "verdict", "reason", "kind"),
    [
        (PACKED, Verdict.OK, "", None),
        (PACKED, Verdict.DUP, "", None),
        (PACKED, Verdict.FENCED, "", Kind.TAKEN),
        (PACKED, Verdict.LATE, "", Kind.CANCELLED),
        (PACKED, Verdict.UNKNOWN, "", Kind.GONE),
        (PACKED, Verdict.INVALID, "held", Kind.HELD),
        (PACKED, Verdict.INVALID, "cancel_requested", Kind.ASKED),
        (PACKED, Verdict.INVALID, "not_in_this_state", Kind.UNCLEAR),
        (facts.ParcelWeighed(parcel=PARCEL, grams=1), Verdict.FENCED, "", None),
        (facts.OrderHeld(shipment=SHIPMENT, hold=HoldKind.OPERATOR), Verdict.LATE, "", None),
        (facts.AddressChanged(digest="x"), Verdict.FENCED, "", None),
    ],
)
def test_verdicts_on_what_a_hand_did_are_said(
    fact: facts.Fact, verdict: Verdict, reason: str, kind: Kind | None
) -> None:
    notice = of_verdict(entry(fact), verdict, reason, PACKING)
    assert (notice.kind if notice else None) is kind


def test_a_verdict_on_an_order_that_left_still_says_its_number() -> None:
    notice = of_verdict(entry(PACKED), Verdict.FENCED, "", None)
    expected = Notice(
        shipment=SHIPMENT, kind=Kind.TAKEN, stage=Stage.BOX, number="202-0000001-0000001"
    )
    assert notice == expected
