import pytest

from station import codes
from station.codes.code import CommandCode
from station.double_read import DOUBLE_SECONDS, TWIN_SECONDS, Reading, double_read

ORDER = codes.write(CommandCode("UNDO"))
MUG = "4006381333931"


def doubled(text: str, *times: float, source: str = "hand") -> list[bool]:
    previous, dropped = None, []
    for at in times:
        scan = Reading(text, source, at)
        dropped.append(double_read(previous, scan, codes.read(text)))
        previous = scan
    return dropped


def test_a_nervous_trigger_on_a_card_is_one_scan() -> None:
    assert doubled(ORDER, 1.0, 1.3) == [False, True]


def test_a_trigger_held_down_stays_one_scan_however_long() -> None:
    assert doubled(ORDER, 1.0, 1.5, 2.0, 2.5) == [False, True, True, True]


def test_a_person_who_means_it_twice_is_believed() -> None:
    assert doubled(ORDER, 1.0, 1.0 + DOUBLE_SECONDS) == [False, False]


@pytest.mark.parametrize("text", [MUG, "]E0" + MUG, "010400638133393110AB", "any text of a shop"])
def test_four_scans_of_one_item_are_four_pieces(text: str) -> None:
    assert doubled(text, 1.0, 1.1, 1.2, 1.3) == [False] * 4


@pytest.mark.parametrize("text", ["RR123456785GB", "1Z999AA10123456784", "(00)340123450000000017"])
def test_a_label_read_twice_is_read_once(text: str) -> None:
    assert doubled(text, 1.0, 1.4) == [False, True]


def test_two_scanners_and_two_codes_are_not_doubles() -> None:
    first = Reading(ORDER, "hand", 1.0)
    code = codes.read(ORDER)
    assert not double_read(first, Reading(ORDER, "table", 1.1), code)
    other = codes.write(CommandCode("DONE"))
    assert not double_read(first, Reading(other, "hand", 1.1), codes.read(other))


def test_a_clock_that_went_back_drops_nothing() -> None:
    assert doubled(ORDER, 5.0, 1.0) == [False, False]


@pytest.mark.parametrize(("first", "second"), [("hand", "wedge"), ("wedge", "hand")])
def test_a_scanner_that_types_and_uses_a_wire_counts_a_piece_once(first: str, second: str) -> None:
    previous = Reading("]E0" + MUG if first == "hand" else MUG, first, 1.0)
    scan = Reading("]E0" + MUG if second == "hand" else MUG, second, 1.08)
    assert double_read(previous, scan, codes.read(MUG))
    later = Reading(scan.text, second, 1.0 + TWIN_SECONDS)
    assert not double_read(previous, later, codes.read(MUG))


def test_two_scanners_on_wires_and_a_hand_that_types_are_no_twins() -> None:
    code = codes.read(MUG)
    assert not double_read(Reading(MUG, "hand", 1.0), Reading(MUG, "table", 1.05), code)
    assert not double_read(Reading(MUG, "hand", 1.0), Reading(MUG, "typed", 1.05), code)
