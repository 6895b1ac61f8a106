"""What the packer sees when the hub decided something before it heard what this bench did."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from station.flows.flow import Weighed
from sync.orders import HoldKind, Order, PrintState, apply, facts
from sync.protocol.messages import Change, Page
from tests.builders import MUG, NOON
from tests.station.test_bench import World, claimed, labelled

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
    assert world.keep.take(page)


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
