"""How the hub keeps what nobody else may read: AES-256-GCM under one key file.

Credentials, addresses and label bytes are stored sealed. What a secret belongs to is sealed into
it, so that a row copied to another owner does not open.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12
"""What NIST SP 800-38D recommends for GCM; random, for far fewer than 2**32 secrets."""


class NotOpened(Exception):
    """A secret that this key does not open: another key file, or changed bytes."""


class Vault:
    """Seals and opens."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, secret: bytes, owner: str) -> bytes:
        """Give the secret as it may be stored."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, secret, owner.encode())

    def open(self, sealed: bytes, owner: str) -> bytes:
        """Give the secret back. Raises NotOpened."""
        nonce, rest = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        try:
            return self._cipher.decrypt(nonce, rest, owner.encode())
        except (InvalidTag, ValueError):
            raise NotOpened(
                f"what is stored of {owner} does not open: is hub.key the one it was sealed with?"
            ) from None


def at(path: Path) -> Vault:
    """Give the vault of the key in that file, which is made if it is not there."""
    try:
        return Vault(path.read_bytes())
    except FileNotFoundError:
        pass
    path.parent.mkdir(parents=True, exist_ok=True)
    # Written whole before it has its name: nobody reads half a key, and of several that start at
    # once all use the one that was linked first.
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.") as file:
        file.write(AESGCM.generate_key(bit_length=KEY_BYTES * 8))
        file.flush()
        os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(file.name, path)
    return Vault(path.read_bytes())
