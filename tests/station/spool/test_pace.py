"""How often is a printer asked, and how long does it stand still?"""

from hypothesis import given
from hypothesis import strategies as st

from station.spool.pace import Pace
from station.spool.verdict import Patience

P = Patience()


def print_one(pace: Pace, seconds: float) -> tuple[float, int]:
    """Look until it is out; give when that was seen, and how often was looked."""
    gone, coarse, before, looks = 0.0, P.first_look, 0.0, 0
    while True:
        gone += pace.pause(gone, coarse, P.longest_look)
        looks += 1
        if gone >= seconds:
            pace.learn(before, gone)
            return gone, looks
        before = gone
        coarse = min(coarse * 1.5, P.longest_look)


def test_a_printer_of_half_a_second_a_label_stands_still_for_a_fiftieth_of_it() -> None:
    pace = Pace()
    for _ in range(2):
        print_one(pace, 0.5)
    for seen, looks in (print_one(pace, 0.5) for _ in range(20)):
        assert 0.5 <= seen < 0.51
        assert looks <= 6


def test_a_printer_that_is_done_at_once_is_found_out_within_twenty_labels() -> None:
    pace = Pace()
    for _ in range(20):
        seen, _ = print_one(pace, 0.0)
    assert seen <= 0.004


@given(st.lists(st.floats(0, 30), min_size=1, max_size=8))
def test_whatever_labels_take_trouble_is_seen_as_soon_as_before(labels: list[float]) -> None:
    pace = Pace()
    for seconds in labels:
        seen, looks = print_one(pace, seconds)
        assert seen <= seconds + P.longest_look
        assert looks <= seconds / 0.002 + 100
