"""When something happened, told by a bench whose clock may be wrong."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from sqlalchemy import Row, select, update

from sync.hub.captured import Sending, captured, moment
from sync.hub.schema import bench as benches
from sync.hub.schema import entry
from sync.orders import Entry, facts
from sync.protocol import chain
from sync.protocol.messages import Acked, Batch, Numbered
from tests.sync.hub.test_entries import ONE, Hub, allotted, hub

__all__ = ["allotted", "hub"]

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
RECEIVED = NOON.timestamp()


def of(
    at: datetime, *, boottime: float = 0.0, boot: str = "", offset: float | None = None
) -> object:
    return captured(at, boot, boottime, Sending(RECEIVED, "this", 5_000.0, offset))


@pytest.mark.parametrize(
    ("says", "ago"),
    [
        ("an hour behind", timedelta(hours=-1)),
        ("an hour ahead", timedelta(hours=1)),
        ("ten years behind", timedelta(days=-3650)),
        ("ten years ahead", timedelta(days=3650)),
    ],
)
def test_a_clock_that_is_wrong_does_not_matter_within_a_start(says: str, ago: timedelta) -> None:
    at = NOON - timedelta(minutes=5) + ago
    assert of(at, boot="this", boottime=4_700.0) == RECEIVED - 300.0


def test_a_clock_that_was_set_back_between_two_entries_leaves_them_in_order() -> None:
    first = of(NOON, boot="this", boottime=4_000.0)
    second = of(NOON - timedelta(hours=2), boot="this", boottime=4_010.0)
    assert (first, second) == (RECEIVED - 1_000.0, RECEIVED - 990.0)


def test_the_end_of_summer_time_is_no_hour() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    before = datetime(2026, 10, 25, 2, 59, tzinfo=berlin)
    after = datetime(2026, 10, 25, 2, 1, tzinfo=berlin, fold=1)
    received = Sending(after.timestamp() + 60.0, offset=0.0)
    first, second = (captured(at, "", 0.0, received) for at in (before, after))
    assert first is not None
    assert second is not None
    assert second - first == 120.0


def test_after_a_new_start_the_clock_is_put_right_by_how_far_it_was_off() -> None:
    hour_behind = NOON - timedelta(hours=1, minutes=10)
    assert of(hour_behind, boot="before", boottime=9e9, offset=3600.0) == RECEIVED - 600.0
    zoned = hour_behind.astimezone(timezone(timedelta(hours=8)))
    assert of(zoned, offset=3600.0) == RECEIVED - 600.0
    assert of(hour_behind.replace(tzinfo=None), offset=3600.0) == RECEIVED - 600.0


@pytest.mark.parametrize(
    ("at", "offset"),
    [
        (NOON, None),
        (NOON + timedelta(hours=1), 0.0),
        (NOON - timedelta(days=36_500), 0.0),
        (datetime(1, 1, 1, tzinfo=UTC), 0.0),
    ],
)
def test_what_cannot_be_is_not_known(at: datetime, offset: float | None) -> None:
    assert of(at, offset=offset) is None
    assert of(at, boot="this", boottime=5_001.0, offset=offset) is None  # after it was sent
    assert of(at, boot="this", boottime=-1e308, offset=offset) is None


def test_what_is_said_lies_between_the_order_and_its_arrival_here() -> None:
    assert moment(50.0, 100.0, 10.0) == 50.0
    assert moment(None, 100.0, 10.0) == 100.0
    assert moment(101.0, 100.0, 10.0) == 100.0
    assert moment(9.0, 100.0, 10.0) == 100.0
    assert moment(9.0, 100.0, None) == 9.0


def test_a_bench_whose_clock_is_ten_years_off_has_its_work_dated_right(allotted: ONE) -> None:
    hub, bench, order = allotted
    shipment = order.shipments[0]
    wrong = datetime.now(UTC) - timedelta(days=3650)
    said = Entry(
        id="e1",
        order=order.id,
        at=wrong,
        claim=shipment.claim,
        fact=facts.PackStarted(shipment=shipment.id),
    )
    hash = chain.link(chain.START, 1, said)
    one = Numbered(seq=1, entry=said, hash=hash, boot="b", boottime=100.0)
    batch = bench.batch(chain.START, [one])
    sent = msgspec.structs.replace(batch, boot="b", sent_boottime=400.0)
    now = time.time()
    assert isinstance(bench.post(sent), Acked)
    row = stored(hub)
    assert abs(row.captured_at - (now - 300.0)) < 60.0
    assert row.at == pytest.approx(wrong.timestamp())


def test_without_a_start_the_offset_that_was_last_heard_counts(allotted: ONE) -> None:
    hub, bench, order = allotted
    with hub.store.write() as connection:
        connection.execute(update(benches).values(clock_offset=7200.0))
    shipment = order.shipments[0]
    said = Entry(
        id="e1",
        order=order.id,
        at=datetime.now(UTC) - timedelta(hours=2, minutes=5),
        claim=shipment.claim,
        fact=facts.PackStarted(shipment=shipment.id),
    )
    one = Numbered(seq=1, entry=said, hash=chain.link(chain.START, 1, said))
    batch = Batch(bench=bench.name, incarnation=1, previous=chain.START, entries=(one,))
    assert isinstance(bench.post(batch), Acked)
    row = stored(hub)
    assert 240.0 < row.received_at - row.captured_at < 360.0


def stored(hub: Hub) -> Row[Any]:
    with hub.store.read() as connection:
        return connection.execute(select(entry).where(entry.c.bench == "b1")).one()
