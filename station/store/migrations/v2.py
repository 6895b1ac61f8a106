"""Version 2: entries say when by the machine's own clock, shipments their share in the digest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Column, Float, Integer, String, text

from sync.protocol import digest

if TYPE_CHECKING:
    from alembic.operations import Operations


def upgrade(op: Operations) -> None:
    """Add the columns. The shares are those of the versions that the hub had said."""
    op.add_column("shipments", Column("share", Integer, nullable=False, server_default=text("0")))
    op.add_column("entries", Column("boot", String, nullable=False, server_default=text("''")))
    op.add_column("entries", Column("boottime", Float, nullable=False, server_default=text("0")))
    sql = op.get_bind()
    known = sql.execute(
        text(
            "SELECT shipments.id, orders.version FROM shipments "
            "JOIN orders ON orders.id = shipments.order_id"
        )
    ).all()
    shares = [{"id": row.id, "share": digest.share(row.id, row.version)} for row in known]
    if shares:
        sql.execute(text("UPDATE shipments SET share = :share WHERE id = :id"), shares)
