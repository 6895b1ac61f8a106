"""What was made of an element is not given for another one, and does not fill the memory."""

from __future__ import annotations

from drivers.label_printers import lint, zpl
from drivers.label_printers.label import Code128, Label, Text
from drivers.label_printers.once import Once


def test_equal_words_on_other_paper_are_looked_at_again() -> None:
    words = Text(x=5, y=5, height=4, text="A rather long line of words")
    assert lint.findings(Label(90, 20, (words,))) == ()
    assert lint.findings(Label(30, 20, (words,)))[0][0] == 0


def test_the_same_element_is_written_for_each_head() -> None:
    code = Code128(x=10, y=5, height=9, data="AB")
    first, other = (zpl.render(Label(60, 20, (code,)), head) for head in (8, 12))
    assert b"^FO80,40^BY3" in first
    assert b"^FO120,60^BY4" in other
    assert zpl.render(Label(60, 20, (code,)), 8) == first


def test_a_night_of_labels_is_not_kept() -> None:
    once: Once[int] = Once()
    for n in range(10_000):
        words = Text(x=1, y=1, height=4, text=str(n))
        once.made(n % 40)[id(words)] = (words, n)
    assert sum(len(made) for made in once._kept.values()) < 5_000


def test_two_thousand_labels_say_each_its_own() -> None:
    for n in range(2_000):
        words = Text(x=5, y=5, height=4, text=f"parcel {n}")
        assert f"^FDparcel {n}^FS".encode() in zpl.render(Label(60, 20, (words,)))
