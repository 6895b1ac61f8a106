"""The hub wants work for another bench: what was not begun here goes, what was begun stays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from station import flows
from station.store import queue
from sync.orders import Claim, Fact, HoldKind, Order, State, apply, facts
from tests.builders import MUG
from tests.station.test_bench import World, claimed
from tests.station.test_reconciliation import hears


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    world.hub(claimed(1, MUG=1), claimed(2, MUG=1))
    world.bench.scan("PKUSRANNA", "hand")
    yield world
    world.store.close()


def number(n: int) -> str:
    return f"202-{n:07d}-0000001"


def of(world: World, n: int) -> Order:
    return world.orders[f"amazon-uk:{number(n)}"]


def shipment(n: int) -> str:
    return f"amazon-uk:{number(n)}#1"


def wanted(world: World, n: int, bench: str = "b2") -> None:
    """A page says that the hub wants it; the hub has heard nothing of ours meanwhile."""
    hears(world, apply(of(world, n), facts.ShipmentWanted(shipment=shipment(n), bench=bench)))


def answered(world: World) -> list[Fact]:
    batch = world.keep.batch(500)
    kinds = (facts.ShipmentGivenBack, facts.ShipmentKept)
    said = (
        [one.entry for one in batch.entries if isinstance(one.entry.fact, kinds)] if batch else []
    )
    assert all(one.claim == Claim(1, 1) for one in said)
    return [one.fact for one in said]


def line(world: World) -> str:
    return flows.verdict(world.bench.session).line1


def test_what_nobody_has_begun_is_gone_from_the_queue_and_its_goods_are_sent_on(
    world: World,
) -> None:
    woken = []
    world.bench.on_commit = lambda: woken.append(1)
    wanted(world, 1)
    assert answered(world) == [facts.ShipmentGivenBack(shipment=shipment(1))]
    assert woken, "the answer goes up at once"
    assert [order.channel_order_id for order in queue.waiting(world.store, 9)] == [number(2)]
    world.bench.scan(number(1), "hand")
    assert line(world) == f"Order {number(1)} is packed at bench b2."
    world.bench.scan("PKCMDACK", "hand")
    world.bench.scan(MUG, "hand")
    assert world.bench.session.shipment_id == shipment(2)


def test_what_was_begun_stays_and_goes_on(world: World) -> None:
    world.bench.scan(number(1), "hand")
    before = world.bench.session.said
    wanted(world, 1)
    assert answered(world) == [facts.ShipmentKept(shipment=shipment(1))]
    assert world.bench.session.said == before, "the packer need not know"
    world.bench.scan(MUG, "hand")
    assert world.store_order(1).shipments[0].parcels[0].pieces == 1


def test_what_was_begun_and_put_back_goes(world: World) -> None:
    world.bench.scan(number(1), "hand")
    world.bench.scan("PKCMDUNDO", "hand")
    assert world.store_order(1).state is State.ALLOCATED
    wanted(world, 1)
    assert answered(world) == [facts.ShipmentGivenBack(shipment=shipment(1))]


@pytest.mark.parametrize("begun", [False, True])
def test_a_feed_that_is_read_anew_is_not_answered_again(world: World, *, begun: bool) -> None:
    if begun:
        world.bench.scan(number(1), "hand")
    wanted(world, 1)
    before = answered(world)
    world.keep.reset(1)
    world.seq = 0
    wanted(world, 1)  # it has not judged what is owed
    assert answered(world) == before
    assert len(before) == 1


def test_the_answer_and_the_question_are_on_disk_together(world: World, tmp_path: Path) -> None:
    wanted(world, 1)
    world.store.close()
    again = World(tmp_path)
    assert answered(again) == [facts.ShipmentGivenBack(shipment=shipment(1))]
    assert again.store_order(1).state is State.READY
    again.store.close()


def test_a_wish_for_another_shipment_of_the_order_is_not_for_this_bench(world: World) -> None:
    order = of(world, 1)
    (one,) = order.shipments
    other = type(one)(id=f"{order.id}#2", lines=(), state=State.ALLOCATED, bench="b3", wanted="b2")
    both = type(order)(
        **{name: getattr(order, name) for name in order.__struct_fields__}
        | {"shipments": (one, other)}
    )
    world.hub(both)
    assert answered(world) == []


def test_a_supervisor_who_is_asked_about_a_held_order_reads_where_it_went(world: World) -> None:
    held = facts.OrderHeld(shipment=shipment(1), hold=HoldKind.STOCK)
    world.says(of(world, 1).id, held)
    world.bench.scan("PKUSRBOSS", "hand")
    world.bench.scan(number(1), "hand")
    assert world.bench.session.question is not None
    wanted(world, 1)
    assert world.bench.session.question is None
    assert line(world) == f"Order {number(1)} is packed at bench b2."
    assert flows.prompt(world.bench.session).instruction


def test_a_supervisor_who_is_asked_reads_that_it_is_gone(world: World) -> None:
    held = facts.OrderHeld(shipment=shipment(1), hold=HoldKind.STOCK)
    world.says(of(world, 1).id, held)
    world.bench.scan("PKUSRBOSS", "hand")
    world.bench.scan(number(1), "hand")
    world.says(of(world, 1).id, facts.AllocationWithdrawn(shipment=shipment(1)))
    assert line(world) == f"Order {number(1)} is not this bench's any more."
