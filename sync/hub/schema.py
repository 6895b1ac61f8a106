"""The tables of the hub. Portable: the same statements run on SQLite and on PostgreSQL.

An order is stored as one document (`orders.doc`, the JSON of sync.orders.Order without its
address); what must be searched for stands in columns beside it, written in the same statement by
`sync.hub.book` and by nobody else. Moments are UTC seconds since 1970 as floats: they are only
compared. Nothing personal stands in a column: addresses and label bytes are sealed.
"""

from __future__ import annotations

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
    text,
)

SCHEMA = 2
"""Raised with every change of these tables; a hub refuses a database that is newer than itself."""

metadata = MetaData()

meta = Table(
    "meta",
    metadata,
    Column(
        "name", String, primary_key=True, doc="epoch | schema | restored_at | copied_at | stream…"
    ),
    Column("value", String, nullable=False, doc="as text"),
)

counter = Table(
    "counter",
    metadata,
    Column("name", String, primary_key=True, doc="entries: the hub's own in the journal"),
    Column("value", BigInteger, nullable=False, doc="the last one given; its row lock orders them"),
    Column("hash", String, nullable=False, server_default="", doc="of that entry: chains the next"),
)

channel = Table(
    "channel",
    metadata,
    Column("name", String, primary_key=True, doc="what its people call it: amazon-uk"),
    Column("market", String, nullable=False, doc="folder in sync.markets"),
    Column("base_url", String, nullable=False, doc="instead of the marketplace's host; '' for its"),
    Column("token_url", String, nullable=False, doc="instead of its token address; '' for its"),
    Column("credentials", LargeBinary, nullable=False, doc="sealed JSON"),
    Column("confirm_at", String, nullable=False, doc="ConfirmAt: when it is told of a parcel"),
    Column("rate_scale", Float, nullable=False, doc="its limits are so many times higher"),
    Column("time_scale", Float, nullable=False, doc="its clock runs so many times faster"),
    Column("pulled_until", Float, doc="everything changed before was seen; NULL: never pulled"),
    Column("pulled_at", Float, doc="when the last round of fetching ended well"),
    Column("error", Text, nullable=False, doc="why the last round did not; '' if it did"),
    Column("error_at", Float, doc="when that was"),
    Column(
        "puller", String, nullable=False, server_default="", doc="the hub process that reads it"
    ),
    Column("added_at", Float, nullable=False, doc="when it was connected, or connected again"),
)

carrier = Table(
    "carrier",
    metadata,
    Column("name", String, primary_key=True, doc="what its people call it"),
    Column("kind", String, nullable=False, doc="folder in sync.carriers"),
    Column("base_url", String, nullable=False, doc="instead of the carrier's host; '' for its"),
    Column("credentials", LargeBinary, nullable=False, doc="sealed JSON"),
    Column("rate_scale", Float, nullable=False, doc="its limits are so many times higher"),
    Column("added_at", Float, nullable=False, doc="the first one sells the labels"),
)

bucket = Table(
    "bucket",
    metadata,
    Column("owner", String, primary_key=True, doc="channel or carrier"),
    Column("operation", String, primary_key=True, doc="as the other side's documentation names it"),
    Column("tokens", Float, nullable=False, doc="calls that were left at that moment"),
    Column("at", Float, nullable=False, doc="when that was"),
    Column("per_second", Float, nullable=False, doc="how fast it fills; its answers correct it"),
)

orders = Table(
    "orders",
    metadata,
    Column("id", String, primary_key=True, doc="channel:channel_order_id"),
    Column("channel", String, nullable=False, doc="the seller account it came from"),
    Column("channel_order_id", String, nullable=False, doc="the marketplace's own number"),
    Column("version", Integer, nullable=False, doc="raised by every change"),
    Column("summary", String, nullable=False, doc="cancelled | held | the state, in one word"),
    Column("payment", String, nullable=False, doc="paid | pending"),
    Column("service", String, nullable=False, doc="what the buyer was promised"),
    Column("ship_by", Float, doc="NULL: not promised"),
    Column("placed_at", Float, doc="by the marketplace's clock"),
    Column("received_at", Float, nullable=False, doc="when it came into the book"),
    Column("called_off", Boolean, nullable=False, doc="the marketplace showed a cancel request"),
    Column("doc", LargeBinary, nullable=False, doc="JSON of the Order, its address left out"),
    UniqueConstraint("channel", "channel_order_id"),
    Index("orders_by_summary", "summary", "ship_by"),
)

address = Table(
    "address",
    metadata,
    Column("order_id", String, primary_key=True, doc="the order that goes there"),
    Column("sealed", LargeBinary, nullable=False, doc="JSON of the Address"),
    Column("stored_at", Float, nullable=False, doc="when it came, or changed"),
)

shipment = Table(
    "shipment",
    metadata,
    Column("id", String, primary_key=True, doc="the order's, and #1"),
    Column("order_id", String, nullable=False, doc="the order that it is of"),
    Column("state", String, nullable=False, doc="how far it has come"),
    Column("stopped", Boolean, nullable=False, doc="held or called off"),
    Column("warehouse", String, nullable=False, doc="'' while none has it"),
    Column("bench", String, nullable=False, doc="'' while nobody may work on it"),
    Column("claims", Integer, nullable=False, doc="how often it was assigned: the next claim's n"),
    Column("ship_by", Float, doc="the order's, to sort by"),
    Index("shipment_of_order", "order_id"),
    Index("shipment_by_state", "state", "stopped", "ship_by"),
    Index("shipment_of_bench", "bench", "state"),
)

parcel = Table(
    "parcel",
    metadata,
    Column("id", String, primary_key=True, doc="the shipment's, and /1"),
    Column("order_id", String, nullable=False, doc="the order that it is of"),
    Column("label_work", Boolean, nullable=False, doc="the label round has something to do"),
    Column("confirm_work", Boolean, nullable=False, doc="the confirm round has something to do"),
    Column("tracking", String, nullable=False, doc="of the label on it; '' for none"),
    Column("tries", Integer, nullable=False, doc="uncertain answers in a row"),
    Column("due_at", Float, nullable=False, doc="not before: back-off, or another hub is at it"),
    Column(
        "holder", String, nullable=False, server_default="", doc="the hub process that is at it"
    ),
    Index("parcel_of_order", "order_id"),
    Index("parcel_labels", "label_work", "due_at"),
    Index("parcel_confirmations", "confirm_work", "due_at"),
    Index("parcel_by_tracking", "tracking"),
)

entry = Table(
    "entry",
    metadata,
    Column("bench", String, primary_key=True, doc="'hub' for its own"),
    Column("incarnation", Integer, primary_key=True, doc="of the bench; of the hub, its epoch"),
    Column("seq", BigInteger, primary_key=True, doc="dense from 1 in a bench's incarnation"),
    Column("id", String, nullable=False, doc="given where it happened; the same twice is one"),
    Column(
        "order_id", String, nullable=False, doc="what it happened to; '' when it cannot be read"
    ),
    Column("at", Float, doc="when it happened, by that clock; NULL: cannot be read"),
    Column("captured_at", Float, doc="when it happened, by the hub's clock; NULL: not known"),
    Column("received_at", Float, nullable=False, doc="when it was stored"),
    Column("kind", String, nullable=False, doc="the fact's tag"),
    Column("body", LargeBinary, nullable=False, doc="JSON of the Entry as it came"),
    Column("hash", String, nullable=False, doc="chains it to the one before"),
    Column("verdict", String, nullable=False, doc="what the hub made of it"),
    Column("reason", String, nullable=False, doc="why, where it was not followed"),
    Index("entry_by_id", "id"),
    Index("entry_of_order", "order_id", "received_at"),
    # What was not followed is little, and is looked for often: see sync.hub.reconsider.
    Index(
        "entry_not_ok",
        "verdict",
        "received_at",
        sqlite_where=text("verdict != 'ok'"),
        postgresql_where=text("verdict != 'ok'"),
    ),
)

bench = Table(
    "bench",
    metadata,
    Column("name", String, primary_key=True, doc="painted on it: b1"),
    Column("warehouse", String, nullable=False, doc="where it stands"),
    Column("prefetch", Integer, nullable=False, doc="how many open shipments it may hold"),
    Column("incarnation", Integer, nullable=False, doc="raised by every enrolment"),
    Column(
        "public_key", String, nullable=False, server_default="", doc="Ed25519, hex; '': shut out"
    ),
    Column("feed_seq", BigInteger, nullable=False, doc="the feed's head; its row lock orders it"),
    Column("digest", BigInteger, nullable=False, server_default="0", doc="of the feed at its head"),
    Column(
        "purged_seq",
        BigInteger,
        nullable=False,
        server_default="0",
        doc="rows that were gone are forgotten up to here: who reads from before must read from 0",
    ),
    Column("last_seq", BigInteger, nullable=False, doc="the last entry of this incarnation"),
    Column("last_hash", String, nullable=False, doc="of that entry: the next one chains to it"),
    Column("seen_at", Float, doc="when it last said something; NULL: never"),
    Column(
        "lease_seconds",
        Float,
        nullable=False,
        server_default="43200",
        doc="how long what it"
        " has not begun stays its own when it is silent: a shift, or less in a shared pool",
    ),
    Column("lease_until", Float, nullable=False, server_default="0", doc="by the hub's clock"),
    Column("clock_offset", Float, doc="seconds the hub's clock is ahead of it; NULL: not known"),
    Column("heartbeat", LargeBinary, nullable=False, doc="JSON of the last one; b'' for none"),
    Column("added_at", Float, nullable=False, doc="when its first code was made"),
)

enrol_code = Table(
    "enrol_code",
    metadata,
    Column("hash", String, primary_key=True, doc="SHA-256 of the code, which is shown once"),
    Column("bench", String, nullable=False, doc="which bench it makes of a machine"),
    Column("expires_at", Float, nullable=False, doc="some minutes after it was made"),
    Column("used_at", Float, doc="NULL: still good"),
)

feed = Table(
    "feed",
    metadata,
    Column("bench", String, primary_key=True, doc="whose feed"),
    Column("row", String, primary_key=True, doc="a shipment, or @packers, or @items/N"),
    Column("seq", BigInteger, nullable=False, doc="moves with every change: the feed is compacted"),
    Column("gone", Boolean, nullable=False, doc="it is not this bench's any more"),
    Column("share", BigInteger, nullable=False, server_default="0", doc="in the bench's digest"),
    Column(
        "at",
        Float,
        nullable=False,
        server_default="0",
        doc="when it moved: what is gone is forgotten a month later",
    ),
    UniqueConstraint("bench", "seq"),
)

process = Table(
    "process",
    metadata,
    Column("name", String, primary_key=True, doc="of a hub process: its executor id, fixed"),
    Column("boot", String, nullable=False, doc="a new one at each start"),
    Column("beat_at", Float, nullable=False, doc="when it last said that it lives"),
    Column("address", String, nullable=False, doc="where it listens; '' where it does not"),
)

item = Table(
    "item",
    metadata,
    Column("sku", String, primary_key=True, doc="our own name of it"),
    Column("shelf", Integer, nullable=False, doc="feed row @items/N that it goes with"),
    Column("serial", Boolean, nullable=False, doc="each piece's serial number is asked for"),
    Column("doc", LargeBinary, nullable=False, doc="JSON of protocol.Item"),
    Index("item_by_shelf", "shelf"),
)

packer = Table(
    "packer",
    metadata,
    Column("badge", String, primary_key=True, doc="what is scanned to log in"),
    Column("name", String, nullable=False, doc="shown on the bench, and nowhere else"),
    Column("role", String, nullable=False, doc="packer | supervisor"),
    Column("language", String, nullable=False, doc="of their screen; '' for the bench's"),
)

blob = Table(
    "blob",
    metadata,
    Column("sha256", String, primary_key=True, doc="of the bytes as the carrier gave them"),
    Column("order_id", String, nullable=False, doc="they go when the order's address goes"),
    Column("sealed", LargeBinary, nullable=False, doc="the bytes"),
    Column("stored_at", Float, nullable=False, doc="before the fact that names them"),
)

trouble = Table(
    "trouble",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True, doc="what people call it by"),
    Column("key", String, nullable=False, doc="what it is about; one open trouble a key"),
    Column("kind", String, nullable=False, doc="troubles.Kind"),
    Column("order_id", String, nullable=False, doc="'' when it is about no order"),
    Column("subject", String, nullable=False, doc="shipment, parcel, channel or bench"),
    Column("sentence", Text, nullable=False, doc="what happened; nothing personal"),
    Column("actions", Text, nullable=False, doc="JSON list of what a person may choose"),
    Column("opened_at", Float, nullable=False, doc="when it was first seen"),
    Column("resolved_at", Float, doc="NULL: open"),
    Column("resolved_by", String, nullable=False, doc="who chose; hub where it solved itself"),
    Column("action", String, nullable=False, doc="what was chosen"),
    Index("trouble_by_key", "key", "resolved_at"),
)
