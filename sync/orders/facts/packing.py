"""What hands do: picking, packing, boxing, weighing."""

from __future__ import annotations

from sync.orders.facts.base import ParcelFact, ShipmentFact
from sync.orders.state import State


class PickStarted(ShipmentFact, frozen=True, kw_only=True, tag="pick-started"):
    """Somebody walks for it."""

    tote: str = ""


class PickStopped(ShipmentFact, frozen=True, kw_only=True, tag="pick-stopped"):
    """Nobody walks for it any more, and nothing of it lies in a tote."""


class PiecePicked(ShipmentFact, frozen=True, kw_only=True, tag="piece-picked"):
    """Pieces of a line went from their bin into the tote."""

    line: str
    quantity: int = 1


class PieceUnpicked(ShipmentFact, frozen=True, kw_only=True, tag="piece-unpicked"):
    """They went back."""

    line: str
    quantity: int = 1


class LineShort(ShipmentFact, frozen=True, kw_only=True, tag="line-short"):
    """Pieces of a line are not there, and ship no more."""

    line: str
    quantity: int


class ShortWithdrawn(ShipmentFact, frozen=True, kw_only=True, tag="short-withdrawn"):
    """They are there after all."""

    line: str
    quantity: int


class PackStarted(ShipmentFact, frozen=True, kw_only=True, tag="pack-started"):
    """It lies on a bench."""


class PackStopped(ShipmentFact, frozen=True, kw_only=True, tag="pack-stopped"):
    """It was put aside with nothing packed."""

    back_to: State


class ParcelPlanned(ParcelFact, frozen=True, kw_only=True, tag="parcel-planned"):
    """There will be such a parcel."""

    replaces: str = ""
    """The parcel that is shipped again in this one; "" for a first one."""


class ParcelDropped(ParcelFact, frozen=True, kw_only=True, tag="parcel-dropped"):
    """There will not: it was empty and had no label."""


class ParcelOpened(ParcelFact, frozen=True, kw_only=True, tag="parcel-opened"):
    """A box stands open for it."""


class ParcelShut(ParcelFact, frozen=True, kw_only=True, tag="parcel-shut"):
    """The box was put away empty."""


class ItemPacked(ParcelFact, frozen=True, kw_only=True, tag="item-packed"):
    """Pieces of a line went into the box."""

    line: str
    quantity: int = 1
    serial: str = ""
    """Of the one piece, where the item demands it."""


class ItemUnpacked(ParcelFact, frozen=True, kw_only=True, tag="item-unpacked"):
    """They came out again."""

    line: str
    quantity: int = 1
    serial: str = ""


class ParcelChecked(ParcelFact, frozen=True, kw_only=True, tag="parcel-checked"):
    """Every piece that goes into this box is in it."""


class ParcelUnchecked(ParcelFact, frozen=True, kw_only=True, tag="parcel-unchecked"):
    """The box is open again."""


class BoxChosen(ParcelFact, frozen=True, kw_only=True, tag="box-chosen"):
    """It goes in a box of this kind."""

    box: str


class BoxReturned(ParcelFact, frozen=True, kw_only=True, tag="box-returned"):
    """It does not."""


class ParcelWeighed(ParcelFact, frozen=True, kw_only=True, tag="parcel-weighed"):
    """The parcel stood still on the scale, or was given a weight."""

    grams: int
    how: str = "scale"
    """scale | typed | expected."""


class WeightWithdrawn(ParcelFact, frozen=True, kw_only=True, tag="weight-withdrawn"):
    """That weight was wrong."""
