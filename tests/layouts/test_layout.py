"""A layout file that is wrong is a sentence: which file, which part, what is wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import layouts

GOOD = """
title = "A test"
width = 60
height = 40

[[part]]
kind = "text"
name = "words"
x = 5
y = 5
height = 5
text = "{{ words }}"

[[part]]
kind = "repeat"
over = "things"
each = "thing"
x = 5
y = 12
columns = 2
across = 25
rows = 2
down = 8

[[part.part]]
kind = "text"
x = 0
y = 0
height = 4
text = "{{ number }} {{ thing.name }}"

[sample]
words = "Hello"
things = [{name = "a"}, {name = "b"}, {name = "c"}]
"""


def changed(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new)


def test_a_good_file_is_drawn() -> None:
    label = layouts.draw(layouts.compile_layout("test", GOOD), {"words": "Hi", "things": []})
    assert [e.text for e in label.elements] == ["Hi"]  # type: ignore[union-attr]  # a text alone


def test_what_lies_below_another_part_moves_with_it() -> None:
    end = """
[[part]]
kind = "text"
name = "end"
x = 5
y = 1
height = 3
below = "things"
text = "end"

[sample]"""
    layout = layouts.compile_layout(
        "test", changed("over =", 'name = "things"\nover =').replace("[sample]", end)
    )
    for count, y in ((0, 12 + 1), (1, 12 + 8 + 1), (3, 12 + 16 + 1)):
        label = layouts.draw(layout, {"words": "", "things": [{"name": "x"}] * count})
        (found,) = [e for e in label.elements if getattr(e, "text", "") == "end"]
        assert found.y == y


def test_a_roll_ends_where_its_ink_does() -> None:
    layout = layouts.compile_layout("test", changed("height = 40", "height = 900\nroll = true"))
    assert layouts.draw(layout, {"words": "Hi", "things": []}).height == 5 + 5 + 4
    assert layouts.draw(layout, layout.sample).height == 12 + 16 + 4


def test_a_repeat_fills_its_rows_from_left_to_right() -> None:
    layout = layouts.compile_layout("test", GOOD)
    drawn = [
        (e.x, e.y, getattr(e, "text", "")) for e in layouts.draw(layout, layout.sample).elements
    ]
    assert drawn[1:] == [(5, 12, "1 a"), (30, 12, "2 b"), (5, 20, "3 c")]


def test_more_things_than_cells_are_refused() -> None:
    layout = layouts.compile_layout("test", GOOD)
    with pytest.raises(layouts.DoesNotFit, match="has 5 things and room for 4"):
        layouts.draw(layout, {"words": "", "things": [{"name": "x"}] * 5})


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("width = 60", "line 1: lacks `title`; write it"),
        ("not toml at all [", "line 1: is no TOML here"),
        (changed("width = 60", "width = 60 mm"), "line 3: is no TOML here"),
        (
            changed("height = 5\n", "heigth = 5\n"),
            "line 11, part 1 (words): there is no `heigth` here; did you mean `height`?",
        ),
        (
            changed("height = 5\n", 'height = "5"\n'),
            "line 11, part 1 (words): `height` is text in quotes; write a number",
        ),
        (
            changed('kind = "text"\nname', 'kind = "txet"\nname'),
            "line 7, part 1 (words): there is no such kind of part; did you mean `text`?",
        ),
        (
            changed("height = 4\n", 'height = 4\nalign = "middle"\n'),
            "line 30, part 2.1: `align` cannot be 'middle'; it is one of left, center, right",
        ),
        (changed("y = 0\nheight = 4\n", "y = 0\n"), "line 25, part 2.1: lacks `height`; write it"),
        (changed("width = 60", "width = 6000"), "line 3: 6000 mm is no width of label stock"),
        (changed("height = 40", "height = 4000"), "line 4: 4000 mm is no length of stock"),
        (changed("{{ words }}", "{{ words "), "line 12, part 1 (words): '{{ words ' is not a"),
        (
            changed("{{ words }}", "{{ wrods }}"),
            "line 12, part 1 (words): needs `wrods`, which is not there; did you mean `words`?",
        ),
        (changed("{{ words }}", "{{ price }}"), "give it, or write `price | default('')`"),
        (changed("{{ words }}", "{{ words.__class__.__mro__ }}"), "part 1 (words)"),
        (changed("{{ words }}", "{{ 'x' * 9999999 }}"), "is not for layouts here"),
        (changed("{{ words }}", "{{ 9 ** 9 ** 9 }}"), "is not for layouts here"),
        (changed("{{ words }}", "{{ words / 2 }}"), "cannot be worked out"),
        (changed("{{ words }}", "{% for i in range(9) %}x{% endfor %}"), "part 1 (words)"),
        (changed("{{ words }}", "{% include 'shipping.toml' %}"), "part 1 (words)"),
        (changed("{{ words }}", "{{ words | nofilter }}"), "part 1 (words)"),
        (
            changed('over = "things"', 'over = "things +"'),
            "line 16, part 2: 'things +' is not an expression",
        ),
        (changed('over = "things"', 'over = "words"'), "line 16, part 2: `over` names no list but"),
        (changed("columns = 2", "columns = 0"), "line 14, part 2: rows and columns are at least 1"),
        (changed("{{ thing.name }}", "{{ thing.price }}"), "line 30, part 2.1: needs `price`"),
        (changed('over = "things"', 'over = "things"\nbelow = "word"'), "did you mean `words`?"),
        (
            changed("x = 5\ny = 5", "x = 5\ny = 38"),
            "line 6, part 1 (words): reaches 3.0 mm over the lower",
        ),
        (changed("height = 5\n", "height = 1\n"), "line 11, part 1 (words): is lower than its"),
        (
            changed("height = 5\n", "height = 5\nminimum = 1\n"),
            "line 12, part 1 (words): letters of 1 mm cannot be read; 1.5 is the least",
        ),
        (changed('words = "Hello"', f'words = "{"Hello " * 30}"'), "does not go into one line"),
    ],
)
def test_a_wrong_file_is_refused_with_its_name_and_its_part(source: str, said: str) -> None:
    with pytest.raises(layouts.LayoutError) as refused:
        layouts.compile_layout("test", source)
    assert str(refused.value).startswith("test.toml")
    assert said in str(refused.value)


@given(st.text(max_size=60))
def test_any_text_whatever_is_a_layout_or_a_layout_error(source: str) -> None:
    with pytest.raises(layouts.LayoutError):
        layouts.compile_layout("test", source)


def test_a_persons_own_folder_lies_over_ours(tmp_path: Path) -> None:
    (tmp_path / "tote.toml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "fragile.toml").write_text(GOOD, encoding="utf-8")
    known, wrong = layouts.load_all(tmp_path)
    assert not wrong
    assert known["tote"].title == known["fragile"].title == "A test"
    assert known["shipping"].title == "Shipping label"


def test_a_wrong_file_of_a_persons_own_leaves_ours_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "tote.toml").write_text(changed("{{ words }}", "{{ wrods }}"), encoding="utf-8")
    (tmp_path / "fragile.toml").write_text(GOOD, encoding="utf-8")
    known, wrong = layouts.load_all(tmp_path)
    assert known["tote"].title == "Tote label"
    assert known["fragile"].title == "A test"
    assert str(wrong["tote"]).startswith("tote.toml, line 12, part 1 (words): needs `wrods`")


def test_plain_names_are_worked_out_as_jinja_does() -> None:
    words = "{{ words }}:{{ a.b }}-{{ a.none }}{{ n }}{{ g | kg }}"
    source = changed("{{ words }}", words)
    source = source.replace("[sample]", '[sample]\na = {b = "ü", none = ""}\nn = 7\ng = 1')
    layout = layouts.compile_layout("test", source)
    data = {"words": "{{ n }}", "a": {"b": 1.5, "none": None}, "n": True, "g": 1250, "things": []}
    label = layouts.draw(layout, data)
    assert [getattr(e, "text", "") for e in label.elements] == ["{{ n }}:1.5-True1.25 kg"]


def test_a_file_that_cannot_be_read_is_a_layout_error(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(layouts.BrokenLayout, match=r"bad\.toml: cannot be read"):
        layouts.load(tmp_path)


BARS = """
[[part]]
kind = "code128"
name = "bars"
x = 8
y = 30
height = 6
data = "{{ words }}"

[sample]"""


@pytest.mark.parametrize(
    ("part", "said"),
    [
        (BARS.replace("{{ words }}", "A" * 40), "mm over the right edge; move it"),
        (BARS.replace("x = 8", "x = 1"), "needs 3.8 mm of white on both sides before the edge"),
        (BARS.replace("{{ words }}", "王"), "use a QR code or a Data Matrix for it"),
        (BARS.replace("height = 6", "height = 6\nmodule = 0.25"), "module = 0.375 or more"),
        (BARS.replace("code128", "qr").replace("height = 6", "module = 0.3"), "module = 0.500"),
        (BARS.replace("y = 30", "y = 22"), "has no quiet zone"),
    ],
)
def test_a_barcode_that_does_not_fit_is_refused_with_its_line_and_what_to_do(
    part: str, said: str
) -> None:
    with pytest.raises(layouts.DoesNotFit) as refused:
        layouts.compile_layout("test", changed("[sample]", part.lstrip()))
    assert re.match(r"test\.toml, line 3\d, part 3 \(bars\): ", str(refused.value))
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("x", "module", "head"),
    [(20, 0.4, "300 and 600 dpi"), (12, 0.44, "152 and 203 dpi")],
    ids=lambda value: str(value),
)
def test_a_barcode_too_wide_on_any_head_is_refused(x: int, module: float, head: str) -> None:
    part = BARS.replace("x = 8", f"x = {x}").replace("height = 6", f"height = 6\nmodule = {module}")
    with pytest.raises(layouts.DoesNotFit, match="of white on both sides"):
        layouts.compile_layout("test", changed("[sample]", part.lstrip()))
    narrow = part.replace(f"x = {x}", "x = 6")
    assert layouts.compile_layout("test", changed("[sample]", narrow.lstrip()))
