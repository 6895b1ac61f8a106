"""One flipped byte, one missing entry: the walk along the chains says where."""

from __future__ import annotations

import time

import pytest
from sqlalchemy import delete, func, select, update

from sync.hub import audit, benches
from sync.hub.schema import counter, entry
from sync.orders import facts
from sync.protocol.messages import Enrol
from tests.builders import an_order
from tests.sync.hub.test_entries import ONE, Hub, allotted, hub
from tests.sync.hub.world import Bench

__all__ = ["allotted", "hub"]


def walked(hub: Hub) -> dict[tuple[str, int], int | None]:
    with hub.store.read() as connection:
        return {(one.bench, one.incarnation): one.broken_at for one in audit.verify(connection)}


def worked(hub: Hub, bench: Bench, times: int) -> None:
    order = hub.order(an_order().id)
    box = order.shipments[0].parcels[0].id
    for _ in range(times):
        bench.say(order, facts.MishapReported(parcel=box, mishap="lost"))  # type: ignore[arg-type]


def flip(hub: Hub, name: str, seq: int, at: int) -> None:
    same = (entry.c.bench == name, entry.c.seq == seq)
    with hub.store.write() as connection:
        body = bytearray(connection.execute(select(entry.c.body).where(*same)).scalar_one())
        body[at % len(body)] ^= 1
        connection.execute(update(entry).where(*same).values(body=bytes(body)))


def test_an_untouched_journal_is_whole(allotted: ONE) -> None:
    hub, bench, _ = allotted
    worked(hub, bench, 5)
    assert walked(hub) == {("b1", 1): None, ("hub", 0): None}


@pytest.mark.parametrize("at", [0, 7, 30, 100, -1])
def test_a_flipped_byte_is_found_at_its_entry(allotted: ONE, at: int) -> None:
    hub, bench, _ = allotted
    worked(hub, bench, 5)
    flip(hub, "b1", 3, at)
    assert walked(hub) == {("b1", 1): 3, ("hub", 0): None}


def test_the_hubs_own_entries_are_chained_too(allotted: ONE) -> None:
    hub, _, _ = allotted
    flip(hub, "hub", 2, 40)
    assert walked(hub) == {("hub", 0): 2}


def test_an_entry_that_was_taken_out_is_missed(allotted: ONE) -> None:
    hub, bench, _ = allotted
    worked(hub, bench, 5)
    with hub.store.write() as connection:
        connection.execute(delete(entry).where(entry.c.bench == "b1", entry.c.seq == 2))
    assert walked(hub)[("b1", 1)] == 3


def test_entries_that_were_cut_off_the_end_are_missed(allotted: ONE) -> None:
    hub, bench, _ = allotted
    worked(hub, bench, 5)
    with hub.store.write() as connection:
        connection.execute(delete(entry).where(entry.c.bench == "b1", entry.c.seq > 3))
        connection.execute(delete(entry).where(entry.c.bench == "hub", entry.c.seq > 1))
    assert walked(hub) == {("b1", 1): 4, ("hub", 0): 2}


def test_what_a_hub_recorded_before_it_chained_is_counted_and_not_tried(allotted: ONE) -> None:
    hub, _, order = allotted
    with hub.store.write() as connection:
        connection.execute(update(entry).where(entry.c.bench == "hub").values(hash=""))
        connection.execute(update(counter).values(hash=""))
        number = connection.execute(select(func.count()).select_from(entry)).scalar_one()
    assert walked(hub) == {("hub", 0): None}
    hub.record(order.id, facts.OrderHeld(shipment=order.shipments[0].id, hold="fraud"))  # type: ignore[arg-type]
    assert walked(hub) == {("hub", 0): None}
    flip(hub, "hub", number + 1, 50)
    assert walked(hub) == {("hub", 0): number + 1}


def test_a_new_incarnation_goes_on_where_the_old_one_was_acknowledged(allotted: ONE) -> None:
    hub, bench, _ = allotted
    worked(hub, bench, 3)
    now = time.time()
    with hub.store.write() as connection:
        code = benches.new_code(connection, "b1", now)
        said = Enrol(code=code, public_key="0" * 64, after=bench.seq, hash=bench.hash)
        enrolled = benches.enrol(connection, said, now)
    assert enrolled is not None
    bench.incarnation = enrolled.incarnation
    worked(hub, bench, 2)
    assert walked(hub) == {("b1", 1): None, ("b1", 2): None, ("hub", 0): None}
    flip(hub, "b1", 4, 9)
    assert walked(hub) == {("b1", 1): None, ("b1", 2): 4, ("hub", 0): None}
