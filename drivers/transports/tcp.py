"""How bytes reach a device on the network.

`tcp://host:9100`, the raw port of label printers (JetDirect). Many printers serve one connection
at a time, so hold it briefly: connect, ask or print, close.
"""

from __future__ import annotations

import contextlib
import socket
import time
from urllib.parse import SplitResult

from drivers.transports.transport import BadAddress, Cut, Stalled, Unreachable

_RAW_PORT = 9100
_DRAIN_SECONDS = 0.5
"""How long to wait for the device to close its end. Closing with unread replies sends a reset,
and a reset can throw away the label that the device has not taken in yet."""
_PIECE = 65_536
"""Bytes a read takes at once; the same a write hands over at once, so that `sent` is fine."""


class Tcp:
    """A wire over TCP."""

    def __init__(self, address: SplitResult) -> None:
        self.url = address.geturl()
        try:
            self._host, self._port = address.hostname or "", address.port or _RAW_PORT
        except ValueError as e:
            raise BadAddress(f"{self.url}: {e}") from e
        if not self._host:
            raise BadAddress(f"{self.url}: no host; write tcp://192.168.1.20:9100")
        self._socket: socket.socket | None = None

    def connect(self, timeout: float) -> None:
        """Reach the device within `timeout` seconds."""
        self.close()
        try:
            wire = socket.create_connection((self._host, self._port), timeout)
        except OSError as e:
            raise Unreachable(f"{self.url}: {e}") from e
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._socket = wire

    def write(self, data: bytes, deadline: float) -> None:
        """Hand over all of `data`, counting what the network has taken."""
        wire, sent, rest = self._open(), 0, memoryview(data)
        try:
            while sent < len(data):
                wire.settimeout(_left(deadline))
                sent += wire.send(rest[sent : sent + _PIECE])
        except TimeoutError as e:
            raise Stalled(f"{self.url}: took {sent} of {len(data)} bytes", sent) from e
        except OSError as e:
            raise Cut(f"{self.url}: {e}", sent) from e

    def read_until(self, deadline: float) -> bytes:
        """Return what has come as soon as anything has; b"" at the deadline."""
        wire = self._open()
        try:
            wire.settimeout(_left(deadline))
            data = wire.recv(_PIECE)
        except TimeoutError:
            return b""
        except OSError as e:
            raise Cut(f"{self.url}: {e}") from e
        if not data:
            raise Cut(f"{self.url}: the device closed the connection")
        return data

    def close(self) -> None:
        """Shut down our direction, take in the rest, close."""
        wire, self._socket = self._socket, None
        if wire is None:
            return
        deadline = time.monotonic() + _DRAIN_SECONDS
        with contextlib.suppress(OSError), wire:
            wire.shutdown(socket.SHUT_WR)
            while (left := deadline - time.monotonic()) > 0:
                wire.settimeout(left)
                if not wire.recv(_PIECE):
                    return

    def _open(self) -> socket.socket:
        if self._socket is None:
            raise Cut(f"{self.url}: not connected")
        return self._socket


def _left(deadline: float) -> float:
    # 0 would make the socket non-blocking, which fails in another way.
    return max(deadline - time.monotonic(), 0.001)
