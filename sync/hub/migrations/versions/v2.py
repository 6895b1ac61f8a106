"""What did schema 2 add? Keys of benches, digests of feeds, leases, and the hub's processes."""

from __future__ import annotations

import time
from collections.abc import Iterator

from alembic import op
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Float,
    Integer,
    String,
    bindparam,
    column,
    func,
    select,
    table,
    text,
    update,
)

from sync.protocol import digest

revision = "v2"
down_revision = "v1"

AT_ONCE = 5_000
"""Feed rows in one statement: some megabytes."""

bench = table(
    "bench",
    column("name", String),
    column("seen_at", Float),
    column("digest", BigInteger),
    column("lease_seconds", Float),
    column("lease_until", Float),
)
feed = table(
    "feed",
    column("bench", String),
    column("row", String),
    column("gone", Boolean),
    column("share", BigInteger),
    column("at", Float),
)
shipment = table("shipment", column("id", String), column("order_id", String))
orders = table("orders", column("id", String), column("version", Integer))


def upgrade() -> None:
    """Add the columns, and fill those that follow from what is there."""
    _add_columns()
    op.create_table(
        "process",
        Column("name", String, primary_key=True),
        Column("boot", String, nullable=False),
        Column("beat_at", Float, nullable=False),
        Column("address", String, nullable=False),
    )
    connection = op.get_bind()
    _sum_feeds(connection)
    # A feed row does not say when it moved; what is gone is forgotten a month from here.
    connection.execute(update(feed).values(at=time.time()))
    heard = func.coalesce(bench.c.seen_at, 0.0)
    connection.execute(update(bench).values(lease_until=heard + bench.c.lease_seconds))


def _add_columns() -> None:
    with op.batch_alter_table("counter") as counter:
        counter.add_column(Column("hash", String, nullable=False, server_default=""))
    with op.batch_alter_table("entry") as entry:
        entry.add_column(Column("captured_at", Float))
    not_ok = text("verdict != 'ok'")
    op.create_index(
        "entry_not_ok",
        "entry",
        ["verdict", "received_at"],
        sqlite_where=not_ok,
        postgresql_where=not_ok,
    )
    with op.batch_alter_table("bench") as benches:
        # Benches sign with keys: whoever had a token joins anew, once.
        benches.drop_column("token_hash")
        benches.add_column(Column("public_key", String, nullable=False, server_default=""))
        benches.add_column(Column("digest", BigInteger, nullable=False, server_default="0"))
        benches.add_column(Column("purged_seq", BigInteger, nullable=False, server_default="0"))
        benches.add_column(Column("lease_seconds", Float, nullable=False, server_default="43200"))
        benches.add_column(Column("lease_until", Float, nullable=False, server_default="0"))
        benches.add_column(Column("clock_offset", Float))
    with op.batch_alter_table("channel") as channels:
        channels.add_column(Column("puller", String, nullable=False, server_default=""))
    with op.batch_alter_table("parcel") as parcels:
        parcels.add_column(Column("holder", String, nullable=False, server_default=""))
    with op.batch_alter_table("feed") as feeds:
        feeds.add_column(Column("share", BigInteger, nullable=False, server_default="0"))
        feeds.add_column(Column("at", Float, nullable=False, server_default="0"))


def _sum_feeds(connection: Connection) -> None:
    """Give each shipment in a feed its share, and each feed the sum of them."""
    set_share = (
        update(feed)
        .where(feed.c.bench == bindparam("of"), feed.c.row == bindparam("id"))
        .values(share=bindparam("new"))
    )
    for name in connection.execute(select(bench.c.name).order_by(bench.c.name)).scalars().all():
        total = 0
        for rows in _shipments(connection, name):
            new = [{"of": name, "id": id, "new": digest.share(id, version)} for id, version in rows]
            total = digest.moved(total, (), (row["new"] for row in new))
            connection.execute(set_share, new)
        connection.execute(update(bench).where(bench.c.name == name).values(digest=total))


def _shipments(connection: Connection, name: str) -> Iterator[list[tuple[str, int]]]:
    """Give what a bench has, with the versions of the orders, some at a time."""
    last = ""
    while True:
        rows = connection.execute(
            select(feed.c.row, orders.c.version)
            .join(shipment, shipment.c.id == feed.c.row)
            .join(orders, orders.c.id == shipment.c.order_id)
            .where(feed.c.bench == name, feed.c.gone.is_(False), feed.c.row > last)
            .order_by(feed.c.row)
            .limit(AT_ONCE)
        ).all()
        if not rows:
            return
        yield [(row.row, row.version) for row in rows]
        last = rows[-1].row
