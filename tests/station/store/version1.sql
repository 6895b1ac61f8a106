-- The tables of a bench's file as version 1 made them (SQLite 3.53.4, 2026-11-22).
CREATE TABLE meta (
	"key" VARCHAR NOT NULL,
	value VARCHAR NOT NULL,
	PRIMARY KEY ("key")
);
CREATE TABLE orders (
	id VARCHAR NOT NULL,
	confirmed BLOB NOT NULL,
	now BLOB NOT NULL,
	version INTEGER NOT NULL,
	PRIMARY KEY (id)
);
CREATE TABLE shipments (
	id VARCHAR NOT NULL,
	order_id VARCHAR NOT NULL,
	channel VARCHAR NOT NULL,
	generation INTEGER NOT NULL,
	state VARCHAR NOT NULL,
	stopped BOOLEAN NOT NULL,
	urgency INTEGER NOT NULL,
	pieces INTEGER NOT NULL,
	begun BOOLEAN NOT NULL,
	PRIMARY KEY (id)
);
CREATE INDEX shipments_by_state ON shipments (state, urgency);
CREATE INDEX ix_shipments_order_id ON shipments (order_id);
CREATE TABLE codes (
	kind VARCHAR NOT NULL,
	code VARCHAR NOT NULL,
	shipment_id VARCHAR NOT NULL,
	parcel_id VARCHAR DEFAULT '' NOT NULL,
	PRIMARY KEY (kind, code, shipment_id)
)
 WITHOUT ROWID;
CREATE INDEX codes_by_shipment ON codes (shipment_id);
CREATE TABLE needs (
	gtin VARCHAR NOT NULL,
	several INTEGER NOT NULL,
	urgency INTEGER NOT NULL,
	shipment_id VARCHAR NOT NULL,
	PRIMARY KEY (gtin, several, urgency, shipment_id)
)
 WITHOUT ROWID;
CREATE INDEX needs_by_shipment ON needs (shipment_id);
CREATE TABLE entries (
	seq INTEGER NOT NULL,
	id VARCHAR NOT NULL,
	order_id VARCHAR NOT NULL,
	body BLOB NOT NULL,
	hash VARCHAR NOT NULL,
	scan INTEGER NOT NULL,
	verdict VARCHAR DEFAULT '' NOT NULL,
	pending BOOLEAN NOT NULL,
	PRIMARY KEY (seq),
	UNIQUE (id)
);
CREATE INDEX entries_pending ON entries (order_id) WHERE pending = 1;
CREATE TABLE scans (
	seq INTEGER NOT NULL,
	at VARCHAR NOT NULL,
	text VARCHAR NOT NULL,
	source VARCHAR NOT NULL,
	session BLOB NOT NULL,
	PRIMARY KEY (seq)
);
CREATE TABLE jobs (
	id VARCHAR NOT NULL,
	seq INTEGER NOT NULL,
	printer VARCHAR NOT NULL,
	kind VARCHAR NOT NULL,
	order_id VARCHAR NOT NULL,
	parcel_id VARCHAR NOT NULL,
	sha256 VARCHAR NOT NULL,
	state VARCHAR NOT NULL,
	attempts INTEGER DEFAULT 0 NOT NULL,
	counter_before INTEGER,
	note VARCHAR DEFAULT '' NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (seq)
);
CREATE INDEX jobs_open ON jobs (printer, seq) WHERE state in ('queued','sending','sent','uncertain');
CREATE TABLE blobs (
	sha256 VARCHAR NOT NULL,
	data BLOB,
	PRIMARY KEY (sha256)
);
CREATE INDEX blobs_wanted ON blobs (sha256) WHERE data IS NULL;
CREATE TABLE items (
	gtin VARCHAR NOT NULL,
	item BLOB NOT NULL,
	PRIMARY KEY (gtin)
);
CREATE TABLE packers (
	badge VARCHAR NOT NULL,
	packer BLOB NOT NULL,
	PRIMARY KEY (badge)
);
