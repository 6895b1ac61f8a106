"""What our languages draw comes out of the virtual printer whole, byte for byte."""

import time
from collections.abc import Callable

import pytest

from drivers.label_printers import LANGUAGES, language
from drivers.label_printers.label import Code128, Label, Text
from drivers.receipt_printers import escpos as receipts
from drivers.simulate import epl2, escpos, tspl, zpl
from drivers.simulate.label_printer import VirtualPrinter
from drivers.simulate.personality import Personality
from drivers.transports import open_transport

PERSONALITIES: dict[str, Callable[[], Personality]] = {
    "zpl": zpl.personality,
    "tspl": tspl.personality,
    "epl2": epl2.personality,
    "escpos": escpos.personality,
}
SHEET = Label(
    width=70,
    height=40,
    elements=(
        Text(x=2, y=2, height=4, text="^XZ~JA ~HS \x10\x04\x04"),
        Text(x=2, y=8, height=4, text="王小明 ที่ Łódź"),
        Code128(x=2, y=16, height=12, data="00340434161094042557"),
    ),
)


def job(name: str) -> bytes:
    return receipts.render(SHEET) if name == "escpos" else language(name).render(SHEET)


def test_every_printer_language_has_a_virtual_printer() -> None:
    assert {*LANGUAGES, "escpos"} == set(PERSONALITIES)


@pytest.mark.parametrize("name", PERSONALITIES)
def test_what_we_draw_comes_out_once_and_whole(name: str) -> None:
    data = job(name)
    with VirtualPrinter(PERSONALITIES[name](), ms_per_label=1) as printer:
        wire = open_transport(printer.url)
        wire.connect(5)
        wire.write(data + data, time.monotonic() + 5)
        wire.close()
        out = [label.data for label in printer.wait_printed(2)]
    assert [label.strip(b"\r\n") for label in out] == [data.strip(b"\r\n")] * 2
