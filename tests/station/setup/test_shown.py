"""What each step of the set-up looks like; and that the code on the screen can be scanned."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from drivers.scanners.setup import SETUP_TEXT, CapsLock, DoubleEnding, LostGs, NoAim
from station.setup import shown
from station.setup.app import SetupApp
from station.setup.exchange import PrinterFound, ScaleFound
from station.setup.plan import Plan, Stage
from station.widgets.look import Look
from station.wording import setup as w
from tests.station.screen_text import check_golden, screen_text

ZEBRA = PrinterFound(url="tcp://192.168.7.20", language="zpl", model="ZD421-203dpi")
EPSON = PrinterFound(url="tcp://192.168.7.21", language="escpos")
PAN = ScaleFound(url="serial:///dev/serial/by-id/usb-Mettler", protocol="mt-sics", grams=0)
FULL = Plan(
    ports=("usb:///dev/usb/lp0", "serial:///dev/serial/by-id/usb-Zebra"),
    printer=ZEBRA,
    receipts=EPSON,
    scale=PAN,
    findings=(),
    trial_code="PKCMDDEVICES",
)
PLANS = {
    "printer": Plan(ports=FULL.ports),
    "scanner": replace(
        FULL,
        stage=Stage.SCANNER_TEST,
        said=w.SCAN_AGAIN,
        findings=(CapsLock(), LostGs(""), DoubleEnding("\r\n"), NoAim()),
    ),
    "write": replace(FULL, stage=Stage.WRITE, said=w.SCALE_WELL),
}


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("size", [(80, 24), (120, 38)], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("name", PLANS)
async def test_a_step_looks_as_it_did(name: str, size: tuple[int, int], language: str) -> None:
    app = SetupApp(Path("/etc/station.toml"), PLANS[name], language)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        check_golden(f"setup_{name}_{size[0]}x{size[1]}_{language}.txt", screen_text(app))


@pytest.mark.parametrize("stage", Stage)
def test_every_step_says_what_to_do_in_every_language(stage: Stage) -> None:
    for plan in (replace(FULL, stage=stage), Plan(stage=stage)):
        for language in ("en", "zh"):
            page = shown.page(plan, language)
            assert page.title
            assert page.instruction
            assert page.keys
            assert page.entries
            assert not any("setup." in entry.what for entry in page.entries)


def test_the_code_on_the_screen_is_the_set_up_code() -> None:
    rows = shown.half_blocks(SETUP_TEXT)
    halves = {" ": (255, 255), "▀": (0, 255), "▄": (255, 0), "█": (0, 0)}
    picture = Image.new("L", (len(rows[0]), 2 * len(rows)), 255)
    for y, row in enumerate(rows):
        for x, sign in enumerate(row):
            picture.putpixel((x, 2 * y), halves[sign][0])
            picture.putpixel((x, 2 * y + 1), halves[sign][1])
    picture = picture.resize((picture.width * 4, picture.height * 4), Image.Resampling.NEAREST)
    (read,) = zxingcpp.read_barcodes(picture)
    assert read.bytes == SETUP_TEXT.encode()


async def test_the_code_is_dark_on_light_whatever_the_palette(tmp_path: Path) -> None:
    app = SetupApp(tmp_path / "s.toml", PLANS["scanner"], "en", Look(palette="mono"))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        for row in app.screen._compositor.render_strips():
            for segment in row:
                if "█▀▀▀▀▀█" in segment.text:
                    style = segment.style
                    assert style is not None
                    assert style.color is not None
                    assert style.bgcolor is not None
                    assert style.color.get_truecolor().hex == "#000000"
                    assert style.bgcolor.get_truecolor().hex == "#ffffff"
                    return
        raise AssertionError("there is no code on the screen")
