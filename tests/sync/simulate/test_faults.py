from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sync.simulate import buckets, faults
from sync.simulate.chance import dice
from sync.simulate.faults import Fault, Faults


def test_a_fault_strikes_as_often_as_it_was_armed_for() -> None:
    armed = Faults(dice(1), [Fault("slow", times=2)])
    assert [armed.strike("slow", "getOrder") for _ in range(4)] == [True, True, False, False]
    assert armed.struck == {"slow": 2}
    assert armed.armed == ()


def test_a_fault_strikes_in_its_share_of_the_requests() -> None:
    armed = Faults(dice(2), [faults.read("throttle=0.25")])
    assert 200 < sum(armed.strike("throttle", "any") for _ in range(1000)) < 300


def test_a_fault_for_one_operation_leaves_the_others_alone() -> None:
    armed = Faults(dice(3), [Fault("throttle", on="getOrder")])
    assert not armed.strike("throttle", "searchOrders")
    assert armed.strike("throttle", "getOrder")
    armed.disarm("slow")
    assert armed.strike("throttle", "getOrder")
    armed.disarm()
    assert not armed.strike("throttle", "getOrder")


@pytest.mark.parametrize("text", ["quake", "slow=2", "slow=-1", "slow=often"])
def test_a_fault_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"quake|slow|often"):
        faults.read(text)


def test_a_bucket_never_holds_more_than_its_burst_nor_fills_backwards() -> None:
    plan, now = buckets.Plan(rate=1.0, burst=3), datetime(2026, 1, 1, tzinfo=UTC)
    bucket = buckets.Bucket(0.0, now)
    took, bucket = buckets.take(plan, bucket, now + timedelta(days=1))
    assert (took, bucket.left) == (True, 2.0)
    took, bucket = buckets.take(plan, bucket, now)
    assert (took, bucket.left) == (True, 1.0)
