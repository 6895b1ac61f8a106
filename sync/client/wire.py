"""One way to the hub and its answers: the only place that knows httpx.

A wire is one thread's; `cut` ends what hangs on it, from any thread. Nothing here is sent twice:
whether a request is made again is decided by `sync.protocol.bench_end`.
"""

from __future__ import annotations

import math
import socket
import ssl
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sync.client import unreached
from sync.client.signer import ssl_context
from sync.protocol import whole

if TYPE_CHECKING:
    import httpx

CONNECT_SECONDS = 3.0
MOST_BYTES = 64 * 1024 * 1024
"""Of an answer: the largest page is some 20 MB, and whoever sends more is no hub."""
MOST_SECONDS = 120.0
"""For an answer that comes in drops, beyond what the hub may wait before it begins."""


class Away(Exception):
    """No whole answer came: nobody knows whether the hub heard the request."""


class NoAddress(Exception):
    """What should be the hub's address is none."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What came back."""

    status: int
    body: bytes
    retry_after: float = 0.0
    """Seconds; 0 where nothing was said."""


class Wire:
    """A connection to the hub, kept open between requests."""

    def __init__(self, url: str, ca: Path | None = None) -> None:
        """Prepare. `ca`: who must have signed the hub's certificate; None: whom the system trusts.

        Raises NoAddress, OSError where that file cannot be read.
        """
        # httpx takes 0.2 s to import: the bench's first screen does not wait for it.
        import httpx

        self.url = url
        self._url = url.rstrip("/")
        self._socket: socket.socket | None = None
        self._cut = False
        try:
            scheme = httpx.URL(self._url).scheme
        except httpx.InvalidURL as e:
            raise NoAddress(f"{url} is no address of a hub ({e})") from e
        if scheme not in ("http", "https"):
            raise NoAddress(f"{url} is no address of a hub (it begins with http:// or https://)")
        # Reading all certificates of the system takes 20 ms, which plain http need not.
        trusted: ssl.SSLContext | bool = ssl_context(ca) if scheme == "https" else False
        step = "start_tls" if scheme == "https" else "connect_tcp"
        self._connected = f"connection.{step}.complete"
        self._client = httpx.Client(verify=trusted)

    def ask(
        self,
        method: str,
        target: str,
        body: bytes,
        headers: Mapping[str, str],
        read_seconds: float,
    ) -> Heard:
        """Send a request and wait for its whole answer; `target` is the path with its query.

        Raises Away.
        """
        import httpx  # loaded by now

        if self._cut:
            raise Away("stopped")
        kind = {"Content-Type": "application/json"} if body else {}
        try:
            with self._client.stream(
                method,
                self._url + target,
                content=body or None,
                headers={**headers, **kind},
                timeout=httpx.Timeout(read_seconds, connect=CONNECT_SECONDS),
                extensions={"trace": self._traced},
            ) as response:
                data = _whole(response, time.monotonic() + MOST_SECONDS)
                said = response.headers.get(whole.HEADER)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as e:
            raise Away(unreached.why(e)) from e
        except (OSError, ValueError) as e:  # a socket that was cut under it
            raise Away(type(e).__name__) from e
        if not whole.intact(said, data):
            raise Away("the answer was damaged on its way")
        return Heard(response.status_code, data, retry_after(response.headers.get("Retry-After")))

    def cut(self) -> None:
        """End what hangs, and let nothing begin."""
        self._cut = True
        hanging = self._socket
        if hanging is not None:
            with suppress(OSError):
                # Not SSLSocket's own: it takes TLS away under the thread that sends or reads.
                socket.socket.shutdown(hanging, socket.SHUT_RDWR)

    def close(self) -> None:
        """Let go of the connection; by the thread whose wire it is."""
        self._client.close()

    def _traced(self, name: str, info: Mapping[str, Any]) -> None:  # Any: as httpcore has it
        # A handshake is not cut, it lasts CONNECT_SECONDS at most: Python's ssl forgets to close a
        # socket that it finds shut down when it begins one.
        if name == self._connected:
            self._socket = info["return_value"].get_extra_info("socket")
            if self._cut:
                self.cut()


def _whole(response: httpx.Response, deadline: float) -> bytes:
    parts, size = [], 0
    for part in response.iter_bytes():
        size += len(part)
        if size > MOST_BYTES:
            raise Away(f"the answer is larger than {MOST_BYTES} bytes")
        if time.monotonic() > deadline:
            raise Away(f"the answer takes longer than {MOST_SECONDS:.0f} s")
        parts.append(part)
    return b"".join(parts)


def retry_after(said: str | None) -> float:
    """Read the header: seconds or a date (RFC 9110, 10.2.3); 0 for anything else.

    >>> retry_after("30"), retry_after("soon"), retry_after("-1")
    (30.0, 0.0, 0.0)
    """
    if said is None:
        return 0.0
    try:
        seconds = float(said)
    except ValueError:
        try:
            date = parsedate_to_datetime(said)
        except ValueError:
            return 0.0
        aware = date if date.tzinfo else date.replace(tzinfo=UTC)
        seconds = (aware - datetime.now(UTC)).total_seconds()
    return max(0.0, seconds) if math.isfinite(seconds) else 0.0
