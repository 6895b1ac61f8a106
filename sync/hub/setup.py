"""How a database becomes the hub's, and which one is refused."""

from __future__ import annotations

from sqlalchemy import Connection, insert, inspect, select, update

from sync.hub.engine import Store
from sync.hub.schema import SCHEMA, counter, meta, metadata


class Unfit(Exception):
    """A database that this hub must not touch: newer than itself, or not made yet."""


def make(store: Store) -> bool:
    """Make the tables, or bring them up to date; say whether they were there. Raises Unfit."""
    with store.write() as connection:
        there = inspect(connection).has_table("meta")
        if there:
            _refuse_newer(connection)
        metadata.create_all(connection)
        if not there:
            first = {"schema": str(SCHEMA), "epoch": "1"}
            connection.execute(insert(meta), [{"name": n, "value": v} for n, v in first.items()])
            connection.execute(insert(counter).values(name="entries", value=0))
        else:
            connection.execute(
                update(meta).where(meta.c.name == "schema").values(value=str(SCHEMA))
            )
    return there


def check(store: Store) -> None:
    """Make sure that the tables are there and of this version. Raises Unfit."""
    with store.read() as connection:
        if not inspect(connection).has_table("meta"):
            raise Unfit("the database is empty: run `packbench-hub init` first")
        found = _refuse_newer(connection)
    if found < SCHEMA:
        raise Unfit("the database is older than this hub: run `packbench-hub migrate` first")


def epoch(connection: Connection) -> int:
    """Give the hub's epoch, which every restore raises."""
    found = connection.execute(select(meta.c.value).where(meta.c.name == "epoch"))
    return int(found.scalar_one())


def _refuse_newer(connection: Connection) -> int:
    found = connection.execute(select(meta.c.value).where(meta.c.name == "schema"))
    version = int(found.scalar_one())
    if version > SCHEMA:
        raise Unfit(
            f"the database has version {version}, this hub knows {SCHEMA}: upgrade the hub first"
        )
    return version
