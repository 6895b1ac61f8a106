"""Work that a person wants at another bench, and that its bench gives back or keeps."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from sync.client import wish
from sync.client.replica import catch_up
from sync.hub import allot, giveback, takeover
from sync.hub.schema import bench as benches
from sync.hub.schema import entry, trouble
from sync.orders import (
    Claim,
    Entry,
    Fact,
    HoldKind,
    LabelState,
    Order,
    Shipment,
    State,
    facts,
    fold,
)
from sync.protocol.messages import Acked, Numbered, Verdict
from tests.builders import a_label, an_order
from tests.sync.hub.test_entries import Hub, hub
from tests.sync.hub.world import Bench, packing

__all__ = ["hub"]

Two = tuple[Hub, Bench, Bench, Order]


@pytest.fixture
def two(hub: Hub) -> Two:
    """A hub with two benches, of which the first has an order with its label."""
    order = an_order()
    hub.add(order)
    first = hub.bench("b1")
    hub.allot()
    second = hub.bench("b2")
    box = f"{order.id}#1/1"
    hub.record(order.id, facts.LabelBought(parcel=box, label=a_label(order)))
    first.catch_up()
    second.catch_up()
    return hub, first, second, hub.order(order.id)


def give(hub: Hub, order: Order, name: str) -> list[Fact]:
    now = time.time()
    with hub.store.write() as connection:
        known = hub.book.get(connection, order.id, lock=True)
        assert known is not None
        done = giveback.facts_of(connection, known, name, now)
        giveback.give(connection, hub.book, known, done, now, by="S1")
    return done


def one(hub: Hub, order: Order) -> Shipment:
    return hub.order(order.id).shipments[0]


def answers(bench: Bench) -> list[Verdict]:
    """The bench reads its feed, and answers what it is asked: it has begun nothing."""
    bench.catch_up()
    said = []
    for id, order in list(bench.orders.items()):
        fact = wish.answer(order, id)
        if fact is not None:
            said += bench.say(order, fact)
    return said


def sentences(hub: Hub) -> list[str]:
    with hub.store.read() as connection:
        found = select(trouble.c.sentence).where(trouble.c.resolved_at.is_(None))
        return list(connection.execute(found).scalars())


def lease(hub: Hub, name: str, until: float) -> None:
    with hub.store.write() as connection:
        told = update(benches).where(benches.c.name == name).values(lease_until=until)
        connection.execute(told)


def test_what_was_not_begun_goes_to_the_other_bench_with_its_label(two: Two) -> None:
    hub, first, second, order = two
    give(hub, order, "b2")
    assert (one(hub, order).bench, one(hub, order).wanted) == ("b1", "b2")
    assert answers(first) == [Verdict.OK]
    after = one(hub, order)
    assert (after.bench, after.claim, after.wanted) == ("b2", Claim(1, 2), "")
    assert after.parcels[0].label_usable, "nothing was given back to the carrier"
    first.catch_up()
    second.catch_up()
    assert not first.orders
    assert list(second.orders) == [after.id]
    assert not sentences(hub)
    assert set(second.pack(hub.order(order.id))) == {Verdict.OK}
    assert hub.order(order.id).state is State.PACKED


def test_after_it_gave_back_a_bench_changes_nothing_any_more(two: Two) -> None:
    hub, first, _, order = two
    give(hub, order, "b2")
    answers(first)
    before = hub.order(order.id)
    assert set(first.say(order, *packing(order, order.shipments[0]))) == {Verdict.FENCED}
    assert hub.order(order.id) == before


def test_what_was_begun_meanwhile_stays_and_whoever_wanted_it_is_told(two: Two) -> None:
    hub, first, _, order = two
    give(hub, order, "b2")
    id = order.shipments[0].id
    told = first.say(order, facts.PackStarted(shipment=id), facts.ShipmentKept(shipment=id))
    assert told == [Verdict.OK, Verdict.OK]
    after = one(hub, order)
    assert (after.bench, after.claim, after.wanted) == ("b1", order.shipments[0].claim, "")
    (sentence,) = sentences(hub)
    assert "b1 has begun" in sentence
    assert "takeover" in sentence
    with pytest.raises(giveback.Refused, match="b1 has begun it"):
        give(hub, order, "b2")


def test_a_bench_that_does_not_answer_is_waited_for_and_the_wish_can_be_withdrawn(
    two: Two,
) -> None:
    hub, first, _, order = two
    give(hub, order, "b2")
    with pytest.raises(giveback.Refused, match="was asked for it already"):
        give(hub, order, "b2")
    assert give(hub, order, "b1") == [facts.WishWithdrawn(shipment=order.shipments[0].id)]
    assert answers(first) == []
    assert one(hub, order) == order.shipments[0]
    with pytest.raises(giveback.Refused, match="b1 has it already"):
        give(hub, order, "b1")


def test_of_two_wishes_the_later_one_counts(two: Two) -> None:
    hub, first, _, order = two
    third = hub.bench("b3")
    give(hub, order, "b2")
    give(hub, order, "b3")
    assert answers(first) == [Verdict.OK]
    assert one(hub, order).bench == "b3"
    give(hub, order, "b1")
    assert answers(third) == [Verdict.OK]
    assert (one(hub, order).bench, one(hub, order).claim) == ("b1", Claim(1, 3))


def test_an_answer_that_comes_after_the_wish_was_withdrawn_is_true_all_the_same(two: Two) -> None:
    hub, first, _, order = two
    give(hub, order, "b2")
    first.catch_up()
    give(hub, order, "b1")
    assert first.say(order, facts.ShipmentGivenBack(shipment=order.shipments[0].id)) == [Verdict.OK]
    assert one(hub, order).state is State.READY
    hub.allot()
    assert one(hub, order).claim == Claim(1, 2)


def test_an_answer_whose_acknowledgement_was_lost_counts_once(two: Two) -> None:
    hub, first, _, order = two
    give(hub, order, "b2")
    previous, claim = first.hash, order.shipments[0].claim
    back = facts.ShipmentGivenBack(shipment=order.shipments[0].id)
    batch = first.batch(previous, first.numbered(order.id, claim, back))
    first.post(batch)
    after = hub.order(order.id)
    first.post(batch)
    assert hub.order(order.id) == after
    assert one(hub, order).claim == Claim(1, 2)


def test_what_is_cancelled_meanwhile_is_given_to_nobody(two: Two) -> None:
    hub, first, _, order = two
    id = order.shipments[0].id
    give(hub, order, "b2")
    first.catch_up()
    hub.record(order.id, facts.OrderCancelled(shipment=id))
    assert one(hub, order).wanted == ""
    assert first.say(order, facts.ShipmentGivenBack(shipment=id)) == [Verdict.OK]
    after = one(hub, order)
    assert (after.bench, after.state) == ("", State.READY)
    assert not sentences(hub)
    with pytest.raises(giveback.Refused, match="cancelled"):
        give(hub, order, "b2")


def test_what_is_held_is_given_back_and_stays_held(two: Two) -> None:
    hub, first, _, order = two
    hub.record(order.id, facts.OrderHeld(shipment=order.shipments[0].id, hold=HoldKind.OPERATOR))
    give(hub, order, "b2")
    assert answers(first) == [Verdict.OK]
    assert one(hub, order).bench == "b2"
    assert one(hub, order).holds


def test_a_takeover_goes_over_a_wish(two: Two) -> None:
    hub, first, _, order = two
    third = hub.bench("b3")
    give(hub, order, "b2")
    first.catch_up()
    with hub.store.write() as connection:
        known = hub.order(order.id)
        done = takeover.facts_of(connection, known, "b3")
        takeover.take_over(connection, hub.book, known, done, time.time(), why="dead", by="S1")
    after = one(hub, order)
    assert (after.bench, after.wanted) == ("b3", "")
    given = first.say(order, facts.ShipmentGivenBack(shipment=after.id))
    assert given == [Verdict.FENCED]
    assert all("second box" not in sentence for sentence in sentences(hub))
    third.catch_up()
    assert one(hub, order) == after


def test_when_the_lease_of_a_silent_bench_is_over_the_wish_comes_true(two: Two) -> None:
    hub, first, second, order = two
    give(hub, order, "b2")
    lease(hub, "b1", time.time() - 1)
    with hub.store.write() as connection:
        assert allot.expired(connection, hub.book, time.time()) == 1
    after = one(hub, order)
    assert (after.bench, after.wanted) == ("b2", "")
    assert after.parcels[0].void_wanted, "the silent bench may print it"
    assert first.say(order, facts.ShipmentGivenBack(shipment=after.id)) == [Verdict.FENCED]
    second.catch_up()
    assert list(second.orders) == [after.id]


def test_nothing_is_given_to_a_bench_that_was_not_heard_of(two: Two) -> None:
    hub, first, _, order = two
    lease(hub, "b2", time.time() - 1)
    with pytest.raises(giveback.Refused, match="not heard of"):
        give(hub, order, "b2")
    lease(hub, "b2", time.time() + 60)
    give(hub, order, "b2")
    lease(hub, "b2", time.time() - 1)
    assert answers(first) == [Verdict.OK]
    assert (one(hub, order).state, one(hub, order).wanted) == (State.READY, "b2")
    hub.allot()
    after = one(hub, order)
    assert (after.bench, after.wanted, after.claim) == ("b1", "", Claim(1, 2))


def test_a_bench_that_is_heard_of_again_is_given_what_it_was_to_have(two: Two) -> None:
    hub, first, _, order = two
    give(hub, order, "b2")
    lease(hub, "b2", time.time() - 1)
    answers(first)
    lease(hub, "b2", time.time() + 60)
    hub.allot()
    assert one(hub, order).bench == "b2"


def test_what_nobody_has_is_given_at_once(hub: Hub) -> None:
    order = an_order()
    hub.add(order)
    hub.bench("b1")
    done = give(hub, order, "b1")
    assert (one(hub, order).bench, one(hub, order).claim) == ("b1", Claim(1, 1))
    assert giveback.what(order, done) == "b1 has it"
    assert one(hub, order).parcels[0].label_state is LabelState.REQUESTED


def test_what_a_shut_out_bench_had_goes_where_it_is_wanted(two: Two) -> None:
    hub, _, _, order = two
    give(hub, order, "b2")
    with hub.store.write() as connection:
        assert allot.take_back(connection, hub.book, "b1", time.time()) == (1, 0)
    assert one(hub, order).bench == "b2"


def test_a_label_that_is_out_of_the_printer_keeps_its_order_there(two: Two) -> None:
    hub, first, _, order = two
    box = order.shipments[0].parcels[0]
    assert box.label is not None
    job = facts.print_job(box.label.tracking, 1)
    first.say(order, facts.PrintQueued(parcel=box.id, job=job))
    with pytest.raises(giveback.Refused, match="label of it is out"):
        give(hub, order, "b2")
    told = first.say(order, facts.ShipmentGivenBack(shipment=order.shipments[0].id))
    assert told == [Verdict.INVALID]


def test_no_bench_can_wish(two: Two) -> None:
    hub, first, _, order = two
    id = order.shipments[0].id
    told = first.say(order, facts.ShipmentWanted(shipment=id, bench="b1"))
    assert told == [Verdict.INVALID]
    assert hub.order(order.id) == order


# -- whatever happens, in whatever order


class Floor:
    """A bench that may be cut off: what it has is what the hub said, and its own journal."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.owed: list[Numbered] = []
        self.sent = bench.hash
        """The hash before the first entry that is owed."""

    def now(self, order: Order) -> Order:
        mine = [one for one in self.owed if one.entry.order == order.id]
        return catch_up(order, self.bench.through, mine).order

    def orders(self) -> list[Order]:
        return [self.now(order) for order in self.bench.orders.values()]

    def note(self, order: Order, *done: Fact) -> None:
        fold(order, done)  # a bench puts nothing on record that cannot be
        self.owed += self.bench.numbered(order.id, order.shipments[0].claim, *done)

    def hears(self) -> None:
        """It reads its feed, and answers in the same turn."""
        self.bench.catch_up()
        for order in self.orders():
            fact = wish.answer(order, order.shipments[0].id)
            if fact is not None:
                self.note(order, fact)

    def begins(self) -> None:
        for order in self.orders():
            one = order.shipments[0]
            if one.state is State.ALLOCATED and not one.stopped:
                self.note(order, facts.PackStarted(shipment=one.id))

    def thinks_again(self) -> None:
        for order in self.orders():
            if order.state is State.PACKING:
                self.note(
                    order,
                    facts.PackStopped(shipment=order.shipments[0].id, back_to=State.ALLOCATED),
                )

    def tells(self, *, lost: bool = False) -> None:
        """It sends what it owes; `lost`: the answer does not come, and it will send it again."""
        if not self.owed:
            return
        answer = self.bench.post(self.bench.batch(self.sent, self.owed))
        assert isinstance(answer, Acked)
        if not lost:
            self.sent = self.owed[-1].hash
            self.owed = []


HANDS = ("hears", "hears", "begins", "thinks_again", "tells", "tells", "tells lost")
OFFICE = ("give b1", "give b2", "give b3", "cancel", "hold", "take over", "lease over", "allot")
PLAY = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(("b1", "b2", "b3")), st.sampled_from(HANDS)),
        st.tuples(st.just("office"), st.sampled_from(OFFICE)),
        st.tuples(st.just("office"), st.sampled_from(OFFICE[:3])),
    ),
    min_size=5,
    max_size=40,
)


class Place:
    """A hub and its benches, for many plays: to make one takes longer than to play."""

    def __init__(self, folder: Path) -> None:
        self.hub = Hub(folder)
        self.benches = {name: self.hub.bench(name) for name in ("b1", "b2", "b3")}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    made = Place(tmp_path_factory.mktemp("hub"))
    yield made
    made.hub.store.close()


NUMBERS = count(1)


@given(play=PLAY)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_however_it_goes_one_bench_has_it_and_both_ends_agree(
    place: Place, play: list[tuple[str, str]]
) -> None:
    hub = place.hub
    order = an_order(f"202-{next(NUMBERS):07d}-1")
    hub.add(order)
    floors = {name: Floor(bench) for name, bench in place.benches.items()}
    hub.allot()
    for who, what in play:
        if who == "office":
            _decide(hub, order, what)
        elif what == "tells lost":
            floors[who].tells(lost=True)
        else:
            getattr(floors[who], what)()
    for _ in range(3):  # the network is back: all say and hear everything
        for floor in floors.values():
            floor.tells()
            floor.hears()
        hub.allot()
    _agree(hub, order, floors)
    _one_bench_a_claim(hub, order)
    _decide(hub, order, "cancel")
    for bench in place.benches.values():
        bench.orders.clear()


def _decide(hub: Hub, order: Order, what: str) -> None:
    known = hub.order(order.id)
    one = known.shipments[0]
    match what.split():
        case ["give", name]:
            with suppress(giveback.Refused):
                give(hub, order, name)
        case ["cancel"] if one.cancellation == "none":
            hub.record(order.id, facts.OrderCancelled(shipment=one.id))
        case ["hold"]:
            held = facts.OrderHeld(shipment=one.id, hold=HoldKind.STOCK)
            back = facts.HoldReleased(shipment=one.id, hold=HoldKind.STOCK)
            hub.record(order.id, back if one.holds else held)
        case ["take", "over"]:
            with hub.store.write() as connection, suppress(takeover.Refused):
                done = takeover.facts_of(connection, known, "b3")
                takeover.take_over(connection, hub.book, known, done, time.time(), why="", by="S")
        case ["lease", "over"] if one.bench:
            lease(hub, one.bench, time.time() - 1)
            with hub.store.write() as connection:
                allot.expired(connection, hub.book, time.time())
            lease(hub, one.bench, time.time() + 60)
        case ["allot"]:
            hub.allot()
        case _:
            pass


def _agree(hub: Hub, order: Order, floors: dict[str, Floor]) -> None:
    known = hub.order(order.id)
    one = known.shipments[0]
    assert not one.wanted or one.state is not State.ALLOCATED, "who was asked has answered"
    for name, floor in floors.items():
        mine = [seen for seen in floor.orders() if seen.id == order.id]
        assert mine == ([known] if one.bench == name else [])


def _one_bench_a_claim(hub: Hub, order: Order) -> None:
    with hub.store.read() as connection:
        rows = connection.execute(select(entry).where(entry.c.order_id == order.id)).all()
    said = [(row.bench, row.verdict, msgspec.json.decode(row.body, type=Entry)) for row in rows]
    given: dict[Claim, str] = {}
    for _, _, told in said:
        if isinstance(told.fact, facts.ShipmentAllocated):
            assert told.fact.claim not in given
            given[told.fact.claim] = told.fact.bench
    for bench, verdict, told in said:
        if bench != "hub" and verdict == "ok":
            assert told.claim is not None
            assert given[told.claim] == bench
    for bench in floors_of(said):
        _nothing_after_it_gave_back([told for by, ok, told in said if by == bench and ok == "ok"])


def floors_of(said: list[tuple[str, str, Entry]]) -> set[str]:
    return {bench for bench, _, _ in said} - {"hub"}


def _nothing_after_it_gave_back(said: list[Entry]) -> None:
    over: set[Claim | None] = set()
    for told in said:
        assert told.claim not in over
        if isinstance(told.fact, facts.ShipmentGivenBack):
            over.add(told.claim)
