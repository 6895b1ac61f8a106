"""What a wire to a device is, and in which ways it can fail.

Errors, and what one may do about them:

    WireError
    ├── BadAddress    our configuration is wrong; trying again cannot help
    ├── Unreachable   device off, unplugged or not there; nothing was sent, try again
    │   └── Occupied  another program holds the device; nothing was sent, close that one first
    └── Broken        it failed in use; `sent` says how many bytes had left our hands
        ├── Cut       the other end, or the cable, went away
        └── Stalled   the other end is there but takes no more bytes

Only `Broken` with `sent == 0` proves that the device got nothing. Bytes that were sent may lie
in a buffer of either end: whether a label came out is a question for the printer, not for us.
"""

from __future__ import annotations

from typing import Protocol


class WireError(Exception):
    """Something about the wire to a device; the message names the device."""


class BadAddress(WireError):
    """The address in the configuration says nothing that can be opened."""


class Unreachable(WireError):
    """The device could not be reached; no byte was sent."""


class Occupied(Unreachable):
    """Another program holds the device."""


class Broken(WireError):
    """The wire failed while it was in use."""

    def __init__(self, message: str, sent: int = 0) -> None:
        super().__init__(message)
        self.sent = sent
        """Bytes of the present `write` that were handed to the wire; 0 when reading failed."""


class Cut(Broken):
    """The device, or the way to it, went away."""


class Stalled(Broken):
    """The device takes no more bytes: paused, out of paper, or its buffer is full."""


class Transport(Protocol):
    """A wire to one device, used from one thread at a time; `close` may come from any thread.

    Deadlines are seconds on `time.monotonic()`.
    """

    @property
    def url(self) -> str:
        """The address that it was made from."""

    def connect(self, timeout: float) -> None:
        """Reach the device within `timeout` seconds. Raises Unreachable.

        Whatever the device said before is forgotten: half a code of yesterday helps nobody.
        """

    def write(self, data: bytes, deadline: float) -> None:
        """Hand over all of `data`. Raises Cut or Stalled, with what was `sent`."""

    def read_until(self, deadline: float) -> bytes:
        """Return what has come as soon as anything has; b"" at the deadline. Raises Cut."""

    def close(self) -> None:
        """Say that all is said, take in what still comes, and let go. Never raises."""
