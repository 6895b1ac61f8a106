"""Who buys, and where they live: made-up people, written as their own post writes them."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from random import Random

import msgspec

from sync.orders.address import Address

_LETTERS = "ABCDEFGHJKLMNPRSTUVWXY"


class Country(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How people of one country are called and where they live: a table of people.toml."""

    name: str
    street: str
    phone: str
    given: tuple[str, ...]
    family: tuple[str, ...]
    streets: tuple[str, ...]
    places: tuple[tuple[str, str, str], ...]
    """City, region, pattern of the postcode; "" where the country has none."""


@cache
def countries() -> dict[str, Country]:
    """Give every country that we can make people for, by its ISO code."""
    text = files("sync.simulate").joinpath("people.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, Country])


def someone(throw: Random, country: str) -> Address:
    """Make up a person of the country, and where they live."""
    there = countries()[country]
    city, region, postcode = throw.choice(there.places)
    street = there.street.format(
        street=throw.choice(there.streets),
        number=throw.randint(1, 240),
        number2=throw.randint(1, 30),
    )
    return Address(
        name=there.name.format(given=throw.choice(there.given), family=throw.choice(there.family)),
        lines=(street,),
        city=city,
        region=region,
        postcode=_filled(throw, postcode),
        country=country,
        phone=_filled(throw, there.phone),
    )


def _filled(throw: Random, pattern: str) -> str:
    """Put a digit for every # and a letter for every @."""
    kinds = {"#": "123456789", "@": _LETTERS}
    return "".join(throw.choice(kinds.get(sign, sign)) for sign in pattern)
