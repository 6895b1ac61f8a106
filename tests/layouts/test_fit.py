"""Text goes into its box, or is refused: never over the edge, never a letter lost."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from drivers.label_printers import typeset
from layouts.fit import fitted
from tests.drivers.label_printers import nasty


@settings(max_examples=200, deadline=None)
@given(nasty.texts, st.floats(20, 90), st.integers(1, 6))
@example("สมชายที่อยู่" * 9, 30.0, 4)
@example("محمدمحمد", 20.0, 1)
@example("Donaudampfschifffahrtsgesellschaft" * 3, 30.0, 6)
def test_every_line_is_within_its_box_and_nothing_is_lost(
    text: str, width: float, most: int
) -> None:
    done = fitted(text, width=width, height=6, most=most, minimum=2, wrap=True, bold=False)
    if done is None:
        return
    assert len(done.lines) <= most
    assert 2 <= done.height <= 6
    for line in done.lines:
        for head in typeset.HEADS:
            dots = typeset.dots_wide(line, round(done.height * head))
            assert dots / head <= width + 0.011 or len(line) == 1
    kept = "".join("".join(done.lines).split())
    assert kept == "".join("".join(typeset.printable(p) for p in text.split("\n")).split())


def test_what_fits_is_left_as_large_as_it_is() -> None:
    done = fitted("a b\nc", width=50, height=6, most=2, minimum=2, wrap=True, bold=False)
    assert done is not None
    assert (done.height, done.lines) == (6, ("a b", "c"))


def test_words_are_kept_whole_where_there_is_room() -> None:
    done = fitted(
        "Great Cross Street", width=12, height=4, most=3, minimum=4, wrap=True, bold=False
    )
    assert done is not None
    assert done.lines == ("Great", "Cross", "Street")


@pytest.mark.parametrize("word", ["ที่อยู่ที่", "काठमांडूको"], ids=["Thai", "Hindi"])
@pytest.mark.parametrize("width", range(12, 30))
def test_a_word_that_must_be_cut_keeps_its_marks_with_their_letters(word: str, width: int) -> None:
    done = fitted(word * 3, width=width, height=4, most=9, minimum=4, wrap=True, bold=False)
    assert done is not None
    assert len(done.lines) > 1
    assert not [line for line in done.lines if unicodedata.category(line[0])[0] == "M"]


def test_without_wrapping_a_line_is_shrunk_and_never_broken() -> None:
    done = fitted("Great Cross", width=22, height=6, most=5, minimum=2, wrap=False, bold=False)
    assert done is not None
    assert done.lines == ("Great Cross",)
    assert done.height < 6
