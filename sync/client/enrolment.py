"""How does a bench get its place at the hub? For a one-time code, with its public key."""

from __future__ import annotations

from pathlib import Path

import msgspec

from sync.client.wire import CONNECT_SECONDS, Away, NoAddress, Wire
from sync.protocol.messages import Enrol, Enrolled, Refusal


def enrol(
    url: str,
    code: str,
    host: str,
    *,
    public_key: str,
    after: int = 0,
    hash: str = "",
    ca: Path | None = None,
) -> Enrolled:
    """Exchange a one-time code for a place at the hub. Raises ValueError with a sentence.

    `after` and `hash`: the last entry of this machine's journal that a hub has, see
    `protocol.messages.Enrol`.
    """
    asked = Enrol(code=code, public_key=public_key, host=host, after=after, hash=hash)
    try:
        wire = Wire(url, ca)
    except (NoAddress, OSError) as e:
        raise ValueError(str(e)) from e
    try:
        heard = wire.ask("POST", "/v1/enrol", msgspec.json.encode(asked), {}, CONNECT_SECONDS * 3)
    except Away as e:
        raise ValueError(f"The hub at {url} does not answer: {e}") from e
    finally:
        wire.close()
    if heard.status != 201:
        raise ValueError(_refused(url, heard.status, heard.body))
    return msgspec.json.decode(heard.body, type=Enrolled)


def _refused(url: str, status: int, body: bytes) -> str:
    try:
        return f"The hub refused: {msgspec.json.decode(body, type=Refusal).error}"
    except (msgspec.DecodeError, UnicodeDecodeError):
        return f"What answers at {url} is no hub (status {status}): is the address right?"
