"""What the packer sees when the hub decided something before it heard what this bench did."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from station.flows.flow import Weighed
from sync.client.replica import now
from sync.orders import HoldKind, Order, PrintState, apply, facts
from sync.protocol.messages import Change, Page
from tests.builders import MUG, NOON
from tests.station.test_bench import World, claimed, labelled, replace_label

TRACKING = "RR000000005GB"
LABEL = TRACKING.encode()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    world.hub(labelled(claimed(1, MUG=1), TRACKING, 430))
    world.keep.put_blob(hashlib.sha256(LABEL).hexdigest(), LABEL)
    world.bench.scan("PKUSRANNA", "hand")
    yield world
    world.store.close()


def hears(world: World, order: Order | None, *, through: int = 0) -> None:
    """A page about the one order comes, written when the hub knew our entries up to `through`."""
    after, world.seq = world.seq, world.seq + 1
    shipment = claimed(1, MUG=1).shipments[0].id
    change = Change(seq=world.seq, shipment=shipment, order=order, through=through)
    page = Page(
        after=f"1.{after}",
        next=f"1.{world.seq}",
        head=f"1.{world.seq}",
        changes=(change,),
        server_time=NOON,
    )
    world.keep.take(page)


def known_to_the_hub(world: World) -> Order:
    return next(iter(world.orders.values()))


def test_an_order_that_was_taken_away_while_the_hub_was_away_is_not_gone_on_with(
    world: World,
) -> None:
    world.bench.scan(MUG, "hand")
    assert world.bench.session.order is not None
    hears(world, None)
    world.bench.refresh()
    assert world.bench.session.order is None
    assert world.bench.session.latched
    world.bench.scan("PKCMDACK", "hand")
    world.bench.put(Weighed(430))
    world.prints("printed")
    assert world.out.total() == 0, "the label of an order that is another bench's came out"
    assert world.keep.batch(10) is not None, "what was done is told all the same"


def test_an_order_that_comes_back_holds_what_was_packed_meanwhile(world: World) -> None:
    world.bench.scan(MUG, "hand")
    before = world.store_order(1)
    hears(world, None)
    hears(world, known_to_the_hub(world))
    assert world.store_order(1) == before


def held(order: Order) -> Order:
    return apply(order, facts.OrderHeld(shipment=order.shipments[0].id, hold=HoldKind.STOCK))


def told(world: World, *, but: tuple[type, ...] = ()) -> tuple[Order, int]:
    """The order at a hub that heard everything up to the first of these facts; and how far."""
    order, through = known_to_the_hub(world), 0
    batch = world.keep.batch(500)
    for numbered in batch.entries if batch else ():
        if isinstance(numbered.entry.fact, but):
            break
        order, through = apply(order, numbered.entry.fact), numbered.seq
    return order, through


def judged_by_the_hub(world: World, order: Order, through: int) -> tuple[Order, int]:
    """What the hub makes of the rest: what cannot happen is stored and not followed."""
    batch = world.keep.batch(500)
    for numbered in batch.entries if batch else ():
        if numbered.seq > through:
            order, through = now(order, [numbered.entry]).order, numbered.seq
    return order, through


def released_and_opened_again(world: World, order: Order, through: int) -> None:
    shipment = order.shipments[0].id
    free = apply(order, facts.HoldReleased(shipment=shipment, hold=HoldKind.STOCK))
    hears(world, free, through=through)
    world.bench.refresh()
    world.bench.scan("PKCMDACK", "hand")
    world.bench.scan("202-0000001-0000001", "hand")


def test_a_label_that_came_out_while_the_hub_held_the_order_closes_the_box_after_all(
    world: World,
) -> None:
    world.bench.scan(MUG, "hand")
    world.bench.put(Weighed(430))
    job = world.ledger.next_job("zebra")
    assert job is not None
    assert world.ledger.starting(job.id, 0)
    order, through = told(world, but=(facts.PrintStarted,))
    hears(world, held(order), through=through)
    world.bench.refresh()
    world.ledger.sent(job.id)
    world.ledger.printed(job.id, "odometer")
    assert world.ledger.next_job("zebra") is None, "the printer is free for the next label"
    order, through = judged_by_the_hub(world, held(order), through)
    released_and_opened_again(world, order, through)
    assert world.ledger.next_job("zebra") is None, "it is not printed again"
    world.bench.scan(TRACKING, "hand")
    assert world.store_order(1).shipments[0].parcels[0].closed


def test_a_label_that_was_to_be_printed_when_the_hub_held_the_order_comes_out_afterwards(
    world: World,
) -> None:
    world.bench.scan(MUG, "hand")
    world.bench.put(Weighed(430))
    order, through = told(world, but=(facts.PrintQueued,))
    hears(world, held(order), through=through)
    world.bench.refresh()
    world.prints("printed")
    assert world.out.total() == 0
    order, through = judged_by_the_hub(world, held(order), through)
    released_and_opened_again(world, order, through)
    world.prints("printed")
    assert world.out.total() == 1
    world.bench.scan(TRACKING, "hand")
    assert world.store_order(1).shipments[0].parcels[0].closed


def test_a_label_that_came_out_before_the_hub_held_the_order_is_asked_about_not_printed_twice(
    world: World,
) -> None:
    world.bench.scan(MUG, "hand")
    world.bench.put(Weighed(430))
    world.prints("printed")
    assert world.out.total() == 1
    order, through = told(world, but=(facts.PrintQueued,))
    order, through = judged_by_the_hub(world, held(order), through)
    hears(world, order, through=through)
    world.bench.refresh()
    released_and_opened_again(world, order, through)
    world.prints("printed")
    assert world.out.total() == 1, "the same label lies on the bench already"
    parcel = world.store_order(1).shipments[0].parcels[0]
    assert parcel.print_state is PrintState.UNCERTAIN
    world.bench.scan(TRACKING, "hand")
    assert world.store_order(1).shipments[0].parcels[0].closed


def label_arrives(world: World) -> None:
    order, through = told(world)
    label = replace_label(order, TRACKING, 430)
    parcel = order.shipments[0].parcels[0].id
    hears(world, apply(order, facts.LabelBought(parcel=parcel, label=label)), through=through)
    world.keep.put_blob(label.sha256, LABEL)


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[World]:
    """A bench that has asked for a label and waits for it."""
    world = World(tmp_path)
    world.hub(claimed(1, MUG=1))
    for text in ("PKUSRANNA", MUG):
        world.bench.scan(text, "hand")
    world.bench.put(Weighed(430))
    assert world.bench.session.flow == "ship"
    yield world
    world.store.close()


def test_a_scan_that_overtakes_the_news_of_a_label_does_not_keep_it_from_being_printed(
    waiting: World,
) -> None:
    label_arrives(waiting)
    waiting.bench.scan("PKBOXM", "hand")
    waiting.bench.refresh()
    waiting.prints("printed")
    assert waiting.out.total() == 1


def test_a_scan_that_overtakes_a_cancellation_is_answered_with_the_cancellation(
    world: World,
) -> None:
    world.bench.scan(MUG, "hand")
    order, through = told(world)
    hears(
        world,
        apply(order, facts.OrderCancelled(shipment=order.shipments[0].id)),
        through=through,
    )
    world.bench.put(Weighed(430))
    assert world.bench.session.latched
    assert world.bench.session.order is None


def test_a_label_that_came_just_before_the_plug_was_pulled_is_printed_after_the_start(
    waiting: World,
) -> None:
    label_arrives(waiting)
    waiting.bench = waiting.open()
    waiting.bench.resume()
    waiting.prints("printed")
    assert waiting.out.total() == 1
