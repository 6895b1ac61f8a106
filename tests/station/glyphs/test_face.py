import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from station import wording
from station.glyphs import engrave
from station.glyphs.face import draw, han, in_han, in_letters, letters, size_of, spell

WORDS = ["OK 1/2", "WRONG", "TOO MANY", "UNKNOWN", "NOT YET", "RESCAN", "A-12-3", "99×", "(1)?!"]


def test_every_letter_and_figure_has_its_pixels() -> None:
    for character in "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 -/?!.,:'()+#%&×":
        bitmap = letters()[character]
        assert bitmap.height == 5
        assert bitmap.width <= 5
        assert all(row < 1 << bitmap.width for row in bitmap.rows)
        assert character == " " or any(bitmap.rows), character


def test_no_two_letters_look_the_same() -> None:
    pictures = [bitmap for name, bitmap in letters().items() if name != " "]
    assert len(set(pictures)) == len(pictures)


def test_every_chinese_character_is_there_in_both_sizes_and_is_no_blank() -> None:
    assert set(han(16)) == set(han(24))
    for size in (16, 24):
        for character, bitmap in han(size).items():
            assert (bitmap.width, bitmap.height) == (size, size)
            ink = sum(row.bit_count() for row in bitmap.rows)
            assert ink >= size, character
            assert all(row < 1 << size for row in bitmap.rows)
        dense = [c for c in han(size) if c not in "一二了不上下"]
        assert len({han(size)[c] for c in dense}) == len(dense)


def test_the_data_file_names_its_fonts_and_their_licences() -> None:
    text = Path(engrave.__file__).with_name("han.txt").read_text(encoding="utf-8")
    assert text.startswith(engrave.HEADER)
    for word in ("Unifont", "GPL-2.0-or-later", "Droid Sans Fallback", "Apache-2.0"):
        assert word in engrave.HEADER


@pytest.mark.parametrize("word", WORDS)
def test_a_word_can_be_read_in_its_pixels(word: str) -> None:
    assert in_letters(word)
    rows = draw(spell(word), 2, 2)
    assert len(rows) == 5
    assert {len(row) for row in rows} == {spell(word).width * 2}
    assert set("".join(rows)) <= {" ", "█"}


@given(st.sampled_from(WORDS), st.integers(1, 4), st.integers(1, 4))
def test_a_drawing_has_the_size_that_was_foretold(word: str, across: int, down: int) -> None:
    bitmap = spell(word)
    rows = draw(bitmap, across, down)
    assert ({len(row) for row in rows}, len(rows)) == (
        {size_of(bitmap, across, down)[0]},
        size_of(bitmap, across, down)[1],
    )


def test_words_mix_characters_and_figures() -> None:
    for word in ("对 1/2", "多了", "完成", "重扫"):
        assert in_han(word)
        assert spell(word, 24).height == 24
    assert not in_han("魑魅")
    assert not in_han("OK")


def test_every_verdict_word_can_be_drawn_in_both_languages() -> None:
    gaps = re.compile(r"\{[^}]*\}")
    words = {
        f"{language} {key}": gaps.sub("12", sentence)
        for language, catalogue in wording.CATALOGUES.items()
        for key, sentence in catalogue.items()
        if key.startswith("word.")
    }
    assert words
    missing = {key: word for key, word in words.items() if not (in_letters(word) or in_han(word))}
    assert not missing, "python -m station.glyphs.engrave … adds characters"
