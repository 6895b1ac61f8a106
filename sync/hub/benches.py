"""Who may speak for a bench: one-time codes, tokens, and what a bench last said of itself."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, insert, select, update

from sync.hub import feed, items
from sync.hub.schema import bench, enrol_code
from sync.hub.schema import feed as feeds
from sync.hub.setup import epoch
from sync.protocol.messages import Enrolled, Heartbeat

CODE_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: nothing that looks like something else."""
CODE_LENGTH = 10
"""50 bits: at one guess a millisecond, half found after 18,000 years."""
CODE_SECONDS = 15 * 60.0
"""Long enough to walk to the bench."""
PREFETCH = 30
"""Open shipments that a bench is given ahead: an hour's work without the hub."""
WAREHOUSE = "main"


@dataclass(frozen=True, slots=True)
class Known:
    """A bench that showed its token."""

    name: str
    incarnation: int


def new_code(
    connection: Connection,
    name: str,
    now: float,
    *,
    warehouse: str = WAREHOUSE,
    prefetch: int = PREFETCH,
    minutes: float = CODE_SECONDS / 60,
) -> str:
    """Give a code with which one machine becomes that bench, once."""
    code = "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))
    there = connection.execute(select(bench.c.name).where(bench.c.name == name)).first()
    if there is None:
        row = {
            "name": name,
            "warehouse": warehouse,
            "prefetch": prefetch,
            "incarnation": 0,
            "token_hash": "",
            "feed_seq": 0,
            "last_seq": 0,
            "last_hash": "",
            "heartbeat": b"",
            "added_at": now,
        }
        connection.execute(insert(bench).values(**row))
        feed.put(connection, name, dict.fromkeys(items.everything(connection), 0), now)
    else:
        connection.execute(update(bench).where(bench.c.name == name).values(prefetch=prefetch))
    connection.execute(
        insert(enrol_code).values(hash=_hash(code), bench=name, expires_at=now + minutes * 60)
    )
    return code


def enrol(connection: Connection, code: str, now: float) -> Enrolled | None:
    """Let a machine be the bench that the code names; None for a code that is no good."""
    name = connection.execute(
        update(enrol_code)
        .where(
            enrol_code.c.hash == _hash(code.strip().upper().replace("-", "")),
            enrol_code.c.used_at.is_(None),
            enrol_code.c.expires_at >= now,
        )
        .values(used_at=now)
        .returning(enrol_code.c.bench)
    ).scalar_one_or_none()
    if name is None:
        return None
    token = secrets.token_urlsafe(32)
    incarnation = connection.execute(
        update(bench)
        .where(bench.c.name == name)
        .values(
            incarnation=bench.c.incarnation + 1,
            token_hash=_hash(token),
            last_seq=0,
            last_hash="",
            seen_at=now,
        )
        .returning(bench.c.incarnation)
    ).scalar_one()
    return Enrolled(
        bench=name,
        incarnation=incarnation,
        token=token,
        epoch=epoch(connection),
        server_time=datetime.fromtimestamp(now, UTC),
    )


def known(connection: Connection, token: str) -> Known | None:
    """Say which bench shows this token; None: none."""
    wanted = _hash(token)
    row = connection.execute(
        select(bench.c.name, bench.c.incarnation, bench.c.token_hash).where(
            bench.c.token_hash == wanted
        )
    ).first()
    if row is None or not hmac.compare_digest(row.token_hash, wanted):
        return None
    return Known(row.name, row.incarnation)


def beat(connection: Connection, name: str, heartbeat: Heartbeat, now: float) -> None:
    """Note what a bench says of itself."""
    connection.execute(
        update(bench)
        .where(bench.c.name == name)
        .values(seen_at=now, heartbeat=msgspec.json.encode(heartbeat))
    )


def revoke(connection: Connection, name: str) -> bool:
    """Shut a bench out; say whether there was one."""
    done = connection.execute(update(bench).where(bench.c.name == name).values(token_hash=""))
    return bool(done.rowcount)


def listed(connection: Connection) -> Sequence[Row[Any]]:
    """Give every bench, with its feed's length."""
    return connection.execute(select(bench).order_by(bench.c.name)).all()


def feed_rows(connection: Connection, name: str) -> int:
    """Count what a bench would read from 0."""
    found = connection.execute(select(feeds.c.row).where(feeds.c.bench == name))
    return len(found.all())


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
