"""How a database becomes the hub's, which one is refused, and what a restore leaves behind.

To add a column or a table: change `schema.py`, raise SCHEMA when the one before was released, and
say the same in `migrations/versions/vN.py` with portable operations: `op.batch_alter_table(…)`,
a `server_default` for a column that may not be NULL, so that a hub of the version before can go on
writing while others are replaced. tests/sync/hub/test_migrations.py fails while the two differ. A
schema that was not released yet (that of the highest number, until its release) is extended in
its revision, without a new number.
"""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, delete, insert, inspect, or_, select, text, update

from sync.hub.engine import Store, upsert
from sync.hub.process import LEFT
from sync.hub.schema import (
    SCHEMA,
    address,
    bench,
    channel,
    counter,
    enrol_code,
    meta,
    metadata,
    parcel,
)
from sync.protocol.messages import Heartbeat

MAKING = 0x7061636B
"""PostgreSQL's advisory lock of whoever makes or migrates the tables: "pack"."""
RESTORING_SECONDS = 600.0
"""How long a restored hub waits for benches to tell what it lost."""
READ_AGAIN_SECONDS = 7 * 86400.0
"""How far back a restored hub reads its channels again: older copies than that are no backups."""


class Unfit(Exception):
    """A database that this hub must not touch, or cannot; says why and what to do."""


def make(store: Store) -> bool:
    """Make the tables, or bring them up to date; say whether they were there. Raises Unfit."""
    with store.write() as connection:
        if not store.embedded:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MAKING})
        there = inspect(connection).has_table("meta")
        if there:
            _migrate(connection)
        else:
            metadata.create_all(connection)
            first = {"schema": str(SCHEMA), "epoch": "1"}
            connection.execute(insert(meta), [{"name": n, "value": v} for n, v in first.items()])
            connection.execute(insert(counter).values(name="entries", value=0))
    return there


def _migrate(connection: Connection) -> None:
    found = _refuse_newer(connection)
    if found == SCHEMA:
        return
    from sync.hub import migrations  # Alembic takes half a second, and only this needs it

    migrations.upgrade(connection, found, SCHEMA)
    note(connection, "schema", str(SCHEMA))


def check(store: Store) -> None:
    """Make sure that the tables are there and of this version. Raises Unfit."""
    with store.read() as connection:
        if not inspect(connection).has_table("meta"):
            raise Unfit("the database is empty: run `packbench-hub init` first")
        found = _refuse_newer(connection)
    if found < SCHEMA:
        raise Unfit("the database is older than this hub: run `packbench-hub migrate` first")


def _refuse_newer(connection: Connection) -> int:
    version = int(noted(connection, "schema") or 0)
    if version > SCHEMA:
        raise Unfit(
            f"the database has version {version}, this hub knows {SCHEMA}: upgrade the hub first"
        )
    return version


def epoch(connection: Connection) -> int:
    """Give the hub's epoch, which every restore raises."""
    found = connection.execute(select(meta.c.value).where(meta.c.name == "epoch"))
    return int(found.scalar_one())


def noted(connection: Connection, name: str) -> str | None:
    """Give what is noted under a name in `meta`; None: nothing."""
    found = connection.execute(select(meta.c.value).where(meta.c.name == name))
    return found.scalar_one_or_none()


def note(connection: Connection, name: str, value: str | None) -> None:
    """Note something under a name in `meta`; None: forget it."""
    if value is None:
        connection.execute(delete(meta).where(meta.c.name == name))
    else:
        upsert(connection, meta, [{"name": name, "value": value}], "name")


def an_address(connection: Connection) -> tuple[bytes, str] | None:
    """Give a sealed address, and what it was sealed for; None: there is none."""
    row = connection.execute(select(address.c.sealed, address.c.order_id).limit(1)).first()
    return (row.sealed, f"address {row.order_id}") if row is not None else None


def restored(connection: Connection, new_epoch: int, now: float) -> None:
    """Make a copy that was put back the hub's book again: it may lack what happened since.

    Under the new epoch benches read their feed from 0 and send again what the copy lacks; what is
    due outside may have been done, so it is looked up first; channels are read again.
    """
    note(connection, "epoch", str(new_epoch))
    note(connection, "restored_at", repr(now))
    connection.execute(update(parcel).where(parcel.c.due_at != 0.0).values(due_at=LEFT, holder=""))
    connection.execute(
        update(parcel).where(or_(parcel.c.label_work, parcel.c.confirm_work)).values(due_at=LEFT)
    )
    again = now - READ_AGAIN_SECONDS
    connection.execute(
        update(channel).where(channel.c.pulled_until > again).values(pulled_until=again)
    )
    connection.execute(update(channel).values(puller=""))
    # Nothing that a bench holds is another's before its lease is over, whenever that began.
    connection.execute(update(bench).values(lease_until=now + bench.c.lease_seconds))
    connection.execute(update(enrol_code).where(enrol_code.c.used_at.is_(None)).values(used_at=now))
    # What a bench said before the copy was made says nothing of what it knows.
    connection.execute(update(bench).values(heartbeat=b""))


def restoring(connection: Connection, now: float) -> bool:
    """Say whether benches may still know what a restored hub does not: give out nothing new.

    It ends when each bench has said, since, that it owes nothing and that its journal has no more
    entries than are here; or after ten minutes, because a bench may be switched off.
    """
    at = noted(connection, "restored_at")
    if at is None or now >= float(at) + RESTORING_SECONDS:
        return False
    rows = connection.execute(
        select(bench.c.heartbeat, bench.c.last_seq).where(bench.c.public_key != "")
    )
    return any(owes(row.heartbeat, row.last_seq) for row in rows)


def owes(said: bytes, here: int) -> bool:
    """Say whether a bench knows what is not here, by its last heartbeat; b"": it sent none."""
    if not said:
        return True  # nothing was heard of it since
    heartbeat = msgspec.json.decode(said, type=Heartbeat)
    return heartbeat.pending > 0 or heartbeat.last_seq > here
