"""What did schema 1 have? The baseline: the tables as the first version made them.

It is frozen: what has changed since stands in the revisions after it.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

revision = "v1"
down_revision = None

tables = MetaData()

Table(
    "meta",
    tables,
    Column("name", String, primary_key=True),
    Column("value", String, nullable=False),
)

Table(
    "counter",
    tables,
    Column("name", String, primary_key=True),
    Column("value", BigInteger, nullable=False),
)

Table(
    "channel",
    tables,
    Column("name", String, primary_key=True),
    Column("market", String, nullable=False),
    Column("base_url", String, nullable=False),
    Column("token_url", String, nullable=False),
    Column("credentials", LargeBinary, nullable=False),
    Column("confirm_at", String, nullable=False),
    Column("rate_scale", Float, nullable=False),
    Column("time_scale", Float, nullable=False),
    Column("pulled_until", Float),
    Column("pulled_at", Float),
    Column("error", Text, nullable=False),
    Column("error_at", Float),
    Column("added_at", Float, nullable=False),
)

Table(
    "carrier",
    tables,
    Column("name", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("base_url", String, nullable=False),
    Column("credentials", LargeBinary, nullable=False),
    Column("rate_scale", Float, nullable=False),
    Column("added_at", Float, nullable=False),
)

Table(
    "bucket",
    tables,
    Column("owner", String, primary_key=True),
    Column("operation", String, primary_key=True),
    Column("tokens", Float, nullable=False),
    Column("at", Float, nullable=False),
    Column("per_second", Float, nullable=False),
)

Table(
    "orders",
    tables,
    Column("id", String, primary_key=True),
    Column("channel", String, nullable=False),
    Column("channel_order_id", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("summary", String, nullable=False),
    Column("payment", String, nullable=False),
    Column("service", String, nullable=False),
    Column("ship_by", Float),
    Column("placed_at", Float),
    Column("received_at", Float, nullable=False),
    Column("called_off", Boolean, nullable=False),
    Column("doc", LargeBinary, nullable=False),
    UniqueConstraint("channel", "channel_order_id"),
    Index("orders_by_summary", "summary", "ship_by"),
)

Table(
    "address",
    tables,
    Column("order_id", String, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("stored_at", Float, nullable=False),
)

Table(
    "shipment",
    tables,
    Column("id", String, primary_key=True),
    Column("order_id", String, nullable=False),
    Column("state", String, nullable=False),
    Column("stopped", Boolean, nullable=False),
    Column("warehouse", String, nullable=False),
    Column("bench", String, nullable=False),
    Column("claims", Integer, nullable=False),
    Column("ship_by", Float),
    Index("shipment_of_order", "order_id"),
    Index("shipment_by_state", "state", "stopped", "ship_by"),
    Index("shipment_of_bench", "bench", "state"),
)

Table(
    "parcel",
    tables,
    Column("id", String, primary_key=True),
    Column("order_id", String, nullable=False),
    Column("label_work", Boolean, nullable=False),
    Column("confirm_work", Boolean, nullable=False),
    Column("tracking", String, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("due_at", Float, nullable=False),
    Index("parcel_of_order", "order_id"),
    Index("parcel_labels", "label_work", "due_at"),
    Index("parcel_confirmations", "confirm_work", "due_at"),
    Index("parcel_by_tracking", "tracking"),
)

Table(
    "entry",
    tables,
    Column("bench", String, primary_key=True),
    Column("incarnation", Integer, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("id", String, nullable=False),
    Column("order_id", String, nullable=False),
    Column("at", Float),
    Column("received_at", Float, nullable=False),
    Column("kind", String, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("hash", String, nullable=False),
    Column("verdict", String, nullable=False),
    Column("reason", String, nullable=False),
    Index("entry_by_id", "id"),
    Index("entry_of_order", "order_id", "received_at"),
)

Table(
    "bench",
    tables,
    Column("name", String, primary_key=True),
    Column("warehouse", String, nullable=False),
    Column("prefetch", Integer, nullable=False),
    Column("incarnation", Integer, nullable=False),
    Column("token_hash", String, nullable=False),
    Column("feed_seq", BigInteger, nullable=False),
    Column("last_seq", BigInteger, nullable=False),
    Column("last_hash", String, nullable=False),
    Column("seen_at", Float),
    Column("heartbeat", LargeBinary, nullable=False),
    Column("added_at", Float, nullable=False),
)

Table(
    "enrol_code",
    tables,
    Column("hash", String, primary_key=True),
    Column("bench", String, nullable=False),
    Column("expires_at", Float, nullable=False),
    Column("used_at", Float),
)

Table(
    "feed",
    tables,
    Column("bench", String, primary_key=True),
    Column("row", String, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("gone", Boolean, nullable=False),
    UniqueConstraint("bench", "seq"),
)

Table(
    "item",
    tables,
    Column("sku", String, primary_key=True),
    Column("shelf", Integer, nullable=False),
    Column("serial", Boolean, nullable=False),
    Column("doc", LargeBinary, nullable=False),
    Index("item_by_shelf", "shelf"),
)

Table(
    "packer",
    tables,
    Column("badge", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("role", String, nullable=False),
    Column("language", String, nullable=False),
)

Table(
    "blob",
    tables,
    Column("sha256", String, primary_key=True),
    Column("order_id", String, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("stored_at", Float, nullable=False),
)

Table(
    "trouble",
    tables,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("key", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("order_id", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("sentence", Text, nullable=False),
    Column("actions", Text, nullable=False),
    Column("opened_at", Float, nullable=False),
    Column("resolved_at", Float),
    Column("resolved_by", String, nullable=False),
    Column("action", String, nullable=False),
    Index("trouble_by_key", "key", "resolved_at"),
)


def upgrade() -> None:
    """Make the tables."""
    tables.create_all(op.get_bind())
