"""The marketplaces: one folder each, all of the shape in `sync.ports`.

A folder holds talks (`__init__`), how its JSON becomes our orders (`read`), how one gets in
(`access`) and samples of our own making. Nothing in it waits, stores or logs: `sync.hub.http`
holds the talks. To add one: one folder, one line in each table here.
"""

from __future__ import annotations

from collections.abc import Mapping

from sync.markets import amazon
from sync.markets.amazon import access as amazon_access
from sync.ports import Access, Market

MARKETS: Mapping[str, Market] = {
    "amazon": amazon,
}
ACCESS: Mapping[str, Access] = {
    "amazon": amazon_access,
}
