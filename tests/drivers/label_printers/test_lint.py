"""What would be cut off or not scan is said before it is printed."""

from __future__ import annotations

import pytest

from drivers.label_printers import lint
from drivers.label_printers.label import (
    Box,
    Code128,
    DataMatrix,
    Element,
    Label,
    Line,
    QrCode,
    Text,
)


def said(*elements: Element) -> str:
    return " | ".join(sentence for _, sentence in lint.findings(Label(60, 40, elements)))


@pytest.mark.parametrize(
    ("element", "sentence"),
    [
        (Text(x=55, y=5, height=4, text="far too long"), "over the right edge"),
        (Text(x=5, y=38, height=4, text="low"), "over the lower edge"),
        (Line(x=-1, y=5, width=10, height=1), "over the left edge"),
        (Box(x=1, y=-2, width=10, height=5), "over the upper edge"),
        (Code128(x=10, y=5, height=9, data="AB", module=0.25), "modules of 2 dots"),
        (QrCode(x=10, y=5, data="AB", module=0.375), "modules of 3 dots"),
        (DataMatrix(x=10, y=5, data="AB", module=0.3), "modules of 2 dots"),
        (Code128(x=1, y=5, height=9, data="AB"), "3.8 mm of white"),
        (Code128(x=10, y=5, height=9, data="ü"), "printable ASCII"),
    ],
    ids=str,
)
def test_a_fault_is_named(element: Element, sentence: str) -> None:
    assert sentence in said(element)


def test_text_in_the_quiet_zone_is_named() -> None:
    code = Code128(x=10, y=5, height=9, data="A")
    assert "quiet zone: element 2" in said(code, Text(x=2, y=6, height=4, text="No. 12"))
    assert said(code, Text(x=10, y=16, height=4, text="No. 12")) == ""
    assert said(code, Box(x=1, y=1, width=58, height=38)) == ""
    assert "quiet zone" in said(code, Box(x=7, y=1, width=51, height=38))
    assert "quiet zone" in said(code, Box(x=1, y=1, width=28, height=38))
    assert "quiet zone" in said(code, Box(x=1, y=8, width=58, height=30))
    assert "quiet zone" in said(code, Box(x=1, y=1, width=58, height=8))


def test_text_that_was_fitted_to_its_box_is_measured_where_the_box_is_doubtful() -> None:
    code = Code128(x=10, y=5, height=9, data="A")
    beside = Text(x=2, y=6, height=4, text=".", width=30, align="right")
    label = Label(60, 40, (code, beside))
    assert lint.findings(label, fitted=True) == lint.findings(label)
    off = Label(60, 40, (Text(x=55, y=5, height=4, text="far too long", width=3),))
    assert lint.findings(off)


def test_at_300_dpi_the_same_millimetres_are_still_enough() -> None:
    label = Label(60, 40, (Code128(x=10, y=5, height=9, data="AB"), QrCode(x=10, y=18, data="A")))
    assert lint.findings(label, 8) == lint.findings(label, 12) == ()
