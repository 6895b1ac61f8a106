import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.scanners import READERS, Flaw, Garbled, Scan
from drivers.scanners.line import Reader

MUG = b"4006381333931"
WIRE = (
    b"4006381333931\r\n\x02]C10104006381333931\x1d10ABC\r\r\n]E04006381333931\nb\x02ad\r"
    + b"x" * 600
    + b"\r\xe7\x8e\x8b\xff\r]Q3\r"
)


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
@given(cuts=st.lists(st.integers(0, len(WIRE)), max_size=12))
def test_any_cutting_of_the_bytes_gives_the_same_scans(name: str, cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(WIRE)]
    reader, whole = READERS[name](), READERS[name]()
    cut = [s for a, b in itertools.pairwise(edges) for s in reader.receive(WIRE[a:b], at=1.0)]
    assert cut == whole.receive(WIRE, at=1.0)


@pytest.mark.parametrize("name", READERS)
@given(noise=st.lists(st.binary(max_size=700), max_size=4))
def test_noise_never_breaks_a_reader_nor_the_code_behind_it(name: str, noise: list[bytes]) -> None:
    reader = READERS[name]()
    for i, piece in enumerate(noise):
        reader.receive(piece, at=float(i))
    reader.idle(at=100.0)
    assert reader.receive(MUG + b"\r", at=100.0) == [Scan("4006381333931", None, 100.0)]


@given(st.binary(min_size=1, max_size=600).filter(lambda b: b.strip(b"\r\n")))
def test_every_pull_of_the_trigger_is_answered(code: bytes) -> None:
    assert heard(code, b"\r")
