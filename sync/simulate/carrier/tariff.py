"""What Simpost offers: services, weights, zones and prices. All invented."""

from __future__ import annotations

import msgspec

from sync.orders.money import Money

HOME = "GB"
EUROPE = frozenset(
    {
        *("AT", "BE", "CH", "DE", "DK", "ES", "FI", "FR"),
        *("IE", "IT", "NL", "NO", "PL", "PT", "SE"),
    }
)


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """One service level."""

    service: str
    title: str
    prefix: str
    """The first two letters of its tracking numbers (UPU S10: CP parcels, EE express)."""
    lane: str
    """Where its parcels wait to be collected."""
    tolerance_grams: int
    """How far a parcel may weigh from what its label was bought for."""
    max_grams: int
    cut_off: str
    """Local time until which parcels go the same day."""
    home: int
    """Pence for the first kilogram at home."""


SERVICES = (
    Service(
        service="standard",
        title="Simpost Standard",
        prefix="CP",
        lane="S1",
        tolerance_grams=50,
        max_grams=30_000,
        cut_off="17:00",
        home=329,
    ),
    Service(
        service="express",
        title="Simpost Express 24",
        prefix="EE",
        lane="X1",
        tolerance_grams=25,
        max_grams=20_000,
        cut_off="15:30",
        home=795,
    ),
)
BY_NAME = {service.service: service for service in SERVICES}


def price(service: Service, country: str, grams: int) -> Money:
    """Give the price of a parcel: by zone, and for each kilogram that is begun.

    >>> price(BY_NAME["standard"], "GB", 800), price(BY_NAME["standard"], "JP", 1200)
    (Money(minor=329, currency='GBP'), Money(minor=1974, currency='GBP'))
    """
    zone = 1 if country == HOME else 2 if country in EUROPE else 4
    begun = -(-grams // 1000)
    pence = service.home * zone + service.home * zone * (begun - 1) // 2
    return Money(pence, "GBP")
