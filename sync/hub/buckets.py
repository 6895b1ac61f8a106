"""How soon may we ask again? Token buckets, kept in the database: a restart does not refill them.

Several hubs share them, and so do a hub and its command line.
"""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from sync.hub.engine import upsert
from sync.hub.schema import bucket
from sync.ports import Rate

LEAST_PER_SECOND = 1e-4
"""A bucket that an answer says fills slower than this would stop a channel for good."""


def take(connection: Connection, owner: str, operation: str, rate: Rate, now: float) -> float:
    """Take a token: 0 when there was one, else the seconds until there will be."""
    tokens, per_second = level(connection, owner, operation, rate, now)
    wait = 0.0 if tokens >= 1.0 else (1.0 - tokens) / per_second
    left = tokens - 1.0 if not wait else tokens
    row = {
        "owner": owner,
        "operation": operation,
        "tokens": left,
        "at": now,
        "per_second": per_second,
    }
    upsert(connection, bucket, [row], "owner", "operation")
    return wait


def level(
    connection: Connection, owner: str, operation: str, rate: Rate, now: float
) -> tuple[float, float]:
    """Give how many tokens there are, and how many come a second."""
    row = connection.execute(
        select(bucket)
        .where(bucket.c.owner == owner, bucket.c.operation == operation)
        .with_for_update()
    ).first()
    if row is None:
        return float(rate.burst), rate.per_second
    filled = row.tokens + max(0.0, now - row.at) * row.per_second
    return min(float(rate.burst), filled), row.per_second


def correct(connection: Connection, owner: str, operation: str, per_second: float) -> None:
    """Believe what an answer says of the rate."""
    connection.execute(
        update(bucket)
        .where(bucket.c.owner == owner, bucket.c.operation == operation)
        .values(per_second=max(per_second, LEAST_PER_SECOND))
    )


def drain(connection: Connection, owner: str, operation: str) -> None:
    """Believe an answer that says we asked too often: somebody else used it up."""
    connection.execute(
        update(bucket)
        .where(bucket.c.owner == owner, bucket.c.operation == operation)
        .values(tokens=0.0)
    )
