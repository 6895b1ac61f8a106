"""The sum by which hub and bench find out that a replica is not what it should be.

Each shipment of a feed has a share, a hash of its id and of its order's version; a feed's digest
is the sum of them. Both ends keep it by adding and taking away, and whatever bug loses, doubles
or skips a row makes them differ.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

MODULUS = 2**63
"""Both databases have signed integers of 64 bits."""


def share(shipment: str, version: int) -> int:
    """Give what a shipment at that version of its order adds to the digest: 0 .. 2**63 - 1."""
    hashed = blake2b(f"{shipment}\0{version}".encode(), digest_size=8).digest()
    return int.from_bytes(hashed, "big") % MODULUS


def moved(total: int, old: Iterable[int], new: Iterable[int]) -> int:
    """Give the digest after those shares have gone and these have come.

    >>> moved(5, [2], [MODULUS - 1])
    2
    """
    return (total - sum(old) + sum(new)) % MODULUS
