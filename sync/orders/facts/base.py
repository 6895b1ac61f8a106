"""What every fact is: it happened, and it names what it happened to."""

from __future__ import annotations

import msgspec


class AnyFact(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """What every fact is."""


class ShipmentFact(AnyFact, frozen=True, kw_only=True):
    """A fact of one shipment."""

    shipment: str
    """Its id."""


class ParcelFact(AnyFact, frozen=True, kw_only=True):
    """A fact of one parcel."""

    parcel: str
    """Its id; the shipment's is in it."""
