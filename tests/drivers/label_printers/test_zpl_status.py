import itertools

from hypothesis import given
from hypothesis import strategies as st

from drivers.label_printers import tspl_status, zpl_acknowledge
from drivers.label_printers.zpl_status import (
    Acknowledged,
    Errors,
    Identity,
    Reader,
    Said,
    Status,
    Variable,
)

READY = (
    b"\x02030,0,0,1218,000,0,0,0,000,0,0,0\x03\r\n"
    b"\x02000,0,0,0,1,2,6,0,00000000,1,000\x03\r\n\x021234,0\x03\r\n"
)
TROUBLED = (
    b"\x02030,1,1,1218,002,1,0,1,000,0,0,1\x03\r\n"
    b"\x02000,0,1,0,1,2,6,1,00000007,1,000\x03\r\n\x021234,0\x03\r\n"
)
WIRE = (
    b"noise\r\n" + READY + b'"1042"\x02ZD421-203dpi,V93.21.26Z,8,65536KB,X\x03\r\n' + TROUBLED
) + b'"?"'
ERRORS = (
    b"\x02\r\n\r\n  PRINTER STATUS                             \r\n"
    b"   ERRORS:         1 00000000 00011001\r\n   WARNINGS:       1 00000000 00000008\r\n\x03\r\n"
)
WIRE += ERRORS + b"[PB 7f0a]\r\n"


def said(*pieces: bytes) -> list[Said]:
    reader = Reader()
    return [answer for piece in pieces for answer in reader.receive(piece)]


def status(wire: bytes) -> Status:
    [answer] = said(wire)
    assert isinstance(answer, Status)
    return answer


def test_a_ready_printer_is_idle_and_needs_nobody() -> None:
    ready = status(READY)
    assert ready.idle
    assert not ready.needs_person
    assert ready.length_dots == 1218


def test_every_flag_is_read_from_its_own_place() -> None:
    assert status(TROUBLED) == Status(
        paper_out=True,
        paused=True,
        head_open=True,
        ribbon_out=False,
        buffer_full=True,
        formats_waiting=2,
        partial_format=True,
        labels_remaining=7,
        label_waiting=True,
        too_hot=True,
        length_dots=1218,
    )


def test_the_field_before_head_open_is_not_head_open() -> None:
    unused_set = READY.replace(b"\x02000,0,0,0,1", b"\x02000,1,0,0,1")
    assert not status(unused_set).head_open
    ribbon_out = READY.replace(b"\x02000,0,0,0,1", b"\x02000,0,0,1,1")
    assert (status(ribbon_out).head_open, status(ribbon_out).ribbon_out) == (False, True)


def test_the_counter_and_who_it_is() -> None:
    assert said(b'"1042"') == [Variable("1042")]
    assert Variable("1042").count == 1042
    assert said(b'"?"') == [Variable(None)]
    assert Variable(None).count is None
    assert Variable("V93").count is None
    assert said(b"\x02ZD421-203dpi,V93.21.26Z,8,65536KB,X\x03\r\n") == [
        Identity("ZD421-203dpi", "V93.21.26Z", 8)
    ]
    assert said(b"\x02GX420d,V61.17.17Z,8,2104KB\x03\r\n") == [Identity("GX420d", "V61.17.17Z", 8)]


def test_strings_left_over_from_an_older_question_are_not_taken_for_new_ones() -> None:
    first, second, third, _ = READY.split(b"\n")
    left_over = second + b"\n" + third + b"\n"
    assert said(left_over + TROUBLED) == said(TROUBLED)
    assert said(first + b"\n" + TROUBLED) == said(TROUBLED)


def test_a_string_cut_off_by_the_next_is_dropped() -> None:
    assert said(READY[:20] + TROUBLED) == said(TROUBLED)
    assert said(b"\x02ZD421,V93,8,65536KB,X" + TROUBLED) == said(TROUBLED)


@given(st.lists(st.integers(0, len(WIRE)), max_size=10))
def test_any_cutting_of_the_bytes_gives_the_same_answers(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(WIRE)]
    assert said(*(WIRE[a:b] for a, b in itertools.pairwise(edges))) == said(WIRE)
    assert len(said(WIRE)) == 7


def test_a_jam_and_the_end_of_the_roll_are_told_by_the_errors() -> None:
    assert said(ERRORS) == [Errors(jammed=True, too_hot=False, paper_near_end=True)]
    hot = ERRORS.replace(b"00011001", b"00000010").replace(b"00000008", b"00000000")
    assert said(hot) == [Errors(jammed=False, too_hot=True, paper_near_end=False)]


def test_a_label_says_by_its_token_that_it_came_out() -> None:
    token = zpl_acknowledge.token("RR000000005GB:1", 2)
    assert said(f"[PB {token}]".encode()) == [Acknowledged(token)]
    assert token != zpl_acknowledge.token("RR000000005GB:1", 3)
    assert said(b"[PB ~JA]", b"[PB ", b"x y]") == []


def test_only_one_label_that_prints_can_be_asked_about() -> None:
    assert zpl_acknowledge.askable(b"^XA^FDone^FS^xz\r\n")
    assert not zpl_acknowledge.askable(b"^XA^XZ^XA^XZ")
    assert not zpl_acknowledge.askable(b"^XA^DFR:A.ZPL^FS^XZ")


AWKWARD = st.lists(
    st.sampled_from(
        (
            *(b"\x02", b"\x03", b'"', b"030,0,0", b",", b"x" * 1100, READY, b"\r\n"),
            *(b"[", b"]", b"[PB ", ERRORS, ERRORS[:40], b"ERRORS: " * 100),
        )
    )
).map(b"".join)


@given(AWKWARD | st.binary(), st.integers(0, 3000))
def test_noise_never_breaks_the_reader_nor_the_answers_behind_it(noise: bytes, cut: int) -> None:
    assert said(noise[:cut], noise[cut:]) == said(noise)
    # Two answers, for the noise may have ended in the middle of a quotation.
    assert said(noise, b"\x03", TROUBLED, TROUBLED)[-1] == status(TROUBLED)


@given(st.lists(st.binary(max_size=4000) | AWKWARD, max_size=20))
def test_what_a_printer_says_never_takes_more_memory_than_one_string(pieces: list[bytes]) -> None:
    reader = Reader()
    for piece in pieces:
        reader.receive(piece)
        assert reader.held_bytes <= 1024


def test_a_megabyte_without_an_end_is_read_in_passing() -> None:
    for opening in (b"\x02", b'"', b"[", b"\x02" * 1000, b"["):
        reader = Reader()
        reader.receive(opening * 1_000)
        reader.receive(opening + b"9" * 1_000_000)
        assert reader.held_bytes <= 1024
    assert said(b"[" * 100_000 + b"\x02" * 100_000 + TROUBLED) == said(TROUBLED)


@given(st.lists(st.binary(max_size=50)), st.integers(0, 50))
def test_any_byte_of_a_tspl_printer_is_a_status_or_noise(pieces: list[bytes], cut: int) -> None:
    reader = tspl_status.Reader()
    answers = [answer for piece in pieces for answer in reader.receive(piece)]
    whole = b"".join(pieces)
    assert len(answers) == sum(not byte & 0x40 for byte in whole)


def test_every_bit_of_a_tspl_printer_is_read_from_its_own_place() -> None:
    def one(byte: int) -> Status:
        [answer] = tspl_status.Reader().receive(bytes([byte]))
        return answer

    assert one(0).idle
    assert not one(0).needs_person
    assert [one(1).head_open, one(2).jammed, one(4).paper_out, one(8).ribbon_out] == [True] * 4
    assert [one(0x10).paused, one(0x80).paused, one(0x20).idle] == [True, True, False]
    assert not one(0x20).needs_person
