"""The packing slip: many lines, several pages, and gifts."""

from __future__ import annotations

from typing import Any

import pytest

import layouts
from drivers.label_printers.label import Label, Text

SLIP = layouts.load_builtin()["packing_slip"]


def slip(**changes: object) -> tuple[Label, ...]:
    return layouts.draw_pages(SLIP, {**SLIP.sample, **changes})


def texts(label: Label) -> list[str]:
    return [e.text for e in label.elements if isinstance(e, Text)]


def lines(n: int) -> list[dict[str, Any]]:
    return [{"quantity": i, "name": f"Thing {i}", "sku": f"S-{i}", "price": 100} for i in range(n)]


def test_a_gift_shows_no_price_anywhere() -> None:
    (page,) = slip(gift=True, message="Happy birthday, 小明! 🎂")
    assert not [t for t in texts(page) if "EUR" in t]
    assert "Happy birthday, 小明!" in texts(page)
    assert "MUG-RED" in texts(page)


def test_lines_go_on_over_pages_and_the_total_stands_on_the_last() -> None:
    pages = slip(lines=lines(21))
    assert len(pages) == 3
    assert ["68.97 EUR" in texts(page) for page in pages] == [False, False, True]
    assert [[t for t in texts(p) if " / " in t] for p in pages] == [["1 / 3"], ["2 / 3"], ["3 / 3"]]
    assert sum(t.startswith("Thing ") for page in pages for t in texts(page)) == 21


def test_an_order_without_lines_is_one_page() -> None:
    assert len(slip(lines=[])) == 1


def test_five_hundred_lines_are_fifty_pages_and_more_are_refused() -> None:
    assert len(slip(lines=lines(500))) == 50
    with pytest.raises(layouts.DoesNotFit, match="needs 51 pages"):
        slip(lines=lines(501))


def test_more_than_one_page_is_refused_where_one_was_asked_for() -> None:
    with pytest.raises(layouts.DoesNotFit, match="needs 2 pages where one was asked for"):
        layouts.draw(SLIP, {**SLIP.sample, "lines": lines(11)})


def test_yen_have_no_cents() -> None:
    (page,) = slip(currency="JPY", total=1200)
    assert "1200 JPY" in texts(page)
