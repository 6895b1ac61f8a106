"""Hub and bench disagree: what each of them is told, what becomes a trouble, what is bought."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from sync.hub import benches, news, takeover
from sync.hub.schema import entry, trouble
from sync.orders import (
    Claim,
    Confirmation,
    Fact,
    HoldKind,
    LabelState,
    Order,
    State,
    facts,
)
from sync.protocol import chain
from sync.protocol.messages import Acked, Enrol, Gap, Numbered, Verdict
from tests.builders import ADA, a_line, an_order
from tests.sync.hub.test_entries import ONE, Hub, allotted, hub
from tests.sync.hub.world import Bench, World, packing, world

__all__ = ["allotted", "hub"]


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made


def one_order(here: World) -> tuple[str, Bench]:
    """Let an order come in, be given to a bench, and its label be bought."""
    (id,) = here.place()
    here.pull()
    bench = here.bench()
    here.go_round()
    bench.catch_up()
    return id, bench


def sentences(made: World | Hub) -> list[str]:
    with made.store.read() as connection:
        found = select(trouble.c.sentence).where(trouble.c.resolved_at.is_(None))
        return list(connection.execute(found.order_by(trouble.c.id)).scalars())


# -- cancelled while packing offline


def test_an_order_that_was_cancelled_while_it_was_packed_offline_is_unpacked(here: World) -> None:
    id, bench = one_order(here)
    order = here.order(id)
    here.act(id, "cancel")
    here.pull()
    here.go_round()
    told = bench.pack(order)
    assert set(told) == {Verdict.LATE}
    assert "take the box apart" in sentences(here)[-1]
    here.go_round()
    assert here.parcel(id).label_state is LabelState.VOIDED
    assert here.carrier_books()["sold"] == 0
    assert here.amazon_books()["confirmations"] == 0


def test_a_held_order_that_is_called_off_gives_its_label_back(here: World) -> None:
    id, _ = one_order(here)
    held = facts.OrderHeld(shipment=f"{id}#1", hold=HoldKind.OPERATOR, why="somebody asked")
    here.record(id, held)
    here.go_round()
    assert here.parcel(id).label_state is LabelState.BOUGHT, "it may be released again"
    here.record(id, facts.OrderCancelled(shipment=f"{id}#1", why="somebody asked"))
    here.go_round()
    assert here.parcel(id).label_state is LabelState.VOIDED
    assert here.carrier_books()["sold"] == 0


def test_a_bench_that_had_begun_packs_on_after_the_cancel_in_vain(here: World) -> None:
    id, bench = one_order(here)
    order = here.order(id)
    done = packing(order, order.shipments[0])
    assert bench.say(order, *done[:3]) == [Verdict.OK] * 3
    here.record(id, facts.OrderCancelled(shipment=f"{id}#1"))
    told = bench.say(order, *done[3:])
    assert Verdict.OK not in told[:-2] or told[-1] is Verdict.LATE
    assert told[-1] is Verdict.LATE
    here.go_round()
    assert here.amazon_books()["confirmations"] == 0
    assert "take the box apart" in sentences(here)[-1]


# -- packed by two benches in a partition


def two_boxes(here: World) -> tuple[str, Bench, Bench, Order]:
    """Let a person give a shipment to b2 while b1, which cannot be heard, packs it."""
    id, first = one_order(here)
    stale = here.order(id)
    second = here.bench("b2")
    with here.store.write() as connection:
        order = here.book.get(connection, id, lock=True)
        assert order is not None
        done = takeover.facts_of(connection, order, "b2")
        now = time.time()
        takeover.take_over(connection, here.book, order, done, now, why="b1 is dead", by="S")
    here.go_round()
    return id, first, second, stale


def test_of_two_boxes_in_a_partition_one_ships_and_the_other_is_looked_for(here: World) -> None:
    id, first, second, stale = two_boxes(here)
    old = stale.shipments[0].parcels[0].label
    new = here.parcel(id).label
    assert old is not None
    assert new is not None
    assert old.tracking != new.tracking
    assert old.tracking in here.parcel(id).spoiled
    assert set(second.pack(here.order(id))) == {Verdict.OK}
    assert set(first.pack(stale)) == {Verdict.FENCED}
    here.go_round()
    assert here.parcel(id).confirmation is Confirmation.ACCEPTED
    assert here.amazon_books()["confirmations"] == 1
    books = here.carrier_books()
    assert (books["labels"], books["sold"], books["double"]) == (2, 1, 0)
    assert any("second box" in sentence for sentence in sentences(here))


def test_the_fenced_bench_gets_no_label_and_closes_nothing_whoever_is_first(here: World) -> None:
    id, first, second, stale = two_boxes(here)
    box = stale.shipments[0].parcels[0]
    asked = facts.LabelRequested(parcel=box.id, key="second", grams=1, address=stale.address_digest)
    void = facts.VoidRequested(parcel=box.id, why="replaced")
    assert set(first.say(stale, void, asked)) == {Verdict.FENCED}
    assert set(first.pack(stale)) == {Verdict.FENCED}
    here.go_round()
    assert here.carrier_books()["sold"] == 1
    assert here.amazon_books()["confirmations"] == 0
    assert here.shipment(id).state is State.ALLOCATED
    assert set(second.pack(here.order(id))) == {Verdict.OK}


def test_the_fenced_box_is_refused_at_the_dock(here: World) -> None:
    id, first, _, stale = two_boxes(here)
    first.pack(stale)
    box = stale.shipments[0].parcels[0].id
    staged = facts.ParcelStaged(parcel=box, lane="GREEN")
    dock = here.bench("dock")
    new = dock.numbered(id, None, staged)
    answer = dock.post(dock.batch(chain.START, new))
    assert isinstance(answer, Acked)
    assert [one.verdict for one in answer.verdicts] == [Verdict.INVALID]
    assert any("pull it from its lane" in sentence for sentence in sentences(here))


def test_the_bench_that_lost_it_reads_so_in_its_feed(here: World) -> None:
    id, first, second, stale = two_boxes(here)
    first.pack(stale)
    first.catch_up()
    second.catch_up()
    assert f"{id}#1" not in first.orders
    assert f"{id}#1" in second.orders
    assert first.through == first.seq


# -- address changed after the label


def moved(here: World, id: str) -> None:
    here.act(id, "address")
    here.pull()


def test_an_address_that_changed_before_the_box_was_closed_gets_a_new_label(here: World) -> None:
    id, bench = one_order(here)
    order = here.order(id)
    first = here.parcel(id).label
    moved(here, id)
    told = bench.pack(order)
    assert told[-1] is Verdict.INVALID
    assert "pull it from its lane" in sentences(here)[-1]
    here.go_round()
    now = here.parcel(id).label
    assert first is not None
    assert now is not None
    assert now.tracking != first.tracking
    assert here.carrier_books()["sold"] == 1


def test_an_address_that_changed_after_the_box_was_closed_holds_it(here: World) -> None:
    id, bench = one_order(here)
    order = here.order(id)
    bench.pack(order)
    box = here.parcel(id)
    moved(here, id)
    staged = facts.ParcelStaged(parcel=box.id, lane="GREEN")
    assert bench.say(here.order(id), staged) == [Verdict.INVALID]
    assert [hold.kind for hold in here.shipment(id).holds] == [HoldKind.ADDRESS]
    assert any("the address changed after the label" in one for one in sentences(here))
    reopened = facts.ParcelReopened(parcel=box.id)
    assert bench.say(here.order(id), reopened) == [Verdict.OK]
    here.record(id, facts.HoldReleased(shipment=f"{id}#1", hold=HoldKind.ADDRESS))
    here.go_round()
    now = here.parcel(id)
    assert now.label is not None
    assert box.label is not None
    assert now.label.tracking != box.label.tracking
    assert now.label.address == here.order(id).address_digest
    assert here.carrier_books()["sold"] == 1


def test_a_parcel_that_the_marketplace_knows_may_go_to_the_old_address_if_a_person_says_so(
    here: World,
) -> None:
    id, bench = one_order(here)
    bench.pack(here.order(id))
    here.go_round()
    box = here.parcel(id)
    assert box.confirmation is Confirmation.ACCEPTED
    elsewhere = replace(ADA, lines=("1 Other Street",))
    order = here.order(id)
    said = news.Said(order=replace(order, address=elsewhere))
    new = news.of_known(order, said)
    with here.store.write() as connection:
        here.book.record(connection, order, new.facts, time.time(), to=new.order)
    assert "marketplace knows this label" in " ".join(one.sentence for one in new.troubles)
    staged = facts.ParcelStaged(parcel=box.id, lane="GREEN")
    reopened = facts.ParcelReopened(parcel=box.id)
    assert bench.say(here.order(id), reopened, staged) == [Verdict.INVALID] * 2
    here.record(id, facts.HoldReleased(shipment=f"{id}#1", hold=HoldKind.ADDRESS))
    assert bench.say(here.order(id), staged) == [Verdict.OK]


# -- stock gone


def test_a_piece_that_was_said_to_be_missing_twice_is_missing_once(hub: Hub) -> None:
    order = an_order(lines=(a_line(quantity=2),))
    hub.add(order)
    bench = hub.bench()
    hub.allot()
    id = order.shipments[0].id
    short = facts.LineShort(shipment=id, line="L1", quantity=2)
    assert bench.say(hub.order(order.id), short, short) == [Verdict.OK, Verdict.INVALID]
    assert hub.order(order.id).shipments[0].lines[0].short == 2


def test_an_item_that_was_sold_out_while_it_was_packed_leaves_the_box_again(hub: Hub) -> None:
    order = an_order(lines=(a_line(quantity=2),))
    hub.add(order)
    bench = hub.bench()
    hub.allot()
    seen = hub.order(order.id)
    id, box = order.shipments[0].id, f"{order.shipments[0].id}/1"
    bench.say(seen, facts.PackStarted(shipment=id), facts.ParcelOpened(parcel=box))
    hub.record(order.id, facts.QuantityReduced(shipment=id, line="L1", by=1))
    piece = facts.ItemPacked(parcel=box, line="L1")
    assert bench.say(seen, piece, piece) == [Verdict.OK, Verdict.INVALID]
    assert "open the box and count" in sentences(hub)[0]
    assert hub.order(order.id).shipments[0].packed("L1") == 1


# -- re-assigned


def test_what_was_taken_back_and_given_out_again_has_a_higher_claim_for_ever(hub: Hub) -> None:
    order = an_order()
    hub.add(order)
    hub.bench("b1")
    claims = []
    for _ in range(3):
        hub.allot()
        claim = hub.order(order.id).shipments[0].claim
        assert claim is not None
        claims.append(claim)
        hub.record(order.id, facts.AllocationWithdrawn(shipment=order.shipments[0].id))
    assert claims == [Claim(1, 1), Claim(1, 2), Claim(1, 3)]


def test_a_bench_that_gets_it_back_cannot_use_its_old_claim(allotted: ONE) -> None:
    hub, bench, order = allotted
    id = order.shipments[0].id
    hub.record(order.id, facts.AllocationWithdrawn(shipment=id))
    hub.allot()
    started = facts.PackStarted(shipment=id)
    assert bench.say(order, started, claim=Claim(1, 1)) == [Verdict.FENCED]
    assert bench.say(order, started, claim=Claim(1, 2)) == [Verdict.OK]


# -- the same fact twice, late, out of order


def test_the_same_fact_twice_counts_once_and_the_other_one_is_on_record(allotted: ONE) -> None:
    hub, bench, order = allotted
    started = facts.PackStarted(shipment=order.shipments[0].id)
    assert bench.say(order, started, started) == [Verdict.OK, Verdict.INVALID]
    assert hub.stored() == 2


def test_facts_that_come_days_late_count_as_long_as_the_claim_does(allotted: ONE) -> None:
    hub, bench, order = allotted
    hub.record(order.id, facts.OrderHeld(shipment=order.shipments[0].id, hold=HoldKind.STOCK))
    hub.record(order.id, facts.HoldReleased(shipment=order.shipments[0].id, hold=HoldKind.STOCK))
    started = facts.PackStarted(shipment=order.shipments[0].id)
    assert bench.say(order, started) == [Verdict.OK]  # it acted on a version of three changes ago


def test_batches_that_overtake_each_other_are_put_in_order(allotted: ONE) -> None:
    hub, bench, order = allotted
    shipment = order.shipments[0]
    box = shipment.parcels[0].id
    first = bench.numbered(order.id, shipment.claim, facts.PackStarted(shipment=shipment.id))
    middle = bench.hash
    second = bench.numbered(order.id, shipment.claim, facts.ParcelOpened(parcel=box))
    assert bench.post(bench.batch(middle, second)) == Gap(need=1)
    assert isinstance(bench.post(bench.batch(chain.START, first)), Acked)
    assert isinstance(bench.post(bench.batch(middle, second)), Acked)
    again = bench.post(bench.batch(chain.START, first))
    assert isinstance(again, Acked)
    assert not again.verdicts
    assert hub.stored() == 2


# -- old disk images and clones


def entries(hub: Hub) -> list[tuple[int, int, str]]:
    with hub.store.read() as connection:
        rows = connection.execute(
            select(entry.c.incarnation, entry.c.seq, entry.c.verdict)
            .where(entry.c.bench == "b1")
            .order_by(entry.c.incarnation, entry.c.seq)
        )
        return [(row.incarnation, row.seq, row.verdict) for row in rows]


def enrolled(hub: Hub, bench: Bench, after: int, hash: str) -> None:
    now = time.time()
    with hub.store.write() as connection:
        code = benches.new_code(connection, bench.name, now)
        made = benches.enrol(
            connection, Enrol(code=code, public_key="0" * 64, after=after, hash=hash), now
        )
    assert made is not None
    bench.incarnation, bench.seq, bench.hash = made.incarnation, after, hash


def test_a_bench_restored_from_an_old_disk_image_loses_nothing(allotted: ONE) -> None:
    hub, bench, order = allotted
    shipment = order.shipments[0]
    box = shipment.parcels[0].id
    bench.say(order, facts.PackStarted(shipment=shipment.id))
    image = (bench.seq, bench.hash)
    bench.say(order, facts.ParcelOpened(parcel=box), facts.ItemPacked(parcel=box, line="L1"))
    bench.seq, bench.hash = image  # the disk broke; yesterday's image is put in
    new = bench.numbered(order.id, shipment.claim, facts.ParcelOpened(parcel=box))
    answer = bench.post(bench.batch(image[1], new))
    assert answer == Gap(need=4, fork=True)
    enrolled(hub, bench, *image)
    told = bench.say(order, facts.ParcelOpened(parcel=box), facts.ParcelChecked(parcel=box))
    assert told == [Verdict.INVALID, Verdict.OK]  # the box stood open already, on record
    assert [(of, seq) for of, seq, _ in entries(hub)] == [(1, 1), (1, 2), (1, 3), (2, 2), (2, 3)]
    assert hub.order(order.id).shipments[0].packed("L1") == 1


def test_of_two_clones_the_second_is_told_that_it_is_one(allotted: ONE) -> None:
    hub, bench, order = allotted
    shipment = order.shipments[0]
    clone = Bench(bench.store, bench.book, bench.name, bench.incarnation)
    held = facts.OrderHeld(shipment=shipment.id, hold=HoldKind.OPERATOR)
    bench.say(order, held)
    mine: list[Numbered] = clone.numbered(order.id, None, held)
    answer = clone.post(clone.batch(chain.START, mine))
    assert answer == Gap(need=2, fork=True)
    assert [(of, seq) for of, seq, _ in entries(hub)] == [(1, 1)]
    enrolled(hub, clone, 0, chain.START)  # a person makes it the bench; the other one is over
    assert clone.say(order, held) == [Verdict.INVALID]  # held already: on record, nothing lost
    previous = bench.hash
    late = bench.numbered(order.id, shipment.claim, facts.PackStarted(shipment=shipment.id))
    assert bench.post(bench.batch(previous, late)) == Gap(need=1, fork=True)
    assert [(of, seq) for of, seq, _ in entries(hub)] == [(1, 1), (2, 1)]


# -- a confirmation whose answer was lost, of an order that was stopped since


@pytest.mark.parametrize("fault", ["lost_answer", "server_error"])
def test_what_a_marketplace_was_told_of_a_cancelled_order_is_found_out(
    here: World, fault: str
) -> None:
    id, bench = one_order(here)
    bench.pack(here.order(id))
    here.arm(fault, on="confirmShipment")
    here.kill()
    here.rounds.confirm_all()
    assert here.parcel(id).confirmation is Confirmation.SENT
    here.record(id, facts.OrderCancelled(shipment=f"{id}#1"))
    here.live_again()
    for _ in range(5):
        here.go_round()
        here.due_now()
    known = fault == "lost_answer"
    found = Confirmation.ACCEPTED if known else Confirmation.REJECTED
    assert here.parcel(id).confirmation is found
    assert here.amazon_books()["confirmations"] == known  # nothing was told after the cancel
    assert any("was told that it ships" in one for one in sentences(here)) is known


def test_what_a_marketplace_was_told_of_a_held_order_waits_for_its_release(here: World) -> None:
    id, bench = one_order(here)
    bench.pack(here.order(id))
    here.arm("server_error", on="confirmShipment")
    here.kill()
    here.rounds.confirm_all()
    here.record(id, facts.OrderHeld(shipment=f"{id}#1", hold=HoldKind.FRAUD))
    here.live_again()
    for _ in range(5):
        here.go_round()
        here.due_now()
    assert here.parcel(id).confirmation is Confirmation.UNCERTAIN
    assert here.amazon_books()["confirmations"] == 0
    here.record(id, facts.HoldReleased(shipment=f"{id}#1", hold=HoldKind.FRAUD))
    here.go_round()
    assert here.parcel(id).confirmation is Confirmation.ACCEPTED
    assert here.amazon_books()["confirmations"] == 1


# -- what only the hub may say


@pytest.mark.parametrize("kind", ["give itself work", "tell the marketplace"])
def test_a_bench_cannot_say_what_only_the_hub_can_know(allotted: ONE, kind: str) -> None:
    hub, bench, order = allotted
    shipment = order.shipments[0]
    said: dict[str, Fact] = {
        "give itself work": facts.ShipmentAllocated(
            shipment=shipment.id, warehouse="main", bench="b1", claim=Claim(9, 9)
        ),
        "tell the marketplace": facts.ConfirmationAccepted(parcel=shipment.parcels[0].id),
    }
    assert bench.say(order, said[kind]) == [Verdict.INVALID]
    assert hub.order(order.id) == order
