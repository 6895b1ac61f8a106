"""What searchOrders asks for, and which orders answer it. Pure.

Orders API 2026-01-01, searchOrders: exactly one of createdAfter and lastUpdatedAfter; its Before
is optional, not earlier, and at least two minutes before the request; 1 to 100 orders a page. A
pagination token remembers the moment of the first page: what changes while one turns the pages
is left out and comes up in the next search, by its later time.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

import msgspec

from sync.orders.learn import learn
from sync.simulate.amazon import sites, wire
from sync.simulate.amazon.refusal import Refusal, invalid
from sync.simulate.amazon.sold import Sold

STATUSES = frozenset(
    {
        *("PENDING_AVAILABILITY", "PENDING", "UNSHIPPED", "PARTIALLY_SHIPPED"),
        *("SHIPPED", "CANCELLED", "UNFULFILLABLE"),
    }
)
SETTLED = timedelta(minutes=2)
"""How long before the request a Before must lie."""
TOKEN_LIFE = timedelta(hours=24)
"""How long a pagination token may be used (Orders API migration guide)."""


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for; crosses the wire inside the pagination token."""

    by_change: bool
    after: datetime
    before: datetime
    statuses: frozenset[str]
    marketplaces: frozenset[str]
    fulfilled_by: frozenset[str]
    parts: frozenset[str]
    limit: int


class Cursor(msgspec.Struct, frozen=True, kw_only=True):
    """A pagination token: the search, where its next page begins, and until when it is good."""

    search: Search
    last: tuple[datetime, str] | None
    until: datetime
    repeated: bool = False
    """Whether this page was given twice on purpose already."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of orders."""

    orders: tuple[Sold, ...]
    following: Cursor | None


def read(
    query: Mapping[str, str], now: datetime, *, horizon: datetime, time_scale: float, seal: bytes
) -> Cursor | Refusal:
    """Read the parameters of a request; changes after the horizon cannot be seen yet."""
    try:
        token = query.get("paginationToken")
        asked = _search(query, now, horizon, time_scale) if _dated(query) or not token else None
        if not token:
            assert asked is not None
            return Cursor(search=asked, last=None, until=now + TOKEN_LIFE / time_scale)
        return _follow(token, asked, now, seal)
    except Wrong as wrong:
        return invalid(str(wrong))


class Wrong(ValueError):
    """A parameter that makes no sense; says which."""


def page(orders: Iterable[Sold], cursor: Cursor) -> Page:
    """Choose the page from orders sorted by the time that the search goes by."""
    search = cursor.search
    found = []
    for order in orders:
        if (at := key(order, by_change=search.by_change))[0] > search.before:
            break
        if cursor.last is not None and at <= cursor.last:
            continue
        if _matches(order, search):
            found.append(order)
            if len(found) > search.limit:
                break
    if len(found) <= search.limit:
        return Page(tuple(found), None)
    here = tuple(found[: search.limit])
    last = key(here[-1], by_change=search.by_change)
    return Page(here, msgspec.structs.replace(cursor, last=last, repeated=False))


def key(order: Sold, *, by_change: bool) -> tuple[datetime, str]:
    """Give what a search sorts by."""
    return (order.changed if by_change else order.placed, order.id)


def start(cursor: Cursor) -> tuple[datetime, str]:
    """Give the key before which no order can be on the page."""
    return cursor.last or (cursor.search.after, "")


def write(cursor: Cursor, seal: bytes) -> str:
    """Write a pagination token, sealed so that nobody makes one up."""
    body = msgspec.json.encode(cursor)
    return base64.urlsafe_b64encode(_sealed(body, seal) + body).decode("ascii")


def _matches(order: Sold, search: Search) -> bool:
    return (
        (order.changed if search.by_change else order.placed) >= search.after
        and (not search.statuses or order.fulfilment in search.statuses)
        and (not search.marketplaces or order.marketplace in search.marketplaces)
        and (not search.fulfilled_by or "MERCHANT" in search.fulfilled_by)
    )


def _dated(query: Mapping[str, str]) -> bool:
    return "createdAfter" in query or "lastUpdatedAfter" in query


def _search(
    query: Mapping[str, str], now: datetime, horizon: datetime, time_scale: float
) -> Search:
    by_change = "lastUpdatedAfter" in query
    if by_change == ("createdAfter" in query):
        raise Wrong("Exactly one of createdAfter and lastUpdatedAfter must be provided.")
    mine, other = ("lastUpdated", "created") if by_change else ("created", "lastUpdated")
    if f"{other}Before" in query:
        raise Wrong(f"{other}Before cannot be provided with {mine}After.")
    after = _moment(query, f"{mine}After")
    before = horizon
    if f"{mine}Before" in query:
        before = _moment(query, f"{mine}Before")
        if before > now - SETTLED / time_scale:
            raise Wrong(f"{mine}Before must be at least two minutes before the current time.")
        if before < after:
            raise Wrong(f"{mine}Before must be equal to or after {mine}After.")
    return Search(
        by_change=by_change,
        after=after,
        before=min(before, horizon),
        statuses=_names(query, "fulfillmentStatuses", STATUSES),
        marketplaces=_names(query, "marketplaceIds", sites.BY_ID.keys(), most=50),
        fulfilled_by=_names(query, "fulfilledBy", {"MERCHANT", "AMAZON"}),
        parts=parts(query),
        limit=_limit(query),
    )


def parts(query: Mapping[str, str]) -> frozenset[str]:
    """Read includedData. A name that it does not know, lower case say, silently adds nothing."""
    return wire.PARTS & frozenset(query.get("includedData", "").split(","))


def _moment(query: Mapping[str, str], name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(query[name])
    except ValueError:
        raise Wrong(f"{name} is not in ISO 8601 format.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _names(
    query: Mapping[str, str], name: str, known: Iterable[str], *, most: int = 100
) -> frozenset[str]:
    given = frozenset(query[name].split(",")) if name in query else frozenset()
    wrong = given - set(known)
    if wrong:
        raise Wrong(f"Invalid value for {name}: {', '.join(sorted(wrong))}.")
    if len(given) > most:
        raise Wrong(f"{name} may name at most {most}.")
    return given


def _limit(query: Mapping[str, str]) -> int:
    text = query.get("maxResultsPerPage", "100")
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= 100):
        raise Wrong("maxResultsPerPage must be between 1 and 100.")
    return int(text)


def _follow(token: str, asked: Search | None, now: datetime, seal: bytes) -> Cursor:
    try:
        raw = base64.urlsafe_b64decode(token.encode("ascii"))
        body = raw[_SEAL_BYTES:]
        if raw[:_SEAL_BYTES] != _sealed(body, seal):
            raise Wrong("Invalid paginationToken.")
        cursor = msgspec.json.decode(body, type=Cursor)
    except (binascii.Error, UnicodeError, msgspec.DecodeError):
        raise Wrong("Invalid paginationToken.") from None
    if now > cursor.until:
        raise Wrong("The paginationToken has expired.")
    if asked is not None and not _same(asked, cursor.search):
        raise Wrong("The parameters differ from those that the paginationToken was given for.")
    return cursor


def _same(asked: Search, before: Search) -> bool:
    # Without a Before the end is the moment of the first page: it has moved on meanwhile.
    return msgspec.structs.replace(asked, before=before.before) == before


_SEAL_BYTES = 16


def _sealed(body: bytes, seal: bytes) -> bytes:
    return blake2b(body, key=seal, digest_size=_SEAL_BYTES).digest()


learn(Search, Cursor)
