from dataclasses import replace
from pathlib import Path

import pytest

from station.prompt import Prompt, Row, Tone, Verdict
from station.screens.working import WorkingScreen
from station.widgets.look import Look
from tests.station.floor_sample import ENGLISH, STALL, STATUS, TEASPOON, FloorSample
from tests.station.screen_text import check_golden, field_at, scan, screen_text
from tests.terminal import Terminal

SIZES = [(80, 24), (120, 38)]


@pytest.mark.parametrize("zh", [False, True], ids=["en", "zh"])
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_screen_looks_as_it_did(size: tuple[int, int], zh: bool) -> None:
    app = FloorSample(zh=zh, look=None)
    tongue = "zh" if zh else "en"
    async with app.run_test(size=size) as pilot:
        for name, code in (("ok", TEASPOON), ("wrong", "4099999999994")):
            await scan(pilot, code)
            check_golden(f"working_{name}_{size[0]}x{size[1]}_{tongue}.txt", screen_text(app))


@pytest.mark.parametrize("size", [*SIZES, (40, 12), (20, 6), (250, 70)])
async def test_every_row_is_as_wide_as_the_terminal(size: tuple[int, int]) -> None:
    app = FloorSample(zh=True)
    async with app.run_test(size=size) as pilot:
        for code in (TEASPOON, "x" * 300, "绿茶" * 100, "e\u0301\u200d👩‍👩‍👧"):
            await scan(pilot, code)
            widths = {row.cell_length for row in app.screen._compositor.render_strips()}
            assert widths == {size[0]}


def test_the_first_frame_of_a_scan_is_the_banner_alone(sample_terminal: Terminal) -> None:
    terminal = sample_terminal
    before = len(terminal.frames())
    terminal.write(TEASPOON.encode() + b"\r")
    terminal.wait_for("4 pieces to go")
    terminal.wait_for("OK 1/2")  # the trail, which is part of the rest
    frames = [frame.decode("utf-8", "replace") for frame in terminal.frames()[before:]]
    verdict, *rest = [frame for frame in frames if frame]
    assert "4 pieces to go" in verdict
    assert "OK 1/2" not in verdict
    assert any("OK 1/2" in frame for frame in rest)


def test_the_verdict_is_seen_while_the_app_is_still_busy_with_the_scan(
    sample_terminal: Terminal, tmp_path: Path
) -> None:
    sample_terminal.write(STALL.encode() + b"\r")
    sample_terminal.wait_for(f"scanned {STALL}")
    assert "stalled" not in (tmp_path / "journal").read_text()


async def test_what_an_older_scan_wanted_to_show_is_dropped() -> None:
    app = FloorSample()
    async with app.run_test(size=(120, 38)) as pilot:
        working = app.working
        shown: list[str] = []
        draw = working._facts.show
        working._facts.show = lambda value: (shown.append(value.title), draw(value))[1]  # type: ignore[method-assign, func-returns-value]  # a spy
        for number in range(5):
            prompt = Prompt(title=f"SO-{number}", instruction="")
            working.show(Verdict("OK", Tone.GOOD, f"{number}"), prompt, STATUS)
        await pilot.pause()
        await pilot.pause()
        assert shown == ["SO-4"]


async def test_tone_is_said_by_colour_frame_and_mark() -> None:
    app = FloorSample()
    async with app.run_test(size=(80, 24)) as pilot:
        await scan(pilot, TEASPOON)
        assert field_at(app, 40, 2) == "#00c853"
        await scan(pilot, "1")
        assert field_at(app, 40, 8) in {"#c40000", "#ffffff"}  # it may be in the middle of a blink
        assert screen_text(app).splitlines()[1].startswith("▀▄▀▄▀▄")


async def test_palette_marks_and_language_change_while_it_runs() -> None:
    app = FloorSample()
    async with app.run_test(size=(80, 24)) as pilot:
        await scan(pilot, TEASPOON)
        app.working.dress(Look(palette="blue", ascii=True, flash=False))
        await pilot.pause()
        assert field_at(app, 40, 2) == "#0060a8"
        assert screen_text(app).isascii() or "绿茶" in screen_text(app)


async def test_the_rest_of_the_screen_is_ascii_where_that_is_asked() -> None:
    app = FloorSample(look=Look(ascii=True, flash=False))
    async with app.run_test(size=(120, 38)) as pilot:
        for code in (TEASPOON, "1"):
            await scan(pilot, code)
            app.working.show(app.working.verdict, replace(ENGLISH, rows=(), parcel=()), STATUS)
            await pilot.pause()
            await pilot.pause()
            assert screen_text(app).isascii(), screen_text(app)


async def test_the_trail_counts_scans_and_not_repaints() -> None:
    app = FloorSample()
    async with app.run_test(size=(120, 38)) as pilot:
        for _ in range(3):
            await scan(pilot, "1")
        app.working.show(app.working.verdict, ENGLISH, STATUS)
        app.working.tick(replace(STATUS, clock="14:33"))
        await pilot.pause()
        assert len(app.working._trail.value) == 3
        assert "14:33" in screen_text(app)


async def test_a_repaint_neither_blinks_nor_hides_that_nobody_listens() -> None:
    app = FloorSample()
    async with app.run_test(size=(80, 24)) as pilot:
        await scan(pilot, "1")
        banner = app.working._banner
        while banner._blinks:
            await pilot.pause(0.02)
        app.working.listening(False)
        app.working.show(app.working.verdict, replace(ENGLISH, title="SO-7"), STATUS)
        await pilot.pause()
        await pilot.pause()
        assert not banner._blinks
        assert "Another window has the keyboard" in screen_text(app)
        assert "SO-7" in screen_text(app)
        app.working.listening(True)
        await pilot.pause()
        assert "put it aside" in screen_text(app)


async def test_nothing_is_lost_that_is_said_before_the_screen_is_there() -> None:
    working = WorkingScreen(Look())
    working.show(Verdict("SCAN", Tone.NEUTRAL, "early"), ENGLISH, STATUS)
    app = FloorSample()
    app.working = working
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        text = screen_text(app)
        assert "early" in text
        assert "SO-100423" in text


async def test_five_hundred_lines_keep_the_current_one_in_view() -> None:
    rows = tuple(Row("", f"SKU-{n}", "绿" * 60, "B", 1, 0, current=n == 321) for n in range(500))
    app = FloorSample()
    async with app.run_test(size=(80, 24)) as pilot:
        app.working.show(Verdict("OK", Tone.GOOD), replace(ENGLISH, rows=rows), STATUS)
        await pilot.pause()
        await pilot.pause()
        text = screen_text(app)
        assert "SKU-321 " in text
        assert "319 above" in text


async def test_errors_blink_at_most_three_times_a_second_and_can_be_still() -> None:
    app = FloorSample()
    async with app.run_test(size=(80, 24)) as pilot:
        banner = app.working._banner
        await scan(pilot, "1")
        fields = set()
        while banner._blinks:
            fields.add(banner._inverted)
            await pilot.pause(0.02)
        assert fields == {True, False}
        assert not banner._inverted
        app.working.dress(Look(flash=False))
        await scan(pilot, "2")
        assert not banner._blinks
