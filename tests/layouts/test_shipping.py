"""The shipping label, with the buyers that there are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings

import layouts
from drivers.label_printers import readback, typeset, zpl
from drivers.label_printers.label import Text
from tests.drivers.label_printers import nasty
from tests.drivers.label_printers.oracle import drawn

SHIPPING = layouts.load_builtin()["shipping"]


def parcel(**changes: object) -> Mapping[str, Any]:
    return {**SHIPPING.sample, **changes}


def texts(data: Mapping[str, Any]) -> list[str]:
    return [e.text for e in layouts.draw(SHIPPING, data).elements if isinstance(e, Text)]


def test_a_first_print_has_no_copy_number() -> None:
    first = {k: v for k, v in SHIPPING.sample.items() if k != "copy"}
    assert not [t for t in texts(first) if "COPY" in t]
    assert not [t for t in texts(parcel(copy=0)) if "COPY" in t]
    assert "COPY 3" in texts(parcel(copy=3))


@settings(max_examples=60, deadline=None)
@given(nasty.texts, nasty.texts)
def test_whatever_a_buyer_is_called_the_tracking_number_scans(name: str, street: str) -> None:
    try:
        label = layouts.draw(SHIPPING, parcel(ship_to=f"{name}\n{street}\nHamburg"))
    except layouts.DoesNotFit:
        return  # too many line ends for six lines: said in a sentence, printed never
    pages = drawn(zpl.render(label))
    assert len(pages) == 1
    assert readback.Found("Code128", SHIPPING.sample["tracking"]) in readback.read(pages[0])


def test_a_template_in_a_buyers_name_is_printed_as_it_is() -> None:
    assert "{{ 7*7 }}" in texts(parcel(ship_to="{{ 7*7 }}\nHamburg"))


def test_a_masked_address_is_printed_as_it_is() -> None:
    assert "****" in texts(parcel(ship_to="****\n****"))


def test_a_long_address_is_broken_and_shrunk_before_it_is_refused() -> None:
    five = "\n".join(f"Line {i} of an address that goes on for a while" for i in range(5))
    label = layouts.draw(SHIPPING, parcel(ship_to=five))
    heights = {e.height for e in label.elements if isinstance(e, Text) and "goes on" in e.text}
    assert len(heights) == 1
    assert 3 <= heights.pop() < 5.6


def test_an_address_of_eight_lines_is_smaller_and_stays_above_the_barcode() -> None:
    label = layouts.draw(SHIPPING, parcel(ship_to="\n".join(f"Row {i}" for i in range(8))))
    rows = [e for e in label.elements if isinstance(e, Text) and e.text.startswith("Row ")]
    assert len(rows) == 8
    assert all(e.height < 5.6 and e.y + e.height <= 86 for e in rows)


def test_an_address_too_long_for_the_smallest_letters_is_refused_with_what_to_do() -> None:
    five = "\n".join("An endless line of an address, with no end in sight, " * 4 for _ in range(5))
    with pytest.raises(layouts.DoesNotFit) as refused:
        layouts.draw(SHIPPING, parcel(ship_to=five))
    said = str(refused.value)
    assert re.match(r"shipping\.toml, line \d+, part 12 \(address\): ", said)
    assert "does not go into 9 lines of 90 mm, 39 mm deep, even at 2.8 mm" in said
    assert "shorten it" in said
    assert "endless" not in said  # it is somebody's address


def test_a_chinese_address_is_broken_between_any_two_letters() -> None:
    address = "北京市朝阳区建国路88号现代城5号楼1201室" * 3
    lines = [t for t in texts(parcel(ship_to=address)) if "北" in t or "号" in t]
    assert "".join(lines) == address
    assert len(lines) > 1


def test_a_letter_that_no_font_has_is_reported_from_the_label() -> None:
    label = layouts.draw(SHIPPING, parcel(ship_to="\U0001e900\nHamburg 😀"))
    assert typeset.missing_in([label]) == "\U0001e900"


@pytest.mark.parametrize("tracking", ["", "早", "SP\x1d1", "X" * 79])
def test_a_tracking_number_that_no_barcode_can_hold_is_refused(tracking: str) -> None:
    with pytest.raises(layouts.DoesNotFit, match=r"shipping\.toml, line \d+, part 14 \(tracking\)"):
        layouts.draw(SHIPPING, parcel(tracking=tracking))


def test_a_forgotten_value_is_named() -> None:
    lacking = {k: v for k, v in SHIPPING.sample.items() if k != "carrier"}
    with pytest.raises(layouts.DataMissing, match=r"part 6 \(carrier\): needs `carrier`"):
        layouts.draw(SHIPPING, lacking)
