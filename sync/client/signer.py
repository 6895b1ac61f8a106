"""Who is this machine to the hub? Its own Ed25519 key, made once and kept in the bench's home.

The private key never leaves the file: the hub is told the public one at enrolment and verifies
by it. `sync.protocol.signing` has the words that are signed.
"""

from __future__ import annotations

import os
import ssl
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

from sync.protocol import signing

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KEY = "bench.key"
"""The private key's file in a bench's home."""
CA = "hub-ca.pem"
"""In a bench's home: whoever signed the hub's certificate, as it was pinned at enrolment."""
KEY_BYTES = 32


class Signer:
    """Signs in the name of this machine."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public_key: str = key.public_key().public_bytes_raw().hex()
        """What the hub knows this machine by."""

    def sign(self, words: bytes) -> bytes:
        """Give the signature: 64 bytes."""
        return self._key.sign(words)


def open_key(path: Path) -> Signer:
    """Give the signer of the key in that file, which is made if it is not there.

    Raises ValueError where the file holds something else.
    """
    # cryptography takes 40 ms to import: the bench's first screen does not wait for it.
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    try:
        secret = path.read_bytes()
    except FileNotFoundError:
        _make(path, Ed25519PrivateKey.generate().private_bytes_raw())
        secret = path.read_bytes()
    if len(secret) != KEY_BYTES:
        raise ValueError(
            f"{path} holds no key: move it away and enrol this bench anew, packbench enrol"
        )
    return Signer(Ed25519PrivateKey.from_private_bytes(secret))


def _make(path: Path, secret: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Written whole before it has its name, readable by its owner alone: nobody reads half a key,
    # and of several that start at once all use the one that was linked first.
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.") as file:
        file.write(secret)
        file.flush()
        os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(file.name, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # a key that the hub knows must not be gone after a power cut
    finally:
        os.close(folder)


def authorization(
    signer: Signer,
    bench: str,
    incarnation: int,
    at: float,
    nonce: str,
    method: str,
    target: str,
    body: bytes,
) -> str:
    """Give the Authorization header of a request; `target` is its path with the query, as sent."""
    claimed = signing.Claimed(bench=bench, incarnation=incarnation, at=at, nonce=nonce)
    return signing.header(claimed, signer.sign(signing.words(claimed, method, target, body)))


def ssl_context(ca: Path | None) -> ssl.SSLContext:
    """Say whom to believe that it is the hub: those in that file; None: as the system does."""
    context = ssl.create_default_context(cafile=None if ca is None else str(ca))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
