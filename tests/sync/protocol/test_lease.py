"""A lease is believed when what was taken back has been read."""

from __future__ import annotations

import math

import pytest
from hypothesis import given as whatever
from hypothesis import strategies as st

from sync.protocol.cursor import Cursor
from sync.protocol.lease import MARGIN, MARGIN_SECONDS, Lease, given, reached

HELD = Lease(asked=0.0, until=90.0, feed=Cursor(1, 5))


def test_a_lease_that_lasts_grows_with_every_answer() -> None:
    assert given(HELD, 100.0, 50.0, 50.1, "1.9").until == 140.0


def test_a_lease_that_was_over_is_held_when_the_feed_was_read_to_where_it_ended() -> None:
    offered = given(HELD, 100.0, 95.0, 95.1, "1.7")
    assert offered.until == 90.0
    assert reached(offered, Cursor(1, 6)).until == 90.0
    assert reached(offered, Cursor(1, 7)).until == 185.0


def test_a_bench_whose_feed_stood_still_begins_at_once() -> None:
    assert given(HELD, 100.0, 95.0, 95.1, "1.5").until == 185.0


def test_a_feed_of_another_epoch_says_nothing_of_what_was_taken_back() -> None:
    offered = given(HELD, 100.0, 95.0, 95.1, "2.3")
    assert reached(offered, Cursor(1, 9)).until == 90.0
    assert reached(offered, Cursor(2, 3)).until == 185.0


def test_a_feed_that_runs_ahead_keeps_no_bench_from_beginning() -> None:
    offered = given(HELD, 100.0, 95.0, 95.1, "1.7")
    later = given(offered, 100.0, 98.0, 98.1, "1.20")
    assert reached(later, Cursor(1, 7)).until == 188.0


def test_an_offer_that_was_over_before_the_next_one_counts_no_more() -> None:
    offered = given(HELD, 10.0, 95.0, 95.1, "1.7")
    later = given(offered, 100.0, 120.0, 120.1, "1.20")
    assert reached(later, Cursor(1, 7)).until == 90.0
    assert reached(later, Cursor(1, 20)).until == 210.0


@pytest.mark.parametrize("seconds", [100.0, 0.0])
def test_a_hub_that_does_not_say_where_the_feed_ends_is_believed(seconds: float) -> None:
    until = 185.0 if seconds else math.inf
    assert given(HELD, seconds, 95.0, 95.1, "").until == until


def test_what_waited_at_the_hub_does_not_shorten_what_came_since() -> None:
    assert given(Lease(asked=60.0, until=150.0), 10.0, 50.0, 61.0, "1.1").until == 150.0


moments = st.floats(0.0, 1000.0)


@whatever(st.lists(st.tuples(st.booleans(), moments, st.integers(0, 9)), max_size=12), moments)
def test_no_lease_is_held_beyond_what_the_hub_gave(
    said: list[tuple[bool, float, int]], seconds: float
) -> None:
    lease, now, latest = Lease(), 0.0, -math.inf
    margin = min((seconds + 1.0) * MARGIN, MARGIN_SECONDS)
    for answered, pause, seq in said:
        now += pause
        if answered:
            lease = given(lease, seconds + 1.0, now, now + 0.1, f"1.{seq}")
            latest = now + seconds + 1.0 - margin
        else:
            lease = reached(lease, Cursor(1, seq))
        assert lease.until <= latest
