"""Where the simulated seller sells: Amazon's European sites, their ids and money.

Ids from SP-API "Marketplace IDs". Prices are the goods' pence at a fixed rate: it is a play.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Site:
    """One country site."""

    id: str
    name: str
    country: str
    currency: str
    rate: float
    """Minor units of its currency for one penny."""

    def price(self, pence: int) -> int:
        """Give the price there, in minor units."""
        return max(1, round(pence * self.rate))


SITES = (
    Site("A1F83G8C2ARO7P", "Amazon.co.uk", "GB", "GBP", 1.0),
    Site("A1PA6795UKMFR9", "Amazon.de", "DE", "EUR", 1.17),
    Site("A13V1IB3VIYZZH", "Amazon.fr", "FR", "EUR", 1.17),
    Site("A1RKKUPIHCS9HS", "Amazon.es", "ES", "EUR", 1.17),
    Site("APJ6JRA9NG5V4", "Amazon.it", "IT", "EUR", 1.17),
    Site("A1805IZSGTT6HS", "Amazon.nl", "NL", "EUR", 1.17),
    Site("A1C3SOZRARQ6R3", "Amazon.pl", "PL", "PLN", 5.0),
    Site("A2NODRKZP88ZB9", "Amazon.se", "SE", "SEK", 13.0),
    Site("A2VIGQ35RCS4UG", "Amazon.ae", "AE", "AED", 4.7),
)
"""One account in the European region; the first site sells to whoever has none of his own."""

BY_ID = {site.id: site for site in SITES}


def selling_to(country: str) -> Site:
    """Give the site on which somebody of that country buys."""
    return next((site for site in SITES if site.country == country), SITES[0])
