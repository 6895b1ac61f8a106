"""How bytes travel when there is no device: `loopback://name`, for tests and first steps.

The transport is one end; `device(name)` is the other, in the same process: it keeps what was
written, lets bytes arrive, and can be unplugged and plugged in again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from urllib.parse import SplitResult

from drivers.transports.transport import BadAddress, Cut, Unreachable


class Device:
    """The far end of a loopback wire."""

    def __init__(self) -> None:
        self.written = bytearray()
        """All that came over the wire since the device exists."""
        self._incoming = bytearray()
        self._changed = threading.Condition()
        self._plugged = True
        self._plugs = 0

    def feed(self, data: bytes) -> None:
        """Let `data` arrive at the transport."""
        with self._changed:
            self._incoming += data
            self._changed.notify_all()

    def unplug(self) -> None:
        """Pull the cable: the transport is cut, and cannot connect."""
        with self._changed:
            self._plugged = False
            self._plugs += 1
            self._changed.notify_all()

    def plug(self) -> None:
        """Put the cable back. What was on its way is lost, as on a real one."""
        with self._changed:
            self._plugged = True
            self._incoming.clear()
            self._changed.notify_all()

    def wait_written(self, enough: Callable[[bytes], bool], timeout: float = 5.0) -> bytes:
        """Return what was written as soon as it is `enough`. Raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: enough(bytes(self.written)), timeout):
                raise TimeoutError(f"only {bytes(self.written)!r} was written")
            return bytes(self.written)

    def _connect(self) -> int | None:
        with self._changed:
            self._incoming.clear()
            return self._plugs if self._plugged else None

    def _write(self, data: bytes, plug: int) -> bool:
        with self._changed:
            if not self._plugged or self._plugs != plug:
                return False
            self.written += data
            self._changed.notify_all()
            return True

    def _read(self, deadline: float, plug: int) -> bytes | None:
        with self._changed:
            self._changed.wait_for(
                lambda: self._incoming or self._plugs != plug, deadline - time.monotonic()
            )
            if self._plugs != plug:
                return None
            data = bytes(self._incoming)
            self._incoming.clear()
            return data


_devices: dict[str, Device] = {}


def device(name: str) -> Device:
    """Return the far end of `loopback://name`, the same for everyone who asks in this process."""
    return _devices.setdefault(name, Device())


class Loopback:
    """A wire that ends in this process."""

    def __init__(self, address: SplitResult) -> None:
        self.url = address.geturl()
        if not address.netloc:
            raise BadAddress(f"{self.url}: no name; write loopback://scanner")
        self._device = device(address.netloc)
        self._plug: int | None = None

    def connect(self, timeout: float) -> None:
        """Find the device plugged in."""
        self._plug = self._device._connect()
        if self._plug is None:
            raise Unreachable(f"{self.url}: unplugged")

    def write(self, data: bytes, deadline: float) -> None:
        """Hand over all of `data`."""
        if self._plug is None or not self._device._write(data, self._plug):
            raise Cut(f"{self.url}: unplugged")

    def read_until(self, deadline: float) -> bytes:
        """Return what has come as soon as anything has; b"" at the deadline."""
        data = None if self._plug is None else self._device._read(deadline, self._plug)
        if data is None:
            raise Cut(f"{self.url}: unplugged")
        return data

    def close(self) -> None:
        """Let go."""
        self._plug = None
