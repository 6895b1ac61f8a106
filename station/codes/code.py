"""What a code can be."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gtin:
    """An article number, as 14 digits, with what a GS1 code says beside it."""

    digits: str
    lot: str = ""
    serial: str = ""
    expiry: str = ""
    """YYMMDD as printed; "" when the code does not say."""
    count: int = 1
    """Pieces in it: more than one for a case whose code says so."""


@dataclass(frozen=True, slots=True)
class Sscc:
    """A logistic unit's number, 18 digits."""

    digits: str


@dataclass(frozen=True, slots=True)
class OrderCode:
    """An order's number as our papers print it, or as the marketplace writes it."""

    number: str


@dataclass(frozen=True, slots=True)
class ToteCode:
    """A tote."""

    tote: str


@dataclass(frozen=True, slots=True)
class BoxCode:
    """A kind of box."""

    box: str


@dataclass(frozen=True, slots=True)
class BinCode:
    """A bin in the shelves."""

    bin: str


@dataclass(frozen=True, slots=True)
class BenchCode:
    """A bench."""

    bench: str


@dataclass(frozen=True, slots=True)
class BadgeCode:
    """A person's badge."""

    badge: str


@dataclass(frozen=True, slots=True)
class CommandCode:
    """A card of the command sheet."""

    name: str
    """As in `station.commands`: "UNDO", "QTY", …"""
    n: int = 0
    """The number on it (BOX-3, QTY-12); 0 for cards without one."""


@dataclass(frozen=True, slots=True)
class Tracking:
    """A carrier's tracking number."""

    carrier: str
    """Whose pattern it has; "" when only its shape says that it is one."""
    number: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Anything else; the packer is told what was read."""

    text: str


@dataclass(frozen=True, slots=True)
class Garbled:
    """Half a code, or one that a wire damaged: scan again."""

    text: str


Code = (
    Gtin
    | Sscc
    | OrderCode
    | ToteCode
    | BoxCode
    | BinCode
    | BenchCode
    | BadgeCode
    | CommandCode
    | Tracking
    | Unknown
    | Garbled
)
