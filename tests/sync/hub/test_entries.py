"""Entries up, feed down: nothing twice, nothing lost, every fact stored with a verdict."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from sync.hub import ahead, allot, benches, entries
from sync.hub.book import Book
from sync.hub.engine import Store
from sync.hub.schema import entry, trouble
from sync.orders import Cancellation, Claim, HoldKind, Order, State, facts
from sync.protocol import chain
from sync.protocol.messages import Acked, Enrol, Gap, Numbered, Verdict
from tests.builders import an_order, up_to_close
from tests.sync.hub.world import Bench, opened


class Hub:
    """A hub with no outside."""

    def __init__(self, folder: Path) -> None:
        self.store: Store
        self.book: Book
        self.store, _, self.book = opened(folder)

    def add(self, *orders: Order) -> None:
        with self.store.write() as connection:
            for order in orders:
                self.book.add(connection, order, [], time.time())

    def bench(self, name: str = "b1") -> Bench:
        now = time.time()
        with self.store.write() as connection:
            code = benches.new_code(connection, name, now)
            enrolled = benches.enrol(connection, Enrol(code=code, public_key="0" * 64), now)
        assert enrolled is not None
        return Bench(self.store, self.book, name, enrolled.incarnation)

    def allot(self) -> None:
        allot.allot(self.store, self.book, time.time())

    def order(self, id: str) -> Order:
        with self.store.read() as connection:
            found = self.book.get(connection, id)
        assert found is not None
        return found

    def record(self, id: str, *done: facts.Fact) -> Order:
        with self.store.write() as connection:
            order = self.book.get(connection, id, lock=True)
            assert order is not None
            return self.book.record(connection, order, done, time.time())

    def stored(self, name: str = "b1") -> int:
        with self.store.read() as connection:
            counted = select(func.count()).select_from(entry).where(entry.c.bench == name)
            return int(connection.execute(counted).scalar_one())


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    made = Hub(tmp_path)
    yield made
    made.store.close()


@pytest.fixture
def allotted(hub: Hub) -> tuple[Hub, Bench, Order]:
    """Give a hub whose bench has one order."""
    order = an_order()
    hub.add(order)
    bench = hub.bench()
    hub.allot()
    bench.catch_up()
    return hub, bench, hub.order(order.id)


ONE = tuple[Hub, Bench, Order]


def test_work_under_the_claim_is_ok_and_comes_back_by_the_feed(allotted: ONE) -> None:
    hub, bench, order = allotted
    assert bench.say(order, facts.PackStarted(shipment=order.shipments[0].id)) == [Verdict.OK]
    bench.catch_up()
    (seen,) = bench.orders.values()
    assert seen == hub.order(order.id)
    assert seen.state is State.PACKING
    assert bench.through == 1


def test_work_under_a_lost_claim_is_fenced_and_changes_nothing(allotted: ONE) -> None:
    hub, bench, order = allotted
    other = hub.bench("b2")
    id = order.shipments[0].id
    hub.record(
        order.id,
        facts.AllocationWithdrawn(shipment=id),
        facts.ShipmentAllocated(shipment=id, warehouse="main", bench="b2", claim=Claim(1, 2)),
    )
    before = hub.order(order.id)
    assert bench.say(order, facts.PackStarted(shipment=id)) == [Verdict.FENCED]
    assert hub.order(order.id) == before
    assert hub.stored() == 1
    bench.catch_up()
    assert not bench.orders
    assert bench.through == 1  # it can forget what was overruled
    other.catch_up()
    assert list(other.orders) == [id]


def test_work_on_a_cancelled_order_is_late(allotted: ONE) -> None:
    hub, bench, order = allotted
    id = order.shipments[0].id
    hub.record(order.id, facts.OrderCancelled(shipment=id, why="bought by mistake"))
    assert bench.say(order, facts.PackStarted(shipment=id)) == [Verdict.LATE]
    assert hub.order(order.id).shipments[0].cancellation is Cancellation.CANCELLED


def test_work_on_a_cancelled_order_that_was_taken_back_is_late(allotted: ONE) -> None:
    hub, bench, order = allotted
    id = order.shipments[0].id
    hub.record(order.id, facts.OrderCancelled(shipment=id), facts.AllocationWithdrawn(shipment=id))
    assert bench.say(order, facts.PackStarted(shipment=id)) == [Verdict.LATE]


def test_work_on_an_order_that_nobody_knows_is_kept_as_unknown(hub: Hub) -> None:
    bench = hub.bench()
    order = an_order("never-came")
    assert bench.say(order, facts.PackStarted(shipment=order.shipments[0].id)) == [Verdict.UNKNOWN]
    assert hub.stored() == 1


def test_what_does_not_follow_is_invalid_and_says_why(allotted: ONE) -> None:
    _, bench, order = allotted
    shipment = order.shipments[0]
    new = bench.numbered(order.id, shipment.claim, facts.ParcelShut(parcel=f"{shipment.id}/1"))
    answer = bench.post(bench.batch(chain.START, new))
    assert isinstance(answer, Acked)
    assert (answer.verdicts[0].verdict, answer.verdicts[0].reason) == (
        Verdict.INVALID,
        "not_in_this_state",
    )


def test_an_entry_that_was_told_under_another_number_is_a_dup(allotted: ONE) -> None:
    hub, bench, order = allotted
    shipment = order.shipments[0]
    first = bench.numbered(order.id, shipment.claim, facts.PackStarted(shipment=shipment.id))
    bench.post(bench.batch(chain.START, first))
    again = bench.hash
    bench.seq += 1
    hash = chain.link(again, 2, first[0].entry)
    answer = bench.post(bench.batch(again, [Numbered(seq=2, entry=first[0].entry, hash=hash)]))
    assert isinstance(answer, Acked)
    assert answer.verdicts[0].verdict is Verdict.DUP
    assert hub.stored() == 2


def test_planning_the_parcel_that_the_hub_planned_is_no_conflict(allotted: ONE) -> None:
    _, bench, order = allotted
    box = order.shipments[0].parcels[0]
    asked = facts.LabelRequested(parcel=box.id, key="mine", grams=1, address=order.address_digest)
    assert bench.say(order, facts.ParcelPlanned(parcel=box.id), asked) == [Verdict.OK] * 2


def test_a_bench_whose_answer_was_lost_hears_again_that_another_has_its_order(
    allotted: ONE,
) -> None:
    hub, bench, order = allotted
    hub.bench("b2")
    id = order.shipments[0].id
    started = bench.numbered(order.id, order.shipments[0].claim, facts.PackStarted(shipment=id))
    assert isinstance(bench.post(bench.batch(chain.START, started)), Acked)
    hub.record(
        order.id,
        *ahead.taken_back(hub.order(order.id).shipments[0], "") or (),
        facts.ShipmentAllocated(shipment=id, warehouse="main", bench="b2", claim=Claim(1, 2)),
    )
    packed = facts.ItemPacked(parcel=f"{id}/1", line="1")
    late = bench.numbered(order.id, order.shipments[0].claim, packed)
    lost = bench.post(bench.batch(started[0].hash, late))
    again = bench.post(bench.batch(chain.START, [*started, *late]))
    assert isinstance(lost, Acked)
    assert isinstance(again, Acked)
    assert [(one.seq, one.verdict) for one in lost.verdicts] == [(2, Verdict.FENCED)]
    assert again.verdicts == lost.verdicts, "what was ok need not be said again"
    assert hub.stored() == 2


def test_a_batch_whose_answer_was_lost_counts_once(allotted: ONE) -> None:
    hub, bench, order = allotted
    shipment = order.shipments[0]
    new = bench.numbered(
        order.id,
        shipment.claim,
        facts.PackStarted(shipment=shipment.id),
        facts.ParcelOpened(parcel=shipment.parcels[0].id),
        facts.ItemPacked(parcel=shipment.parcels[0].id, line="L1"),
    )
    batch = bench.batch(chain.START, new)
    first, second = bench.post(batch), bench.post(batch)
    assert isinstance(first, Acked)
    assert isinstance(second, Acked)
    assert second.acked == first.acked == 3
    assert not second.verdicts
    assert hub.order(order.id).shipments[0].packed("L1") == 1


def test_a_batch_is_acknowledged_and_nothing_that_a_clone_has_told_since(allotted: ONE) -> None:
    _, bench, order = allotted
    shipment = order.shipments[0]
    early = bench.numbered(order.id, shipment.claim, facts.PackStarted(shipment=shipment.id))
    batch = bench.batch(chain.START, early)
    bench.post(batch)
    previous = bench.hash
    later = facts.ParcelOpened(parcel=shipment.parcels[0].id)
    bench.post(bench.batch(previous, bench.numbered(order.id, shipment.claim, later)))
    again = bench.post(batch)
    assert isinstance(again, Acked)
    assert again.acked == 1


def test_a_gap_is_asked_for(allotted: ONE) -> None:
    _, bench, order = allotted
    shipment = order.shipments[0]
    bench.numbered(order.id, shipment.claim, facts.PackStarted(shipment=shipment.id))
    previous = bench.hash
    second = bench.numbered(
        order.id, shipment.claim, facts.ParcelOpened(parcel=shipment.parcels[0].id)
    )
    assert bench.post(bench.batch(previous, second)) == Gap(need=1)


def test_a_journal_that_is_another_one_is_a_fork(allotted: ONE) -> None:
    hub, bench, order = allotted
    shipment = order.shipments[0]
    bench.say(order, facts.PackStarted(shipment=shipment.id))
    clone = Bench(bench.store, bench.book, bench.name, bench.incarnation)
    new = clone.numbered(order.id, shipment.claim, facts.PackStarted(shipment=shipment.id))
    answer = clone.post(clone.batch(chain.START, new))
    assert answer == Gap(need=2, fork=True)
    assert hub.stored() == 1


def test_an_entry_that_was_changed_on_its_way_is_asked_for_again(allotted: ONE) -> None:
    hub, bench, order = allotted
    shipment = order.shipments[0]
    (one,) = bench.numbered(order.id, shipment.claim, facts.PackStarted(shipment=shipment.id))
    other = msgspec.structs.replace(one, entry=msgspec.structs.replace(one.entry, by="X"))
    assert bench.post(bench.batch(chain.START, [other])) == Gap(need=1)
    assert hub.stored() == 0


def test_what_a_newer_bench_says_is_kept_and_does_not_block(allotted: ONE) -> None:
    hub, bench, order = allotted
    shipment = order.shipments[0]
    strange = msgspec.json.encode(
        {"id": "n1", "order": order.id, "fact": {"kind": "parcel-teleported"}}, order="sorted"
    )
    first = chain.link_body(chain.START, 1, strange)
    bench.seq, bench.hash = 1, first
    (known,) = bench.numbered(order.id, shipment.claim, facts.PackStarted(shipment=shipment.id))
    body = msgspec.json.encode(
        {
            "bench": "b1",
            "incarnation": 1,
            "previous": "",
            "entries": [
                {"seq": 1, "entry": msgspec.Raw(strange), "hash": first},
                msgspec.to_builtins(known),
            ],
        }
    )
    with hub.store.write() as connection:
        sent = msgspec.json.decode(body, type=entries.Sent)
        answer = entries.take(connection, hub.book, sent, time.time())
    assert isinstance(answer, Acked)
    assert [one.verdict for one in answer.verdicts] == [Verdict.INVALID, Verdict.OK]


def test_a_bench_that_enrols_again_begins_a_new_journal_and_repeats_nothing(
    allotted: ONE,
) -> None:
    hub, bench, order = allotted
    shipment = order.shipments[0]
    told = bench.numbered(order.id, shipment.claim, facts.PackStarted(shipment=shipment.id))
    bench.post(bench.batch(chain.START, told))
    again = hub.bench("b1")
    assert bench.post(bench.batch(chain.START, told)) == Gap(need=1, fork=True)
    answer = again.post(again.batch(chain.START, told))  # its disk still had it
    assert isinstance(answer, Acked)
    assert answer.verdicts[0].verdict is Verdict.DUP


@pytest.fixture(scope="module")
def long_lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    made = Hub(tmp_path_factory.mktemp("hub"))
    yield made
    made.store.close()


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_in_any_interleaving_nothing_counts_twice_and_nothing_is_lost(
    long_lived: Hub, data: st.DataObject
) -> None:
    """Pages of any size, batches of any cut, answers lost, the hub changing orders meanwhile."""
    hub, name = long_lived, uuid4().hex
    orders = [an_order(f"{name}-{n}") for n in range(3)]
    hub.add(*orders)
    bench = hub.bench(name)
    hub.allot()
    bench.catch_up()
    journal: list[Numbered] = []
    hashes = [chain.START]
    acked = 0

    def send(most: int) -> Acked | None:
        owed = journal[acked : acked + most]
        if not owed:
            return None
        answer = bench.post(bench.batch(hashes[acked], owed))
        assert isinstance(answer, Acked)
        return answer

    for step in data.draw(st.lists(st.sampled_from("wwslpch"), max_size=20)):
        order = data.draw(st.sampled_from(orders))
        match step:
            case "w" if f"{order.id}#1" in bench.orders:  # work
                seen = bench.orders[f"{order.id}#1"]
                fact = data.draw(st.sampled_from(_possible(seen)))
                journal += bench.numbered(order.id, seen.shipments[0].claim, fact)
                hashes.append(bench.hash)
            case "s" | "l":  # send; the answer comes, or is lost
                answer = send(data.draw(st.integers(1, 3)))
                acked = answer.acked if answer and step == "s" else acked
            case "p":
                bench.read(data.draw(st.integers(1, 3)))
            case "c" if hub.order(order.id).shipments[0].cancellation != "cancelled":
                hub.record(order.id, facts.OrderCancelled(shipment=f"{order.id}#1"))
            case "h":
                _hold_or_release(hub, order.id)
            case _:
                pass
    send(len(journal))  # one last sync
    bench.catch_up()
    assert hub.stored(name) == len(journal)
    for order in orders:
        there = hub.order(order.id)
        assert bench.orders[f"{order.id}#1"] == there
        assert there.shipments[0].packed("L1") <= 1
    assert not journal or bench.through == len(journal)
    with hub.store.write() as connection:
        benches.revoke(connection, name)


def _possible(order: Order) -> list[facts.Fact]:
    shipment = order.shipments[0]
    box = f"{shipment.id}/1"
    return [
        facts.PackStarted(shipment=shipment.id),
        facts.ParcelOpened(parcel=box),
        facts.ItemPacked(parcel=box, line="L1"),
        facts.ItemUnpacked(parcel=box, line="L1"),
        facts.ParcelChecked(parcel=box),
    ]


def _hold_or_release(hub: Hub, id: str) -> None:
    (one,) = hub.order(id).shipments
    if one.holds:
        hub.record(id, facts.HoldReleased(shipment=one.id, hold=one.holds[0].kind))
    elif one.cancellation != "cancelled":
        hub.record(id, facts.OrderHeld(shipment=one.id, hold=HoldKind.FRAUD))


def test_a_box_that_was_closed_while_the_order_was_held_is_to_be_pulled(allotted: ONE) -> None:
    hub, bench, order = allotted
    shipment = order.shipments[0].id
    done = up_to_close(order)[1:]
    done = [fact for fact in done if not isinstance(fact, facts.ParcelPlanned)]
    bench.say(order, *done[:-1])
    hub.record(order.id, facts.OrderHeld(shipment=shipment, hold=HoldKind.FRAUD))
    assert bench.say(hub.order(order.id), done[-1]) == [Verdict.INVALID]
    with hub.store.read() as connection:
        (found,) = connection.execute(select(trouble.c.subject, trouble.c.sentence)).all()
    assert found.subject == shipment
    assert "pull it" in found.sentence
    assert "held" in found.sentence


def test_what_takes_itself_back_within_a_batch_is_settled_too(allotted: ONE) -> None:
    _, bench, order = allotted
    shipment = order.shipments[0].id
    started = facts.PackStarted(shipment=shipment)
    stopped = facts.PackStopped(shipment=shipment, back_to=State.ALLOCATED)
    assert bench.say(order, started, stopped) == [Verdict.OK, Verdict.OK]
    bench.catch_up()
    assert bench.through == 2
    assert list(bench.orders) == [shipment]


def test_an_entry_with_endless_names_holds_up_nothing(allotted: ONE) -> None:
    hub, bench, order = allotted
    id = order.shipments[0].id
    endless = bench.numbered("o" * 100_000, None, facts.PackStarted(shipment="s" * 100_000))
    good = bench.numbered(order.id, order.shipments[0].claim, facts.PackStarted(shipment=id))
    answer = bench.post(bench.batch(chain.START, [*endless, *good]))
    assert isinstance(answer, Acked)
    assert [one.verdict for one in answer.verdicts] == [Verdict.INVALID, Verdict.OK]
    with hub.store.read() as connection:
        names = connection.execute(select(entry.c.id, entry.c.order_id)).all()
    assert max(len(name) for row in names for name in row) < 100
    with hub.store.write() as connection:
        assert entries.reconsider(connection, hub.book, time.time()) == 0
