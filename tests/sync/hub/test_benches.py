"""Who works on what: benches join, get work by their feed, and lose it again."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from sqlalchemy import select

from sync.hub import allot, benches, feed, items, setup
from sync.hub.schema import bench as bench_table
from sync.orders import Claim, State, facts
from sync.protocol import cursor
from sync.protocol.messages import Enrol, Item, Packer, Page, Reset, Verdict
from tests.builders import an_order
from tests.sync.hub.test_entries import ONE, Hub, allotted, hub

__all__ = ["allotted", "hub"]  # fixtures


def test_a_cursor_from_elsewhere_starts_again(hub: Hub) -> None:
    hub.bench()
    with hub.store.read() as connection:
        for at in ("1.99", "2.0"):
            page = feed.page(connection, hub.book, "b1", cursor.read(at), 10, time.time())
            assert isinstance(page, Reset)


def test_items_and_packers_go_down_the_feed_once(hub: Hub) -> None:
    before = hub.bench("b1")
    with hub.store.write() as connection:
        items.add_packer(connection, Packer(badge="P1", name="Mia"))
        items.store(connection, hub.book, [(Item(sku="MUG-BL", grams=7), False)], time.time())
    after = hub.bench("b2")
    for bench in (before, after):
        page = bench.read()
        assert [one.sku for one in page.items] == ["MUG-BL"]
        assert [one.badge for one in page.packers] == ["P1"]
        assert not bench.read().items


def test_orders_that_came_before_their_items_learn_of_them(allotted: ONE) -> None:
    hub, bench, order = allotted
    with hub.store.write() as connection:
        items.store(connection, hub.book, [(Item(sku="MUG-BL", bin="Z-9"), False)], time.time())
    bench.catch_up()
    (seen,) = bench.orders.values()
    assert seen.lines[0].bin == "Z-9"
    assert seen.version == order.version + 1


def test_a_revoked_bench_gets_nothing(hub: Hub) -> None:
    hub.add(an_order())
    hub.bench("b1")
    with hub.store.write() as connection:
        benches.revoke(connection, "b1")
    hub.allot()
    assert hub.order(an_order().id).state is State.READY


def test_what_a_lost_bench_has_not_begun_goes_to_another(hub: Hub) -> None:
    begun, fresh = an_order("begun"), an_order("fresh")
    hub.add(begun, fresh)
    bench = hub.bench("b1")
    hub.allot()
    bench.say(hub.order(begun.id), facts.PackStarted(shipment=f"{begun.id}#1"))
    with hub.store.write() as connection:
        benches.revoke(connection, "b1")
        assert allot.take_back(connection, hub.book, "b1", time.time()) == (1, 1)
    other = hub.bench("b2")
    hub.allot()
    other.catch_up()
    assert list(other.orders) == [f"{fresh.id}#1"]
    assert other.orders[f"{fresh.id}#1"].shipments[0].claim == Claim(1, 2)
    late = facts.PackStarted(shipment=f"{fresh.id}#1")
    assert bench.say(fresh, late, claim=Claim(1, 1)) == [Verdict.FENCED]


def test_benches_share_the_work(hub: Hub) -> None:
    hub.add(*(an_order(f"n-{n}") for n in range(10)))
    one, other = hub.bench("b1"), hub.bench("b2")
    hub.allot()
    one.catch_up()
    other.catch_up()
    assert (len(one.orders), len(other.orders)) == (5, 5)
    assert not one.orders.keys() & other.orders.keys()


def test_the_hub_says_when(allotted: ONE) -> None:
    _, bench, _ = allotted
    page = bench.read()
    assert isinstance(page, Page)
    assert abs((datetime.now(UTC) - page.server_time).total_seconds()) < 60


def test_a_code_is_good_once_and_in_time(hub: Hub) -> None:
    now = time.time()
    with hub.store.write() as connection:
        code = benches.new_code(connection, "b1", now)
        assert benches.enrol(connection, Enrol(code="WRONG", public_key="0" * 64), now) is None
        enrolled = benches.enrol(connection, Enrol(code=code.lower(), public_key="0" * 64), now)
        other = Enrol(code=code, public_key="1" * 64)
        assert benches.enrol(connection, other, now) is None  # once
        late = benches.new_code(connection, "b1", now - 16 * 60)
        assert (
            benches.enrol(connection, Enrol(code=late, public_key="0" * 64), now) is None
        )  # in time
        assert enrolled is not None
        assert (enrolled.bench, enrolled.incarnation) == ("b1", 1)
        row = connection.execute(select(bench_table)).one()
    assert code not in str(row)


def test_a_restored_hub_gives_out_no_incarnation_that_the_lost_one_may_have_given(
    hub: Hub,
) -> None:
    given = []
    for new_epoch in (1, 2, 2, 3):
        with hub.store.write() as connection:
            setup.note(connection, "epoch", str(new_epoch))
            code = benches.new_code(connection, "b1", time.time())
            said = Enrol(code=code, public_key="00" * 32, host="table-1")
            made = benches.enrol(connection, said, time.time())
        assert made is not None
        given.append(made.incarnation)
    first, second, third, fourth = given
    assert first < benches.INCARNATIONS < second
    assert third == second + 1
    assert fourth > 2 * benches.INCARNATIONS
