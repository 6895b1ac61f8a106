"""Did an answer come as it was sent? Its digest goes before it (RFC 9530, 2: Content-Digest).

A request is signed with its body's hash. An answer is not signed, and on a floor without TLS a
single changed byte could make another quantity of an order's.
"""

from __future__ import annotations

import base64
import hashlib

HEADER = "Content-Digest"


def digest(body: bytes) -> str:
    """Give the header's value.

    >>> digest(b'{"hello": "world"}')
    'sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:'
    """
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def intact(said: str | None, body: bytes) -> bool:
    """Say whether the body is the one that the header speaks of; True where there is none."""
    return said is None or said == digest(body)
