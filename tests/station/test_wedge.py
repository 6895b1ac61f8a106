from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st
from textual import events

from station.terminal import SturdyParser
from station.wedge import Broken, Fault, Heard, Released, Scan, Wedge, WedgeSettings, lines_of

GAP = 0.004
CODE = "4006381333931"
TERMINATORS = ("\r", "\n", "\t", "keypad")


def strokes(text: str) -> list[tuple[str, str | None]]:
    """What Textual makes of these characters, through its own parser."""
    parser = SturdyParser()
    keys = [(m.key, m.character) for m in parser.feed(text) if isinstance(m, events.Key)]
    assert len(keys) == len(text), (text, keys)
    return keys


def typed(
    wedge: Wedge, text: str, at: float = 0.0, gap: float = GAP, end: str | None = "\r"
) -> tuple[list[Heard], float]:
    """Everything heard while the text is typed, and the time after it."""
    heard: list[Heard] = []
    for key, character in strokes(text):
        heard += wedge.feed(key, character, at)
        at += gap
    if end is not None:
        key, character = ("enter", None) if end == "keypad" else strokes(end)[0]
        heard += wedge.feed(key, character, at)
        at += gap
    return heard, at


def silence(wedge: Wedge) -> list[Heard]:
    """Wait until nothing is pending."""
    heard: list[Heard] = []
    while (deadline := wedge.deadline()) is not None:
        heard += wedge.expire(deadline)
    return heard


def texts(heard: Iterable[Heard]) -> list[str]:
    return [one.text for one in heard if isinstance(one, Scan)]


def released(heard: Iterable[Heard]) -> list[str]:
    return [s.key for one in heard if isinstance(one, Released) for s in one.strokes]


def faults(heard: Iterable[Heard]) -> list[tuple[Fault, str]]:
    return [(one.fault, one.text) for one in heard if isinstance(one, Broken)]


def in_field() -> Wedge:
    wedge = Wedge()
    wedge.text_mode = True
    return wedge


def test_a_scan_ends_with_any_terminator() -> None:
    for end in TERMINATORS:
        heard, _ = typed(Wedge(), CODE, end=end)
        assert texts(heard) == [CODE], end
        assert not released(heard)


def test_a_code_typed_by_hand_is_a_scan_too() -> None:
    heard, _ = typed(Wedge(), "123", gap=0.4)
    assert heard == [Scan("123", 1.2000000000000002, burst=False)]


def test_a_second_terminator_belongs_to_the_scan_before_it() -> None:
    wedge = Wedge()
    _, at = typed(wedge, CODE)
    heard, at = typed(wedge, "\n\x03\x04\r", at, end=None)
    assert not heard
    heard, _ = typed(wedge, "\r", at + 1, end=None)
    assert released(heard) == ["enter"]


def test_quit_and_palette_inside_a_burst_are_data() -> None:
    for wedge in (Wedge(), in_field()):
        heard, _ = typed(wedge, "AB\x11\x10CD")
        assert heard == [Scan("AB\x11\x10CD", heard[0].at)]  # type: ignore[union-attr]


def test_a_chord_before_a_code_never_acts() -> None:
    heard, _ = typed(Wedge(), "\x11ABCD")
    assert texts(heard) == ["\x11ABCD"]
    assert not released(heard)


def test_a_chord_of_a_person_is_given_back_after_a_moment() -> None:
    wedge = Wedge()
    assert wedge.feed("ctrl+q", "\x11", 9.0) == []
    assert wedge.deadline() == 9.0 + wedge.settings.burst_gap
    assert released(wedge.expire(9.03)) == ["ctrl+q"]


def test_an_f_key_is_given_back_and_a_typed_line_stays() -> None:
    wedge = Wedge()
    assert released(wedge.feed("f4", None, 1.0) + silence(wedge)) == ["f4"]
    _, at = typed(wedge, "123", 2.0, gap=0.3, end=None)
    assert released(wedge.feed("f1", None, at)) == ["f1"]
    assert wedge.line == "123"


def test_an_f_key_out_of_a_barcode_damages_the_scan_and_never_acts() -> None:
    wedge = Wedge()
    heard = wedge.feed("f2", None, 0.0)
    more, at = typed(wedge, CODE, GAP)
    assert faults(heard + more) == [(Fault.DAMAGED, CODE)]
    heard, at = typed(wedge, "400", at + 1, end=None)
    heard += wedge.feed("up", None, at)
    more, _ = typed(wedge, "638", at + GAP)
    assert faults(heard + more) == [(Fault.DAMAGED, "400638")]
    assert not released(heard + more)


def test_separators_of_gs1_stay() -> None:
    text = "0104006381333931\x1d10ABC\x1e21X\x1fY\x04"
    assert texts(typed(Wedge(), text)[0]) == [text]


def test_separators_by_name_alone_as_kitty_reports_them() -> None:
    wedge = Wedge()
    heard: list[Heard] = []
    keys = [("0", "0"), ("ctrl+right_square_bracket", None), ("left_shift", None), ("A", "A")]
    for at, (key, character) in enumerate([*keys, ("enter", None)]):
        heard += wedge.feed(key, character, at * GAP)
    assert texts(heard) == ["0\x1dA"]


def test_an_etx_suffix_ends_a_scan_after_a_moment() -> None:
    wedge = Wedge()
    heard, _ = typed(wedge, "12345678\x03", end=None)
    assert not heard
    assert texts(silence(wedge)) == ["12345678"]


def test_an_etx_and_a_return_end_one_scan() -> None:
    wedge = Wedge()
    heard, _ = typed(wedge, "12345678\x03")
    assert texts(heard + silence(wedge)) == ["12345678"]


def test_an_alt_chord_is_an_escape_and_a_letter() -> None:
    wedge = Wedge()
    heard = [*wedge.feed("A", "A", 0), *wedge.feed("alt+shift+c", "C", GAP)]
    more, _ = typed(wedge, "D", 2 * GAP)
    assert texts(heard + more) == ["A\x1bCD"]


def test_half_a_scan_is_never_guessed() -> None:
    wedge = Wedge()
    _, at = typed(wedge, "40063", end=None)
    heard = wedge.expire(at + 1.6)
    assert faults(heard) == [(Fault.HALF, "40063")]
    late, at = typed(wedge, "\r", at + 1.7, end=None)
    assert not late, "its own Enter must not acknowledge the error"
    assert released(typed(wedge, "\r", at + 2, end=None)[0]) == ["enter"]


def test_a_line_typed_by_hand_may_take_longer() -> None:
    wedge = Wedge()
    _, at = typed(wedge, "4006", gap=0.3, end=None)
    assert wedge.expire(at + 5) == []
    assert wedge.line == "4006"
    assert faults(wedge.expire(at + 11)) == [(Fault.HALF, "4006")]


def test_a_scan_after_a_line_left_alone_is_a_scan_of_its_own() -> None:
    wedge = Wedge()
    _, at = typed(wedge, "12", gap=0.3, end=None)
    heard, _ = typed(wedge, CODE, at + 3)
    assert texts(heard) == [CODE]


def test_backspace_and_escape_edit_a_typed_line() -> None:
    wedge = Wedge()
    _, at = typed(wedge, "129", gap=0.3, end=None)
    _, at = typed(wedge, "\x7f", at, gap=0.3, end=None)
    heard, at = typed(wedge, "3", at, gap=0.3)
    assert texts(heard) == ["123"]
    _, at = typed(wedge, "55", at + 1, gap=0.3, end=None)
    wedge.feed("escape", "\x1b", at)
    assert wedge.line == ""
    assert wedge.deadline() is None


def test_a_line_that_never_ends_is_broken_once_and_its_rest_is_no_scan() -> None:
    wedge = Wedge()
    heard, at = typed(wedge, "7" * 5000)
    assert [(fault, len(text)) for fault, text in faults(heard)] == [(Fault.LONG, 4097)]
    assert not texts(heard)
    heard, _ = typed(wedge, CODE, at + 0.1)
    assert texts(heard) == [CODE]


def test_four_thousand_characters_are_a_scan() -> None:
    assert texts(typed(Wedge(), "7" * 4096)[0]) == ["7" * 4096]


def test_typing_into_a_field_reaches_the_field() -> None:
    wedge = in_field()
    heard, _ = typed(wedge, "hello", gap=0.09)
    assert released(heard + silence(wedge)) == [*"hello", "enter"]
    assert not texts(heard)


def test_a_burst_into_a_field_is_a_scan() -> None:
    heard, _ = typed(in_field(), CODE)
    assert texts(heard) == [CODE]
    assert not released(heard)


def test_what_was_typed_before_a_burst_reaches_the_field() -> None:
    wedge = in_field()
    heard, at = typed(wedge, "ab", gap=0.1, end=None)
    more, _ = typed(wedge, "99887766", at)
    assert released(heard + more) == ["a", "b"]
    assert texts(more) == ["99887766"]


def test_a_stall_splits_a_burst_but_not_a_frame() -> None:
    def stalled(wedge: Wedge, start: str) -> list[Heard]:
        wedge.text_mode = True
        heard, at = typed(wedge, start + "400638", end=None)
        return heard + typed(wedge, "1333931", at + 0.08)[0]

    # The danger of timing alone, written down: half a code passes for a code.
    assert texts(stalled(Wedge(), "")) == ["1333931"]
    assert texts(stalled(Wedge(), "\x02")) == [CODE]
    strict = stalled(Wedge(WedgeSettings(framed_only=True)), "")
    assert faults(strict) == [(Fault.HALF, "1333931")]
    assert not texts(strict)


def test_a_frame_without_an_end_is_broken() -> None:
    wedge = Wedge()
    _, at = typed(wedge, "\x02AB", end=None)
    assert faults(wedge.expire(at + 1)) == [(Fault.HALF, "AB")]


def test_a_frame_inside_a_frame_is_two_halves_and_no_code() -> None:
    heard, _ = typed(Wedge(), "\x02400638\x02" + CODE)
    assert not texts(heard)
    assert [fault for fault, _ in faults(heard)] == [Fault.DAMAGED]


def test_a_paste_is_one_scan_a_line() -> None:
    wedge = Wedge()
    assert texts(wedge.paste(f"{CODE}\n4012345678901\r\n", 5.0)) == [CODE, "4012345678901"]
    assert typed(wedge, "\r", 5.01, end=None)[0] == []
    assert faults(wedge.paste("7" * 4097, 6.0)) == [(Fault.LONG, "7" * 4096)]


def test_a_layout_is_put_right() -> None:
    french = {ord(key): digit for key, digit in zip("à&é\"'(-è_ç", "0123456789", strict=True)}
    wedge = Wedge(WedgeSettings(layout=french))
    assert texts(typed(wedge, "é&'")[0]) == ["214"]


DATA = st.text(
    st.characters(codec="utf-8", exclude_characters="\r\n\t\x02\x03\x1b"), min_size=1, max_size=60
).filter(lambda text: any(c >= " " and c != "\x7f" for c in text))
FAST = st.floats(0, 0.0299)
CHARACTERS = st.sampled_from([*"A1é绿", *(chr(n) for n in range(32) if n != 27), "\x7f"])
STROKES = st.one_of(
    CHARACTERS.map(lambda c: strokes(c)[0]),
    st.sampled_from(
        [("f4", None), ("up", None), ("left_shift", None), ("enter", None), ("escape", "\x1b"),
         ("alt+x", "x"), ("ctrl+right_square_bracket", None), ("unreadable", None)]
    ),
)  # fmt: skip


def feed(wedge: Wedge, text: str, gaps: list[float], end: str = "\r") -> list[Heard]:
    heard: list[Heard] = []
    at = 0.0
    for number, (key, character) in enumerate(strokes(text + end)):
        heard += wedge.feed(key, character, at)
        at += gaps[number % len(gaps)]
    return heard + silence(wedge)


@given(DATA, st.lists(FAST, min_size=1, max_size=20), st.sampled_from("\r\n\t"))
def test_any_text_at_any_scanner_speed_is_exactly_one_scan(
    text: str, gaps: list[float], end: str
) -> None:
    heard = feed(Wedge(), text, gaps, end)
    assert texts(heard) == [text]
    assert len(heard) == 1


@given(DATA, st.lists(st.floats(0, 0.49), min_size=1, max_size=20), st.booleans())
def test_any_framed_text_at_any_speed_is_exactly_one_scan(
    text: str, gaps: list[float], field: bool
) -> None:
    wedge = Wedge()
    wedge.text_mode = field
    heard = feed(wedge, "\x02" + text, gaps)
    assert texts(heard) == [text]
    assert len(heard) == 1


@given(st.lists(st.tuples(STROKES, st.floats(0, 3)), max_size=60), st.booleans(), st.booleans())
def test_any_keys_at_any_time_are_heard_in_order_or_not_at_all(
    keys: list[tuple[tuple[str, str | None], float]], field: bool, strict: bool
) -> None:
    wedge = Wedge(WedgeSettings(framed_only=strict, longest=20))
    wedge.text_mode = field
    heard: list[Heard] = []
    at = 0.0
    for (key, character), gap in keys:
        heard += wedge.feed(key, character, at)
        at += gap
    heard += silence(wedge)
    said = iter("".join((c or "") + "\x1b\x1dx" for (_, c), _ in keys))
    for one in heard:
        if isinstance(one, Scan | Broken):
            assert all(c in said for c in one.text), "invented or reordered"
    assert wedge.deadline() is None
    assert wedge.line == ""


@given(st.lists(STROKES, min_size=2, max_size=40), st.lists(FAST, min_size=1, max_size=9))
def test_nothing_acts_that_comes_at_scanner_speed_around_a_character(
    keys: list[tuple[str, str | None]], gaps: list[float]
) -> None:
    wedge = Wedge()
    heard: list[Heard] = []
    at = 0.0
    for number, (key, character) in enumerate([("7", "7"), *keys, ("7", "7")]):
        heard += wedge.feed(key, character, at)
        at += gaps[number % len(gaps)]
    heard += silence(wedge)
    assert set(released(heard)) <= {"enter"}, "only an Enter between two scans may come through"


@given(st.lists(st.sampled_from([CODE, "", " ", "A b\tc", "\x1dX"]), max_size=9))
def test_a_paste_loses_no_code(codes: list[str]) -> None:
    expected = [code for code in codes if code.strip(" \t")]
    for joint in ("\r", "\n", "\r\n"):
        assert lines_of(joint.join(codes)) == expected
