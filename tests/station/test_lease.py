"""A bench that has been without the hub for longer than its lease, from the scan to the screen."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from station import flows
from station.bench import Bench, Printers
from station.session import Session
from station.store.journal import Stamp
from tests.builders import MUG, NOON, SPOON
from tests.station.test_bench import World, claimed


class LeasedWorld(World):
    """Its lease and the machine's clock are set by hand."""

    def __init__(self, home: Path) -> None:
        self.until, self.now = math.inf, 1_000.0
        super().__init__(home)

    def open(self) -> Bench:
        """Start the bench, as after a crash."""
        return Bench(
            self.store,
            Session(bench="b1"),
            Printers("zebra", "zebra"),
            clock=lambda: NOON,
            ids=lambda: f"e{next(self.ids)}",
            stamps=lambda: Stamp("boot", self.now),
            lease=lambda: self.until,
        )


@pytest.fixture
def world(tmp_path: Path) -> Iterator[LeasedWorld]:
    world = LeasedWorld(tmp_path)
    world.hub(claimed(1, MUG=1, SPOON=1), claimed(2, MUG=1))
    world.bench.scan("PKUSRANNA", "hand")
    yield world
    world.store.close()


def test_a_bench_that_was_never_told_a_lease_works_on_for_ever(world: LeasedWorld) -> None:
    world.now = 1e12
    assert world.bench.scan(SPOON, "hand").flow == "pack"


def test_when_the_lease_is_over_begun_orders_go_on_and_no_others_begin(
    world: LeasedWorld,
) -> None:
    world.until = 1_060.0
    world.bench.scan(SPOON, "hand")
    world.now = 1_060.0
    assert world.bench.scan(MUG, "hand").flow == "weigh", "what was begun goes on"
    world.bench.scan("PKCMDCANCEL", "hand")
    session = world.bench.scan("202-0000002-0000001", "hand")
    assert session.latched
    assert session.said is not None
    assert session.said.what.key == "notice.lease_over"
    assert world.store_order(2).shipments[0].state == "allocated"
    world.bench.scan("PKCMDACK", "hand")
    assert world.bench.scan("202-0000001-0000001", "hand").flow == "weigh"


def test_the_hubs_next_answer_lets_the_bench_begin_again(world: LeasedWorld) -> None:
    world.until, world.now = 1_060.0, 2_000.0
    assert world.bench.scan(SPOON, "hand").flow == "choose"
    assert world.bench.lease_over()
    world.bench.scan("PKCMDACK", "hand")
    world.until = 2_060.0
    assert not world.bench.lease_over()
    assert world.bench.scan(SPOON, "hand").flow == "pack"


def test_a_restart_of_the_program_forgets_nothing_of_that(world: LeasedWorld) -> None:
    world.until, world.now = 1_060.0, 2_000.0
    world.bench = world.open()
    assert world.bench.scan(SPOON, "hand").flow == "choose"
    assert flows.verdict(world.bench.session).line1.startswith("This bench has been without")
