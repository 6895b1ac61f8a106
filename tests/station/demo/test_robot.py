from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest

from station import flows
from station.demo import robot
from station.demo.robot import Lift, Move, Scan, Seen, Wait, Weigh
from station.prompt import Tone
from station.session import Question, Session
from sync.orders import Contents, Hold, HoldKind, Order, State
from sync.protocol.messages import Packer
from tests.builders import MUG, SPOON, a_line, an_order
from tests.station.demo.tabletop import Tabletop

ADA = Packer(badge="P001", name="Ada")
MOST_MOVES = 4000


def seen(session: Session, **beside: object) -> Seen:
    return replace(Seen(session=session, badge="P001"), **beside)  # type: ignore[arg-type]  # names of Seen


def at_work(order: Order | None = None, flow: str = "choose") -> Session:
    return Session(bench="b1", packer=ADA, flow=flow, order=order)


def move(here: Seen, *, seed: int = 1, mistakes: float = 0.0) -> Move:
    return robot.next_move(here, Random(seed), mistakes)


def test_it_logs_in_with_its_badge() -> None:
    assert move(seen(Session(bench="b1"))) == Scan("PKUSRP001")


def test_it_acknowledges_before_anything_else() -> None:
    red = replace(at_work(), latched=True, question=Question(kind="serial"))
    assert move(seen(red)) == Scan("PKCMDACK")


def test_it_waits_when_nothing_is_there_to_pack() -> None:
    assert move(seen(at_work())) == Wait()


def test_it_takes_the_next_order_by_its_sheet_or_by_a_piece() -> None:
    here = seen(at_work(), waiting=(an_order("202-0000001-0000001"),))
    moves = {move(here, seed=seed) for seed in range(20)}
    assert moves == {Scan("PKORD202Z2D0000001Z2D0000001"), Scan("4006381333931")}


def test_it_takes_the_parcel_off_before_the_next_order() -> None:
    here = seen(at_work(), waiting=(an_order(),), on_scale=500)
    assert move(here) == Lift()


def test_it_says_that_a_label_did_not_come_out_only_when_the_printer_has_rested() -> None:
    question = Question(kind="did-it-come-out", about={"job": "RR123456785GB:1"})
    unsure = seen(replace(at_work(an_order(), "ship"), question=question))
    assert move(replace(unsure, printing=True)) == Wait()
    assert move(unsure) == Scan("PKCMDREPRINT")
    assert move(replace(unsure, out={"RR123456785GB": 1})) == Scan("RR123456785GB")


def test_a_wrong_scan_is_of_something_that_the_order_does_not_hold() -> None:
    here = seen(at_work(an_order(), "pack"), waiting=(an_order(lines=(a_line(gtin=SPOON),)),))
    assert robot.wrong_scan(here) == Scan("5012345678900")
    assert robot.wrong_scan(seen(at_work(an_order(lines=()), "pack"))) == Scan(robot.NOT_OURS)
    idle = seen(at_work(an_order()), waiting=(an_order(),))
    assert robot.wrong_scan(idle) == Scan(robot.NOT_OURS)


def test_a_piece_is_scanned_as_it_is_printed() -> None:
    assert robot.printed(MUG) == "4006381333931"


# -- on a tabletop: the real flows, with a store, a carrier and a printer in memory


def three_lines() -> Order:
    return an_order(
        "202-0000003-0000003",
        lines=(
            a_line("L1", quantity=5),
            a_line("L2", sku="SPOON", gtin=SPOON),
            a_line("L3", sku="CAM", gtin="09520417000017", serial=True, quantity=2),
        ),
    )


def test_it_packs_weighs_labels_and_closes_an_order() -> None:
    table = Tabletop([three_lines()])
    moves = table.work(Random(1), mistakes=0.0, most=100)
    order = table.order(three_lines().id)
    assert order.state is State.PACKED
    [parcel] = order.shipments[0].parcels
    assert (parcel.pieces, parcel.closed, parcel.contents) == (8, True, Contents.WEIGHED)
    assert parcel.packed[-1].serials
    assert table.out == {parcel.label.tracking if parcel.label else "": 1}
    assert [type(one) for one in moves if not isinstance(one, Scan)] == [Weigh, Lift]
    assert not any(tone is Tone.BAD for tone in table.tones)


def test_the_same_chance_makes_the_same_moves() -> None:
    first = Tabletop([three_lines()]).work(Random(7), mistakes=0.3, most=MOST_MOVES)
    again = Tabletop([three_lines()]).work(Random(7), mistakes=0.3, most=MOST_MOVES)
    assert first == again


@pytest.mark.parametrize("seed", range(12))
def test_it_comes_to_an_end_whatever_mistakes_it_makes(seed: int) -> None:
    orders = [
        an_order(f"202-000000{n}-000000{n}", lines=three_lines().lines[: 1 + n % 3])
        for n in range(6)
    ]
    table = Tabletop(orders)
    moves = table.work(Random(seed), mistakes=0.25, most=MOST_MOVES)
    assert len(moves) < MOST_MOVES
    for order in orders:
        shipment = table.order(order.id).shipments[0]
        assert shipment.holds or shipment.state is State.PACKED, shipment
        for parcel in shipment.parcels:
            assert not parcel.closed or (parcel.label and table.out[parcel.label.tracking])
    # No label came out more often than somebody asked for with a reason.
    assert all(table.out[tracking] <= asked for tracking, asked in table.asked.items())
    assert set(table.out) <= set(table.asked)


def test_a_killed_robot_goes_on_from_what_it_sees() -> None:
    table = Tabletop([three_lines()])
    for restart in range(60):
        if not table.work(Random(restart), mistakes=0.1, most=3):
            break
    assert table.order(three_lines().id).state is State.PACKED or table.held(three_lines().id)


def test_it_puts_a_stopped_order_aside() -> None:
    order = three_lines()
    table = Tabletop([order])
    table.work(Random(1), mistakes=0.0, most=4)
    table.hold(order.id, Hold(HoldKind.ADDRESS, "it moved"))
    table.work(Random(1), mistakes=0.0, most=20)
    assert table.session.flow == "choose"
    assert table.order(order.id).state is not State.PACKED


def test_the_moves_of_a_calm_day_are_never_twice_the_same_without_reason() -> None:
    table = Tabletop([an_order("202-0000009-0000009")])
    moves = table.work(Random(3), mistakes=0.0, most=50)
    assert all(one != other for one, other in pairwise(moves))
    assert flows.verdict(table.session).tone is Tone.DONE
