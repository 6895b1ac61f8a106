"""After a restore the hub learns again what it had done, from benches, carriers, marketplaces."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event, select

from sync.hub import allot, benches, giveback, setup, unheard
from sync.hub.schema import entry, trouble
from sync.orders import Claim, Confirmation, LabelState, State, facts
from sync.protocol.messages import Verdict
from tests.sync.hub.restored import Journal, again, back_up, reported, restore
from tests.sync.hub.world import Bench, World, packing, world


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made
        made.store.close()


def packed(here: World, bench: Bench, id: str) -> Journal:
    """Let a bench pack an order and tell it."""
    bench.catch_up()
    order = here.order(id)
    journal = Journal(bench)
    shipment = order.shipments[0]
    journal.note(bench.numbered(id, shipment.claim, *packing(order, shipment)))
    assert set(journal.send()) == {Verdict.OK}
    return journal


def open_troubles(here: World) -> list[str]:
    with here.store.read() as connection:
        found = select(trouble.c.subject).where(trouble.c.resolved_at.is_(None))
        return list(connection.execute(found).scalars())


def verdicts(here: World, bench: Bench) -> list[str]:
    with here.store.read() as connection:
        found = select(entry.c.verdict).where(entry.c.bench == bench.name).order_by(entry.c.seq)
        return list(connection.execute(found).scalars())


def test_the_second_request_finds_the_label_that_the_lost_hub_bought(
    here: World, tmp_path: Path
) -> None:
    (id,) = here.place()
    here.pull()
    bench = here.bench()
    copy = back_up(here, tmp_path)
    here.go_round()
    first = here.parcel(id).label
    restore(here, copy, bench)
    reported(here, bench)
    here.go_round()
    assert here.parcel(id).label == first
    books = here.carrier_books()
    assert (books["labels"], books["double"], books["key_conflicts"]) == (1, 0, 0)


def test_a_label_that_the_lost_hub_gave_back_is_not_used_again(here: World, tmp_path: Path) -> None:
    (id,) = here.place()
    here.pull()
    bench = here.bench()
    copy = back_up(here, tmp_path)
    here.go_round()
    box = here.parcel(id)
    here.record(id, facts.VoidRequested(parcel=box.id, why="it tore"))
    here.go_round()
    second = here.parcel(id).label
    restore(here, copy, bench)
    reported(here, bench)
    here.go_round()
    assert here.parcel(id).label == second
    assert here.parcel(id).label_state is LabelState.BOUGHT
    books = here.carrier_books()
    assert (books["labels"], books["sold"], books["double"]) == (2, 1, 0)


def test_work_under_a_claim_that_the_hub_forgot_is_adopted(here: World, tmp_path: Path) -> None:
    (id,) = here.place()
    here.pull()
    bench = here.bench()
    copy = back_up(here, tmp_path)
    here.go_round()
    journal = packed(here, bench, id)
    before = here.order(id)
    restore(here, copy, bench)
    assert here.rounds.allot_all() == 0  # it waits for what the benches have to tell
    assert Verdict.OK in journal.send()
    assert here.shipment(id).claim == Claim(1, 1)
    assert here.shipment(id).bench == "b1"
    assert open_troubles(here)  # a box was closed whose label the hub has not found yet
    here.go_round()
    assert here.shipment(id).state is State.PACKED
    assert here.parcel(id).label == before.shipments[0].parcels[0].label
    assert set(verdicts(here, bench)) == {"ok"}
    assert not open_troubles(here)
    assert here.carrier_books()["labels"] == 1
    here.go_round()
    assert here.amazon_books()["confirmations"] == 1


def test_what_was_given_to_another_bench_since_the_restore_is_fenced(
    here: World, tmp_path: Path
) -> None:
    (id,) = here.place()
    here.pull()
    bench = here.bench()
    copy = back_up(here, tmp_path)
    here.go_round()
    journal = packed(here, bench, id)
    restore(here, copy, bench)
    other = here.bench("b2")
    with here.store.write() as connection:
        benches.revoke(connection, "b1")
    reported(here, bench, other)
    here.go_round()
    assert here.shipment(id).claim == Claim(2, 1)
    assert here.shipment(id).bench == "b2"
    assert set(journal.send()) == {Verdict.FENCED}
    here.go_round()
    assert again(here) == 0
    assert set(verdicts(here, bench)) == {"fenced"}
    assert here.shipment(id).state is State.ALLOCATED
    books = here.carrier_books()
    assert (books["sold"], books["double"]) == (1, 0)


def test_what_a_bench_packed_that_is_off_since_is_not_packed_again(
    here: World, tmp_path: Path
) -> None:
    (id,) = here.place()
    here.pull()
    bench = here.bench()
    copy = back_up(here, tmp_path)
    here.go_round()
    journal = packed(here, bench, id)
    restore(here, copy, bench)
    other = here.bench("b2")
    reported(here, other)
    later = time.time() + setup.RESTORING_SECONDS + 1
    assert allot.allot(here.store, here.book, later) == [], "b1 is off, and may have packed it"
    with here.store.write() as connection:
        unheard.tell(connection, here.book, later)
    assert open_troubles(here) == ["b1"]
    (new,) = here.place()
    here.pull()
    given = allot.allot(here.store, here.book, later)
    assert [one.shipment for one in given] == [f"{new}#1"], "what was ordered since is packed"
    assert Verdict.OK in journal.send()
    reported(here, bench)
    here.go_round()
    with here.store.write() as connection:
        unheard.tell(connection, here.book, later)
    assert (here.shipment(id).bench, here.shipment(id).state) == ("b1", State.PACKED)
    assert not open_troubles(here)
    assert here.carrier_books()["double"] == 0


def test_an_order_that_comes_back_later_takes_over_what_was_told_of_it(
    here: World, tmp_path: Path
) -> None:
    bench = here.bench()
    copy = back_up(here, tmp_path)
    (id,) = here.place()
    here.pull()
    here.go_round()
    journal = packed(here, bench, id)
    restore(here, copy, bench)
    assert set(journal.send()) == {Verdict.UNKNOWN}
    reported(here, bench)
    assert again(here) == 0
    here.pull()
    assert here.rounds.allot_all() == 0  # a bench has told of it already
    assert again(here) > 0
    here.go_round()
    assert again(here) == 0
    assert here.shipment(id).state is State.PACKED
    assert here.shipment(id).claim == Claim(1, 1)
    assert not open_troubles(here)
    assert here.carrier_books()["labels"] == 1


def test_an_entry_of_a_newer_bench_is_followed_once_the_hub_can_read_it(
    here: World, tmp_path: Path
) -> None:
    (id,) = here.place()
    here.pull()
    bench = here.bench()
    here.go_round()
    shipment = here.shipment(id)
    bench.say(here.order(id), facts.PackStarted(shipment=shipment.id))
    before = here.order(id)
    with here.store.write() as connection:
        # As a hub of yesterday would have stored it.
        connection.execute(
            entry.update()
            .where(entry.c.bench == "b1")
            .values(kind="unreadable", order_id="", id="b1.1.1", verdict="invalid")
        )
    here.record(id, facts.PackStopped(shipment=shipment.id, back_to=State.ALLOCATED))
    assert again(here) == 1
    assert here.shipment(id).state is before.shipments[0].state
    assert verdicts(here, bench) == ["ok"]


def test_what_the_lost_hub_told_its_marketplace_is_no_shipment_from_elsewhere(
    here: World, tmp_path: Path
) -> None:
    (id,) = here.place()
    here.pull()
    bench = here.bench()
    copy = back_up(here, tmp_path)
    here.go_round()
    journal = packed(here, bench, id)
    here.go_round()
    assert here.amazon_books()["confirmations"] == 1
    restore(here, copy, bench)
    journal.send()
    reported(here, bench)
    here.pull()  # it says shipped, and the book has told nobody of it
    assert not here.shipment(id).holds
    here.go_round()
    again(here)
    here.go_round()
    assert here.shipment(id).state is State.PACKED
    assert here.parcel(id).confirmation is Confirmation.ACCEPTED
    assert not open_troubles(here)


def test_channels_are_read_once_the_benches_have_told_what_they_know(
    here: World, tmp_path: Path
) -> None:
    bench = here.bench()
    copy = back_up(here, tmp_path)
    (id,) = here.place()
    restore(here, copy, bench)
    here.rounds.pull_one("uk")
    with here.store.read() as connection:
        assert here.book.get(connection, id) is None
    reported(here, bench)
    here.rounds.pull_one("uk")
    assert here.order(id).id == id


def test_looking_for_what_waits_does_not_walk_the_whole_journal(here: World) -> None:
    with here.store.write() as connection:
        setup.note(connection, "restored_at", "5.0")
    asked: list[tuple[str, tuple[object, ...]]] = []

    @event.listens_for(here.store.engine, "before_cursor_execute")
    def _note(*said: object) -> None:
        asked.append((str(said[2]), tuple(said[3])))  # type: ignore[arg-type]  # parameters

    again(here)
    plans = []
    with here.store.read() as connection:
        for statement, given in list(asked):
            if "FROM entry" in statement:
                plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)
                plans += [row[3] for row in plan]
    assert any("entry_not_ok" in plan for plan in plans)
    assert not [plan for plan in plans if plan.startswith("SCAN entry")]


@pytest.mark.parametrize("asked_first", [False, True])
@pytest.mark.parametrize("second_first", [False, True])
@pytest.mark.parametrize("wished", [False, True])
def test_what_was_given_back_before_the_restore_stays_with_the_bench_that_packed_it(
    here: World, tmp_path: Path, *, wished: bool, second_first: bool, asked_first: bool
) -> None:
    (id,) = here.place()
    here.pull()
    first = here.bench("b1")
    here.go_round()
    second = here.bench("b2")
    label = here.parcel(id).label
    copy = None if wished else back_up(here, tmp_path)
    give(here, id, "b2")
    copy = copy or back_up(here, tmp_path)
    given = Journal(first)
    back = facts.ShipmentGivenBack(shipment=f"{id}#1")
    given.note(first.numbered(id, here.shipment(id).claim, back))
    assert given.send() == [Verdict.OK]
    packs = packed(here, second, id)
    restore(here, copy, first, second)
    if asked_first:  # the carrier still has the label
        here.go_round()
    for journal in (packs, given) if second_first else (given, packs):
        journal.send()
    reported(here, first, second)
    here.go_round()
    again(here)
    here.go_round()
    one = here.shipment(id)
    assert (one.bench, one.claim, one.state) == ("b2", Claim(1, 2), State.PACKED)
    assert here.parcel(id).label == label
    assert not open_troubles(here)
    books = here.carrier_books()
    assert (books["labels"], books["sold"], books["double"]) == (1, 1, 0)


def give(here: World, id: str, name: str) -> None:
    with here.store.write() as connection:
        order, now = here.order(id), time.time()
        done = giveback.facts_of(connection, order, name, now)
        giveback.give(connection, here.book, order, done, now, by="S1")
