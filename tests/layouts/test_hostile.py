"""Whatever stands in any field of any layout: one label comes out in every language, and says it.

A new layout is in here by lying in the folder. Every text of its sample is replaced, at once or
one by one; those that a bar code is made of by what a bar code can hold.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

import layouts
from drivers.label_printers import lint, preview, readback, typeset
from drivers.label_printers.label import Label, Text
from tests.drivers.label_printers import nasty
from tests.layouts.printed import SPOKEN, codes, job, printed, sheets

# Any, here and below: a sample is whatever the layout's templates ask for.

BUILTIN = layouts.load_builtin()
NAMES = sorted(BUILTIN)
SHORT = ("^FS~", "^XZ", "~JA", "_5E", "\\&", "{{7}}", ">;0", "#_", "é^", "王~", "ม้", "محم", "[/]")
BAR_SHORT = {text: text if text.isascii() else "^~_" for text in SHORT}
STEERS = {("category",), ("gift",)}
"""What a layout chooses by, and does not print."""
Path = tuple[str | int, ...]


def leaves(data: object, at: Path = ()) -> Iterator[Path]:
    """Return the places of all texts."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield from leaves(value, (*at, key))
    elif isinstance(data, list):
        for i, value in enumerate(data):
            yield from leaves(value, (*at, i))
    elif isinstance(data, str) and at not in STEERS:
        yield at


def with_texts(name: str, texts: dict[Path, str]) -> dict[str, Any]:
    data: dict[str, Any] = copy.deepcopy(dict(BUILTIN[name].sample))
    for path, text in texts.items():
        inner: Any = data
        for step in path[:-1]:
            inner = inner[step]
        inner[path[-1]] = text
    return data


def in_bars(name: str) -> set[Path]:
    """Return the texts that a Code 128 is made of: those that may not be Chinese."""
    return {
        path
        for path in leaves(BUILTIN[name].sample)
        if "printable ASCII" in refusal(name, with_texts(name, {path: "王"}))
    }


def refusal(name: str, data: dict[str, Any]) -> str:
    """Return why these data cannot be drawn; "" when they can."""
    try:
        layouts.draw_pages(BUILTIN[name], data)
    except layouts.LayoutError as refused:
        return str(refused)
    return ""


BARS = {name: in_bars(name) for name in NAMES}


def assert_printed_as_written(page: Label, spoken: str) -> None:
    data = job(page, spoken)
    (sheet,) = sheets(data, spoken)
    assert sorted(found.text for found in readback.read(sheet)) == codes(page)
    if spoken == "zpl":
        assert data.count(b"^XA") == data.count(b"^XZ") == 1
        assert b"~" not in data
        assert sorted(fields(data)) == sorted(written(page))
        assert_dots_where_they_belong(page, sheet)


def fields(data: bytes) -> Iterator[str]:
    """Return the text of every field that the printer draws letters of."""
    for field in re.findall(rb"\^A0N,\d+,\d+\^FH_\^FD(.*?)\^FS", data):
        found = re.sub(rb"_([0-9A-F]{2})", lambda m: bytes([int(m[1], 16)]), field)
        yield found.decode("utf-8")


def written(page: Label) -> Iterator[str]:
    for e in page.elements:
        if isinstance(e, Text) and typeset.native(e.text) and e.text.strip():
            yield from [e.text] * len(typeset.strikes(e, round(e.height * 8)))


def assert_dots_where_they_belong(page: Label, sheet: Image.Image) -> None:
    """Compare the lines that we draw ourselves, where nothing else touches them."""
    shown = preview.picture(page).convert("L")
    areas = [lint.extent(e, 8) for e in page.elements]
    for i, element in enumerate(page.elements):
        if not isinstance(element, Text) or typeset.native(element.text) or element.inverse:
            continue
        own = areas[i]
        if not any(own.meets(other) for j, other in enumerate(areas) if j != i):
            box = (own.left, own.top, own.right, own.bottom)
            apart = ImageChops.difference(shown.crop(box), sheet.crop(box))
            assert apart.getbbox() is None, element


@pytest.mark.parametrize("text", SHORT)
@pytest.mark.parametrize("name", NAMES)
def test_a_nasty_word_in_every_field_at_once_is_one_label_that_says_it(
    name: str, text: str
) -> None:
    texts = {
        # Equal bars below one another are read as one, so each says something of its own.
        path: f"{BAR_SHORT[text]}{i}" if path in BARS[name] else text
        for i, path in enumerate(leaves(BUILTIN[name].sample))
    }
    for page in layouts.draw_pages(BUILTIN[name], with_texts(name, texts)):
        assert_printed_as_written(page, "zpl")


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_whatever_the_fields_say_every_language_prints_one_label_that_says_it(
    name: str, data: st.DataObject
) -> None:
    paths = sorted(leaves(BUILTIN[name].sample), key=str)
    chosen = data.draw(st.lists(st.sampled_from(paths), unique=True, min_size=1, max_size=4))
    texts = {
        path: data.draw(
            nasty.ascii_texts.map(lambda text: text[:8])
            if path in BARS[name]
            else nasty.texts.filter(lambda text: text.strip("\0") == text != "")
        )
        for path in chosen
    }
    try:
        pages = layouts.draw_pages(BUILTIN[name], with_texts(name, texts))
    except layouts.DoesNotFit:
        return  # too long for its box, or for its bars: said in a sentence, printed never
    for page in pages:
        for spoken in SPOKEN:
            assert_printed_as_written(page, spoken)


@pytest.mark.parametrize("name", NAMES)
def test_no_data_at_all_is_a_sentence_and_never_a_crash(name: str) -> None:
    with pytest.raises(layouts.DataMissing, match=rf"{name}\.toml, line \d+, part .*: needs `"):
        layouts.draw_pages(BUILTIN[name], {})


@pytest.mark.parametrize("name", NAMES)
def test_a_text_without_end_is_refused_in_whichever_field_it_stands(name: str) -> None:
    for path in leaves(BUILTIN[name].sample):
        said = refusal(name, with_texts(name, {path: "without end " * 300}))
        assert re.match(rf"{name}\.toml, line \d+, part ", said), path
        assert "without end" not in said or path in BARS[name]


def test_every_language_is_in_the_list() -> None:
    page = layouts.draw(BUILTIN["tote"], BUILTIN["tote"].sample)
    assert {len(printed(page, spoken)) for spoken in SPOKEN} == {1}
