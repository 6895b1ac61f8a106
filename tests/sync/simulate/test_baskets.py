"""The baskets of the demo against half a million real order lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TypeVar

import duckdb
import pytest

from sync.simulate import baskets
from sync.simulate.baskets import PARCELS, SHOPS, Basket, Baskets, Bounds
from sync.simulate.chance import dice
from sync.simulate.goods import catalogue
from tests import data
from tests.sync.simulate import measured

T = TypeVar("T", bound="int | str")

DRAWN = 12_000


@pytest.fixture(scope="module")
def real() -> duckdb.DuckDBPyConnection:
    return measured.connect(data.need(*measured.PARQUET))


@pytest.fixture(scope="module")
def drawn() -> list[Basket]:
    throw, source = dice(1), Baskets(PARCELS)
    return [source.draw(throw) for _ in range(DRAWN)]


def test_the_committed_figures_are_those_of_the_real_orders(
    real: duckdb.DuckDBPyConnection,
) -> None:
    assert baskets.figures() == measured.figures(real)


def test_lines_per_order_are_distributed_as_in_real_orders(
    real: duckdb.DuckDBPyConnection, drawn: list[Basket]
) -> None:
    counted = Counter(len(basket.goods) for basket in drawn)
    assert_alike(counted, _real(real, "lines", "placed", PARCELS))


def test_pieces_per_line_are_distributed_as_in_real_orders(
    real: duckdb.DuckDBPyConnection, drawn: list[Basket]
) -> None:
    counted = Counter(pieces for basket in drawn for _, pieces in basket.goods)
    assert_alike(counted, _real(real, "line.pieces", "line join placed using (invoice)", PARCELS))


def test_pieces_per_order_are_distributed_as_in_real_orders(
    real: duckdb.DuckDBPyConnection, drawn: list[Basket]
) -> None:
    counted = Counter(sum(pieces for _, pieces in basket.goods) for basket in drawn)
    assert_alike(counted, _real(real, "placed.pieces", "placed", PARCELS))


def test_a_shop_orders_like_a_shop(real: duckdb.DuckDBPyConnection) -> None:
    throw, source = dice(2), Baskets(SHOPS)
    orders = [source.draw(throw) for _ in range(4_000)]
    assert_alike(
        Counter(len(basket.goods) for basket in orders), _real(real, "lines", "placed", SHOPS)
    )
    assert_alike(
        Counter(pieces for basket in orders for _, pieces in basket.goods),
        _real(real, "line.pieces", "line join placed using (invoice)", SHOPS),
    )


def test_hours_and_countries_are_those_of_real_orders(
    real: duckdb.DuckDBPyConnection, drawn: list[Basket]
) -> None:
    hours = dict(real.execute("select hour(moment), count(*) from placed group by 1").fetchall())
    assert_alike(Counter(basket.hour for basket in drawn), hours)
    names = real.execute("select country, count(*) from placed group by 1").fetchall()
    countries = {measured.ISO[name]: count for name, count in names if name in measured.ISO}
    assert sum(countries.values()) > 0.98 * sum(count for _, count in names)
    assert_alike(Counter(basket.country for basket in drawn), countries)


def test_what_sells_most_sells_as_much_as_in_the_real_shop(
    real: duckdb.DuckDBPyConnection, drawn: list[Basket]
) -> None:
    theirs = dict(enumerate(measured.popularity(real, baskets.GROUPS), start=1))
    singles = [basket for basket in drawn if len(basket.goods) == 1]
    assert_alike(Counter(basket.goods[0][0].rank for basket in singles), theirs)

    # A real order may hold two goods of one group, ours holds each good once: over all lines
    # that takes a little from the most popular.
    sold = Counter(good.rank for basket in drawn for good, _ in basket.goods)
    ours = _shares([sold[good.rank] for good in catalogue()])
    apart = max(abs(a - b) for a, b in zip(ours, _shares(list(theirs.values())), strict=True))
    assert apart < 0.03  # of all lines, at any rank


def test_abroad_every_script_is_seen_and_the_seed_repeats_it() -> None:
    source = Baskets(abroad=0.5)
    seen = {source.draw(throw).country for throw in (dice(3),) for _ in range(400)}
    assert seen >= set(Baskets.ABROAD)
    assert [source.draw(dice(4)) for _ in range(3)] == [source.draw(dice(4)) for _ in range(3)]


def test_a_wrong_distribution_would_be_noticed(real: duckdb.DuckDBPyConnection) -> None:
    throw = dice(5)
    flat = Counter(throw.randint(1, 10) for _ in range(DRAWN))
    with pytest.raises(AssertionError):
        assert_alike(flat, _real(real, "lines", "placed", PARCELS))


def assert_alike(ours: Mapping[T, int], theirs: Mapping[T, int]) -> None:
    """Two-sample chi-square; fails beyond what chance does once in 30,000 times."""
    statistic, cells = chi_square(ours, theirs)
    freedom = cells - 1
    limit = freedom * (1 - 2 / (9 * freedom) + 4.0 * (2 / (9 * freedom)) ** 0.5) ** 3
    assert statistic < limit, f"{statistic:.1f} on {freedom} degrees of freedom"


def chi_square(ours: Mapping[T, int], theirs: Mapping[T, int]) -> tuple[float, int]:
    """Compare two histograms; cells that are too small to say anything are put together."""
    total, real_total = sum(ours.values()), sum(theirs.values())
    share = real_total / (total + real_total)
    cells: list[tuple[int, int]] = []
    rest = (0, 0)
    for key in sorted({*ours, *theirs}, key=lambda key: -theirs.get(key, 0)):
        pair = (ours.get(key, 0), theirs.get(key, 0))
        if sum(pair) * min(share, 1 - share) >= 5:
            cells.append(pair)
        else:
            rest = (rest[0] + pair[0], rest[1] + pair[1])
    if sum(rest):
        cells.append(rest)
    a, b = (real_total / total) ** 0.5, (total / real_total) ** 0.5
    return sum((a * x - b * y) ** 2 / (x + y) for x, y in cells), len(cells)


def _real(
    real: duckdb.DuckDBPyConnection, what: str, source: str, bounds: Bounds
) -> dict[int, int]:
    inside = f"placed.lines <= {bounds.lines} and placed.top <= {bounds.pieces}"
    query = f"select {what}, count(*) from {source} where {inside} group by 1"
    return dict(real.execute(query).fetchall())


def _shares(counts: list[int]) -> list[float]:
    total, run, shares = sum(counts), 0, []
    for count in counts:
        run += count
        shares.append(run / total)
    return shares
