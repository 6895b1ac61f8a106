"""What the packer sees of an order, below the banner."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta, timezone

import pytest
from msgspec.structs import replace as but

from station import flows
from station.commands import COMMANDS
from station.flows.flow import PrinterTrouble, Weighed
from station.wording import LANGUAGES
from tests.builders import MUG, NOON, a_line, an_order
from tests.station.flows.play import a_bench

BERLIN = timezone(timedelta(hours=1))


def test_the_line_scanned_last_is_current_until_it_is_full() -> None:
    lines = tuple(a_line(f"L{n}", sku=f"SKU{n}", gtin=f"{n:014d}", quantity=2) for n in range(500))
    bench = a_bench(an_order(lines=lines))
    bench.scan("202-0000001-0000001")
    bench.scan("SKU250")
    current = [row.sku for row in flows.prompt(bench.session).rows if row.current]
    assert current == ["SKU250"]
    bench.scan("sku250")
    rows = flows.prompt(bench.session).rows
    assert [row.sku for row in rows if row.current] == ["SKU0"]
    assert (rows[250].done, rows[250].need) == (2, 2)


def test_what_should_have_left_is_marked_in_the_benchs_own_time() -> None:
    bench = a_bench(an_order())
    bench.scan("202-0000001-0000001")
    early = flows.prompt(bench.session, NOON.astimezone(BERLIN))
    late = flows.prompt(bench.session, (NOON + timedelta(hours=5)).astimezone(BERLIN))
    assert ("Ship by", "17:00") in early.facts
    assert ("Ship by", "17:00 LATE") in late.facts


def test_a_gift_an_instruction_and_the_buyers_note_must_be_read() -> None:
    line = but(a_line(), instruction="fragile: two layers")
    order = but(an_order(lines=(line,)), gift=True, note="Ring twice")
    bench = a_bench(order)
    bench.scan("202-0000001-0000001")
    notice = flows.prompt(bench.session).notice
    assert notice == "GIFT: no prices in the box · fragile: two layers · Ring twice"


def test_a_printer_in_need_stays_on_the_screen_until_it_is_well() -> None:
    bench = a_bench(an_order())
    bench.put(PrinterTrouble("zd421", "ribbon"))
    bench.scan("202-0000001-0000001")
    assert "ribbon" in flows.prompt(bench.session).notice
    bench.put(PrinterTrouble("zd421", ""))
    assert flows.prompt(bench.session).notice == ""


def test_the_lane_is_shown_when_the_parcel_may_go_there() -> None:
    bench = a_bench(an_order())
    bench.scan(MUG)
    bench.put(Weighed(430))
    bench.hub_sells()
    bench.printer_prints()
    assert flows.prompt(bench.session).lane == ""
    bench.scan("T10001")
    assert flows.prompt(bench.session).lane == "GREEN"


def test_the_queue_is_shown_while_nothing_is_open() -> None:
    order = an_order()
    session = replace(a_bench(order).session, waiting=(order,))
    (row,) = flows.prompt(session, NOON).rows
    assert (row.sku, row.name, row.bin, row.need) == (
        "202-0000001-0000001",
        "Item MUG-BL",
        "16:00",
        1,
    )


def test_an_order_that_waits_for_its_label_is_not_forgotten() -> None:
    bench = a_bench(an_order())
    bench.scan(MUG)
    bench.put(Weighed(430))
    bench.press("CANCEL")
    assert ("Label coming:", "202-0000001-0000001") in flows.prompt(bench.session).facts
    bench.scan("202-0000001-0000001")
    assert all(label != "Label coming:" for label, _ in flows.prompt(bench.session).facts)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_language_changes_everything_on_the_screen_and_nothing_else(language: str) -> None:
    bench = a_bench(an_order(), language=language)
    bench.scan("202-0000001-0000001")
    before = bench.session
    was = flows.prompt(before)
    bench.press("LANGUAGE")
    now = flows.prompt(bench.session)
    assert replace(bench.session, language=language) == before
    assert flows.verdict(bench.session).word != flows.verdict(before).word
    assert now.instruction != was.instruction
    assert [key.key for key in now.keys] == [key.key for key in was.keys]
    bench.press("LANGUAGE")
    assert flows.prompt(bench.session) == was


def test_help_shows_every_command_and_a_scan_goes_through_it() -> None:
    bench = a_bench(an_order())
    bench.scan("202-0000001-0000001")
    seen: list[str] = []
    for _ in range(flows.help.PAGES):
        bench.press("HELP")
        seen += [row.sku for row in flows.prompt(bench.session).rows]
    assert len(seen) == len(COMMANDS)
    bench.scan(MUG)
    assert bench.session.help_page == 0
    assert bench.session.flow == "weigh"


def test_a_stored_screen_comes_back_in_either_language() -> None:
    bench = a_bench(an_order())
    bench.scan("202-0000001-0000001")
    bench.scan("4099999999996")
    assert flows.verdict(bench.session).word == "UNKNOWN"
    assert flows.verdict(replace(bench.session, language="zh")).word == "未知"
