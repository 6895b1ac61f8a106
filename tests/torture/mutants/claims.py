"""Which bugs are planted in claims and leases?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from station import bench as station_bench
from sync.hub import allot, takeover, verdicts
from sync.orders import Reason, facts
from sync.protocol import bench_end
from sync.protocol import lease as leases
from sync.protocol.messages import Verdict
from tests.torture.mutants.swap import Own, Swaps


def noepoch() -> Swaps:
    """Whoever works on a shipment is followed, whatever his claim."""
    return [(verdicts, "_fenced", lambda shipment, said: False)]


def nodone() -> Swaps:
    """A box that is closed may be closed again."""
    sound = verdicts.judge

    def judge(order: Own, said: Own) -> Own:
        found = sound(order, said)
        twice = found.reason in (Reason.PARCEL_CLOSED, Reason.NOT_IN_THIS_STATE, Reason.OTHER_JOB)
        if isinstance(said.fact, facts.ParcelClosed) and twice:
            return verdicts.Judgement(Verdict.OK, "", order)
        return found

    return [(verdicts, "judge", judge)]


def tokenreuse() -> Swaps:
    """A fencing token is a number without the hub's epoch; nor is what a bench knew adopted."""
    one: Callable[[Own], int] = lambda connection: 1  # noqa: E731
    return [
        (allot, "epoch", one),
        (takeover, "epoch", one),
        (verdicts, "adoptable", lambda order, said, epoch: None),
    ]


def leaseforever() -> Swaps:
    """A bench begins on what it has, however long it has not heard of the hub."""
    return [(station_bench.Bench, "lease_over", lambda self: False)]


def leasefromanswer() -> Swaps:
    """A lease is counted from when its answer came, and to its end; the feed is not waited for."""
    heard = bench_end._heard

    def from_answer(end: Own, server: Own, lease: Own, ask: Own, now: Own, *head: Own) -> Own:
        return heard(end, server, lease, replace(ask, boottime=now.boottime), now)

    return [(bench_end, "_heard", from_answer), (leases, "MARGIN", 0.0)]


def leasebeforefeed() -> Swaps:
    """A lease that was over is held again before the feed has said what was taken back."""
    sound = leases.given

    def given(lease: Own, seconds: Own, asked: Own, now: Own, head: Own) -> Own:
        return sound(lease, seconds, asked, now, "")

    return [(bench_end, "given", given)]


def earlyexpiry() -> Swaps:
    """The hub takes leases to be over a minute before they are."""
    sound = allot.expired
    return [(allot, "expired", lambda connection, book, now: sound(connection, book, now + 60.0))]
