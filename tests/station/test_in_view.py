"""Several codes lay in view of the scanner; one was meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from station import codes
from station.codes.code import BinCode
from station.flows.expected import expected
from station.in_view import IN_VIEW_SECONDS, Heard, InView, Sorted
from station.session import Question, Session

LABEL, ROUTING, MUG = "RR000000005GB", "2LGB12345+92000000", "4006381333931"


def through(*scans: tuple[Heard, bool]) -> list[Sorted]:
    """What became clear, when silence follows."""
    view = InView()
    out = [one for scan, wanted in scans for one in view.hear(scan, wanted=wanted)]
    return [*out, *view.expire()]


def sort(*scans: tuple[Heard, bool]) -> tuple[list[str], list[str]]:
    """What was meant and what was ignored."""
    out = through(*scans)
    return [s.scan.text for s in out if s.meant], [s.scan.text for s in out if not s.meant]


def at(text: str, seconds: float, source: str = "hand") -> Heard:
    return Heard(text, source, seconds)


def test_the_code_that_is_waited_for_wins_wherever_it_comes_in_the_flood() -> None:
    right, other, third = at(LABEL, 1.002), at(ROUTING, 1.0), at(MUG, 1.004)
    assert sort((other, False), (right, True), (third, False)) == ([LABEL], [ROUTING, MUG])


def test_of_codes_that_nobody_waits_for_the_first_is_told() -> None:
    flood = [(at(f"CODE-{n}", 1.0 + 0.001 * n), False) for n in range(3)]
    assert sort(*flood) == (["CODE-0"], ["CODE-1", "CODE-2"])


def test_a_second_item_in_view_is_never_counted() -> None:
    assert sort((at(MUG, 1.0), True), (at("4012345678901", 1.001), True)) == (
        [MUG],
        ["4012345678901"],
    )


def test_a_flood_as_long_as_a_pallet_label_is_one_flood() -> None:
    flood = [(at(f"CODE-{n}", 1.0 + 0.015 * n), True) for n in range(20)]
    meant, ignored = sort(*flood)
    assert (meant, len(ignored)) == (["CODE-0"], 19)


def test_four_scans_of_one_item_are_four_however_close() -> None:
    assert sort(*[(at(MUG, 1.0 + 0.001 * n), True) for n in range(4)]) == ([MUG] * 4, [])


def test_a_wrong_code_alone_is_told_as_soon_as_nothing_follows() -> None:
    view, mug = InView(), at(MUG, 1.0)
    assert view.hear(mug, wanted=False) == ()
    assert view.waits
    assert view.expire() == (Sorted(mug, meant=True),)
    assert not view.waits


def test_a_right_code_alone_is_never_held_back() -> None:
    view, mug = InView(), at(MUG, 1.0)
    assert view.hear(mug, wanted=True) == (Sorted(mug, meant=True),)
    assert not view.waits


def test_two_scanners_do_not_see_each_others_codes() -> None:
    assert sort((at(MUG, 1.0), True), (at(LABEL, 1.001, "table"), True)) == ([MUG, LABEL], [])


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from("xy"), st.floats(0, 0.06), st.booleans()),
        max_size=40,
    )
)
def test_every_scan_comes_out_once_and_in_order(rows: list[tuple[str, str, float, bool]]) -> None:
    now, scans = 1.0, []
    for text, source, gap, wanted in rows:
        now += gap
        scans.append((Heard(text, source, now), wanted))
    assert [one.scan for one in through(*scans)] == [scan for scan, _ in scans]


@given(st.lists(st.sampled_from("abcdef"), max_size=60))
def test_a_bench_that_scans_thirty_codes_a_second_loses_none(texts: list[str]) -> None:
    scans = [(at(text, 1.0 + n / 30), n % 2 == 0) for n, text in enumerate(texts)]
    assert sort(*scans) == (texts, [])
    assert IN_VIEW_SECONDS < 1 / 30


@pytest.mark.parametrize(
    ("flow", "right", "wrong"),
    [
        ("login", "PKUSR0007", MUG),
        ("choose", "PKORD20200000010000001", "PKBOXM"),
        ("choose", MUG, ROUTING),
        ("pack", MUG, LABEL),
        ("pick", codes.write(BinCode("A1")), LABEL),
        ("weigh", "PKBOXM", MUG),
        ("ship", LABEL, MUG),
        ("ship", "(00)340123450000000017", ROUTING),
    ],
)
def test_each_screen_waits_for_its_own_kind_of_code(flow: str, right: str, wrong: str) -> None:
    session = Session(bench="b1", flow=flow)
    assert expected(session, codes.read(right), right)
    assert not expected(session, codes.read(wrong), wrong)
    assert expected(session, codes.read("PKCMDUNDO"), "PKCMDUNDO")


def test_an_open_question_may_be_answered_by_any_code() -> None:
    asked = Session(bench="b1", flow="pack", question=Question(kind="serial"))
    assert expected(asked, codes.read(ROUTING), ROUTING)
