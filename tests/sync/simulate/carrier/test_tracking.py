from __future__ import annotations

import pytest

from sync.simulate.carrier import tracking


@pytest.mark.parametrize(
    ("service", "serial", "country", "number"),
    [
        ("RA", 47312482, "US", "RA473124829US"),
        ("RR", 12345678, "DE", "RR123456785DE"),
        ("CP", 0, "GB", "CP000000005GB"),
        ("EE", 8, "GB", "EE000000080GB"),
    ],
)
def test_numbers_are_those_that_the_posts_would_give(
    service: str, serial: int, country: str, number: str
) -> None:
    assert tracking.number(service, serial, country) == number
