"""A layout file that is wrong is a sentence: which file, which part, what is wrong."""

from __future__ import annotations

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
        ("width = 60", "is not a layout"),
        ("not toml at all [", "is not a layout"),
        (changed("height = 5\n", "heigth = 5\n"), "heigth"),
        (changed("height = 5\n", 'height = "5"\n'), "Expected `float`"),
        (changed('kind = "text"\nname', 'kind = "txet"\nname'), "txet"),
        (changed("width = 60", "width = 6000"), "is no label stock"),
        (changed("{{ words }}", "{{ words "), "part 1 (words): '{{ words ' is not a template"),
        (changed("{{ words }}", "{{ wrods }}"), "'wrods' is undefined"),
        (changed("{{ words }}", "{{ words.__class__.__mro__ }}"), "part 1 (words)"),
        (changed("{{ words }}", "{{ 'x' * 9999999 }}"), "is not for layouts here"),
        (changed("{{ words }}", "{{ 9 ** 9 ** 9 }}"), "is not for layouts here"),
        (changed("{{ words }}", "{{ words / 2 }}"), "cannot be worked out"),
        (changed("{{ words }}", "{% for i in range(9) %}x{% endfor %}"), "part 1 (words)"),
        (changed("{{ words }}", "{% include 'shipping.toml' %}"), "part 1 (words)"),
        (changed("{{ words }}", "{{ words | nofilter }}"), "part 1 (words)"),
        (
            changed('over = "things"', 'over = "things +"'),
            "part 2: 'things +' is not an expression",
        ),
        (changed('over = "things"', 'over = "words"'), "part 2: `over` is no list but str"),
        (changed("columns = 2", "columns = 0"), "rows and columns are at least 1"),
        (changed("{{ thing.name }}", "{{ thing.price }}"), "part 2.1"),
        (changed("x = 5\ny = 5", "x = 5\ny = 38"), "part 1 (words): reaches 3.0 mm over the lower"),
        (changed("height = 5\n", "height = 1\n"), "is lower than its minimum"),
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
    known = layouts.load_all(tmp_path)
    assert known["tote"].title == known["fragile"].title == "A test"
    assert known["shipping"].title == "Shipping label"


def test_a_file_that_cannot_be_read_is_a_layout_error(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(layouts.BrokenLayout, match=r"bad\.toml: cannot be read"):
        layouts.load(tmp_path)
