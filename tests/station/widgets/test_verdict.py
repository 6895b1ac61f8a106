from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from station.prompt import Tone, Verdict
from station.widgets.look import PALETTES, Look
from station.widgets.verdict import banner

WORDS = ["OK 1/2", "WRONG", "TOO MANY", "UNKNOWN", "RESCAN", "SHIPPED", "PRINTER",
         "对", "错", "多了", "完成", "未知", "重扫", "已发货", "对 12/24"]  # fmt: skip
SIZES = [(80, 9), (100, 12), (120, 16), (160, 20)]


def picture(verdict: Verdict, width: int = 80, height: int = 9, **look: object) -> list[str]:
    return [row.text for row in banner(verdict, Look(**look), width, height)]  # type: ignore[arg-type]


@pytest.mark.parametrize("word", WORDS)
def test_every_word_is_large_and_its_lines_can_be_read(word: str) -> None:
    for tone, size in product(Tone, SIZES):
        rows = picture(Verdict(word, tone, "what happened", "what to do"), *size)
        text = "\n".join(rows)
        assert word not in text, f"it should be in pixels: {tone} {size}"
        assert "what happened" in text
        assert "what to do" in text
        assert sum("█" in row or "▀" in row for row in rows) >= 3


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_not_listening_is_large_too(size: tuple[int, int]) -> None:
    rows = picture(Verdict("NOT LISTENING", Tone.ASLEEP, "Another window", "Click here"), *size)
    assert "NOT LISTENING" not in "\n".join(rows)


@pytest.mark.parametrize("palette", PALETTES)
def test_without_colour_every_tone_still_has_its_own_shape(palette: str) -> None:
    shapes = {
        tone: "\n".join(picture(Verdict("OK", tone, "line"), palette=palette)) for tone in Tone
    }
    # NEUTRAL and GOOD are both plain fields; GOOD has a mark, NEUTRAL none.
    assert len(set(shapes.values())) == len(Tone)
    assert "✔" in shapes[Tone.GOOD]
    assert "✖" in shapes[Tone.BAD]


@pytest.mark.parametrize("palette", PALETTES)
def test_good_and_bad_never_share_a_field(palette: str) -> None:
    tones = Look(palette=palette).colours.tones  # type: ignore[arg-type]
    assert tones[Tone.GOOD][1] != tones[Tone.BAD][1]
    for ink, field in tones.values():
        assert contrast(ink, field) >= 4.5, (ink, field)


def test_ascii_terminals_get_ascii() -> None:
    for tone in Tone:
        rows = picture(Verdict("WRONG", tone, "line one", "line two"), ascii=True)
        assert "\n".join(rows).isascii()
        assert any("##" in row for row in rows)


def test_a_word_without_pictures_is_still_a_word() -> None:
    assert any("魑魅" in row for row in picture(Verdict("魑魅", Tone.BAD, "line one", "line two")))


def test_markup_and_control_characters_are_only_text() -> None:
    text = "\n".join(picture(Verdict("WRONG", Tone.BAD, "A\x1d[/]B\x1b[31m", "[b]")))
    assert "A␝[/]B␛[31m" in text
    assert "[b]" in text


@given(
    st.builds(Verdict, st.text(max_size=12), st.sampled_from(Tone), st.text(), st.text()),
    st.integers(1, 200),
    st.integers(1, 40),
    st.sampled_from(list(PALETTES)),
    st.booleans(),
)
def test_a_banner_fills_its_box_whatever_is_in_it(
    verdict: Verdict, width: int, height: int, palette: str, plain: bool
) -> None:
    look = Look(palette=palette, ascii=plain)  # type: ignore[arg-type]
    rows = banner(verdict, look, width, height)
    assert len(rows) == height
    assert {row.cell_length for row in rows} == {width}
    assert {cell_len(row.text) for row in rows} == {width}


def test_a_blink_swaps_ink_and_field() -> None:
    verdict = Verdict("WRONG", Tone.BAD)
    still = banner(verdict, Look(), 80, 9)
    blink = banner(verdict, Look(), 80, 9, inverted=True)
    assert [row.text for row in still] == [row.text for row in blink]
    assert still != blink
    assert banner(replace(verdict), Look(), 80, 9) == still


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, relative luminance."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
