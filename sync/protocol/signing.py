"""How does a bench say who it is? A header that signs the request with the bench's own key.

What is signed is method, target, the body's hash, the bench and its incarnation, the moment and
a nonce; the hub answers within a window around its own clock. Everything a bench may ask can be
asked twice, so a request that is replayed within the window does nothing. The keys are Ed25519
(RFC 8032); this file makes and reads the words, `sync.client` signs and `sync.hub` verifies.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from urllib.parse import quote, unquote

SCHEME = "Packbench"
WINDOW_SECONDS = 90.0
"""How far a request's moment may lie from the hub's, once the bench knows the hub's clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """Who a request says it is from, and when; true if the signature is."""

    bench: str
    incarnation: int
    at: float
    """UTC seconds since 1970, by the bench's clock corrected by what the hub told it."""
    nonce: str


def words(claimed: Claimed, method: str, target: str, body: bytes) -> bytes:
    """Give the bytes that are signed; `target` is the path with its query, as sent."""
    lines = (
        SCHEME,
        method,
        target,
        hashlib.sha256(body).hexdigest(),
        claimed.bench,
        str(claimed.incarnation),
        f"{claimed.at:.3f}",
        claimed.nonce,
    )
    return "\n".join(lines).encode()


def header(claimed: Claimed, signature: bytes) -> str:
    """Give the Authorization header."""
    fields = {
        "bench": quote(claimed.bench, safe=""),  # a header is ASCII, a bench may be called 一号台
        "inc": str(claimed.incarnation),
        "ts": f"{claimed.at:.3f}",
        "nonce": claimed.nonce,
        "sig": signature.hex(),
    }
    return f"{SCHEME} " + ",".join(f"{name}={value}" for name, value in fields.items())


def read(header: str) -> tuple[Claimed, bytes]:
    """Read the header. Raises ValueError.

    >>> read("Packbench bench=b1,inc=2,ts=12.500,nonce=ab,sig=00ff")[1].hex()
    '00ff'
    """
    scheme, _, rest = header.partition(" ")
    if scheme != SCHEME or len(header) > MOST_LETTERS:
        raise ValueError(f"not a {SCHEME} header")
    fields = dict(part.split("=", 1) for part in rest.split(",") if "=" in part)
    try:
        claimed = Claimed(
            bench=unquote(fields["bench"]),
            incarnation=int(fields["inc"]),
            at=float(fields["ts"]),
            nonce=fields["nonce"],
        )
        return claimed, bytes.fromhex(fields["sig"])
    except KeyError as missing:
        raise ValueError(f"the header has no {missing}") from None


MOST_LETTERS = 1_000
"""A signature has 128, a bench's name a dozen."""
