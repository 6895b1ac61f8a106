"""Decisions of the hub and the lease, as a packer meets them: flows alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from station import flows
from station.flows.flow import Acknowledged, Noticed, PrinterTrouble, Refused
from station.notice import Kind, Notice, Stage
from station.prompt import Tone
from station.session import Session
from sync.orders import Order
from tests.builders import MUG, SPOON, a_line, an_order
from tests.station.flows.play import ADA, Bench, allocated

ONE = Notice(seq=1, shipment="o#1", kind=Kind.CANCELLED, stage=Stage.BOX, number="N-1")
TWO = Notice(seq=2, shipment="o#2", kind=Kind.TAKEN, stage=Stage.TOTE, number="N-2", tote="T7")


def a_bench(*orders: Order, **but: Any) -> Bench:  # noqa: ANN401 -- as `replace` has it
    session = replace(Session(bench="b1", packer=ADA, flow="choose"), **but)
    return Bench(session, {order.id: order for order in orders})


def what(session: Session) -> str:
    return flows.verdict(session).line1


def test_notices_are_told_one_by_one_each_with_its_own_acknowledgement() -> None:
    bench = a_bench(notices=(ONE, TWO))
    session = bench.put(Noticed())
    assert session.latched
    assert flows.verdict(session).tone is Tone.STOP
    assert what(session) == "Order N-1 was cancelled."
    session = bench.scan("PKCMDACK")
    assert bench.effects == [Acknowledged(1)]
    assert what(session) == "Another bench has order N-2 · T7 now."
    session = bench.scan("PKCMDACK")
    assert bench.effects == [Acknowledged(1), Acknowledged(2)]
    assert not session.latched
    assert session.noticed == 0


@pytest.mark.parametrize("text", [MUG, "PKTOT1", "202-0000001-0000001", "PKUSR0007", "PKCMDUNDO"])
def test_nothing_begins_before_a_notice_was_acknowledged(text: str) -> None:
    bench = a_bench(allocated(an_order()), notices=(ONE,))
    session = bench.scan(text)
    assert (session.flow, session.noticed) == ("choose", 1)
    session = bench.scan(text)
    assert (session.flow, session.noticed) == ("choose", 1)
    assert not [one for one in bench.effects if not isinstance(one, Acknowledged)]


def test_help_and_language_are_there_before_the_acknowledgement_is_asked_for() -> None:
    bench = a_bench(notices=(ONE,))
    assert bench.scan("PKCMDLANGUAGE").language == "zh"


def test_what_to_do_with_the_box_stays_until_it_is_acknowledged() -> None:
    bench = a_bench(allocated(an_order()), notices=(ONE,))
    told = flows.verdict(bench.put(Noticed())).line2
    assert told == "Take the box apart, put the goods back."
    assert flows.verdict(bench.scan(MUG)).line2 == told


def test_a_full_disk_is_said_and_the_notice_comes_back_after_it() -> None:
    bench = a_bench(notices=(ONE,))
    bench.put(Noticed())
    session = bench.put(Refused("The disk is full"))
    assert session.noticed == 0
    session = bench.scan("PKCMDACK")
    assert session.noticed == 1, "what was not on the screen is not acknowledged"
    assert Acknowledged(1) not in bench.effects


def test_a_printer_that_wants_paper_does_not_hide_a_notice() -> None:
    bench = a_bench(notices=(ONE,))
    bench.put(Noticed())
    assert bench.put(PrinterTrouble("zebra", "paper")).noticed == 1


def test_nobody_who_is_not_logged_in_is_told() -> None:
    bench = a_bench(notices=(ONE,), flow="login", packer=None)
    assert not bench.put(Noticed()).latched
    assert bench.scan("PKUSR0007").noticed == 1


def mugs_and_spoons() -> Order:
    lines = (a_line("L1"), a_line("L2", sku="SPOON", gtin=SPOON))
    return allocated(an_order(lines=lines))


@pytest.mark.parametrize("text", ["202-0000001-0000001", MUG])
def test_without_the_hub_for_too_long_nothing_new_is_opened(text: str) -> None:
    bench = a_bench(mugs_and_spoons(), lease_over=True)
    session = bench.scan(text)
    assert session.flow == "choose"
    assert not bench.effects
    verdict = flows.verdict(session)
    assert verdict.line1 == "This bench has been without the hub for too long to begin new orders."
    assert verdict.line2 == "Begun orders go on. Put this one aside until the hub answers."


def test_without_the_hub_for_too_long_no_tote_is_walked_for() -> None:
    bench = a_bench(mugs_and_spoons(), lease_over=True)
    bench.scan("PKTOT1")
    session = bench.scan("202-0000001-0000001")
    assert not bench.effects
    assert what(session).startswith("This bench has been without the hub")


def test_what_was_begun_goes_on_to_its_end_and_may_be_put_down_meanwhile() -> None:
    bench = a_bench(mugs_and_spoons())
    bench.scan(MUG)
    bench.session = replace(bench.session, lease_over=True)
    bench.scan("PKCMDCANCEL")
    assert bench.scan("202-0000001-0000001").flow == "pack"
    assert bench.scan(SPOON).flow == "weigh"


def test_a_walk_that_was_begun_goes_on() -> None:
    bench = a_bench(mugs_and_spoons())
    bench.scan("PKTOT1")
    if bench.session.order is None:
        bench.scan("202-0000001-0000001")
    bench.session = replace(bench.session, lease_over=True)
    bench.scan("PKCMDCANCEL")
    assert bench.scan("PKTOT1").flow == "pick"


def test_it_comes_back_by_itself_when_the_hub_answers() -> None:
    bench = a_bench(mugs_and_spoons(), lease_over=True)
    bench.scan(MUG)
    bench.scan("PKCMDACK")
    bench.session = replace(bench.session, lease_over=False)
    assert bench.scan(MUG).flow == "pack"


def test_what_must_not_be_begun_is_quiet_in_the_queue() -> None:
    begun = a_bench(mugs_and_spoons())
    begun.scan(MUG)
    (order,) = begun.orders.values()
    other = allocated(an_order("202-0000002-0000001"))
    session = a_bench(waiting=(order, other), lease_over=True).session
    assert [row.quiet for row in flows.prompt(session).rows] == [False, True]
    assert not any(row.quiet for row in flows.prompt(replace(session, lease_over=False)).rows)
