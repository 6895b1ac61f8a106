"""Which line a scanned piece belongs to."""

import pytest

from station import codes
from station.flows import standing
from station.flows.flow import Scanned
from station.session import Session
from tests.builders import a_line, an_order


@pytest.mark.parametrize(
    ("lines", "scanned", "matches"),
    [
        (("abc-1", "ABC-1"), "ABC-1", ["L2"]),
        (("abc-1", "ABC-1"), "abc-1", ["L1"]),
        (("abc-1", "ABC-1"), "Abc-1", ["L1", "L2"]),
        (("abc-1", "MUG"), "ABC-1", ["L1"]),
    ],
)
def test_two_skus_that_differ_by_their_capitals_are_never_taken_for_each_other(
    lines: tuple[str, ...], scanned: str, matches: list[str]
) -> None:
    order = an_order(
        lines=tuple(a_line(f"L{n}", sku=sku, gtin="") for n, sku in enumerate(lines, 1))
    )
    session = Session(bench="b1", order=order, shipment_id=order.shipments[0].id)
    found = standing.matching(session, Scanned(codes.read(scanned), scanned))
    assert [line.line for line in found] == matches
