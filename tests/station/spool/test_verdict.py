from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.label_printers.zpl_status import Status
from station.spool.verdict import (
    ACCEPTED,
    ACKNOWLEDGED,
    AWAY,
    HALF,
    ODOMETER,
    Flight,
    ForgetHalf,
    Heard,
    NotPrinted,
    Patience,
    Printed,
    Ready,
    Steady,
    Uncertain,
    Verdict,
    Wait,
    Watch,
    Way,
    decide,
    needs_of,
    prepare,
)

P = Patience()
WELL = Status(
    paper_out=False,
    paused=False,
    head_open=False,
    ribbon_out=False,
    buffer_full=False,
    formats_waiting=0,
    partial_format=False,
    labels_remaining=0,
    label_waiting=False,
    too_hot=False,
    length_dots=1218,
)
PRINTING = replace(WELL, labels_remaining=1)
PAPER_OUT = replace(WELL, paper_out=True, paused=True, labels_remaining=1)
HALF_THERE = replace(WELL, partial_format=True)

WHOLE = Flight(way=Way.WHOLE, before=7)
CUT = Flight(way=Way.CUT, before=7)
UNKNOWN = Flight(way=Way.UNKNOWN, before=7)
COUNTLESS = replace(WHOLE, before=None)

NOW = Steady()
LONG = Steady(same=P.steady)
LONGER = Steady(same=P.unsure)

TABLE: list[tuple[str, Flight, Heard, Steady, Verdict]] = [
    ("it moved and nothing is left", WHOLE, Heard(WELL, 8), NOW, Printed(ODOMETER)),
    ("so after a cut", CUT, Heard(WELL, 8), NOW, Printed(ODOMETER)),
    ("so after a restart", UNKNOWN, Heard(WELL, 8), NOW, Printed(ODOMETER)),
    ("it moved, and then the paper ran out", WHOLE, Heard(None, 8), NOW, Printed(ODOMETER)),
    ("it moved, and more of it is to come", WHOLE, Heard(PRINTING, 8), NOW, Wait("")),
    ("it said so itself", replace(COUNTLESS, token="7f"), Heard(None, None, frozenset(("7f",))),
     NOW, Printed(ACKNOWLEDGED)),
    ("it said so of another one", replace(COUNTLESS, token="7f"),
     Heard(WELL, None, frozenset(("8f",))), LONG, Wait("")),
    ("it is done, and said nothing", replace(COUNTLESS, token="7f"), Heard(WELL), LONGER,
     Uncertain("the printer is done, and did not say that the label came out")),
    ("it may have said so on the wire that was cut", replace(COUNTLESS, token="7f", way=Way.CUT),
     Heard(WELL), NOW,
     Uncertain("the wire was cut, and this printer does not count its labels")),
    ("it said nothing, and the counter moved", replace(WHOLE, token="7f"), Heard(WELL, 8), NOW,
     Printed(ODOMETER)),
    ("another printer at the same address", CUT, Heard(connected=False, why="swapped"),
     Steady(away=5), Wait("swapped")),
    ("too hot", WHOLE, Heard(replace(PRINTING, too_hot=True), 7), LONGER, Wait("hot")),
    ("jammed", WHOLE, Heard(replace(PRINTING, jammed=True), 7), LONGER, Wait("jam")),
    ("it is being printed", WHOLE, Heard(PRINTING, 7), LONG, Wait("")),
    ("idle, just now", WHOLE, Heard(WELL, 7), NOW, Wait("")),
    ("idle, for a while", WHOLE, Heard(WELL, 7), LONG, NotPrinted(ODOMETER)),
    ("idle after a cut", CUT, Heard(WELL, 7), LONG, NotPrinted(ODOMETER)),
    ("idle after a restart", UNKNOWN, Heard(WELL, 7), LONG, NotPrinted(ODOMETER)),
    ("no paper, however long", WHOLE, Heard(PAPER_OUT, 7), LONGER, Wait("paper")),
    ("no paper after a cut", CUT, Heard(PAPER_OUT, 7), LONGER, Wait("paper")),
    ("no paper, half a label", CUT, Heard(replace(PAPER_OUT, partial_format=True), 7), LONG,
     Wait("paper")),
    ("half after a cut, just now", CUT, Heard(HALF_THERE, 7), NOW, Wait("")),
    ("half after a cut", CUT, Heard(HALF_THERE, 7), LONG, ForgetHalf()),
    ("half after a restart", UNKNOWN, Heard(HALF_THERE, 7), LONG, ForgetHalf()),
    ("half, and the rest may be on its way", WHOLE, Heard(HALF_THERE, 7), LONG, Wait("")),
    ("a label without an end", WHOLE, Heard(HALF_THERE, 7), LONGER, ForgetHalf()),
    ("half was forgotten", replace(CUT, half=True), Heard(WELL, 7), NOW, NotPrinted(HALF)),
    ("so without a counter", replace(CUT, before=None, half=True), Heard(WELL), NOW,
     NotPrinted(HALF)),
    ("half of two labels was forgotten", replace(CUT, half=True, formats=2), Heard(WELL, 7), NOW,
     Wait("")),
    ("one of two came out, whole", replace(WHOLE, formats=2), Heard(WELL, 8), LONG,
     Printed(ODOMETER)),
    ("one of two came out, cut", replace(CUT, formats=2), Heard(WELL, 8), LONG,
     Uncertain("some labels of the job came out, and some may not have")),
    ("the counter went back", WHOLE, Heard(WELL, 6), NOW,
     Uncertain("the printer's counter went back: is it another printer?")),
    ("no answer, once", WHOLE, Heard(), Steady(mute=0.3), Wait(None)),
    ("no answer for a while", WHOLE, Heard(), Steady(mute=P.silent), Wait("silent")),
    ("no answer, and the counter stands", WHOLE, Heard(None, 7), Steady(mute=P.silent, same=99),
     Wait("silent")),
    ("no answer for very long", WHOLE, Heard(), Steady(mute=P.ask),
     Uncertain("the printer does not answer")),
    ("away", CUT, AWAY, Steady(away=5), Wait("unreachable")),
    ("away for very long", CUT, AWAY, Steady(away=P.ask),
     Uncertain("the printer cannot be reached")),
    ("no counter: the scan will say", COUNTLESS, Heard(WELL), LONGER, Wait("")),
    ("no counter, cut", replace(CUT, before=None), Heard(WELL), NOW,
     Uncertain("the wire was cut, and this printer does not count its labels")),
    ("no counter, cut after it was accepted", replace(CUT, before=None, accepted=True),
     Heard(WELL), LONGER, Wait("")),
    ("no counter, no paper", COUNTLESS, Heard(PAPER_OUT), LONGER, Wait("paper")),
    ("the counter is not answered now", WHOLE, Heard(WELL), LONG, Wait("")),
    ("the counter is not answered any more", WHOLE, Heard(WELL), LONGER,
     Uncertain("the printer's counter cannot be read any more")),
    ("a paper was taken", replace(COUNTLESS, proof=False), Heard(WELL), NOW, Printed(ACCEPTED)),
    ("nobody to ask", replace(COUNTLESS, asked=False), Heard(), NOW, Wait("")),
    ("nobody to ask, a paper", replace(COUNTLESS, asked=False, proof=False), Heard(), NOW,
     Printed(ACCEPTED)),
    ("nobody to ask, cut", replace(CUT, before=None, asked=False), Heard(), NOW,
     Uncertain("the wire was cut, and this printer cannot be asked")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("flight", "heard", "steady", "verdict"),
    [row[1:] for row in TABLE],
    ids=[row[0].replace(" ", "-") for row in TABLE],
)
def test_what_became_of_a_label(
    flight: Flight, heard: Heard, steady: Steady, verdict: Verdict
) -> None:
    assert decide(flight, heard, steady, P) == verdict


AHEAD: list[tuple[str, Heard, Steady, bool, object]] = [
    ("well", Heard(WELL, 7), NOW, True, Ready(7)),
    ("well, and does not count", Heard(WELL), NOW, False, Ready(None)),
    ("the counter is not answered yet", Heard(WELL), LONG, True, Wait("")),
    ("the counter is never answered", Heard(WELL), LONGER, True, Ready(None)),
    ("something is still printing", Heard(PRINTING, 7), LONG, True, Wait("")),
    ("no paper", Heard(replace(WELL, paper_out=True), 7), LONG, True, Wait("paper")),
    ("half a label of somebody's", Heard(HALF_THERE, 7), LONG, True, ForgetHalf()),
    ("half a label, maybe arriving", Heard(HALF_THERE, 7), NOW, True, Wait("")),
    ("no answer once", Heard(), NOW, True, Wait(None)),
    ("no answer for very long", Heard(), Steady(mute=P.ask), True, Wait("silent")),
    ("away", AWAY, Steady(away=P.ask), True, Wait("silent")),
]


@pytest.mark.parametrize(
    ("heard", "steady", "counts", "may"),
    [row[1:] for row in AHEAD],
    ids=[row[0].replace(" ", "-") for row in AHEAD],
)
def test_whether_the_next_label_may_go(
    heard: Heard, steady: Steady, *, counts: bool, may: object
) -> None:
    assert prepare(heard, steady, P, counts=counts) == may


@pytest.mark.parametrize(
    ("status", "needs"),
    [
        (replace(WELL, head_open=True, paper_out=True, paused=True), "head"),
        (replace(WELL, paper_out=True, ribbon_out=True, paused=True), "paper"),
        (replace(WELL, ribbon_out=True, paused=True), "ribbon"),
        (replace(WELL, paused=True), "pause"),
        (replace(WELL, jammed=True, paused=True), "jam"),
        (replace(WELL, too_hot=True, paused=True), "hot"),
        (replace(WELL, label_waiting=True), ""),
    ],
)
def test_the_part_to_look_at_first_is_named(status: Status, needs: str) -> None:
    assert needs_of(status) == needs


def test_the_watch_counts_from_the_first_time_it_was_so() -> None:
    watch = Watch()
    watch.see(Heard(WELL, 7), 0.0, 0.1)
    assert watch.see(Heard(WELL, 7), 2.0, 2.1).same == pytest.approx(2.0)
    assert watch.see(Heard(WELL, 8), 2.2, 2.3).same == 0
    assert watch.see(Heard(), 3.0, 4.0).mute == pytest.approx(1.0)
    assert watch.see(Heard(None, 8), 5.0, 5.5).mute == pytest.approx(2.5)
    assert watch.see(AWAY, 6.0, 8.0) == Steady(same=0.0, mute=0.0, away=2.0)
    assert watch.see(Heard(WELL, 7), 9.0, 9.1) == Steady()


STATUS = st.builds(
    replace,
    st.just(WELL),
    paper_out=st.booleans(),
    paused=st.booleans(),
    head_open=st.booleans(),
    formats_waiting=st.integers(0, 2),
    partial_format=st.booleans(),
    labels_remaining=st.integers(0, 2),
    jammed=st.booleans(),
    too_hot=st.booleans(),
)
TOKENS = st.frozensets(st.sampled_from(("7f", "8f")))
HEARD = st.builds(Heard, st.none() | STATUS, st.none() | st.integers(5, 9), TOKENS) | st.just(AWAY)
STEADY = st.builds(Steady, same=st.floats(0, 100), mute=st.floats(0, 100), away=st.floats(0, 100))
FLIGHT = st.builds(
    Flight,
    way=st.sampled_from(Way),
    before=st.none() | st.integers(5, 9),
    token=st.sampled_from(("", "7f")),
    formats=st.integers(1, 3),
    accepted=st.booleans(),
    half=st.booleans(),
    proof=st.booleans(),
    asked=st.booleans(),
)


@given(flight=FLIGHT, heard=HEARD, steady=STEADY)
def test_nothing_is_sent_again_without_a_proof(
    flight: Flight, heard: Heard, steady: Steady
) -> None:
    if isinstance(decide(flight, heard, steady, P), NotPrinted):
        assert heard.status is not None
        assert heard.status.idle
        assert flight.token not in heard.acknowledged
        assert not heard.status.needs_person
        unmoved = heard.counter is not None and heard.counter == flight.before
        assert (unmoved and steady.same >= P.steady) or (flight.half and flight.formats == 1)
        assert heard.counter is None or flight.before is None or unmoved


@given(flight=FLIGHT, heard=HEARD, steady=STEADY)
def test_no_label_counts_as_printed_unless_it_said_so_or_the_counter_moved(
    flight: Flight, heard: Heard, steady: Steady
) -> None:
    said_so = flight.token in heard.acknowledged
    if isinstance(decide(flight, heard, steady, P), Printed) and flight.proof and not said_so:
        assert heard.counter is not None
        assert flight.before is not None
        assert heard.counter > flight.before
