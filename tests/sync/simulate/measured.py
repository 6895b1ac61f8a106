"""What the real orders are like: measures them, and writes sync/simulate/figures.json.

    python -m tests.sync.simulate.measured

What counts as an order: an invoice with a plain number, and of it the paid pieces of goods
(stock codes that begin with five digits; not postage, fees or samples), one line a stock code.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import msgspec

from sync.simulate import baskets
from tests import data

PARQUET = ("data", "online-retail", "online_retail.parquet")

ISO = {
    "United Kingdom": "GB", "Germany": "DE", "France": "FR", "EIRE": "IE", "Belgium": "BE",
    "Netherlands": "NL", "Spain": "ES", "Australia": "AU", "Portugal": "PT", "Switzerland": "CH",
    "Finland": "FI", "Italy": "IT", "Sweden": "SE", "Norway": "NO", "Japan": "JP", "Poland": "PL",
    "Denmark": "DK", "Austria": "AT", "Hong Kong": "HK", "Canada": "CA", "USA": "US",
    "Singapore": "SG", "United Arab Emirates": "AE",
}  # fmt: skip
"""The countries that we make people for; the others send 1 % of the orders."""

_LINES = """
create table line as
  select InvoiceNo as invoice, StockCode as code, sum(Quantity)::int as pieces,
         min(InvoiceDate) as moment, min(Country) as country
  from raw
  where regexp_matches(InvoiceNo, '^[0-9]+$') and regexp_matches(StockCode, '^[0-9]{5}')
    and Quantity > 0 and UnitPrice > 0
  group by 1, 2
"""
_ORDERS = """
create table placed as
  select invoice, count(*)::int as lines, max(pieces) as top, sum(pieces)::int as pieces,
         min(moment) as moment, min(country) as country
  from line group by 1
"""
_CALLED_OFF = """
with sale as (
  select InvoiceNo as invoice, CustomerID as buyer, InvoiceDate as moment, StockCode as code,
         Quantity as pieces
  from raw
  where regexp_matches(InvoiceNo, '^[0-9]+$') and regexp_matches(StockCode, '^[0-9]{5}')
    and Quantity > 0 and CustomerID is not null),
reversed as (
  select sale.invoice, sale.code from sale join raw as credit
  on credit.CustomerID = sale.buyer and credit.StockCode = sale.code
   and credit.InvoiceNo like 'C%' and -credit.Quantity between 1 and sale.pieces
   and credit.InvoiceDate >= sale.moment and credit.InvoiceDate < sale.moment + interval 24 hour
  group by 1, 2)
select count(distinct sale.invoice),
       count(distinct reversed.invoice),
       (select count(*) from (
          select sale.invoice from sale left join reversed using (invoice, code)
          group by 1 having count(distinct sale.code) = count(distinct reversed.code)))
from sale left join reversed using (invoice, code)
"""


def connect(parquet: Path) -> duckdb.DuckDBPyConnection:
    """Read the real orders into the tables raw, line and placed."""
    there = duckdb.connect()
    there.execute("create table raw as select * from read_parquet(?)", [str(parquet)])
    there.execute(_LINES)
    there.execute(_ORDERS)
    return there


def figures(there: duckdb.DuckDBPyConnection) -> baskets.Figures:
    """Measure all that the generator draws from."""
    named, called_off, whole = there.execute(_CALLED_OFF).fetchall()[0]
    orders, lines = there.execute("select count(*), sum(lines)::int from placed").fetchall()[0]
    return baskets.Figures(
        source=baskets.SOURCE,
        orders=orders,
        lines=lines,
        hours=_histogram(there, "select hour(moment), count(*) from placed group by 1"),
        countries={
            ISO[name]: count
            for name, count in there.execute(
                "select country, count(*) from placed group by 1 order by 2 desc, 1"
            ).fetchall()
            if name in ISO
        },
        popularity=popularity(there, baskets.GROUPS),
        traced=named,
        called_off=called_off,
        called_off_whole=whole,
        sizes={str(bounds): _sizes(there, bounds) for bounds in baskets.BOUNDS},
    )


def popularity(there: duckdb.DuckDBPyConnection, groups: int) -> list[int]:
    """Count the lines of the best-selling nth part of the goods, of the second, and so on."""
    return [
        count
        for _, count in there.execute(
            """with sold as (select code, count(*) as lines from line group by 1),
            ranked as (select lines, row_number() over (order by lines desc, code) - 1 as rank,
                              count(*) over () as goods from sold)
            select rank * ? // goods, sum(lines)::int from ranked group by 1 order by 1""",
            [groups],
        ).fetchall()
    ]


def within(bounds: baskets.Bounds) -> str:
    """Give the SQL condition of an order that lies within the bounds."""
    return f"lines <= {bounds.lines} and top <= {bounds.pieces}"


def _sizes(there: duckdb.DuckDBPyConnection, bounds: baskets.Bounds) -> baskets.Sizes:
    inside = within(bounds)
    shapes: list[tuple[int, int, int]] = there.execute(
        f"select lines, top, count(*) from placed where {inside} group by 1, 2 order by 1, 2"
    ).fetchall()
    others: dict[int, dict[int, int]] = {}
    for top, pieces, count in there.execute(
        f"""with inside as (
              select top, line.pieces,
                     row_number() over (partition by invoice order by line.pieces desc) as nth
              from line join placed using (invoice) where {inside})
            select top, pieces, count(*) from inside where nth > 1 group by 1, 2 order by 1, 2"""
    ).fetchall():
        others.setdefault(top, {})[pieces] = count
    return baskets.Sizes(orders=sum(count for _, _, count in shapes), shapes=shapes, others=others)


def _histogram(there: duckdb.DuckDBPyConnection, query: str) -> dict[Any, int]:
    return dict(sorted(there.execute(query).fetchall()))


if __name__ == "__main__":
    found = data.find(*PARQUET)
    if found is None:
        raise SystemExit(f"{'/'.join(PARQUET)} is not in PACKBENCH_TEST_DATA")
    written = msgspec.json.encode(figures(connect(found)))
    baskets.FILE.write_bytes(msgspec.json.format(written, indent=0).replace(b"\n", b"") + b"\n")
