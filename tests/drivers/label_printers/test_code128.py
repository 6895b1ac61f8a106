"""The code sets that we choose make valid and short symbols."""

from __future__ import annotations

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from drivers.label_printers import code128
from drivers.label_printers.label import Undrawable

printable = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=30)
tracking = st.text(st.sampled_from("0123456789AZ"), min_size=1, max_size=30)


def read(bars: str) -> str:
    page = Image.new("L", (len(bars) * 2 + 60, 40), 255)
    for i, bar in enumerate(bars):
        if bar == "1":
            page.paste(0, (30 + 2 * i, 0, 32 + 2 * i, 40))
    found = zxingcpp.read_barcode(page, text_mode=zxingcpp.TextMode.Plain)
    return str(found.text) if found else ""


@settings(deadline=None)
@given(printable | tracking)
def test_every_symbol_reads_back(data: str) -> None:
    assert read(code128.bars(code128.encoded(data))) == data


@given(st.text("0123456789", min_size=2, max_size=40).filter(lambda s: len(s) % 2 == 0))
def test_an_even_number_of_digits_takes_half_as_many_characters(digits: str) -> None:
    assert len(code128.encoded(digits)) == 1 + len(digits) // 2


def test_digits_in_the_middle_switch_only_where_it_saves() -> None:
    assert code128.encoded("A1234B") == (104, 33, 17, 18, 19, 20, 34)
    assert code128.CODE_C in code128.encoded("A123456B")


@pytest.mark.parametrize("data", ["", "ü", "\x1d", "A\nB", "١٢"])
def test_what_is_not_printable_ascii_is_refused(data: str) -> None:
    with pytest.raises(Undrawable):
        code128.encoded(data)
