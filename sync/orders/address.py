"""Where a parcel goes, and how to tell that it changed without showing it."""

from __future__ import annotations

import hashlib

import msgspec


class Address(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A postal address as the marketplace gave it; any field may be masked with asterisks."""

    name: str = ""
    company: str = ""
    lines: tuple[str, ...] = ()
    """Street and house, one to three lines, in the order of the destination's post."""
    city: str = ""
    region: str = ""
    postcode: str = ""
    country: str = ""
    """ISO 3166-1 alpha-2, upper case; "" when the marketplace did not say."""
    phone: str = ""

    @property
    def masked(self) -> bool:
        """Whether the marketplace keeps a part of it to itself.

        >>> Address(name="****", lines=("Long Street 1",), city="Köln", country="DE").masked
        True
        """
        return any("***" in text for text in (self.name, *self.lines, self.city, self.postcode))

    @property
    def complete(self) -> bool:
        """Whether a carrier could deliver to it: someone, somewhere, in a known country."""
        return bool(self.name or self.company) and bool(self.lines and self.city and self.country)

    @property
    def digest(self) -> str:
        """A hash of all of it: journals and labels carry this instead of the address."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()[:32]
