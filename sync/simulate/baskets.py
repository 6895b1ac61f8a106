"""What people order, when, and where it goes.

Drawn from figures measured on 541,909 real order lines (figures.json; the tests measure them
again where the data is there). The real shop also sold to wholesalers: its middle order has 15
lines and its largest over a thousand, which nobody packs in a demo. So the sizes are measured
*under a condition*, never squeezed: of the real orders only those with at most so many lines
and at most so many pieces on each line, and their distribution as it is.

- `PARCELS` (≤ 10 lines, ≤ 6 pieces a line) holds 6 % of the real orders: what a household buys.
- `SHOPS` (≤ 40 lines, ≤ 24 pieces a line) holds 45 %: what a small shop buys.

An order is drawn by its shape first (number of lines, and pieces of its largest line: retail
orders are small on every line, a reseller's large on every line), then the other lines' pieces
as they are in real orders of that largest line. The real shop's goods, ranked by how often they
sell, are cut into as many equal groups as we have goods: ours of rank k sells as its group k
(an order of ours holds a good once, a real one may hold two of a group: 2 % of the lines differ).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

import msgspec

from sync.simulate.chance import Weighted
from sync.simulate.goods import Good, catalogue

SOURCE = "UCI Online Retail, Chen, Sain & Guo 2012, CC BY 4.0"
FILE = Path(__file__).with_name("figures.json")
GROUPS = 120
"""Groups of equal size that the real goods are cut into: as many as we have goods."""


class Bounds(msgspec.Struct, frozen=True):
    """Which real orders count: those with so many lines, and so many pieces a line, at most."""

    lines: int
    pieces: int

    def __str__(self) -> str:
        """As it is named in figures.json: "10x6"."""
        return f"{self.lines}x{self.pieces}"


PARCELS = Bounds(10, 6)
SHOPS = Bounds(40, 24)
BOUNDS = (PARCELS, SHOPS)


class Sizes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How large the real orders within some bounds are."""

    orders: int
    shapes: list[tuple[int, int, int]]
    """Lines, pieces of the largest line, how many orders are so."""
    others: dict[int, dict[int, int]]
    """By the pieces of the largest line: pieces of the others, and how many lines are so."""


class Figures(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What was measured on the real orders; counts, so that anybody can add them up."""

    source: str
    orders: int
    lines: int
    hours: dict[int, int]
    """Orders by the hour of day in which they were placed."""
    countries: dict[str, int]
    """Orders by destination."""
    popularity: list[int]
    """Lines by group of goods, the best-selling group first."""
    traced: int
    """Orders of a known buyer, of which we know what was called off."""
    called_off: int
    """Of these: something of it was credited within a day."""
    called_off_whole: int
    """Of these: all of it was."""
    sizes: dict[str, Sizes]


@cache
def figures() -> Figures:
    """Read what was measured."""
    return msgspec.json.decode(FILE.read_bytes(), type=Figures)


@dataclass(frozen=True, slots=True)
class Basket:
    """What one order is about."""

    goods: tuple[tuple[Good, int], ...]
    """Goods and pieces, one entry a line."""
    country: str
    hour: int


class Baskets:
    """Draws baskets like the real ones.

    The real shop of 2010 sold nine of ten orders at home and none to China or Thailand.
    `abroad` is the share of orders whose destination is drawn evenly from `ABROAD` instead, so
    that a demo sees every script; with 0 the countries are those of the real orders.
    """

    ABROAD = ("DE", "FR", "ES", "JP", "CN", "TH", "AE", "SG", "US", "HK", "PL", "CA")

    def __init__(self, bounds: Bounds = PARCELS, *, abroad: float = 0.0) -> None:
        measured = figures()
        sizes = measured.sizes[str(bounds)]
        self._abroad = abroad
        self._shape = Weighted(
            [(lines, top) for lines, top, _ in sizes.shapes],
            [count for _, _, count in sizes.shapes],
        )
        self._others = {
            top: Weighted(list(counts), list(counts.values()))
            for top, counts in sizes.others.items()
        }
        self._good = Weighted(catalogue(), measured.popularity)
        self._country = Weighted(list(measured.countries), list(measured.countries.values()))
        self._hour = Weighted(list(measured.hours), list(measured.hours.values()))

    def draw(self, throw: Random) -> Basket:
        """Draw one."""
        lines, top = self._shape.draw(throw)
        pieces = [top, *(self._others[top].draw(throw) for _ in range(lines - 1))]
        throw.shuffle(pieces)
        goods = self._good.draw_distinct(throw, lines)
        return Basket(
            goods=tuple(zip(goods, pieces, strict=True)),
            country=self._destination(throw),
            hour=self._hour.draw(throw),
        )

    def _destination(self, throw: Random) -> str:
        if throw.random() < self._abroad:
            return throw.choice(self.ABROAD)
        return self._country.draw(throw)
