"""Every script has letters, marks sit where they belong, and a width is the width of the dots."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from drivers.label_printers import fonts, typeset
from tests.drivers.label_printers import nasty

SCRIPTS = {
    "German": "Jürgen Großmann",
    "Polish": "Łódź",
    "Vietnamese": "Đường Nguyễn Huệ",
    "Russian": "улица Ленина",
    "Greek": "Οδός Ερμού",
    "Thai": "ที่อยู่ น้ำ",
    "Arabic": "شارع الملك",
    "Persian": "خیابان گل‌ها",
    "Hebrew": "רחוב הרצל",
    "Hindi": "दिल्ली",
    "Georgian": "ქუჩა",
    "Chinese": "北京市朝阳区",
    "Traditional": "臺北市龍山",
    "Japanese": "東京都あいうアイウ",
    "Korean": "서울특별시",
}


@pytest.fixture
def no_system_fonts(monkeypatch: pytest.MonkeyPatch) -> None:
    fonts.face_for.cache_clear()
    fonts._system_files.cache_clear()
    monkeypatch.setattr(fonts, "_FOLDERS", ())


@pytest.mark.usefixtures("no_system_fonts")
@pytest.mark.parametrize("text", SCRIPTS.values(), ids=SCRIPTS.keys())
def test_a_machine_without_fonts_draws_every_script(text: str) -> None:
    assert typeset.missing(text) == ""
    line = typeset.drawn(text, 32)
    assert line is not None
    assert any(line.bitmap.data)


@pytest.mark.usefixtures("no_system_fonts")
def test_a_letter_that_no_font_has_is_named_and_a_question_mark_stands_for_it() -> None:
    text = "\U00020bb7野家"
    assert typeset.missing(text) == "\U00020bb7"
    assert typeset.width(text, 1) == pytest.approx(typeset.width("?野家", 1))
    typeset.shaped.cache_clear()
    fonts.face_for.cache_clear()


@pytest.mark.parametrize("text", ["😀", "👩‍👧‍👦", "🇩🇪", "☎️", "\x00\x07", "\u200b\u202e", ""])
def test_emoji_and_controls_are_nothing_and_not_missed(text: str) -> None:
    assert typeset.printable(text) == ""
    assert typeset.missing(text) == ""
    assert typeset.width(text, 10) == 0


def test_a_bidi_override_in_a_name_does_not_reorder_the_label() -> None:
    assert typeset.printable("A\u202egnp.exe") == "Agnp.exe"


def test_a_thai_tone_mark_stands_above_its_vowel() -> None:
    # Both marks are drawn over one letter; without shaping they would lie in the same place.
    letter, vowel, tone = typeset.shaped("ที่", False).glyphs
    alone = typeset.shaped("ท", False).width
    assert typeset.shaped("ที่", False).width == pytest.approx(alone)
    assert tone.y > vowel.y >= letter.y


def test_arabic_letters_join_and_run_to_the_left() -> None:
    joined = typeset.shaped("محمد", False)
    apart = [typeset.shaped(letter, False).glyphs[0].index for letter in "محمد"]
    assert [g.index for g in joined.glyphs] != apart[::-1]
    assert joined.glyphs[-1].index != apart[0]
    marks = typeset.shaped("علي Ali", False)
    assert marks.glyphs[0].face.covers("A")  # the Latin word stands left of the Arabic one


def test_thai_after_latin_is_shaped_as_thai() -> None:
    alone = [g.index for g in typeset.shaped("ที่", False).glyphs]
    assert [g.index for g in typeset.shaped("Soi ที่", False).glyphs][-3:] == alone


@settings(max_examples=150, deadline=None)
@given(nasty.texts)
def test_dots_are_as_wide_as_they_were_measured(text: str) -> None:
    line = typeset.drawn(text, 40)
    if line is not None:
        measured = typeset.width(text, 40)
        # Letters may lean a little over their own edges, never by more than a third of the height.
        assert line.left >= -14
        assert line.left + line.bitmap.width <= measured + 14


@given(nasty.texts)
def test_what_is_printable_stays_so(text: str) -> None:
    once = typeset.printable(text)
    assert typeset.printable(once) == once
    assert "\n" not in once


def test_an_accented_line_is_as_wide_as_the_printers_own_without_accents() -> None:
    assert typeset.width("Zoë Müller", 4) == typeset.width("Zoe Muller", 4)
