"""Version 3: a shipment has a number, and says itself which rows it is found by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Boolean, Column, Integer, LargeBinary, String, text

if TYPE_CHECKING:
    from alembic.operations import Operations

_SHIPMENTS = """
INSERT INTO shipments (number, generation, id, order_id, channel, share, state, stopped, urgency,
                       pieces, begun, found_by)
SELECT s.rowid, s.generation, s.id, s.order_id, s.channel, s.share, s.state, s.stopped, s.urgency,
       s.pieces, s.begun,
       CAST(json_array(
           json((SELECT json_group_array(json_array(c.kind, c.code))
                 FROM codes_2 AS c WHERE c.shipment_id = s.id)),
           json((SELECT json_group_array(n.gtin) FROM needs_2 AS n WHERE n.shipment_id = s.id)),
           s.pieces > 1,
           s.urgency
       ) AS BLOB)
FROM shipments_2 AS s
"""
_CODES = """
INSERT INTO codes (kind, code, shipment, parcel)
SELECT c.kind, c.code, s.number,
       CASE c.parcel_id WHEN '' THEN 0
       ELSE CAST(substr(c.parcel_id, length(c.shipment_id) + 2) AS INTEGER) END
FROM codes_2 AS c JOIN shipments AS s ON s.id = c.shipment_id
"""
_NEEDS = """
INSERT INTO needs (gtin, several, urgency, shipment)
SELECT n.gtin, n.several, n.urgency, s.number
FROM needs_2 AS n JOIN shipments AS s ON s.id = n.shipment_id
"""


def upgrade(op: Operations) -> None:
    """Make the three tables anew, and bring their rows over."""
    names = ("shipments", "codes", "needs")
    for name in names:
        op.rename_table(name, f"{name}_2")
    # Its name is taken up again.
    op.drop_index("shipments_by_state", "shipments_2")
    _create(op)
    sql = op.get_bind()
    for fill in (_SHIPMENTS, _CODES, _NEEDS):
        sql.execute(text(fill))
    for name in names:
        op.drop_table(f"{name}_2")


def _create(op: Operations) -> None:
    op.create_table(
        "shipments",
        Column("number", Integer, primary_key=True),
        Column("generation", Integer, nullable=False),
        Column("id", String, nullable=False, unique=True),
        Column("order_id", String, nullable=False),
        Column("channel", String, nullable=False),
        Column("share", Integer, nullable=False),
        Column("state", String, nullable=False),
        Column("stopped", Boolean, nullable=False),
        Column("urgency", Integer, nullable=False),
        Column("pieces", Integer, nullable=False),
        Column("begun", Boolean, nullable=False),
        Column("found_by", LargeBinary, nullable=False),
    )
    op.create_index("shipments_by_state", "shipments", ["state", "urgency"])
    op.create_table(
        "codes",
        Column("kind", String, primary_key=True),
        Column("code", String, primary_key=True),
        Column("shipment", Integer, primary_key=True),
        Column("parcel", Integer, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "needs",
        Column("gtin", String, primary_key=True),
        Column("several", Integer, primary_key=True),
        Column("urgency", Integer, primary_key=True),
        Column("shipment", Integer, primary_key=True),
        sqlite_with_rowid=False,
    )
