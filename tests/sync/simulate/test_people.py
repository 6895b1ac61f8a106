from __future__ import annotations

import unicodedata

import pytest

from sync.simulate import baskets, people
from sync.simulate.chance import dice

SCRIPTS = {"CN": "CJK", "TH": "THAI", "AE": "ARABIC", "GB": "LATIN"}


@pytest.mark.parametrize(("country", "script"), SCRIPTS.items())
def test_people_are_written_in_the_script_of_their_country(country: str, script: str) -> None:
    name = people.someone(dice(1, country), country).name
    assert any(script in unicodedata.name(sign, "") for sign in name)


@pytest.mark.parametrize("country", sorted(people.countries()))
def test_everybody_has_an_address_that_a_carrier_takes(country: str) -> None:
    throw = dice(2, country)
    for _ in range(50):
        someone = people.someone(throw, country)
        assert someone.complete
        assert not someone.masked
        assert "@" not in someone.postcode
        assert "{" not in "".join((someone.name, *someone.lines))


def test_there_are_people_in_every_country_that_is_ordered_from() -> None:
    wanted = {*baskets.figures().countries, *baskets.Baskets.ABROAD}
    assert wanted <= people.countries().keys()
