from __future__ import annotations

from typing import get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.orders import (
    NO_WAY_BACK,
    Cancellation,
    ConfirmAt,
    Contents,
    Impossible,
    LabelState,
    Order,
    PrintState,
    Reason,
    State,
    apply,
    compensation,
    facts,
    fold,
    refusal,
)
from sync.orders.transitions import NEEDS_AUTHORITY, NOT_WHEN_CANCELLED
from tests.builders import a_label, a_line, an_order, up_to_close
from tests.sync.orders.walks import LIVES, ORDER, a_life, candidates, lives

EVERY_FACT = set(get_args(facts.Fact))


@given(lives())
@settings(max_examples=60, deadline=None)
def test_folding_the_same_facts_twice_gives_the_same_order(life: list[facts.Fact]) -> None:
    once, again = fold(ORDER, life), fold(ORDER, life)
    assert once == again
    assert msgspec.json.decode(msgspec.json.encode(once), type=Order) == once


@given(lives(), st.data())
@settings(max_examples=60, deadline=None)
def test_a_fact_that_is_not_allowed_is_refused_with_a_reason(
    life: list[facts.Fact], data: st.DataObject
) -> None:
    order = fold(ORDER, life)
    fact = data.draw(st.sampled_from(candidates(order)))
    reason = refusal(order, fact)
    if reason is None:
        assert isinstance(apply(order, fact), Order)
    else:
        with pytest.raises(Impossible) as refused:
            apply(order, fact)
        assert refused.value.reason is reason
        assert order == fold(ORDER, life), "a refused fact leaves no trace"


def test_every_fact_with_a_named_compensation_can_be_taken_back() -> None:
    for seed in range(LIVES):
        fewer = False
        for before, fact, after in a_life(seed):
            back = compensation(before, fact)
            fewer |= isinstance(fact, facts.QuantityReduced)
            if back is None:
                continue
            if refusal(after, back) is None:
                assert apply(after, back) == before, (seed, fact, back)
            else:
                in_the_way = after.shipments[0].stopped or fewer
                assert in_the_way, (seed, fact, "a hold, or a surplus nobody ordered")


def test_every_fact_has_a_compensation_or_is_on_the_short_list() -> None:
    seen: set[type] = {facts.PaymentCleared}  # from a state of its own, below
    for seed in range(LIVES):
        order = ORDER
        for before, fact, _ in a_life(seed):
            seen.add(type(fact))
            order = before
            again = isinstance(fact, facts.CancelRequested) and order.shipments[0].cancellation
            if again == Cancellation.REFUSED:
                continue  # asking again after a no is not taken back to the no
            back = compensation(order, fact)
            assert (back is None) == (type(fact) in NO_WAY_BACK), fact
    assert seen == EVERY_FACT, "every fact was met on the way"


@given(lives())
@settings(max_examples=100, deadline=None)
def test_whatever_happens_the_promises_hold(life: list[facts.Fact]) -> None:
    order = ORDER
    for fact in life:
        before, order = order, apply(order, fact)
        shipment = order.shipments[0]
        for line in shipment.lines:
            assert 0 <= line.short <= line.quantity
            assert shipment.packed(line.line) >= 0
        for parcel in shipment.parcels:
            assert not (parcel.label and parcel.label.tracking in parcel.spoiled)
            if parcel.label_state in (LabelState.NONE, LabelState.VOIDED, LabelState.FAILED):
                assert parcel.label is None
        if type(fact) in NEEDS_AUTHORITY:
            assert not before.shipments[0].stopped, "a hold holds"
        if before.shipments[0].cancellation is Cancellation.CANCELLED:
            assert type(fact) not in NOT_WHEN_CANCELLED


def test_an_ordinary_shipment_goes_all_the_way() -> None:
    order = an_order(lines=(a_line(quantity=2),))
    order = fold(order, up_to_close(order))
    assert order.state is State.PACKED
    parcel = order.shipments[0].parcels[0]
    assert (parcel.contents, parcel.label_state, parcel.print_state) == (
        Contents.WEIGHED,
        LabelState.BOUGHT,
        PrintState.PRINTED,
    )
    order = fold(
        order,
        [
            facts.ConfirmationQueued(parcel=parcel.id, at=ConfirmAt.CLOSED, reference="1"),
            facts.ConfirmationSent(parcel=parcel.id),
            facts.ConfirmationAccepted(parcel=parcel.id),
            facts.ParcelStaged(parcel=parcel.id, lane="GREEN"),
            facts.ParcelManifested(parcel=parcel.id, manifest="M1"),
            facts.ParcelHandedOver(parcel=parcel.id),
            facts.ParcelScannedByCarrier(parcel=parcel.id),
            facts.ParcelDelivered(parcel=parcel.id),
            facts.OrderCompleted(shipment=order.shipments[0].id),
        ],
    )
    assert order.state is State.COMPLETED


def test_a_swapped_label_does_not_close_a_parcel() -> None:
    order = an_order()
    *life, _ = up_to_close(order)
    order = fold(order, life)
    parcel = order.shipments[0].parcels[0]
    wrong = facts.ParcelClosed(parcel=parcel.id, tracking="RR000000005GB")
    assert refusal(order, wrong) is Reason.OTHER_LABEL


def test_a_voided_label_never_closes_a_parcel_again() -> None:
    order = an_order()
    *life, closed = up_to_close(order)
    order = fold(order, life)
    parcel = order.shipments[0].parcels[0]
    order = apply(order, facts.VoidRequested(parcel=parcel.id, why="heavier"))
    assert refusal(order, closed) is Reason.NO_LABEL
    order = apply(order, facts.LabelVoided(parcel=parcel.id))
    assert refusal(order, closed) is Reason.SPOILED_LABEL
    again = facts.LabelRequested(
        parcel=parcel.id, key="k2", grams=410, address=order.address_digest
    )
    order = apply(order, again)
    same = facts.LabelBought(parcel=parcel.id, label=a_label(order))
    assert refusal(order, same) is Reason.SPOILED_LABEL


def test_a_label_for_an_old_address_is_not_printed() -> None:
    order = an_order()
    life = up_to_close(order)
    queued = next(n for n, fact in enumerate(life) if isinstance(fact, facts.PrintQueued))
    order = fold(order, life[:queued])
    order = apply(order, facts.AddressChanged(digest="elsewhere"))
    assert refusal(order, life[queued]) is Reason.ADDRESS_CHANGED


def test_a_label_bought_for_another_weight_is_not_printed() -> None:
    order = an_order()
    life = up_to_close(order)
    weighed = next(n for n, fact in enumerate(life) if isinstance(fact, facts.ParcelWeighed))
    heavier = facts.ParcelWeighed(parcel=f"{order.shipments[0].id}/1", grams=900)
    queued = next(fact for fact in life if isinstance(fact, facts.PrintQueued))
    order = fold(order, [*life[:weighed], heavier, *life[weighed + 1 : weighed + 3]])
    assert refusal(order, queued) is Reason.WEIGHT_CHANGED


def test_nothing_is_confirmed_before_its_moment() -> None:
    order = an_order()
    *life, _ = up_to_close(order)
    order = fold(order, life)
    for at in (ConfirmAt.CLOSED, ConfirmAt.HANDOVER, ConfirmAt.FIRST_SCAN):
        early = facts.ConfirmationQueued(
            parcel=order.shipments[0].parcels[0].id, at=at, reference="1"
        )
        assert refusal(order, early) is Reason.NOT_DUE


def test_a_copy_needs_a_reason_and_is_counted() -> None:
    order = an_order()
    order = fold(order, up_to_close(order)[:-1])
    parcel = order.shipments[0].parcels[0]
    job = facts.print_job("RR123456785GB", 2)
    silent = facts.PrintQueued(parcel=parcel.id, job=job, copy=2)
    assert refusal(order, silent) is Reason.COPY_WITHOUT_REASON
    order = apply(order, facts.PrintQueued(parcel=parcel.id, job=job, copy=2, reason="torn"))
    order = fold(
        order,
        [
            facts.PrintStarted(parcel=parcel.id, job=job),
            facts.LabelPrinted(parcel=parcel.id, job=job, evidence="person"),
        ],
    )
    assert order.shipments[0].parcels[0].copies == 2


def test_an_order_without_lines_never_gets_a_parcel_with_something_in_it() -> None:
    order = an_order(lines=())
    order = fold(order, up_to_close(order)[:4])
    checked = facts.ParcelChecked(parcel=order.shipments[0].parcels[0].id)
    assert refusal(order, checked) is Reason.NO_PIECES


def test_an_unpaid_shipment_waits_for_its_money() -> None:
    order = an_order(state=State.PENDING_PAYMENT)
    shipment = order.shipments[0].id
    assert refusal(order, up_to_close(order)[0]) is Reason.NOT_IN_THIS_STATE
    order = apply(order, facts.PaymentCleared(shipment=shipment))
    assert order.state is State.READY


def test_a_box_is_not_closed_on_a_piece_that_was_called_off() -> None:
    order = an_order(lines=(a_line(quantity=2),))
    *before, closing = up_to_close(order)
    order = fold(order, before)
    reduced = facts.QuantityReduced(shipment=order.shipments[0].id, line="L1", by=1)
    assert refusal(apply(order, reduced), closing) is Reason.TOO_MANY
    assert refusal(order, closing) is None


def test_a_lost_parcel_is_shipped_again_once() -> None:
    order = an_order()
    shipment = order.shipments[0].id
    gone = facts.ParcelHandedOver(parcel=f"{shipment}/1")
    order = fold(order, [*up_to_close(order), gone])
    again = facts.ParcelPlanned(parcel=f"{shipment}/2", replaces=f"{shipment}/1")
    third = facts.ParcelPlanned(parcel=f"{shipment}/3", replaces=f"{shipment}/1")
    assert refusal(apply(order, again), third) is Reason.PARCEL_EXISTS
