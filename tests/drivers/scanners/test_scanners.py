import itertools
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.scanners import READERS, Flaw, Garbled, Scan, keys
from drivers.scanners.keymap import LAYOUTS, Level
from drivers.scanners.line import Reader

MUG = b"4006381333931"
WIRE = (
    b"4006381333931\r\n\x02]C10104006381333931\x1d10ABC\r\r\n]E04006381333931\nb\x02ad\r"
    + b"x" * 600
    + b"\r\xe7\x8e\x8b\xff\r]Q3\r"
)


def stroke(code: int, *, shift: bool = False, altgr: bool = False) -> bytes:
    """A key as the kernel tells of it, with what is held down, and the end of each report."""
    held = [42] * shift + [100] * altgr
    changes = [(key, 1) for key in held] + [(code, 1), (code, 0)] + [(key, 0) for key in held]
    end = keys.EVENT.pack(0, 0, keys.EV_SYN, 0, 0)
    return b"".join(keys.EVENT.pack(7, 9, keys.EV_KEY, *change) + end for change in changes)


def alt_number(digits: str) -> bytes:
    """Alt held down while a number is typed on the keypad."""
    number = {digit: key for key, digit in keys.KEYPAD.items()}
    down = keys.EVENT.pack(0, 0, keys.EV_KEY, keys.ALT, 1)
    return (
        down
        + b"".join(stroke(number[int(digit)]) for digit in digits)
        + keys.EVENT.pack(0, 0, keys.EV_KEY, keys.ALT, 0)
    )


def typed(text: bytes, layout: str) -> bytes:
    """What a scanner of that layout types for a text; what no key has, by its number."""
    wire = b""
    for character in text.decode("utf-8", "replace"):
        on = LAYOUTS[layout].typed(character)
        if character in "\r\n":
            wire += stroke(keys.ENTER)
        elif on is None:
            wire += alt_number(f"{ord(character):03}")
        else:
            wire += stroke(on.key, shift=on.level is Level.SHIFT, altgr=on.level is Level.ALTGR)
            if on in LAYOUTS[layout].dead:
                wire += stroke(57)
    return wire


WIRES: dict[str, Callable[[bytes], bytes]] = {
    "line": lambda text: text,
    "keys-us": lambda text: typed(text, "us"),
    "keys-de": lambda text: typed(text, "de"),
    "keys-fr": lambda text: typed(text, "fr"),
}
"""How each reader's scanner sends a text: a new reader needs a line here, and no test."""


def test_every_reader_is_tried() -> None:
    assert set(WIRES) == set(READERS)


def heard(*pieces: bytes) -> list[Scan | Garbled]:
    reader = Reader()
    return [said for piece in pieces for said in reader.receive(piece, at=1.0)]


def texts(said: list[Scan | Garbled]) -> list[str]:
    return [scan.text for scan in said if isinstance(scan, Scan)]


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n", b"\r\r\n", b"\n\n"])
def test_a_code_ends_with_cr_or_lf_or_both(end: bytes) -> None:
    assert heard(MUG + end + MUG + end) == [Scan("4006381333931", None, 1.0)] * 2


def test_the_aim_identifier_is_taken_off_and_kept_beside_the_text() -> None:
    assert heard(b"\x02]C10104006381333931\x1d10ABC\r") == [
        Scan("0104006381333931\x1d10ABC", "]C1", 1.0)
    ]


def test_a_bracket_that_is_no_identifier_stays_in_the_text() -> None:
    assert heard(b"]]\r") == [Scan("]]", None, 1.0)]


def test_an_identifier_with_no_code_behind_it_is_not_passed_over_in_silence() -> None:
    assert heard(b"]C1\r") == [Garbled(Flaw.UNFINISHED, "]C1", 1.0)]


def test_a_byte_that_is_not_text_cannot_become_another_code() -> None:
    assert texts(heard(b"40063\xff81333931\r")) == ["40063�81333931"]


def test_a_second_code_behind_half_of_a_first_is_no_scan() -> None:
    assert heard(b"400638\x024006381333931\r") == [
        Garbled(Flaw.UNREADABLE, "400638\x024006381333931", 1.0)
    ]


def test_four_kilobytes_are_one_garbled_answer_and_the_next_code_is_read() -> None:
    said = heard(b"7" * 4096, b"8\r", MUG + b"\r")
    assert [type(s) for s in said] == [Garbled, Scan]
    assert said[0] == Garbled(Flaw.TOO_LONG, "7" * 512, 1.0)
    assert texts(said) == ["4006381333931"]


def test_a_code_of_just_512_bytes_is_a_scan() -> None:
    assert texts(heard(b"7" * 512 + b"\r")) == ["7" * 512]


def test_a_code_that_does_not_end_is_given_up_after_150_ms() -> None:
    reader = Reader()
    assert reader.receive(MUG, at=1.0) == []
    assert reader.idle(at=1.1) == []
    assert reader.idle(at=1.2) == [Garbled(Flaw.UNFINISHED, "4006381333931", 1.2)]
    assert reader.idle(at=1.4) == []


def test_half_a_code_never_becomes_the_beginning_of_the_next() -> None:
    reader = Reader()
    reader.receive(b"40063", at=1.0)
    assert reader.receive(MUG + b"\r", at=9.0) == [
        Garbled(Flaw.UNFINISHED, "40063", 9.0),
        Scan("4006381333931", None, 9.0),
    ]


def test_garbage_without_end_is_answered_once_for_each_burst() -> None:
    reader = Reader()
    said = [g for i in range(10) for g in reader.receive(b"\xaa" * 300, at=1.0 + i / 100)]
    assert len(said) == 1
    assert reader.idle(at=2.0) == []
    assert texts(reader.receive(MUG + b"\r", at=2.0)) == ["4006381333931"]


@pytest.mark.parametrize("name", READERS)
@given(data=st.data())
def test_any_cutting_of_the_bytes_gives_the_same_scans(name: str, data: st.DataObject) -> None:
    wire = WIRES[name](WIRE)
    edges = [0, *sorted(data.draw(st.lists(st.integers(0, len(wire)), max_size=12))), len(wire)]
    reader, whole = READERS[name](), READERS[name]()
    cut = [s for a, b in itertools.pairwise(edges) for s in reader.receive(wire[a:b], at=1.0)]
    assert cut == whole.receive(wire, at=1.0)
    assert len(texts(cut)) >= 4


@pytest.mark.parametrize("name", READERS)
@given(noise=st.lists(st.binary(max_size=700), max_size=4))
def test_noise_never_breaks_a_reader_nor_the_code_behind_it(name: str, noise: list[bytes]) -> None:
    reader = READERS[name]()
    for i, piece in enumerate(noise):
        reader.receive(piece, at=float(i))
    reader.idle(at=100.0)
    wire = WIRES[name](MUG + b"\r")
    assert reader.receive(wire, at=100.0) == [Scan("4006381333931", None, 100.0)]


@pytest.mark.parametrize("name", READERS)
@given(pieces=st.lists(st.binary(max_size=2000), max_size=20))
def test_noise_without_end_is_answered_in_few_words(name: str, pieces: list[bytes]) -> None:
    reader = READERS[name]()
    said = [s for i, piece in enumerate(pieces) for s in reader.receive(piece, at=1.0 + i / 99)]
    assert all(len(one.text) <= 512 for one in said)


@pytest.mark.parametrize("name", READERS)
@given(text=st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=40))
def test_what_is_printed_is_what_is_read(name: str, text: str) -> None:
    [said] = READERS[name]().receive(WIRES[name](b"]C0" + text.encode() + b"\r"), at=0.0)
    assert said == Scan(text, "]C0", 0.0)


@given(st.binary(min_size=1, max_size=600).filter(lambda b: b.strip(b"\r\n")))
def test_every_pull_of_the_trigger_is_answered(code: bytes) -> None:
    assert heard(code, b"\r")


def typing(*wire: bytes, layout: str = "us") -> list[Scan | Garbled]:
    return READERS[f"keys-{layout}"]().receive(b"".join(wire) + stroke(keys.ENTER), at=1.0)


def held(key: int, *wire: bytes) -> bytes:
    down, up = (keys.EVENT.pack(0, 0, keys.EV_KEY, key, value) for value in (1, 0))
    return down + b"".join(wire) + up


def test_gs_comes_by_alt_and_its_number_and_by_ctrl_and_bracket() -> None:
    for gs in (alt_number("029"), alt_number("0029"), held(29, stroke(27))):
        assert typing(stroke(2), gs, stroke(3)) == [Scan("1\x1d2", None, 1.0)]


def test_the_layout_is_the_scanners_own() -> None:
    wire = [stroke(21), stroke(44), stroke(39), stroke(2)]
    read = [typing(*wire, layout=layout)[0].text for layout in ("us", "de", "fr")]
    assert read == ["yz;1", "zyö1", "ywm&"]


def test_an_accent_sits_upon_the_letter_that_follows() -> None:
    accent = stroke(13)
    assert typing(accent, stroke(18), layout="de") == [Scan("é", None, 1.0)]
    assert typing(accent, stroke(57), layout="de") == [Scan("´", None, 1.0)]


def test_caps_lock_of_a_scanner_ends_with_its_code() -> None:
    reader = READERS["keys-us"]()
    wire = stroke(keys.CAPS_LOCK) + stroke(30) + stroke(keys.ENTER) + stroke(30)
    said = reader.receive(wire + stroke(keys.ENTER), at=1.0)
    assert texts(said) == ["A", "a"]


def test_a_key_that_repeats_is_one_key() -> None:
    again = keys.EVENT.pack(0, 0, keys.EV_KEY, 2, 2)
    assert typing(stroke(2), again, again) == [Scan("1", None, 1.0)]


def test_keys_that_the_kernel_dropped_make_the_code_unreadable() -> None:
    dropped = keys.EVENT.pack(0, 0, keys.EV_SYN, keys.SYN_DROPPED, 0)
    [said] = typing(stroke(2), dropped, stroke(3))
    assert isinstance(said, Garbled)


def test_a_shift_that_is_never_let_go_is_forgotten_when_it_falls_quiet() -> None:
    reader = READERS["keys-us"]()
    reader.receive(keys.EVENT.pack(0, 0, keys.EV_KEY, 42, 1), at=1.0)
    assert texts(reader.receive(stroke(2) + stroke(keys.ENTER), at=2.0)) == ["1"]
