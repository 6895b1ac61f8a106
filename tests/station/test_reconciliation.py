"""What a packer is told after a cut: what the hub decided meanwhile, before anything new begins."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import delete

from station import flows
from station.flows.flow import Weighed
from station.session import Session
from station.store import notices, schema
from sync.client.replica import now
from sync.orders import HoldKind, Order, apply, facts
from sync.protocol.messages import Acked, Change, Judged, Page, Verdict
from tests.builders import MUG, NOON
from tests.station.test_bench import World, claimed, labelled

TRACKINGS = {
    1: "RR000000005GB",
    2: "RR000000014GB",
    3: "RR000000028GB",
    4: "RR000000031GB",
}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    world.hub(*(labelled(claimed(n, MUG=1), tracking, 430) for n, tracking in TRACKINGS.items()))
    for tracking in TRACKINGS.values():
        data = tracking.encode()
        world.keep.put_blob(hashlib.sha256(data).hexdigest(), data)
    world.bench.scan("PKUSRANNA", "hand")
    yield world
    world.store.close()


def number(n: int) -> str:
    return f"202-{n:07d}-0000001"


def known(world: World, n: int) -> Order:
    """The order at a hub that has heard nothing from this bench since the cut."""
    return world.orders[f"amazon-uk:{number(n)}"]


def shipment(n: int) -> str:
    return f"amazon-uk:{number(n)}#1"


def opens(world: World, n: int) -> None:
    world.bench.scan(number(n), "hand")
    world.bench.scan(MUG, "hand")


def packs(world: World, n: int) -> None:
    """One order, to the closing scan, and its box goes to its lane."""
    opens(world, n)
    world.bench.put(Weighed(430))
    world.prints("printed")
    world.bench.scan(TRACKINGS[n], "hand")
    assert world.store_order(n).shipments[0].parcels[0].closed


def hears(world: World, *orders: Order | str, through: int = 0) -> None:
    """A page comes, written when the hub knew our entries up to `through`; a name: it left."""
    after = world.seq
    world.seq += len(orders)
    changes = tuple(
        Change(seq=after + at, shipment=one, order=None, through=through)
        if isinstance(one, str)
        else Change(seq=after + at, shipment=one.shipments[0].id, order=one, through=through)
        for at, one in enumerate(orders, 1)
    )
    end = f"1.{world.seq}"
    page = Page(after=f"1.{after}", next=end, head=end, changes=changes, server_time=NOON)
    world.keep.take(page)
    world.bench.refresh()


def judges(world: World, verdicts: dict[int, Verdict], reason: str = "") -> None:
    """The hub takes all that is owed; on the nth order it says that, and else that it is fine."""
    batch = world.keep.batch(500)
    assert batch is not None
    judged = [
        Judged(
            seq=one.seq,
            verdict=next(
                (v for n, v in verdicts.items() if one.entry.order.endswith(number(n))),
                Verdict.OK,
            ),
            reason=reason,
        )
        for one in batch.entries
    ]
    acked = Acked(acked=judged[-1].seq, verdicts=tuple(judged), server_time=NOON)
    world.keep.acked(acked)
    world.bench.refresh()


def cancelled(order: Order) -> Order:
    return apply(order, facts.OrderCancelled(shipment=order.shipments[0].id))


def moved(order: Order) -> Order:
    return apply(order, facts.AddressChanged(digest="elsewhere"))


def held(order: Order, kind: HoldKind = HoldKind.STOCK) -> Order:
    return apply(order, facts.OrderHeld(shipment=order.shipments[0].id, hold=kind))


def told(session: Session) -> tuple[str, str]:
    said = flows.verdict(session)
    return said.line1, said.line2


def all_told(world: World) -> list[tuple[str, str]]:
    """Each sentence on the screen, acknowledged one after the other."""
    sentences = []
    while world.bench.session.noticed:
        assert world.bench.session.latched
        sentences.append(told(world.bench.session))
        world.bench.scan("PKCMDACK", "hand")
    return sentences


THREE = [
    (f"Order {number(1)} was cancelled.", "Pull the box from lane GREEN, put the goods back."),
    (
        f"Order {number(2)} is not this bench's any more.",
        "Pull your box from lane GREEN, take it apart, do not ship it.",
    ),
    (
        f"The address of order {number(3)} changed after its label.",
        "Pull the box from lane GREEN: its label is wrong, a new one comes.",
    ),
]


def test_after_a_cut_each_decision_is_one_sentence_and_then_new_work_begins(world: World) -> None:
    for n in (1, 2, 3):
        packs(world, n)
    hears(world, cancelled(known(world, 1)), shipment(2), moved(known(world, 3)))
    assert world.bench.session.latched
    world.bench.scan(number(4), "hand")
    assert world.store_order(4).shipments[0].state == "allocated", "nothing new before that"
    first, *others = all_told(world)
    assert first[0] == THREE[0][0], "scanned over, it says how to go on"
    assert others == THREE[1:]
    packs(world, 4)


def test_the_verdicts_that_follow_say_nothing_twice(world: World) -> None:
    for n in (1, 2, 3):
        packs(world, n)
    hears(world, cancelled(known(world, 1)), shipment(2), moved(known(world, 3)))
    assert all_told(world) == THREE
    judges(world, {1: Verdict.LATE, 2: Verdict.FENCED})
    assert all_told(world) == []


def test_a_verdict_that_the_hub_says_again_is_told_once(world: World) -> None:
    packs(world, 1)
    batch = world.keep.batch(500)
    assert batch is not None
    fenced = Judged(seq=batch.entries[-1].seq, verdict=Verdict.FENCED)
    acked = Acked(acked=fenced.seq, verdicts=(fenced,), server_time=NOON)
    world.keep.acked(acked)
    world.bench.refresh()
    assert len(all_told(world)) == 1
    with world.bench.store.turn() as turn:
        turn.sql.execute(delete(schema.notices))  # however long ago that was
    world.keep.acked(acked)
    world.bench.refresh()
    assert all_told(world) == []
    assert [verdict for verdict, _ in world.keep.overruled()] == [Verdict.FENCED]


def test_the_page_that_follows_the_verdicts_says_nothing_twice(world: World) -> None:
    for n in (1, 2):
        packs(world, n)
    judges(world, {1: Verdict.LATE, 2: Verdict.FENCED})
    fenced = f"Another bench has order {number(2)} now."
    assert all_told(world) == [THREE[0], (fenced, THREE[1][1])]
    through = world.keep.heartbeat().last_seq
    hears(world, cancelled(known(world, 1)), shipment(2), through=through)
    assert all_told(world) == []


@pytest.mark.parametrize(
    ("verdict", "sentence"),
    [
        (
            Verdict.LATE,
            (
                f"Order {number(1)} was cancelled.",
                "Pull the box from lane GREEN, put the goods back.",
            ),
        ),
        (
            Verdict.FENCED,
            (
                f"Another bench has order {number(1)} now.",
                "Pull your box from lane GREEN, take it apart, do not ship it.",
            ),
        ),
    ],
)
def test_why_an_order_left_is_said_as_soon_as_the_hub_says_it(
    world: World, verdict: Verdict, sentence: tuple[str, str]
) -> None:
    packs(world, 1)
    packs(world, 2)
    hears(world, shipment(1))
    assert "is not this bench's any more" in told(world.bench.session)[0]
    judges(world, {1: verdict})
    assert told(world.bench.session) == sentence, "on the screen, before anybody acknowledged"
    assert all_told(world) == [sentence]


def test_nothing_is_lost_by_a_restart_and_nothing_said_again(world: World) -> None:
    for n in (1, 2, 3):
        packs(world, n)
    hears(world, cancelled(known(world, 1)), shipment(2), moved(known(world, 3)))
    world.bench.scan("PKCMDACK", "hand")
    world.bench = world.open()
    world.bench.resume()
    assert all_told(world) == THREE[1:]
    world.bench = world.open()
    world.bench.resume()
    assert all_told(world) == []


def test_an_order_that_is_open_is_finished_before_the_packer_hears_of_others(
    world: World,
) -> None:
    packs(world, 1)
    opens(world, 4)
    hears(world, cancelled(known(world, 1)))
    assert not world.bench.session.latched
    world.bench.put(Weighed(430))
    world.prints("printed")
    world.bench.scan(TRACKINGS[4], "hand")
    assert world.bench.session.said is not None
    assert world.bench.session.said.word.key == "word.done", "where the box goes is read first"
    world.bench.scan(number(3), "hand")
    assert all_told(world) == THREE[:1]
    packs(world, 3)


def test_what_happens_to_the_open_order_is_told_once(world: World) -> None:
    opens(world, 1)
    hears(world, cancelled(known(world, 1)))
    assert world.bench.session.latched
    assert not world.bench.session.noticed
    world.bench.scan("PKCMDACK", "hand")
    assert not world.bench.session.latched
    assert all_told(world) == []
    judges(world, {1: Verdict.LATE})
    assert all_told(world) == []


def test_the_packer_who_comes_next_is_told_what_the_one_before_packed(world: World) -> None:
    packs(world, 1)
    world.bench.scan("PKCMDLOGOUT", "hand")
    hears(world, cancelled(known(world, 1)))
    assert not world.bench.session.noticed, "there is nobody to tell"
    world.bench.scan("PKUSRBOSS", "hand")
    assert all_told(world) == THREE[:1]


def put_down(world: World, n: int) -> None:
    opens(world, n)
    world.bench.scan("PKCMDCANCEL", "hand")


@pytest.mark.parametrize(
    ("decided", "sentence"),
    [
        (cancelled, ("was cancelled.", "Take the box apart, put the goods back.")),
        (held, ("its goods are missing.", "Put its box aside for the supervisor.")),
        (
            lambda order: apply(order, facts.CancelRequested(shipment=order.shipments[0].id)),
            ("called off.", "Put its box aside for the supervisor."),
        ),
    ],
)
def test_a_box_that_stands_open_on_the_table_is_not_sought_in_a_lane(
    world: World, decided: object, sentence: tuple[str, str]
) -> None:
    put_down(world, 1)
    assert callable(decided)
    hears(world, decided(known(world, 1)))
    ((what, then),) = all_told(world)
    assert number(1) in what
    assert (what.endswith(sentence[0]), then) == (True, sentence[1])


def test_an_order_that_was_given_to_another_bench_is_taken_apart(world: World) -> None:
    put_down(world, 1)
    judges(world, {})
    hears(world, shipment(1), through=world.keep.heartbeat().last_seq)
    assert all_told(world) == [
        (
            f"Another bench has order {number(1)} now.",
            "Stop: take your box apart, do not ship it.",
        )
    ]


def test_orders_that_nobody_touched_come_and_go_without_a_word(world: World) -> None:
    hears(world, cancelled(known(world, 1)), shipment(2), moved(known(world, 3)))
    assert all_told(world) == []


def followed(world: World, n: int) -> Order:
    """The order at a hub that followed everything that happened here."""
    order = known(world, n)
    batch = world.keep.batch(500)
    entries = [one.entry for one in batch.entries] if batch else []
    return now(order, [one for one in entries if one.order == order.id]).order


def test_what_the_hub_followed_goes_its_way_without_a_word(world: World) -> None:
    packs(world, 1)
    through = world.keep.heartbeat().last_seq
    order = followed(world, 1)
    judges(world, {})
    hears(world, order, through=through)
    hears(world, shipment(1), through=through)
    assert all_told(world) == []


def test_a_new_address_before_the_label_came_out_is_no_trouble(world: World) -> None:
    put_down(world, 1)
    hears(world, moved(known(world, 1)))
    assert all_told(world) == []


def test_a_hold_that_is_over_before_anybody_came_is_not_told_and_one_that_recurs_is(
    world: World,
) -> None:
    packs(world, 1)
    opens(world, 4)
    stopped = held(known(world, 1), HoldKind.ADDRESS)
    release = facts.HoldReleased(shipment=shipment(1), hold=HoldKind.ADDRESS)
    hears(world, stopped)
    hears(world, apply(stopped, release))
    world.bench.scan("PKCMDCANCEL", "hand")
    assert all_told(world) == []
    hears(world, stopped)
    assert len(all_told(world)) == 1


def test_an_order_that_a_restored_hub_forgot_is_put_aside(world: World) -> None:
    packs(world, 1)
    world.keep.reset(2)
    others = [known(world, n) for n in (2, 3, 4)]
    changes = tuple(
        Change(seq=at, shipment=one.shipments[0].id, order=one, through=0)
        for at, one in enumerate(others, 1)
    )
    page = Page(after="2.0", next="2.3", head="2.3", changes=changes, server_time=NOON)
    world.keep.take(page)
    world.bench.refresh()
    assert all_told(world) == [
        (
            f"The hub does not know order {number(1)}.",
            "Pull the box from lane GREEN, for the supervisor.",
        )
    ]
    judges(world, {1: Verdict.UNKNOWN})
    assert all_told(world) == []


def test_a_box_that_the_hub_has_no_room_for_is_put_aside(world: World) -> None:
    packs(world, 1)
    through = world.keep.heartbeat().last_seq
    judges(world, {1: Verdict.INVALID}, reason="not_in_this_state")
    hears(world, known(world, 1), through=through)
    assert all_told(world) == [
        (
            f"The hub has order {number(1)} otherwise than this bench.",
            "Pull the box from lane GREEN, for the supervisor.",
        )
    ]


@pytest.mark.parametrize("page_first", [True, False])
def test_a_new_address_is_one_sentence_whatever_the_hub_says_first(
    world: World, page_first: bool
) -> None:
    packs(world, 1)
    packs(world, 2)
    spoiled = {"reason": "not_printed"}
    if page_first:
        hears(world, moved(known(world, 1)))
        judges(world, {1: Verdict.INVALID}, **spoiled)
    else:
        judges(world, {1: Verdict.INVALID}, **spoiled)
        hears(world, moved(known(world, 1)))
    assert all_told(world) == [
        (f"The address of order {number(1)} changed after its label.", THREE[2][1])
    ]


def test_the_sentences_are_there_in_both_languages(world: World) -> None:
    packs(world, 1)
    packs(world, 2)
    world.bench.scan("PKCMDLANGUAGE", "hand")
    hears(world, cancelled(known(world, 1)))
    assert told(world.bench.session) == (
        f"订单 {number(1)} 已取消。",
        "从道口 GREEN 取回箱子，把货放回原位。",
    )


def test_a_page_that_comes_twice_is_told_once(world: World) -> None:
    packs(world, 1)
    packs(world, 2)
    hears(world, cancelled(known(world, 1)))
    world.keep.reset(1)
    with world.store.turn() as turn:
        assert len(notices.waiting(turn)) == 1
    again = msgspec.structs.replace(cancelled(known(world, 1)), version=9)
    changes = (
        Change(seq=1, shipment=shipment(1), order=again, through=0),
        *(Change(seq=n, shipment=shipment(n), order=known(world, n), through=0) for n in (2, 3, 4)),
    )
    page = Page(after="1.0", next="1.4", head="1.4", changes=changes, server_time=NOON)
    world.keep.take(page)
    with world.store.turn() as turn:
        assert len(notices.waiting(turn)) == 1
