import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from drivers.scales import (
    ASK,
    READERS,
    Frozen,
    NotEmptied,
    NoWeight,
    Reading,
    Settled,
    Settler,
    Why,
)
from drivers.scales.settle import FROZEN_SECONDS, STALE_SECONDS

EXCHANGES: dict[str, list[tuple[bytes, Reading | NoWeight | None]]] = {
    "mt-sics": [
        (b"S S      1.234 kg\r\n", Reading(1234, stable=True)),
        (b"S D     850.4 g\r\n", Reading(850, stable=False)),
        (b"S S     -0.012 kg\r\n", Reading(-12, stable=True)),
        (b"S S       2 lb\r\n", Reading(907, stable=True)),
        (b"S I\r\n", NoWeight(Why.MOVING)),
        (b"S +\r\n", NoWeight(Why.TOO_HEAVY)),
        (b"S -\r\n", NoWeight(Why.BELOW_ZERO)),
        (b"S S Error 10b\r\n", NoWeight(Why.OUT_OF_ORDER)),
        (b"ES\r\n", None),
        (b"Z A\r\n", None),
        (b"S S  1e3 kg\r\n", None),
        (b"S S  NaN kg\r\n", None),
        (b"S S  1.2 pt\r\n", NoWeight(Why.WRONG_UNIT)),
        (b"S S     12 PCS\r\n", NoWeight(Why.WRONG_UNIT)),
        (b"S S  1.2 \xb5g\r\n", None),
    ],
    "toledo-8217": [
        (b"\x0201.234\r", Reading(1234, stable=True)),
        (b"\x02 0.850N\r", Reading(850, stable=True)),
        (b"\x82\xb01.234\x8d", Reading(1234, stable=True)),
        (b"\x02?a\r", NoWeight(Why.MOVING)),
        (b"\x02?b\r", NoWeight(Why.TOO_HEAVY)),
        (b"\x02?c\r", NoWeight(Why.TOO_HEAVY)),
        (b"\x02?d\r", NoWeight(Why.BELOW_ZERO)),
        (b"\x02?h\r", NoWeight(Why.OUT_OF_ORDER)),
        (b"\x02?p\r", Reading(0, stable=True)),
        (b"01.234\r", None),
        (b"\x02\r", None),
    ],
    "toledo-8217-lb": [(b"\x0202.00\r", Reading(907, stable=True))],
    "nci": [
        (b"\n 01.23kg\r\n00\r\x03", Reading(1230, stable=True)),
        (b"\n001.00LB\r\nS00\r\x03", Reading(454, stable=True)),
        (b"\n   850g \r\n10\r\x03", Reading(850, stable=False)),
        (b"\n-00.02kg\r\n00\r\x03", Reading(-20, stable=True)),
        (b"\nS10\r\x03", NoWeight(Why.MOVING)),
        (b"\nS20\r\x03", Reading(0, stable=True)),
        (b"\nS02\r\x03", NoWeight(Why.TOO_HEAVY)),
        (b"\nS01\r\x03", NoWeight(Why.BELOW_ZERO)),
        (b"\nS40\r\x03", NoWeight(Why.OUT_OF_ORDER)),
        (b"\n001.00kg\r\n0p0\r\x03", Reading(1000, stable=True)),
        (b"\n 01.23ct\r\n00\r\x03", NoWeight(Why.WRONG_UNIT)),
        (b"\n?\r\x03", None),
    ],
    "hid": [
        (bytes((3, 4, 2, 0, 0x52, 0x03)), Reading(850, stable=True)),
        (bytes((3, 4, 11, 0xFF, 0x34, 0x19)), Reading(18291, stable=True)),
        (bytes((3, 4, 12, 0xFE, 200, 0)), Reading(907, stable=True)),
        (bytes((3, 4, 3, 0xFD, 0xD2, 0x04)), Reading(1234, stable=True)),
        (bytes((3, 3, 2, 0, 0x52, 0x03)), Reading(850, stable=False)),
        (bytes((3, 2, 2, 0, 0, 0)), Reading(0, stable=True)),
        (bytes((3, 2, 4, 0, 0, 0)), Reading(0, stable=True)),
        (bytes((3, 5, 2, 0, 12, 0)), NoWeight(Why.BELOW_ZERO)),
        (bytes((3, 6, 2, 0, 0, 0)), NoWeight(Why.TOO_HEAVY)),
        (bytes((3, 1, 2, 0, 0, 0)), NoWeight(Why.OUT_OF_ORDER)),
        (bytes((3, 7, 2, 0, 0, 0)), NoWeight(Why.OUT_OF_ORDER)),
        (bytes((3, 8, 2, 0, 0, 0)), NoWeight(Why.OUT_OF_ORDER)),
        (bytes((3, 4, 4, 0, 9, 0)), NoWeight(Why.WRONG_UNIT)),
        (bytes((3, 9, 2, 0, 9, 0)), None),
        (bytes((3, 4, 13, 0, 9, 0)), None),
        (bytes((3, 4, 2, 9, 9, 0)), None),
        (bytes((3, 4, 12, 3, 0xFF, 0xFF)), None),
    ],
}
ROWS = [(name, sent, said) for name, rows in EXCHANGES.items() for sent, said in rows]


def test_every_scale_has_its_question_and_its_exchanges() -> None:
    assert set(READERS) == set(ASK) == set(EXCHANGES)


@pytest.mark.parametrize(("name", "sent", "said"), ROWS, ids=repr)
def test_an_answer_is_read_as_the_manual_says(
    name: str, sent: bytes, said: Reading | NoWeight | None
) -> None:
    assert READERS[name]().receive(sent) == ([] if said is None else [said])


@pytest.mark.parametrize("name", READERS)
@given(data=st.data())
def test_any_cutting_of_the_bytes_gives_the_same_readings(name: str, data: st.DataObject) -> None:
    noise = data.draw(st.binary(max_size=150))
    wire = noise + b"".join(sent for sent, _ in EXCHANGES[name])
    edges = [0, *sorted(data.draw(st.lists(st.integers(0, len(wire)), max_size=8))), len(wire)]
    reader = READERS[name]()
    cut = [r for a, b in itertools.pairwise(edges) for r in reader.receive(wire[a:b])]
    assert cut == READERS[name]().receive(wire)


@pytest.mark.parametrize("name", READERS)
@given(noise=st.binary(max_size=300))
@example(noise=b"\x02" * 200)
@example(noise=b"\n 01.2" * 30)
@example(noise=b"\x03")
@example(noise=b"\x03\x04\x02\x00\x03")
def test_noise_never_breaks_a_reader_nor_weighs_tonnes(name: str, noise: bytes) -> None:
    reader = READERS[name]()
    said = reader.receive(noise)
    assert all(abs(r.grams) <= 10_000_000 for r in said if isinstance(r, Reading))
    sent, expected = EXCHANGES[name][0]
    assert [*reader.receive(sent), *reader.receive(sent)][-1] == expected


@pytest.mark.parametrize("name", READERS)
def test_the_second_answer_after_long_noise_is_read(name: str) -> None:
    reader, (sent, said) = READERS[name](), EXCHANGES[name][0]
    for _ in range(9):
        reader.receive(b"\xd5" * 40)
    assert [*reader.receive(sent), *reader.receive(sent)][-1:] == [said]


@pytest.mark.parametrize("name", READERS)
@given(pieces=st.lists(st.binary(max_size=200), max_size=30))
def test_noise_without_end_is_never_kept(name: str, pieces: list[bytes]) -> None:
    reader = READERS[name]()
    for piece in pieces:
        reader.receive(piece)
    kept = [value for value in vars(reader).values() if isinstance(value, bytes)]
    assert kept
    assert sum(map(len, kept)) <= 128


def test_an_nci_answer_is_read_behind_any_noise() -> None:
    reader, (sent, said) = READERS["nci"](), EXCHANGES["nci"][0]
    reader.receive(b"\xd5" * 400 + sent[:5])
    assert reader.receive(sent[5:]) == [said]


def at_rest(*grams: int) -> list[Reading]:
    return [Reading(g, stable=True) for g in grams]


def settled(*readings: Reading | NoWeight) -> list[Settled | NotEmptied | Frozen]:
    settler = Settler(needed=3, tolerance=2, empty=5)
    return said_by(settler, *((reading, 0.1 * i) for i, reading in enumerate(readings)))


def said_by(
    settler: Settler, *readings: tuple[Reading | NoWeight, float]
) -> list[Settled | NotEmptied | Frozen]:
    said = (settler.receive(reading, at) for reading, at in readings)
    return [one for one in said if one is not None]


def test_three_like_readings_at_rest_make_one_weight() -> None:
    assert settled(*at_rest(0, 850, 851, 850, 850, 850, 850)) == [Settled(850)]


def test_a_moving_pan_gives_no_weight() -> None:
    moving = [Reading(850, stable=False)] * 9
    assert settled(*at_rest(0), *moving, *at_rest(850, 850)) == []


def test_a_pan_that_moves_in_between_begins_again() -> None:
    assert settled(*at_rest(0, 850, 850), NoWeight(Why.MOVING), *at_rest(850, 850)) == []


def test_readings_that_creep_do_not_settle_before_they_rest() -> None:
    assert settled(*at_rest(0, 800, 805, 810, 815, 820, 820, 820)) == [Settled(820)]


def test_a_scale_that_was_never_empty_is_refused() -> None:
    assert settled(*at_rest(850, 850, 850, 850)) == [NotEmptied(850)]


def test_a_parcel_put_on_before_the_last_was_lifted_is_refused_once() -> None:
    story = at_rest(0, 850, 850, 850, 1200, 1200, 1200, 1200)
    assert settled(*story) == [Settled(850), NotEmptied(1200)]


def test_an_emptied_scale_weighs_again_even_the_same_weight() -> None:
    story = at_rest(0, 850, 850, 850, 2, 850, 850, 850)
    assert settled(*story) == [Settled(850), Settled(850)]


def test_a_slip_left_on_the_pan_spoils_no_weight() -> None:
    story = at_rest(0, 850, 850, 850, 12, 12, 12, 862, 862, 862)
    assert settled(*story) == [Settled(850), NotEmptied(12), NotEmptied(862)]


def test_below_zero_is_not_empty_and_no_weight() -> None:
    story = at_rest(0, 850, 850, 850, -30, -30, -30, 850, 850, 850)
    assert settled(*story) == [Settled(850), NotEmptied(-30), NotEmptied(850)]


def test_the_scale_tells_what_still_lies_on_it() -> None:
    settler = Settler()
    for reading in at_rest(0, 850, 850, 850):
        settler.receive(reading, 1.0)
    assert settler.lies == 850
    settler.receive(Reading(0, stable=True), 1.1)
    assert settler.lies is None


def test_what_a_scale_said_before_a_long_silence_is_no_part_of_a_weight() -> None:
    parcel, later = Reading(850, stable=True), 1.0 + STALE_SECONDS
    settler = Settler(needed=3)
    before = [(Reading(0, stable=True), 0.0), (parcel, 0.9), (parcel, 1.0)]
    assert said_by(settler, *before) == []
    # It may have been switched off and on with the parcel of before on it.
    after = [(parcel, later + 0.1 * i) for i in range(1, 6)]
    assert said_by(settler, *after) == [NotEmptied(850)]


def test_a_frozen_scale_is_told_once_and_counts_again_when_it_was_empty() -> None:
    settler = Settler(needed=3)
    story = [Reading(0, stable=True), *at_rest(*[850] * int(FROZEN_SECONDS * 30))]
    said = said_by(settler, *((reading, 0.1 * i) for i, reading in enumerate(story)))
    assert said == [Settled(850), Frozen(850)]
    end = 0.1 * len(story)
    again = at_rest(0, 850, 850, 850)
    said = said_by(settler, *((reading, end + 0.1 * i) for i, reading in enumerate(again)))
    assert said == [Settled(850)]


def test_an_empty_scale_may_show_nought_for_hours() -> None:
    settler = Settler()
    hours = [(Reading(0, stable=True), float(second)) for second in range(4 * 3600)]
    assert said_by(settler, *hours) == []
    parcel = [(Reading(850, stable=True), 4 * 3600 + 0.1 * i) for i in range(3)]
    assert said_by(settler, *parcel) == [Settled(850)]


READINGS = st.builds(Reading, st.integers(-50, 2000), stable=st.booleans()) | st.builds(
    NoWeight, st.sampled_from(Why)
)


@given(st.lists(READINGS | st.sampled_from(at_rest(0, 850)), max_size=60))
def test_between_two_weights_the_pan_was_empty(readings: list[Reading | NoWeight]) -> None:
    settler, empty = Settler(needed=2), False
    for reading in readings:
        said = settler.receive(reading, 0.0)
        if isinstance(reading, Reading) and reading.stable and abs(reading.grams) <= 5:
            empty = True
        if isinstance(said, Settled):
            assert empty
            empty = False
