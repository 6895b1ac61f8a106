"""Letters that run from right to left, and the numbers among them that do not."""

from __future__ import annotations

from itertools import groupby

import pytest

from drivers.label_printers import bidi


def seen(text: str) -> str:
    """Return the text in the order in which the eye finds it, as a terminal without bidi would."""
    levels = bidi.levels(text)
    runs: list[tuple[int, str]] = []
    at = 0
    for level, group in groupby(levels):
        length = len(list(group))
        runs.append((level, text[at : at + length]))
        at += length
    order = bidi.visual([level for level, _ in runs])
    return "".join(runs[i][1][:: -1 if runs[i][0] % 2 else 1] for i in order)


@pytest.mark.parametrize(
    ("written", "on_paper"),
    [
        ("Main St 12", "Main St 12"),
        ("אבג", "גבא"),
        ("אבג 12 דה", "הד 12 גבא"),
        ("Flat 5, אבג דה, Haifa", "Flat 5, הד גבא, Haifa"),
        ("שלום Box 5", "Box 5 םולש"),
        ("אבג 3.5 kg", "kg 3.5 גבא"),
        ("ab אבג 12", "ab 12 גבא"),
        ("", ""),
        ("12-34", "12-34"),
    ],
)
def test_a_line_is_read_as_its_reader_reads(written: str, on_paper: str) -> None:
    assert seen(written) == on_paper
