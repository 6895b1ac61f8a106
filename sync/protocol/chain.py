"""The hash that ties a bench's entries together, so that none can be lost or changed unseen."""

from __future__ import annotations

import hashlib

import msgspec

from sync.orders import Entry

START = ""
"""The hash before a bench's first entry."""


def link(previous: str, seq: int, entry: Entry) -> str:
    """Return the entry's hash: SHA-256 over the previous hash, its number and its body, in hex."""
    return link_body(previous, seq, msgspec.json.encode(entry, order="sorted"))


def link_body(previous: str, seq: int, body: bytes) -> str:
    """Return the hash of an entry as JSON with sorted keys, of whatever version it is."""
    return hashlib.sha256(previous.encode("ascii") + seq.to_bytes(8, "big") + body).hexdigest()
