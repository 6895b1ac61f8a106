"""The page over the working screen: what it looks like, and that no scan is lost to it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual import events
from textual.pilot import Pilot

from station import trial
from station.app import Around, BenchApp, Happened, LampChanged
from station.bench import Bench, Printers
from station.devices_page import DevicesPage, Listed
from station.flows.flow import PrinterTrouble, Weighed
from station.prompt import Entry, Lamp, Page
from station.screens.page import PageScreen
from station.session import Session, Text
from station.store.store import Store
from station.widgets.bars import NOBODY
from station.widgets.look import Look
from station.widgets.page import PageList
from station.wording import devices
from tests.station.screen_text import check_golden, screen_text

DEADLINE = 60.0


async def until_seen(pilot: Pilot[int], *texts: str, gone: str = "") -> None:
    """Wait for the screen: a pilot that waits for a screen that is being taken away waits long."""
    deadline = time.monotonic() + DEADLINE
    while True:
        shown = screen_text(pilot.app)
        if all(text in shown for text in texts) and not (gone and gone in shown):
            return
        assert time.monotonic() < deadline, shown
        await pilot.pause(0.02)


async def scan(pilot: Pilot[int], code: str) -> None:
    for character in (*code, "\r"):
        key = "enter" if character == "\r" else character
        pilot.app.post_message(events.Key(key, character))
    await pilot.pause(0.02)


LISTED = (
    Listed("hand", "scanner"),
    Listed("keyboard", "scanner"),
    Listed("bench", "scale"),
    Listed("labels", "printer"),
    Listed("slips", "receipts"),
    Listed("hub", "hub"),
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "bench.db")
    yield opened
    opened.close()


def a_page() -> DevicesPage:
    def test(one: Listed) -> Text:
        return devices.TEST_LABEL_SENT if one.kind == "printer" else devices.NO_TEST

    page = DevicesPage(LISTED, test, lambda: 100.0)
    page.heard("hand", devices.scanned("4006381333931"))
    for name, state, word in (
        ("hand", "ok", ""),
        ("keyboard", "ok", ""),
        ("bench", "warn", "frozen"),
        ("labels", "bad", "paper"),
        ("slips", "off", "unreachable"),
        ("hub", "off", "14 min"),
    ):
        page.lamp(name, state, word)
    return page


def an_app(store: Store, page: DevicesPage, language: str = "en") -> BenchApp:
    bench = Bench(store, Session(bench="bench-1", language=language), Printers())
    return BenchApp(bench, Around(devices=page, look=Look(flash=False)))


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("size", [(80, 24), (120, 38)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_devices_look_as_they_did(
    store: Store, size: tuple[int, int], language: str
) -> None:
    app = an_app(store, a_page(), language)
    app._status = lambda session: NOBODY  # type: ignore[method-assign]  # no clock in a golden
    async with app.run_test(size=size) as pilot:
        await scan(pilot, "PKCMDDEVICES")
        for key in ("down", "down", "down", "f5"):
            await app.pressed(key)
        await until_seen(pilot, "▶ ✖ labels", "F5")
        check_golden(f"devices_{size[0]}x{size[1]}_{language}.txt", screen_text(app))


async def test_key_and_card_show_the_devices_and_the_key_takes_them_away(store: Store) -> None:
    app = an_app(store, a_page())
    async with app.run_test(size=(80, 24)) as pilot:
        await app.pressed("f2")
        await until_seen(pilot, "DEVICES")
        await app.pressed("f2")
        await until_seen(pilot, "LOG IN", gone="DEVICES")
        await scan(pilot, trial.CODE)
        await until_seen(pilot, "DEVICES")


async def test_a_scan_over_the_devices_counts_and_its_verdict_is_seen(store: Store) -> None:
    app = an_app(store, a_page())
    async with app.run_test(size=(80, 24)) as pilot:
        await app.pressed("f2")
        await until_seen(pilot, "DEVICES")
        await scan(pilot, "PKUSRP404")
        await until_seen(pilot, "P404", gone="DEVICES")


async def test_a_printer_that_stops_is_said_over_the_page(store: Store) -> None:
    app = an_app(store, a_page())
    async with app.run_test(size=(80, 24)) as pilot:
        await app.pressed("f2")
        await until_seen(pilot, "DEVICES")
        app.post_message(Happened(PrinterTrouble("labels", "paper")))
        await until_seen(pilot, "load a roll", gone="DEVICES")


async def test_a_parcel_put_down_beside_the_work_leaves_the_page_open(store: Store) -> None:
    app = an_app(store, a_page())
    async with app.run_test(size=(80, 24)) as pilot:
        await app.pressed("f2")
        app.post_message(Happened(Weighed(850)))
        app.post_message(LampChanged(Lamp("labels", "ok")))
        await until_seen(pilot, "DEVICES", "labels ●")


async def test_who_wants_to_leave_is_asked_where_it_can_be_seen(store: Store) -> None:
    app = an_app(store, a_page())
    async with app.run_test(size=(80, 24)) as pilot:
        await app.pressed("f2")
        await until_seen(pilot, "DEVICES")
        await app.pressed("ctrl+q")
        await until_seen(pilot, "leave", gone="DEVICES")


async def test_the_page_lives_while_lamps_change(store: Store) -> None:
    page = a_page()
    app = an_app(store, page)
    async with app.run_test(size=(80, 24)) as pilot:
        await app.pressed("f2")
        await until_seen(pilot, "It is out of paper.")
        page.lamp("labels", "ok", "")
        app.post_message(LampChanged(Lamp("labels", "ok")))
        await until_seen(pilot, "DEVICES", gone="It is out of paper.")


async def test_nothing_on_the_page_can_be_focused_or_pressed_by_a_scan(store: Store) -> None:
    tried: list[str] = []

    def test(one: Listed) -> Text:
        tried.append(one.name)
        return devices.NO_TEST

    app = an_app(store, DevicesPage(LISTED, test, time.monotonic))
    async with app.run_test(size=(80, 24)) as pilot:
        for code in ("1", "5", "t", "\t", "F5", "PKUSRP404"):
            await app.pressed("f2")
            await until_seen(pilot, "DEVICES")
            assert isinstance(app.screen, PageScreen)
            assert not app.screen.focus_chain
            await scan(pilot, code)
            app._over.close()
        assert tried == []


@pytest.mark.parametrize("size", [(80, 24), (40, 12), (20, 6), (250, 70)])
def test_every_row_is_as_wide_as_it_may_be(size: tuple[int, int]) -> None:
    entries = tuple(
        Entry(
            what="绿茶" * 40,
            name="x" * 30,
            kind="扫描枪",
            state="bad",
            last="y" * 200,
            do="做" * 90,
        )
        for _ in range(9)
    )
    for drawn in ((), ("█" * 21,) * 11, ("█" * 300,) * 3):
        page = Page(title="t" * 300, entries=entries, chosen=7, notice="n" * 300, drawn=drawn)
        listing = PageList(Look())
        listing.value = page
        rows = listing.draw(*size)
        assert {row.cell_length for row in rows} == {size[0]}


def test_the_chosen_entry_is_always_in_view() -> None:
    entries = tuple(Entry(what="w", name=f"n{at}", last="l", do="d") for at in range(30))
    for chosen in range(30):
        listing = PageList(Look())
        listing.value = Page(title="t", entries=entries, chosen=chosen)
        text = "\n".join(row.text for row in listing.draw(80, 12))
        assert f"n{chosen} " in text
