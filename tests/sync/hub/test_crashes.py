"""A hub that dies between an intent and its outcome buys nothing twice and tells nothing twice."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from sync.hub.schema import parcel
from sync.orders import Confirmation, HoldKind, LabelState, facts
from tests.sync.hub.world import Bench, World, world


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made


def one_order(here: World) -> tuple[str, Bench]:
    """Let an order come in and be given to a bench."""
    (id,) = here.place()
    here.pull()
    return id, here.bench()


@pytest.mark.parametrize("fault", ["lost_answer", "server_error"])
def test_a_hub_that_died_while_buying_finds_out_and_buys_once(here: World, fault: str) -> None:
    id, _ = one_order(here)
    here.rounds.allot_all()
    here.arm(fault, on="buy")
    here.kill()
    here.rounds.label_all()
    assert here.parcel(id).label_state is LabelState.REQUESTED
    assert here.carrier_books()["labels"] == (fault == "lost_answer")
    here.live_again()
    here.go_round()
    assert here.parcel(id).label_state is LabelState.BOUGHT
    books = here.carrier_books()
    # It looked before it would have bought again.
    assert (books["labels"], books["double"], books["key_repeats"]) == (1, 0, 0)


@pytest.mark.parametrize("fault", ["lost_answer", "server_error"])
def test_a_hub_that_died_while_confirming_tells_once(here: World, fault: str) -> None:
    id, bench = one_order(here)
    here.go_round()
    bench.pack(here.order(id))
    here.arm(fault, on="confirmShipment")
    here.kill()
    here.rounds.confirm_all()
    assert here.parcel(id).confirmation is Confirmation.SENT
    assert here.amazon_books()["confirmations"] == (fault == "lost_answer")
    here.live_again()
    here.go_round()
    assert here.parcel(id).confirmation is Confirmation.ACCEPTED
    books = here.amazon_books()
    assert (books["confirmations"], books["edits"], books["refused"]) == (1, 0, 0)


def test_a_label_that_was_cancelled_while_the_hub_was_dead_is_given_back(here: World) -> None:
    id, _ = one_order(here)
    here.rounds.allot_all()
    here.arm("lost_answer", on="buy")
    here.kill()
    here.rounds.label_all()
    here.live_again()
    here.record(id, facts.OrderCancelled(shipment=f"{id}#1"))
    here.go_round()
    assert here.parcel(id).label_state is LabelState.VOIDED
    books = here.carrier_books()
    assert (books["labels"], books["voided"]) == (1, 1)


def test_a_label_that_was_never_bought_is_not_bought_for_a_cancelled_order(here: World) -> None:
    id, _ = one_order(here)
    here.rounds.allot_all()
    here.arm("server_error", on="buy")
    here.kill()
    here.rounds.label_all()
    here.live_again()
    here.record(id, facts.OrderCancelled(shipment=f"{id}#1"))
    here.go_round()
    assert here.parcel(id).label_state is LabelState.FAILED
    assert here.carrier_books()["labels"] == 0


def test_an_address_that_changed_while_the_answer_was_out_gets_its_own_label(here: World) -> None:
    id, _ = one_order(here)
    here.rounds.allot_all()
    here.arm("lost_answer", on="buy")
    here.kill()
    here.rounds.label_all()
    here.live_again()
    here.act(id, "address")
    here.pull()
    here.go_round()
    box = here.parcel(id)
    assert box.label is not None
    assert box.label.address == here.order(id).address_digest
    books = here.carrier_books()
    assert (books["labels"], books["voided"], books["double"]) == (2, 1, 0)


def test_a_void_whose_answer_was_lost_is_said_again(here: World) -> None:
    id, _ = one_order(here)
    here.go_round()
    here.act(id, "address")
    here.pull()
    here.arm("lost_answer", on="void")
    here.kill()
    here.rounds.label_all()
    here.live_again()
    here.go_round()
    books = here.carrier_books()
    assert (books["labels"], books["voided"], books["double"]) == (2, 1, 0)


def test_a_confirmation_waits_while_the_order_is_held(here: World) -> None:
    id, bench = one_order(here)
    here.go_round()
    bench.pack(here.order(id))
    hold = facts.OrderHeld(shipment=f"{id}#1", hold=HoldKind.FRAUD)
    here.record(id, hold)
    here.go_round()
    assert here.amazon_books()["confirmations"] == 0
    here.record(id, facts.HoldReleased(shipment=f"{id}#1", hold=hold.hold))
    here.go_round()
    assert here.amazon_books()["confirmations"] == 1


def test_a_marketplace_that_is_away_is_told_when_it_is_back(here: World) -> None:
    id, bench = one_order(here)
    here.go_round()
    bench.pack(here.order(id))
    here.arm("server_error", times=13)  # six tries of telling, six of looking, and one
    here.rounds.confirm_all()
    assert here.parcel(id).confirmation is Confirmation.UNCERTAIN
    here.due_now()
    here.go_round()
    assert here.parcel(id).confirmation is Confirmation.ACCEPTED
    assert here.amazon_books()["confirmations"] == 1


def test_a_marketplace_that_stays_away_is_asked_less_and_less_often(here: World) -> None:
    id, bench = one_order(here)
    here.go_round()
    bench.pack(here.order(id))
    here.rounds.confirmations.again_seconds = 60.0
    here.arm("server_error", times=1000)
    pauses = []
    for _ in range(3):
        here.due_now()
        here.rounds.confirm_all()
        assert not here.rounds.confirmations.due()
        with here.store.read() as connection:
            row = connection.execute(select(parcel)).one()
        pauses.append(round((row.due_at - time.time()) / 60))
    assert pauses == [1, 2, 4]
    assert here.parcel(id).confirmation is Confirmation.UNCERTAIN
