"""The tables of a bench's one SQLite file, each column explained."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    case,
    func,
    text,
)

VERSION = 3
"""Raised with every change of a table; a file of a newer version is left alone."""

tables = MetaData()

meta = Table(
    "meta",
    tables,
    Column("key", String, primary_key=True),
    # enrolled (JSON), cursor, generation, swept, acked, base, rejoin (JSON), schema, heard (UTC),
    # head (of the printer that labels were last got ready for), lease (JSON of
    # station.store.lease), printer.NAME (JSON of a Capability)
    Column("value", String, nullable=False),
)

BASE = "base"
"""The key in `meta` of "number.hash" of the entry before the oldest one that is kept."""
ACKED_IN = "acked-in"
"""The key in `meta` of the epoch of the hub that acknowledged last; "" where none has said it."""
REJOIN = "rejoin"
"""The key in `meta` of the `Rejoin` that the hub must be told before any entry; "" for none."""

orders = Table(
    "orders",
    tables,
    Column("id", String, primary_key=True),
    # The order as the hub last said, JSON of sync.orders.Order
    Column("confirmed", LargeBinary, nullable=False),
    # The order as it is now, pending entries applied; empty where none are: it is `confirmed`
    Column("now", LargeBinary, nullable=False),
    Column("version", Integer, nullable=False),
)
NOW = case((func.length(orders.c.now) > 0, orders.c.now), else_=orders.c.confirmed).label("now")
"""The order as it is now, whichever column has it."""

shipments = Table(
    "shipments",
    tables,
    # By which other tables name it: a tenth of its id, and there are many of them
    Column("number", Integer, primary_key=True),
    # Which reading of the feed wrote the row: after a reset, older ones are swept
    Column("generation", Integer, nullable=False),
    Column("id", String, nullable=False, unique=True),
    Column("order_id", String, nullable=False),
    Column("channel", String, nullable=False),
    # Its share in the digest of the feed, from the version that the hub said: protocol.digest
    Column("share", Integer, nullable=False),
    # sync.orders.State, as it is now
    Column("state", String, nullable=False),
    # Held, or called off, or asked to be
    Column("stopped", Boolean, nullable=False),
    # Seconds since 1970 UTC of the ship-by moment; the far future where there is none
    Column("urgency", Integer, nullable=False),
    Column("pieces", Integer, nullable=False),
    # A parcel of it is open here
    Column("begun", Boolean, nullable=False),
    # Its rows in `codes` and `needs`, JSON of station.store.index.Keys: an index over each of them
    # by its shipment would take as much room again, and time at every order that comes
    Column("found_by", LargeBinary, nullable=False),
)
Index("shipments_by_state", shipments.c.state, shipments.c.urgency)


def of_order(id: ColumnElement[str]) -> ColumnElement[bool]:
    """Say that a shipment is of that order: found by their own names, "order#1", "order#2"."""
    named = (shipments.c.id > id + "#") & (shipments.c.id < id + "$")
    # An order's number may have a # of its own.
    return named & (shipments.c.order_id == id)


codes = Table(
    "codes",
    tables,
    # order | tote | tracking | spoiled
    Column("kind", String, primary_key=True),
    # The code as it is compared: upper case, letters and digits only
    Column("code", String, primary_key=True),
    Column("shipment", Integer, primary_key=True),
    # The parcel's number in its shipment, for a tracking number; else 0
    Column("parcel", Integer, nullable=False),
    sqlite_with_rowid=False,
)

needs = Table(
    "needs",
    tables,
    # A GTIN, 14 digits, that a piece of an open and unbegun shipment may bear
    Column("gtin", String, primary_key=True),
    # 0 for a shipment of one piece, else 1: those come first
    Column("several", Integer, primary_key=True),
    Column("urgency", Integer, primary_key=True),
    Column("shipment", Integer, primary_key=True),
    sqlite_with_rowid=False,
)

entries = Table(
    "entries",
    tables,
    # Dense from 1: the bench's journal
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("id", String, nullable=False, unique=True),
    Column("order_id", String, nullable=False),
    # JSON of sync.orders.Entry
    Column("body", LargeBinary, nullable=False),
    # Over the previous hash, the number and the body: sync.protocol.chain
    Column("hash", String, nullable=False),
    # Which start of the machine it happened in, and the seconds since then; "" and 0: not known
    Column("boot", String, nullable=False, server_default=text("''")),
    Column("boottime", Float, nullable=False, server_default=text("0")),
    # The scan that caused it; 0 for what the spool or a clock caused
    Column("scan", Integer, nullable=False),
    # sync.protocol.messages.Verdict once the hub answered; "" until then
    Column("verdict", String, nullable=False, server_default=text("''")),
    # 1 while the hub's document of the order does not contain it
    Column("pending", Boolean, nullable=False),
)
Index("entries_pending", entries.c.order_id, sqlite_where=text("pending = 1"))

scans = Table(
    "scans",
    tables,
    Column("seq", Integer, primary_key=True),
    # UTC, ISO 8601
    Column("at", String, nullable=False),
    # What the scanner said, control characters and all
    Column("text", String, nullable=False),
    Column("source", String, nullable=False),
    # JSON of station.session.Saved: where the bench stood afterwards
    Column("session", LargeBinary, nullable=False),
)

OPEN_JOBS = "state in ('queued','sending','sent','uncertain')"
"""In the same words in the index and in whoever asks: else SQLite does not use the one for the
other."""

jobs = Table(
    "jobs",
    tables,
    # sync.orders.facts.print_job for a label: the same copy of the same label is one job for ever
    Column("id", String, primary_key=True),
    # Order of printing
    Column("seq", Integer, nullable=False, unique=True),
    Column("printer", String, nullable=False),
    # label | paper
    Column("kind", String, nullable=False),
    Column("order_id", String, nullable=False),
    Column("parcel_id", String, nullable=False),
    # Of the bytes, which lie in `blobs`
    Column("sha256", String, nullable=False),
    # queued | sending | sent | printed | uncertain | dropped
    Column("state", String, nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    # The printer's own count of labels before the first byte; NULL if it has none
    Column("counter_before", Integer),
    # Why it is where it is, for a person
    Column("note", String, nullable=False, server_default=text("''")),
)
Index(
    "jobs_open",
    jobs.c.printer,
    jobs.c.seq,
    sqlite_where=text(OPEN_JOBS),
)

blobs = Table(
    "blobs",
    tables,
    Column("sha256", String, primary_key=True),
    # NULL: an order here names it and it is still to be fetched
    Column("data", LargeBinary),
)
Index("blobs_wanted", blobs.c.sha256, sqlite_where=text("data IS NULL"))

labels = Table(
    "labels",
    tables,
    # Of the bytes of a carrier's label, which lie in `blobs`
    Column("sha256", String, primary_key=True),
    # The order that named them first
    Column("order_id", String, nullable=False),
    # It was got ready, or refused, for the printer that is there now
    Column("looked", Boolean, nullable=False),
)
Index("labels_to_look", labels.c.sha256, sqlite_where=text("looked = 0"))

prepared = Table(
    "prepared",
    tables,
    # Of the bytes as the carrier sent them
    Column("sha256", String, primary_key=True),
    # What the printer is: drivers.label_printers.head.Head.mark
    Column("head", String, primary_key=True),
    # Whose label it was found to be, or not
    Column("tracking", String, primary_key=True),
    # What to send; empty: the bytes as they came; NULL: it must not be printed
    Column("data", LargeBinary),
    # drivers.label_printers.unusable.Why, by name; "" where it may be printed
    Column("why", String, nullable=False),
)
"""For ever the same bytes for the same label and printer: a reprint is the same label."""

items = Table(
    "items",
    tables,
    Column("gtin", String, primary_key=True),
    # JSON of sync.protocol.messages.Item
    Column("item", LargeBinary, nullable=False),
)

packers = Table(
    "packers",
    tables,
    # Upper case
    Column("badge", String, primary_key=True),
    # JSON of sync.protocol.messages.Packer
    Column("packer", LargeBinary, nullable=False),
)

notices = Table(
    "notices",
    tables,
    # Order of telling
    Column("seq", Integer, primary_key=True),
    Column("shipment_id", String, nullable=False),
    # station.notice.Kind
    Column("kind", String, nullable=False),
    # The journal's last entry when it was written: what later entries meet is news again
    Column("upto", Integer, nullable=False),
    # JSON of station.notice.Notice
    Column("body", LargeBinary, nullable=False),
    # A packer has acknowledged it
    Column("seen", Boolean, nullable=False),
)
Index("notices_by_shipment", notices.c.shipment_id)
Index("notices_waiting", notices.c.seq, sqlite_where=text("seen = 0"))
