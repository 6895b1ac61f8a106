"""Where a journal stands to the hub that its machine joins."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import json, structs

from station.enrolment import Place, settle, stands
from station.store import schema
from station.store.lease import LeaseShelf
from station.store.store import Store
from sync.protocol import chain
from sync.protocol.messages import Enrolled, Rejoin
from tests.builders import NOON

ENROLLED = Enrolled(bench="b1", incarnation=2, epoch=1, server_time=NOON)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "bench.db")
    yield made
    made.close()


def test_a_new_machine_begins_at_the_beginning(store: Store) -> None:
    with store.turn() as turn:
        assert stands(turn, "http://a") == Place(0, chain.START, anew=False)


def test_the_same_hub_goes_on_where_it_was(store: Store) -> None:
    with store.turn() as turn:
        turn.set("hub", "http://a")
        turn.set("acked", "7")
        turn.set(schema.BASE, f"7.{'a' * 64}")
        turn.set("cursor", "1.9")
        place = stands(turn, "http://a")
        assert place == Place(7, "a" * 64, anew=False)
        settle(turn, "http://a", ENROLLED, place)
        assert (turn.get("acked"), turn.get("cursor")) == ("7", "1.9")


def test_another_hub_is_offered_all_that_is_kept_and_read_from_the_beginning(store: Store) -> None:
    with store.turn() as turn:
        turn.set("hub", "http://a")
        turn.set("acked", "9")
        turn.set(schema.BASE, f"4.{'b' * 64}")
        turn.set("cursor", "1.9")
        turn.set("generation", "3")
        place = stands(turn, "http://b")
        assert place == Place(4, "b" * 64, anew=True)
        settle(turn, "http://b", ENROLLED, place)
        assert (turn.get("hub"), turn.get("acked")) == ("http://b", "4")
        assert (turn.get("cursor"), turn.get("generation")) == ("0.0", "4")


def test_a_hub_that_was_put_back_is_told_all_that_is_kept_before_anything_else(
    store: Store,
) -> None:
    with store.turn() as turn:
        turn.set("hub", "http://a")
        turn.set("acked", "9")
        turn.set(schema.BASE, f"4.{'b' * 64}")
        turn.set("cursor", "1.9")
        place = stands(turn, "http://a")
        settle(turn, "http://a", structs.replace(ENROLLED, epoch=2), place)
        rejoin = json.decode(turn.get(schema.REJOIN), type=Rejoin)
        assert rejoin == Rejoin(after=4, hash="b" * 64)
        assert (turn.get("acked"), turn.get("cursor")) == ("4", "0.0")


def test_a_hub_that_was_put_back_before_the_feed_was_read_anew_is_told_all_as_well(
    store: Store,
) -> None:
    """Whoever joins twice in a row has no place in the feed to know the hub's epoch by."""
    second, third = (structs.replace(ENROLLED, epoch=epoch) for epoch in (2, 3))
    with store.turn() as turn:
        turn.set("hub", "http://a")
        turn.set("acked", "9")
        turn.set(schema.BASE, f"4.{'b' * 64}")
        turn.set("cursor", "1.9")
        settle(turn, "http://a", second, stands(turn, "http://a"))
        turn.set("acked", "9")  # told, and the page that was asked for did not come
        settle(turn, "http://a", third, Place(9, "c" * 64, anew=False))
        rejoin = json.decode(turn.get(schema.REJOIN), type=Rejoin)
        assert rejoin == Rejoin(after=4, hash="b" * 64)
        assert turn.get("acked") == "4"


def test_a_clone_that_was_told_so_by_a_hub_that_was_put_back_tells_everything_again(
    store: Store,
) -> None:
    """It had read the feed of the restored hub, which turned its journal down and said no more."""
    other = structs.replace(ENROLLED, bench="b1-clone", epoch=7)
    with store.turn() as turn:
        turn.set("hub", "http://a")
        turn.set("acked", "9")
        turn.set(schema.ACKED_IN, "1")
        turn.set("cursor", "7.13")
        settle(turn, "http://a", other, stands(turn, "http://a"))
        assert turn.get("acked") == "0"
        assert json.decode(turn.get(schema.REJOIN), type=Rejoin).after == 0


def test_a_machine_that_becomes_another_bench_reads_that_ones_feed_from_the_beginning(
    store: Store,
) -> None:
    other = structs.replace(ENROLLED, bench="another")
    with store.turn() as turn:
        settle(turn, "http://a", ENROLLED, stands(turn, "http://a"))
        turn.set("cursor", f"{ENROLLED.epoch}.7")
        turn.set("acked", "0")
        settle(turn, "http://a", other, stands(turn, "http://a"))
        assert turn.get("cursor") == "0.0"
        assert turn.get("generation") == "1"


@pytest.mark.parametrize(("seconds", "until"), [(90.0, -math.inf), (0.0, math.inf)])
def test_a_bench_that_just_joined_begins_nothing_until_the_hub_has_said_for_how_long_it_may(
    store: Store, seconds: float, until: float
) -> None:
    LeaseShelf(store, "boot").hold(500.0)
    with store.turn() as turn:
        enrolled = structs.replace(ENROLLED, lease_seconds=seconds)
        settle(turn, "http://a", enrolled, stands(turn, "http://a"))
    shelf = LeaseShelf(store, "boot")
    assert shelf.until() == until
    shelf.hold(90.0)
    assert shelf.until() == 90.0
