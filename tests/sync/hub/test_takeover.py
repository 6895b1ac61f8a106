"""Begun work that a person gives to another bench, and work that comes back with its lease."""

from __future__ import annotations

import time

import pytest
from sqlalchemy import select, update

from sync.hub import allot, takeover
from sync.hub.schema import bench as benches
from sync.hub.schema import trouble
from sync.orders import Claim, Fact, LabelState, Order, State, facts
from sync.protocol.messages import Verdict
from tests.builders import a_label, a_line, an_order, up_to_close
from tests.sync.hub.test_entries import ONE, Hub, allotted, hub
from tests.sync.hub.world import Bench

__all__ = ["allotted", "hub"]


def take_over(hub: Hub, order: Order, name: str) -> Order:
    with hub.store.write() as connection:
        now = hub.order(order.id)
        done = takeover.facts_of(connection, now, name)
        return takeover.take_over(
            connection, hub.book, now, done, time.time(), why="b1 is dead", by="S1"
        )


def sentences(hub: Hub) -> list[str]:
    with hub.store.read() as connection:
        found = select(trouble.c.sentence).where(trouble.c.resolved_at.is_(None))
        return list(connection.execute(found).scalars())


def packing(order: Order) -> list[Fact]:
    """Everything up to the closing scan that a bench and the hub do after the allocation."""
    planned = (facts.ParcelPlanned, facts.LabelRequested)
    return [fact for fact in up_to_close(order)[1:] if not isinstance(fact, planned)]


@pytest.mark.parametrize("step", range(13))
def test_at_every_step_of_packing_another_bench_can_begin_anew(hub: Hub, step: int) -> None:
    order = an_order(lines=(a_line(quantity=2), a_line("L2", sku="S", serial=True)))
    hub.add(order)
    first = hub.bench("b1")
    hub.allot()
    second = hub.bench("b2")
    done = packing(hub.order(order.id))
    first.say(hub.order(order.id), *done[:step])
    before = hub.order(order.id)
    after = take_over(hub, order, "b2").shipments[0]
    assert (after.bench, after.claim, after.state) == ("b2", Claim(1, 2), State.ALLOCATED)
    assert after.packed("L1") == after.packed("L2") == 0
    box = after.parcels[0]
    had = before.shipments[0].parcels[0]
    assert bool(box.void_wanted) is (had.label_state is LabelState.BOUGHT)
    assert not box.label_usable
    assert "look for a box at b1" in sentences(hub)[0]
    late = set(first.say(before, *done[step:]))
    assert late == {Verdict.FENCED}
    assert "second box" in sentences(hub)[0]
    second.catch_up()
    first.catch_up()
    assert list(second.orders) == [f"{order.id}#1"]
    assert not first.orders


def test_picked_pieces_and_a_second_box_are_taken_back_too(hub: Hub) -> None:
    order = an_order(lines=(a_line(quantity=3),))
    hub.add(order)
    bench = hub.bench("b1")
    hub.allot()
    hub.bench("b2")
    id = order.shipments[0].id
    told = bench.say(
        hub.order(order.id),
        facts.PickStarted(shipment=id, tote="T1"),
        facts.PiecePicked(shipment=id, line="L1", quantity=3),
        facts.PackStarted(shipment=id),
        facts.ParcelOpened(parcel=f"{id}/1"),
        facts.ItemPacked(parcel=f"{id}/1", line="L1", quantity=2),
        facts.ParcelPlanned(parcel=f"{id}/2"),
        facts.ParcelOpened(parcel=f"{id}/2"),
        facts.ItemPacked(parcel=f"{id}/2", line="L1"),
    )
    assert set(told) == {Verdict.OK}
    after = take_over(hub, order, "b2").shipments[0]
    assert [one.pieces for one in after.parcels] == [0]
    assert (after.lines[0].picked, after.tote, after.state) == (0, "", State.ALLOCATED)


@pytest.mark.parametrize(
    ("name", "why"), [("b1", "b1 has it already"), ("b9", "no machine is bench b9")]
)
def test_who_has_it_or_is_not_there_cannot_take_it(allotted: ONE, name: str, why: str) -> None:
    hub, _, order = allotted
    with pytest.raises(takeover.Refused, match=why):
        take_over(hub, order, name)


def test_a_closed_box_is_not_taken_over(allotted: ONE) -> None:
    hub, bench, order = allotted
    hub.bench("b2")
    bench.say(order, *packing(order))
    assert hub.order(order.id).state is State.PACKED
    with pytest.raises(takeover.Refused, match="it is packed"):
        take_over(hub, order, "b2")


# -- leases


def lease(hub: Hub, name: str, until: float) -> None:
    with hub.store.write() as connection:
        told = update(benches).where(benches.c.name == name).values(lease_until=until)
        connection.execute(told)


def expired(hub: Hub) -> int:
    with hub.store.write() as connection:
        return allot.expired(connection, hub.book, time.time())


@pytest.fixture
def two(hub: Hub) -> tuple[Hub, Bench, Order, Order]:
    begun, fresh = an_order("begun"), an_order("fresh")
    hub.add(begun, fresh)
    bench = hub.bench("b1")
    hub.allot()
    bench.catch_up()
    bench.say(hub.order(begun.id), facts.PackStarted(shipment=f"{begun.id}#1"))
    return hub, bench, hub.order(begun.id), hub.order(fresh.id)


def test_what_a_silent_bench_has_not_begun_goes_to_another(
    two: tuple[Hub, Bench, Order, Order],
) -> None:
    hub, bench, begun, fresh = two
    assert expired(hub) == 0
    lease(hub, "b1", time.time() - 1)
    assert expired(hub) == 1
    assert expired(hub) == 0
    hub.allot()
    assert hub.order(fresh.id).state is State.READY  # it gets nothing while its lease is over
    other = hub.bench("b2")
    hub.allot()
    other.catch_up()
    assert list(other.orders) == [f"{fresh.id}#1"]
    assert hub.order(begun.id).shipments[0].bench == "b1"
    assert bench.say(fresh, facts.PackStarted(shipment=f"{fresh.id}#1")) == [Verdict.FENCED]
    assert bench.say(begun, facts.ParcelOpened(parcel=f"{begun.id}#1/1")) == [Verdict.OK]


def test_a_bench_that_has_no_lease_loses_nothing(two: tuple[Hub, Bench, Order, Order]) -> None:
    hub = two[0]
    lease(hub, "b1", 0.0)
    assert expired(hub) == 0


def test_a_label_that_a_silent_bench_may_print_is_given_back(
    two: tuple[Hub, Bench, Order, Order],
) -> None:
    hub, _, _, fresh = two
    box = f"{fresh.id}#1/1"
    hub.record(fresh.id, facts.LabelBought(parcel=box, label=a_label(fresh)))
    lease(hub, "b1", time.time() - 1)
    assert expired(hub) == 1
    assert hub.order(fresh.id).parcel(box).void_wanted


def test_what_is_out_of_the_printer_is_begun(two: tuple[Hub, Bench, Order, Order]) -> None:
    hub, bench, _, fresh = two
    box = f"{fresh.id}#1/1"
    label = a_label(fresh)
    hub.record(fresh.id, facts.LabelBought(parcel=box, label=label))
    job = facts.print_job(label.tracking, 1)
    queued = facts.PrintQueued(parcel=box, job=job)
    out = facts.LabelPrinted(parcel=box, job=job, evidence="odometer")
    assert set(bench.say(fresh, queued, out)) == {Verdict.OK}
    lease(hub, "b1", time.time() - 1)
    assert expired(hub) == 0
