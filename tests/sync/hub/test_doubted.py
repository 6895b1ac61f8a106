"""After a restore no label of an open box is used before the carrier was asked about it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.hub import doubted, takeover
from sync.orders import LabelState, State, facts
from sync.protocol.messages import Verdict
from tests.sync.hub.restored import Journal, back_up, reported, restore
from tests.sync.hub.world import World, packing, world


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made
        made.store.close()


def labelled(here: World) -> str:
    """Let an order have its label."""
    (id,) = here.place()
    here.pull()
    here.bench()
    here.go_round()
    assert here.parcel(id).label_usable
    return id


def test_of_two_labels_the_one_that_was_given_back_since_the_copy_goes_on_no_box(
    here: World, tmp_path: Path
) -> None:
    id = labelled(here)
    first = here.parcel(id).label
    copy = back_up(here, tmp_path)
    here.record(id, facts.VoidRequested(parcel=here.parcel(id).id, why="it tore"))
    here.go_round()
    second = here.parcel(id).label
    assert first is not None
    assert second is not None
    assert first.tracking != second.tracking
    restore(here, copy)
    assert here.parcel(id).label == first
    assert not here.parcel(id).label_usable
    here.go_round()
    assert here.parcel(id).label == second
    assert here.parcel(id).label_usable
    assert first.tracking in here.parcel(id).spoiled
    books = here.carrier_books()
    assert (books["labels"], books["sold"], books["double"]) == (2, 1, 0)


def test_a_label_that_is_still_good_is_used_once_the_carrier_has_said_so(
    here: World, tmp_path: Path
) -> None:
    id = labelled(here)
    before = here.parcel(id)
    copy = back_up(here, tmp_path)
    restore(here, copy)
    assert here.parcel(id).label_state is LabelState.UNCERTAIN
    here.go_round()
    assert here.parcel(id) == before
    assert here.carrier_books()["labels"] == 1


def test_a_box_that_was_closed_meanwhile_counts_once_its_label_is_known_to_be_good(
    here: World, tmp_path: Path
) -> None:
    (id,) = here.place()
    here.pull()
    bench = here.bench()
    here.go_round()
    bench.catch_up()
    copy = back_up(here, tmp_path)
    order = here.order(id)
    journal = Journal(bench)
    shipment = order.shipments[0]
    journal.note(bench.numbered(id, shipment.claim, *packing(order, shipment)))
    assert set(journal.send()) == {Verdict.OK}
    restore(here, copy, bench)
    assert Verdict.INVALID in journal.send()
    reported(here, bench)
    here.go_round()
    assert here.shipment(id).state is State.PACKED
    assert here.carrier_books()["labels"] == 1


def test_what_is_on_a_closed_box_or_goes_back_anyway_is_not_doubted(here: World) -> None:
    closed, back = labelled(here), labelled(here)
    order = here.order(closed)
    here.record(closed, *packing(order, order.shipments[0]))
    here.record(back, facts.VoidRequested(parcel=here.parcel(back).id, why="it tore"))
    with here.store.write() as connection:
        assert doubted.doubt(connection, here.book, time.time()) == 0
    assert here.parcel(closed).closed
    assert here.parcel(back).label_state is LabelState.BOUGHT


def test_many_labels_are_doubted_a_few_at_a_time(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doubted, "AT_ONCE", 2)
    ids = here.place(5)
    here.pull()
    here.bench()
    here.go_round()
    with here.store.write() as connection:
        assert doubted.doubt(connection, here.book, time.time()) == 5
    assert {here.parcel(id).label_state for id in ids} == {LabelState.UNCERTAIN}


@pytest.mark.parametrize("known", [True, False], ids=["in the copy", "bought since the copy"])
def test_a_label_that_another_bench_may_have_printed_before_the_restore_goes_on_no_second_box(
    here: World, tmp_path: Path, *, known: bool
) -> None:
    (id,) = here.place()
    here.pull()
    first, second = here.bench("b1"), here.bench("b2")
    here.rounds.allot_all()
    if known:
        here.go_round()
    copy = back_up(here, tmp_path)
    here.go_round()
    order = here.order(id)
    printed = here.parcel(id).label
    journal = Journal(first if here.shipment(id).bench == "b1" else second)
    other = second if journal.bench is first else first
    shipment = order.shipments[0]
    journal.note(journal.bench.numbered(id, shipment.claim, *packing(order, shipment)))
    restore(here, copy, first, second)  # before it heard of the box
    with here.store.write() as connection:
        given = here.book.get(connection, id, lock=True)
        assert given is not None
        done = takeover.facts_of(connection, given, other.name)
        takeover.take_over(connection, here.book, given, done, time.time(), why="off", by="S")
    here.go_round()
    now = here.parcel(id).label
    assert printed is not None
    assert now is not None
    assert here.parcel(id).label_usable
    assert now.tracking != printed.tracking
    assert set(journal.send()) == {Verdict.FENCED}
    books = here.carrier_books()
    assert (books["labels"], books["sold"], books["double"]) == (2, 1, 0)


def test_a_label_that_a_silent_bench_may_have_printed_goes_on_no_second_box(
    here: World, tmp_path: Path
) -> None:
    """The lost hub had given the shipment on; by the copy the first bench has it still."""
    (id,) = here.place()
    here.pull()
    first, second = here.bench("b1"), here.bench("b2")
    here.go_round()
    for one in (first, second):
        reported(here, one)
    has = first if here.shipment(id).bench == "b1" else second
    silent = second if has is first else first
    copy = back_up(here, tmp_path)
    with here.store.write() as connection:
        order = here.book.get(connection, id, lock=True)
        assert order is not None
        done = takeover.facts_of(connection, order, silent.name)
        takeover.take_over(connection, here.book, order, done, time.time(), why="off", by="S")
    here.go_round()
    printed = here.parcel(id).label
    assert printed is not None
    restore(here, copy, first, second)
    reported(here, has)
    for _ in range(3):
        here.go_round()
    now = here.parcel(id).label
    assert here.shipment(id).bench == has.name
    assert here.parcel(id).label_usable
    assert now is not None
    assert now.tracking != printed.tracking
