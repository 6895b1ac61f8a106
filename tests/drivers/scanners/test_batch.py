"""Scans of now and scans of some time ago are told apart by how closely they come."""

from hypothesis import given
from hypothesis import strategies as st

from drivers.scanners import Batch, Gate, Scan
from drivers.scanners.batch import AFTER_RECONNECT_SECONDS, FEWEST_UNHELD, GAP_SECONDS, MOST


def scans(count: int, *, every: float, start: float = 100.0) -> list[Scan]:
    return [Scan(f"OLD-{n}", None, start + every * n) for n in range(count)]


def through(gate: Gate, given: list[Scan]) -> list[Scan | Batch]:
    said = [one for scan in given for one in gate.receive(scan)]
    return [*said, *gate.idle(given[-1].at + 2 * GAP_SECONDS)]


def test_a_packer_who_scans_is_never_held_back() -> None:
    gate = Gate()
    for scan in scans(50, every=0.033):
        assert gate.receive(scan) == [scan]


def test_what_a_scanner_kept_is_one_batch_though_its_first_scans_are_gone() -> None:
    given = scans(40, every=0.002)
    said = through(Gate(), given)
    assert said[: FEWEST_UNHELD - 1] == given[: FEWEST_UNHELD - 1]
    rest = tuple(given[FEWEST_UNHELD - 1 :])
    assert said[FEWEST_UNHELD - 1 :] == [Batch(rest, FEWEST_UNHELD - 1)]


def test_nothing_of_a_batch_is_counted_when_the_wire_was_just_connected_again() -> None:
    gate = Gate()
    gate.connected(99.9)
    given = scans(4, every=0.002)
    assert through(gate, given) == [Batch(tuple(given), 0)]


def test_nothing_of_a_batch_is_counted_from_a_scanner_that_keeps_codes() -> None:
    given = scans(40, every=0.015)
    assert through(Gate(memory=True), given) == [Batch(tuple(given), 0)]


def test_a_scan_of_now_right_after_a_reconnect_is_a_scan() -> None:
    gate = Gate()
    gate.connected(99.9)
    [scan] = scans(1, every=1.0)
    assert gate.receive(scan) == []
    assert gate.idle(scan.at + GAP_SECONDS / 2) == []
    assert gate.idle(scan.at + 2 * GAP_SECONDS) == [scan]
    later = Scan("MUG", None, 100 + AFTER_RECONNECT_SECONDS)
    assert gate.receive(later) == [later]


def test_two_codes_on_one_box_are_no_batch() -> None:
    given = scans(2, every=0.002)
    assert through(Gate(memory=True), given) == given


TIMES = st.lists(st.floats(0, 0.2), min_size=1, max_size=60)


@given(gaps=TIMES, memory=st.booleans(), back_at=st.floats(0, 5))
def test_every_scan_comes_out_once_and_in_order(
    gaps: list[float], memory: bool, back_at: float
) -> None:
    at, given = 1.0, []
    for n, gap in enumerate(gaps):
        at += gap
        given.append(Scan(str(n), None, at))
    gate = Gate(memory=memory)
    gate.connected(back_at)
    out: list[Scan] = []
    for one in through(gate, given):
        match one:
            case Scan():
                out.append(one)
            case Batch():
                out += one.scans
    assert out == given


def test_a_batch_without_end_is_cut_before_it_fills_the_memory() -> None:
    for more in (0, 1, 10):
        said = through(Gate(memory=True), scans(MOST + more, every=0.001))
        sizes = [len(one.scans) for one in said if isinstance(one, Batch)]
        assert (sizes, len(said)) == ([MOST, more][: 1 + bool(more)], len(sizes))


def test_what_follows_a_batch_that_was_cut_is_no_scan_of_now() -> None:
    said = through(Gate(), scans(MOST + FEWEST_UNHELD + 2, every=0.001))
    assert sum(isinstance(one, Scan) for one in said) == FEWEST_UNHELD - 1
