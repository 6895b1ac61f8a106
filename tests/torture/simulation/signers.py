"""Whose key is it? Ed25519 keys by number, so that a seed gives the same ones for ever."""

from __future__ import annotations

from functools import cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.client.signer import Signer


@cache
def signer(number: int) -> Signer:
    """Give the signer of a machine."""
    return Signer(Ed25519PrivateKey.from_private_bytes(number.to_bytes(32, "big")))
