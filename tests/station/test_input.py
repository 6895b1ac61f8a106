import asyncio
import time
from collections.abc import Callable

from textual import events
from textual.pilot import Pilot

from station.input import Scanned
from tests.station.floor_sample import TEASPOON, FloorSample
from tests.station.screen_text import scan, screen_text


async def until(pilot: Pilot[int], holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not holds():
            await pilot.pause(0.01)


async def test_keys_and_a_scanner_on_a_wire_are_heard_in_order() -> None:
    app = FloorSample()
    async with app.run_test() as pilot:
        await scan(pilot, "11112222")
        app.post_message(Scanned("33334444", "ttyACM0", time.monotonic()))
        await pilot.pause()
        await scan(pilot, "55556666")
        assert app.heard == ["11112222", "33334444", "55556666"]


async def test_a_scan_from_another_thread_is_heard() -> None:
    app = FloorSample()
    async with app.run_test() as pilot:
        await asyncio.to_thread(app.post_message, Scanned("33334444", "ttyACM0", 1.0))
        await until(pilot, lambda: app.heard == ["33334444"])


async def test_silence_after_half_a_code_asks_for_a_rescan() -> None:
    app = FloorSample()
    async with app.run_test() as pilot:
        for digit in "4006":
            app.post_message(events.Key(digit, digit))
        await until(pilot, lambda: "Half a code" in screen_text(app))
        assert app.heard == []


async def test_f_keys_reach_the_screen_and_chords_do_nothing() -> None:
    app = FloorSample()
    async with app.run_test() as pilot:
        app.post_message(events.Key("f9", None))
        await until(pilot, lambda: app.pressed_keys == ["f9"])
        for chord in ("ctrl+q", "ctrl+c", "ctrl+p", "tab"):
            app.post_message(events.Key(chord, None))
            await pilot.pause(0.06)
        assert app.is_running
        assert app.pressed_keys == ["f9", "ctrl+q", "ctrl+c", "ctrl+p", "tab"]
        assert len(app.screen_stack) == 2


async def test_a_key_that_is_not_looked_at_yet_waits_for_the_scan_before_it() -> None:
    class Slow(FloorSample):
        async def scanned(self, raw: object) -> None:
            await asyncio.sleep(0.02)
            await super().scanned(raw)  # type: ignore[arg-type]

    app = Slow()
    async with app.run_test() as pilot:
        for code in ("1111", "2222", TEASPOON):
            for digit in code:
                app.post_message(events.Key(digit, digit))
            app.post_message(events.Key("enter", "\r"))
        await until(pilot, lambda: len(app.heard) == 3)
        assert app.heard == ["1111", "2222", TEASPOON]
