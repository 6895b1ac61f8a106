"""What the simulated seller sells.

A hundred and twenty goods of our own wording, in goods.csv. Their GTINs lie under 952, the
prefix that GS1 keeps for demonstrations and examples (General Specifications, section 1.4), so
that none can be mistaken for a real product.
"""

from __future__ import annotations

import csv
import io
from functools import cache
from importlib.resources import files

import msgspec

from sync.simulate.chance import dice

COMPANY = "9520417"
"""GS1's demonstration prefix and a company number of ours."""


class Good(msgspec.Struct, frozen=True, kw_only=True):
    """One item that is sold: what a master-data file says of it."""

    sku: str
    name: str
    name_zh: str
    gtin: str
    """GTIN-13 of the piece, as printed under its bars."""
    case_gtin: str
    """GTIN-14 of a full case; "" when it comes in no case."""
    case_pieces: int
    grams: int
    length: int
    width: int
    height: int
    price: int
    """Pence."""
    bin: str
    """Zone, aisle, bin: what sells most lies nearest."""
    gift: bool
    """Whether buyers have it wrapped."""
    serial: bool
    """Whether every piece bears a serial number that must be scanned."""
    fragile: bool
    rank: int
    """1 is what sells most."""


@cache
def catalogue() -> tuple[Good, ...]:
    """Give every good, the best-selling first."""
    text = files("sync.simulate").joinpath("goods.csv").read_text("utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))
    order = list(range(len(rows)))
    dice("what sells most").shuffle(order)
    return tuple(_good(rows[at], at, rank) for rank, at in enumerate(order, start=1))


@cache
def by_sku() -> dict[str, Good]:
    """Give every good by its SKU."""
    return {good.sku: good for good in catalogue()}


def master_data() -> str:
    """Give the catalogue as CSV, one row a good, for importing into a hub."""
    out = io.StringIO()
    writer = csv.DictWriter(out, Good.__struct_fields__, lineterminator="\n")
    writer.writeheader()
    for good in catalogue():
        writer.writerow(msgspec.to_builtins(good))
    return out.getvalue()


def _good(row: dict[str, str], at: int, rank: int) -> Good:
    marks = row["marks"].split()
    pieces = int(row["case"])
    body = f"{COMPANY}{at + 1:05d}"
    return Good(
        sku=f"{row['theme']}-{at + 1:03d}",
        name=row["name"],
        name_zh=row["name_zh"],
        gtin=with_check_digit(body),
        case_gtin=with_check_digit("1" + body) if pieces else "",
        case_pieces=pieces,
        grams=int(row["grams"]),
        length=int(row["length"]),
        width=int(row["width"]),
        height=int(row["height"]),
        price=int(row["pence"]),
        bin=_bin(rank),
        gift="gift" in marks,
        serial="serial" in marks,
        fragile="fragile" in marks,
        rank=rank,
    )


def with_check_digit(body: str) -> str:
    """Append the GS1 check digit (General Specifications, section 7.9).

    >>> with_check_digit("400638133393")
    '4006381333931'
    """
    total = sum(int(d) * (3 if at % 2 == 0 else 1) for at, d in enumerate(reversed(body)))
    return f"{body}{-total % 10}"


def _bin(rank: int) -> str:
    """Name the bin: three zones of four aisles of ten bins, filled by rank.

    >>> _bin(1), _bin(41), _bin(120)
    ('A-01-01', 'B-01-01', 'C-04-10')
    """
    zone, rest = divmod(rank - 1, 40)
    aisle, place = divmod(rest, 10)
    return f"{'ABC'[zone]}-{aisle + 1:02d}-{place + 1:02d}"
