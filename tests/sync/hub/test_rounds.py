"""What the hub does by itself, against the simulated outside."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select, update

from sync.hub import process, pull, troubles
from sync.hub.schema import orders, parcel
from sync.orders import Cancellation, Confirmation, HoldKind, LabelState, State, facts
from sync.protocol.messages import Verdict
from tests.sync.hub.world import World, packing, world

START = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made


def test_orders_come_in_are_labelled_packed_and_confirmed(here: World) -> None:
    ids = here.place(5)
    here.pull()
    bench = here.bench()
    here.go_round()
    bench.catch_up()
    assert len(bench.orders) == 5
    for order in list(bench.orders.values()):
        assert set(bench.pack(order)) == {Verdict.OK}
    here.go_round()
    assert {here.parcel(id).confirmation for id in ids} == {Confirmation.ACCEPTED}
    assert here.amazon_books()["shipped"] == 5
    assert here.amazon_books()["confirmations"] == 5
    assert here.carrier_books()["labels"] == 5
    assert here.carrier_books()["double"] == 0


def test_reading_the_same_orders_again_changes_nothing(here: World) -> None:
    (id,) = here.place()
    here.pull()
    before = here.order(id)
    again = pull.pull(here.store, here.book, here.rounds.outside, "uk", since=START)
    assert len(again.orders) == 1
    assert again.changed == 0
    assert here.order(id) == before


def test_a_cancelled_order_vanishes_from_the_bench_and_its_label_is_given_back(
    here: World,
) -> None:
    (id,) = here.place()
    here.pull()
    bench = here.bench()
    here.go_round()
    bench.catch_up()
    here.act(id, "cancel")
    here.pull()
    here.go_round()
    bench.catch_up()
    assert not bench.orders
    assert here.shipment(id).cancellation is Cancellation.CANCELLED
    assert here.parcel(id).label_state is LabelState.VOIDED
    assert here.carrier_books()["sold"] == 0


def test_an_order_cancelled_while_it_is_packed_stops_there(here: World) -> None:
    (id,) = here.place()
    here.pull()
    bench = here.bench()
    here.go_round()
    bench.catch_up()
    order = here.order(id)
    done = packing(order, order.shipments[0])
    assert bench.say(order, *done[:3]) == [Verdict.OK] * 3
    here.act(id, "cancel")
    here.pull()
    here.go_round()
    assert Verdict.OK not in bench.say(order, done[-1])
    assert here.parcel(id).label_state is LabelState.VOIDED
    assert here.carrier_books()["sold"] == 0
    assert here.amazon_books()["refused"] == 0


def test_a_new_address_replaces_the_label(here: World) -> None:
    (id,) = here.place()
    here.pull()
    bench = here.bench()
    here.go_round()
    first = here.parcel(id).label
    here.act(id, "address")
    here.pull()
    here.go_round()
    second = here.parcel(id).label
    bench.catch_up()
    assert first is not None
    assert second is not None
    assert second.tracking != first.tracking
    assert second.address == here.order(id).address_digest
    assert here.parcel(id).spoiled == (first.tracking,)
    assert here.carrier_books()["voided"] == 1
    (order,) = bench.orders.values()
    assert order == here.order(id)


def test_a_cancel_request_stops_the_parcel_until_a_person_decides(here: World) -> None:
    (id,) = here.place()
    here.pull()
    bench = here.bench()
    here.go_round()
    bench.catch_up()
    order = here.order(id)
    here.act(id, "request_cancel")
    here.pull()
    assert here.shipment(id).cancellation is Cancellation.REQUESTED
    assert bench.pack(order)[-1] is Verdict.INVALID
    here.go_round()
    assert here.parcel(id).confirmation is Confirmation.NOT_DUE
    here.record(id, facts.CancelRefused(shipment=f"{id}#1"))
    again = pull.pull(here.store, here.book, here.rounds.outside, "uk", since=START)
    assert again.fetched.cancel_requested  # it is asked for still, and answered
    assert again.changed == 0
    assert here.shipment(id).cancellation is Cancellation.REFUSED


@pytest.mark.parametrize(
    ("kind", "hold"),
    [
        ("masked", HoldKind.ADDRESS),
        ("no_address", HoldKind.ADDRESS),
        ("unknown_status", HoldKind.UNKNOWN),
        ("no_lines", HoldKind.UNKNOWN),
    ],
)
def test_what_cannot_be_sent_is_held_with_a_sentence(
    here: World, kind: str, hold: HoldKind
) -> None:
    if here.contract:
        here.contract._beside += ("/orders/2026",) if kind == "unknown_status" else ()
    (id,) = here.place(kind=kind)
    pulled = here.pull()
    here.bench()
    here.go_round()
    (held,) = here.shipment(id).holds
    assert held.kind is hold
    assert held.why
    assert [one.order for one in pulled.troubles] == [id]
    assert here.shipment(id).state is State.READY
    assert here.carrier_books()["labels"] == 0


def test_a_good_address_releases_the_hold(here: World) -> None:
    (id,) = here.place(kind="no_address")
    here.pull()
    other = here.amazon.book.get(here.place()[0].removeprefix("uk:"))
    assert other is not None
    assert other.address is not None
    here.amazon.book.change_address(id.removeprefix("uk:"), other.address, here.amazon.clock())
    here.pull()
    assert not here.shipment(id).holds
    here.bench()
    here.go_round()
    assert here.parcel(id).label_state is LabelState.BOUGHT


def test_what_the_carrier_declines_is_held(here: World) -> None:
    (id,) = here.place(kind="no_postcode")
    here.pull()
    here.bench()
    here.go_round()
    assert here.parcel(id).label_state is LabelState.FAILED
    (held,) = here.shipment(id).holds
    assert "postcode" in held.why


def test_an_unpaid_order_waits_for_its_money(here: World) -> None:
    (id,) = here.place(kind="pending")
    here.pull()
    here.bench()
    here.go_round()
    assert here.shipment(id).state is State.PENDING_PAYMENT
    assert not here.shipment(id).holds
    here.act(id, "pay")
    here.pull()
    here.go_round()
    assert here.parcel(id).label_state is LabelState.BOUGHT


def test_a_label_whose_answer_is_lost_is_bought_once(here: World) -> None:
    (id,) = here.place()
    here.pull()
    here.bench()
    here.arm("lost_answer", times=2, on="buy")
    here.go_round()
    assert here.parcel(id).label_state is LabelState.BOUGHT
    assert here.carrier_books()["labels"] == 1


def test_a_label_whose_answers_are_all_lost_is_looked_up(here: World) -> None:
    (id,) = here.place()
    here.pull()
    here.bench()
    here.arm("lost_answer", times=6, on="buy")
    here.rounds.allot_all()
    here.rounds.label_all()
    assert here.parcel(id).label_state is LabelState.UNCERTAIN
    here.due_now()
    here.go_round()
    assert here.parcel(id).label_state is LabelState.BOUGHT
    assert here.carrier_books()["labels"] == 1


def test_a_confirmation_whose_answer_is_lost_is_told_once(here: World) -> None:
    (id,) = here.place()
    here.pull()
    bench = here.bench()
    here.go_round()
    here.arm("lost_answer", times=1, on="confirmShipment")
    bench.pack(here.order(id))
    here.go_round()
    assert here.parcel(id).confirmation is Confirmation.ACCEPTED
    books = here.amazon_books()
    assert (books["confirmations"], books["repeats"], books["refused"]) == (1, 1, 0)


def test_a_confirmation_whose_answers_are_all_lost_is_found_at_the_marketplace(
    here: World,
) -> None:
    (id,) = here.place()
    here.pull()
    bench = here.bench()
    here.go_round()
    here.arm("lost_answer", times=6, on="confirmShipment")
    bench.pack(here.order(id))
    here.go_round()
    assert here.parcel(id).confirmation is Confirmation.ACCEPTED
    assert here.amazon_books()["confirmations"] == 1


def test_busy_servers_and_dead_tokens_are_outlasted(here: World) -> None:
    here.place(3)
    for name in ("server_error", "throttle", "token_expired", "truncated_body"):
        here.arm(name, times=1)
    here.pull()
    bench = here.bench()
    here.go_round()
    bench.catch_up()
    for order in list(bench.orders.values()):
        bench.pack(order)
    here.go_round()
    assert here.amazon_books()["shipped"] == 3
    assert here.carrier_books()["labels"] == 3


def test_an_order_that_cannot_be_worked_does_not_keep_the_others_out(here: World) -> None:
    (broken,) = here.place()
    here.pull()
    with here.store.write() as connection:
        connection.execute(update(orders).values(doc=b"no order"))
    good = here.place(2)
    here.act(broken, "cancel")

    def refused() -> bool:
        """A marketplace shows a change late: the first window may end before this one."""
        here.rounds.pull_one("uk")
        return here.rounds.failures["pull"] > 0

    _until(refused)
    assert [here.shipment(id).state for id in good] == [State.READY] * 2
    with here.store.read() as connection:
        (row,) = troubles.listed(connection)
    assert row._mapping["subject"] == broken
    assert here.rounds.failures["pull"] == 1


@pytest.mark.slow
def test_the_rounds_go_by_themselves_and_end_when_told(here: World) -> None:
    ids = here.place(4)
    bench = here.bench()
    here.rounds.start()
    packed: set[str] = set()
    end = time.monotonic() + 60
    try:
        while not all(told(here, id) for id in ids):
            assert time.monotonic() < end, "the rounds stand still"
            bench.catch_up()
            for id, order in bench.orders.items():
                box = order.shipments[0].parcels[0]
                if box.label_usable and id not in packed:
                    packed.add(id)
                    bench.pack(order)
                    here.rounds.announce()
            here.rounds.stop.wait(0.02)
        assert here.rounds.alive
    finally:
        here.rounds.end()
    assert not any(thread.is_alive() for thread in here.rounds._threads)
    assert here.amazon_books()["confirmations"] == 4
    assert not here.rounds.failures


def told(here: World, id: str) -> bool:
    """Say whether Amazon has accepted the order's parcel, if the order is there at all."""
    with here.store.read() as connection:
        order = here.book.get(connection, id)
    boxes = [box for one in order.shipments for box in one.parcels] if order else []
    return bool(boxes) and all(box.confirmation is Confirmation.ACCEPTED for box in boxes)


def test_the_round_that_pulls_goes_on_after_the_database_was_away(here: World) -> None:
    here.place()
    with here.store.write() as connection:
        connection.exec_driver_sql("ALTER TABLE channel RENAME TO away")
    pulling = threading.Thread(target=here.rounds._pulling)
    pulling.start()
    _until(lambda: here.rounds.failures["pull"] > 0)
    with here.store.write() as connection:
        connection.exec_driver_sql("ALTER TABLE away RENAME TO channel")
    _until(lambda: _orders(here) == 1)
    here.rounds.stop.set()
    pulling.join()


def _orders(here: World) -> int:
    with here.store.read() as connection:
        return len(connection.execute(select(orders.c.id)).all())


def _until(so: Callable[[], bool]) -> None:
    """Wait for what a round does in its own time."""
    deadline = time.monotonic() + 60.0
    while not so():
        assert time.monotonic() < deadline
        threading.Event().wait(0.01)


def test_who_comes_late_to_a_label_does_not_keep_the_parcel_from_being_told(here: World) -> None:
    bench = here.bench()
    (id,) = here.place()
    here.pull()
    here.go_round()
    bench.catch_up()
    bench.pack(here.order(id))
    # Two hubs, or a dead one's workflow: the label's piece is begun once more when it is bought.
    here.rounds.labels.do(here.parcel(id).id)
    here.rounds.confirmations.do(here.parcel(id).id)
    assert here.parcel(id).confirmation is Confirmation.ACCEPTED


def test_who_comes_late_to_tell_leaves_a_label_to_be_looked_up_first(here: World) -> None:
    here.bench()
    (id,) = here.place()
    here.pull()
    here.rounds.allot_all()
    box = here.parcel(id).id
    due = parcel.c.id == box
    with here.store.write() as connection:
        connection.execute(update(parcel).where(due).values(due_at=process.LEFT))
    here.rounds.confirmations.do(box)
    with here.store.read() as connection:
        left = connection.execute(select(parcel.c.due_at).where(due)).scalar_one()
    assert left == process.LEFT, "taken for new, it would be bought without a look"
