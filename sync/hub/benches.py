"""Who may speak for a bench: one-time codes, keys, and what a bench last said of itself.

A machine becomes a bench by a code and its public key. From then on each request is signed with
that key, in the name of the bench and of the incarnation that its enrolment began: whoever holds
an older one, a cloned disk or a machine that was replaced, is not the bench any more.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    case,
    insert,
    or_,
    select,
    update,
)

from sync.hub import feed, items, troubles
from sync.hub.book import HUB
from sync.hub.refused import Refused
from sync.hub.schema import bench, enrol_code
from sync.hub.schema import feed as feeds
from sync.hub.setup import epoch
from sync.hub.troubles import Trouble
from sync.protocol.chain import START
from sync.protocol.messages import Enrol, Enrolled, Heartbeat, Kind, Me, Rejoin
from sync.protocol.signing import WINDOW_SECONDS, Claimed

CODE_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: nothing that looks like something else."""
CODE_LENGTH = 10
"""50 bits: at one guess a millisecond, half found after 18,000 years."""
CODE_SECONDS = 15 * 60.0
"""Long enough to walk to the bench."""
PREFETCH = 30
"""Open shipments that a bench is given ahead: an hour's work without the hub."""
WAREHOUSE = "main"
LEASE_MINUTES = 12 * 60.0
"""How long what a silent bench has not begun stays its own: a shift."""
UNHEARD_SECONDS = 12 * 3600.0
"""A bench that never had a lease, and was not heard of for a shift, gets nothing new."""
LEAST_LEASE_MINUTES = 1.0
"""The bench says that it lives every few seconds; a network that hiccups must not cost its work."""
LONGEST_NAME = 60
"""It stands in every header, and on the screens of all benches."""
BEAT_SECONDS = 2.0
"""A heartbeat with nothing new is written down at most so often; benches send one in three."""


@dataclass(frozen=True, slots=True)
class Known:
    """A bench that proved to be it."""

    name: str
    incarnation: int


def why_not(name: str, lease_minutes: float) -> str:
    """Say why there can be no such bench; "" when there can."""
    if name == HUB:
        return f"the hub's own entries are told as of {HUB}: give the bench another name"
    if not name.strip() or not name.isprintable() or len(name) > LONGEST_NAME:
        return f"name the bench in 1 to {LONGEST_NAME} letters or digits"
    if not LEAST_LEASE_MINUTES <= lease_minutes < float("inf"):
        return f"a lease of less than {LEAST_LEASE_MINUTES:g} minutes is over before it is heard of"
    return ""


def new_code(
    connection: Connection,
    name: str,
    now: float,
    *,
    warehouse: str = WAREHOUSE,
    prefetch: int = PREFETCH,
    lease_minutes: float = LEASE_MINUTES,
    minutes: float = CODE_SECONDS / 60,
) -> str:
    """Give a code with which one machine becomes that bench, once."""
    code = "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))
    there = connection.execute(select(bench.c.name).where(bench.c.name == name)).first()
    asked = {"prefetch": prefetch, "lease_seconds": lease_minutes * 60}
    if there is None:
        row = {
            "name": name,
            "warehouse": warehouse,
            "incarnation": 0,
            "public_key": "",
            "feed_seq": 0,
            "last_seq": 0,
            "last_hash": START,
            "heartbeat": b"",
            "added_at": now,
            **asked,
        }
        connection.execute(insert(bench).values(**row))
        feed.put(connection, name, dict.fromkeys(items.everything(connection), 0), now)
    else:
        connection.execute(update(bench).where(bench.c.name == name).values(**asked))
    connection.execute(
        insert(enrol_code).values(hash=_hash(code), bench=name, expires_at=now + minutes * 60)
    )
    return code


# -- joining


INCARNATIONS = 1_000
"""So many of a bench in each of the hub's epochs. What a restored hub gives out must not be what
the lost hub gave: a machine that still has that one would be taken for the new one, and what it had
told the lost hub for told."""


def enrol(connection: Connection, said: Enrol, now: float) -> Enrolled | None:
    """Let a machine be the bench that the code names; None for a code that is no good."""
    hash = _hash(said.code.strip().upper().replace("-", ""))
    name = connection.execute(
        update(enrol_code)
        .where(
            enrol_code.c.hash == hash,
            enrol_code.c.used_at.is_(None),
            enrol_code.c.expires_at >= now,
        )
        .values(used_at=now)
        .returning(enrol_code.c.bench)
    ).scalar_one_or_none()
    if name is None:
        return _enrolled_before(connection, said, hash, now)
    return _begin(
        connection,
        name,
        now,
        after=said.after,
        hash=said.hash,
        key=said.public_key,
        least=(epoch(connection) - 1) * INCARNATIONS + 1,
    )


def _enrolled_before(connection: Connection, said: Enrol, hash: str, now: float) -> Enrolled | None:
    """Answer as before, where the machine asks again because the answer did not arrive."""
    name = connection.execute(
        select(enrol_code.c.bench).where(enrol_code.c.hash == hash, enrol_code.c.expires_at >= now)
    ).scalar_one_or_none()
    if name is None:
        return None
    row = connection.execute(select(bench).where(bench.c.name == name)).one()
    same = (row.public_key, row.last_seq, row.last_hash)
    if same != (said.public_key, said.after, said.hash):
        return None
    return _enrolled(connection, row, now)


def rejoin(connection: Connection, known: Known, said: Rejoin, now: float) -> Enrolled:
    """Begin a new incarnation with the key that the bench has."""
    row = connection.execute(
        select(bench).where(bench.c.name == known.name).with_for_update()
    ).one()
    if row.incarnation != known.incarnation:
        # It asks again because the answer did not arrive.
        if (row.last_seq, row.last_hash) != (said.after, said.hash):
            raise _over(known.name)
        return _enrolled(connection, row, now)
    key = row.public_key
    return _begin(connection, known.name, now, after=said.after, hash=said.hash, key=key)


def _begin(
    connection: Connection,
    name: str,
    now: float,
    *,
    after: int,
    hash: str,
    key: str,
    least: int = 1,
) -> Enrolled:
    next_ = bench.c.incarnation + 1
    row = connection.execute(
        update(bench)
        .where(bench.c.name == name)
        .values(
            incarnation=case((next_ > least, next_), else_=least),
            public_key=key,
            last_seq=after,
            last_hash=hash,
            seen_at=now,
            lease_until=now + bench.c.lease_seconds,
        )
        .returning(bench)
    ).one()
    return _enrolled(connection, row, now)


def _enrolled(connection: Connection, row: Row[Any], now: float) -> Enrolled:
    return Enrolled(
        bench=row.name,
        incarnation=row.incarnation,
        epoch=epoch(connection),
        lease_seconds=row.lease_seconds,
        server_time=datetime.fromtimestamp(now, UTC),
    )


# -- being known


def verified(
    connection: Connection,
    claimed: Claimed,
    signature: bytes,
    words: bytes,
    now: float,
    *,
    rejoining: bool = False,
) -> Known:
    """Say which bench signed these words. Raises Refused.

    The key is read each time, an indexed row: who is shut out is out at once, at every hub.
    One that asks to join again may show the incarnation that the answer it missed has ended.
    """
    if "\0" in claimed.bench:  # no text to PostgreSQL
        raise _over(claimed.bench)
    row = connection.execute(
        select(bench.c.public_key, bench.c.incarnation).where(bench.c.name == claimed.bench)
    ).first()
    if row is None or not row.public_key:
        raise _over(claimed.bench)
    late = rejoining and claimed.incarnation == row.incarnation - 1
    if claimed.incarnation != row.incarnation and not late:
        raise _over(claimed.bench)
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(row.public_key)).verify(signature, words)
    except (InvalidSignature, ValueError):
        raise Refused(
            Kind.BAD_SIGNATURE,
            f"this is not signed with {claimed.bench}'s key, or was changed on its way",
        ) from None
    # Written so that a moment that is no number is too far as well.
    if not abs(claimed.at - now) <= WINDOW_SECONDS:
        raise Refused(Kind.CLOCK, "the request's moment is too far from the hub's clock")
    return Known(claimed.bench, claimed.incarnation)


def _over(name: str) -> Refused:
    return Refused(
        Kind.UNKNOWN_BENCH,
        f"this machine is not bench {name} (any more): packbench enrol HUB-URL CODE",
    )


def me(connection: Connection, known: Known, version: int, now: float) -> Me:
    """Say what the hub knows of a bench."""
    row = connection.execute(select(bench).where(bench.c.name == known.name)).one()
    return Me(
        bench=row.name,
        incarnation=row.incarnation,
        epoch=epoch(connection),
        last_seq=row.last_seq,
        last_hash=row.last_hash,
        lease_seconds=row.lease_seconds,
        version=version,
        server_time=datetime.fromtimestamp(now, UTC),
    )


# -- living


def renew(connection: Connection, name: str, now: float) -> float:
    """Give a bench its whole lease again, and say how many seconds that is."""
    found = connection.execute(
        update(bench)
        .where(bench.c.name == name)
        .values(seen_at=now, lease_until=now + bench.c.lease_seconds)
        .returning(bench.c.lease_seconds)
    ).scalar_one()
    return float(found)


def rest_of_lease(connection: Connection, name: str, said: Heartbeat, now: float) -> float | None:
    """Say what is left of a bench's lease, where a heartbeat need not be written down.

    It tells nothing new, and the last one is just a moment old.
    """
    row = connection.execute(
        select(bench.c.heartbeat, bench.c.seen_at, bench.c.lease_until).where(bench.c.name == name)
    ).one()
    if row.seen_at is None or not 0.0 <= now - row.seen_at < BEAT_SECONDS:
        return None
    old = _read_beat(row.heartbeat)
    if old is None or _undated(old) != _undated(said):
        return None
    return float(row.lease_until - now)


def beat(connection: Connection, name: str, said: Heartbeat, now: float) -> float:
    """Note what a bench says of itself, and give it its whole lease again."""
    last = connection.execute(select(bench.c.heartbeat).where(bench.c.name == name)).scalar_one()
    old = _read_beat(last)
    if said.mismatches and (old is None or old.mismatches != said.mismatches):
        sentence = (
            f"what {name} had of its feed was not what the hub had, {said.mismatches} times since"
            " it started; it read everything anew and goes on"
        )
        found = Trouble(kind=troubles.Kind.FEED, subject=name, sentence=sentence)
        troubles.open_(connection, [found], now)
    values: dict[str, object] = {"heartbeat": msgspec.json.encode(said)}
    if said.at is not None:
        values["clock_offset"] = now - said.at.timestamp()
    connection.execute(update(bench).where(bench.c.name == name).values(**values))
    return renew(connection, name, now)


def may_be_given(now: float) -> ColumnElement[bool]:
    """Say which benches may be given work: those that are heard of, by their lease."""
    new = and_(bench.c.lease_until == 0.0, bench.c.seen_at > now - UNHEARD_SECONDS)
    return and_(bench.c.public_key != "", or_(bench.c.lease_until >= now, new))


def _read_beat(heartbeat: bytes) -> Heartbeat | None:
    return msgspec.json.decode(heartbeat, type=Heartbeat) if heartbeat else None


def _undated(said: Heartbeat) -> Heartbeat:
    return msgspec.structs.replace(said, at=None)


def revoke(connection: Connection, name: str) -> bool:
    """Shut a bench out; say whether there was one."""
    nobody = {"public_key": "", "lease_until": 0.0}
    done = connection.execute(update(bench).where(bench.c.name == name).values(**nobody))
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
