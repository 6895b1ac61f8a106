"""How bytes come and go through a device file of the kernel, whatever device it is.

Opened without blocking and waited on with poll: a printer that is out of paper must not hold the
thread that could say so. `usb`, `evdev` and `hidraw` say what is special about theirs.
"""

from __future__ import annotations

import errno
import os
import select
import time
from collections.abc import Callable

from drivers.transports.transport import BadAddress, Cut, Occupied, Stalled, Unreachable

Prepare = Callable[[int], None]
"""What is done to a file that was just opened. Raises OSError."""

PIECE_BYTES = 8192
"""What one read or write takes at most; usblp's own buffer is as large."""
_AGAIN_SECONDS = 0.02
"""Between two tries where poll says "ready" and the device has or takes nothing: usblp does."""
_WHY = {
    errno.ENOENT: "is not there: unplugged, or CUPS has taken it (remove it there)",
    errno.ENODEV: "was unplugged",
    errno.ENXIO: "was unplugged",
    errno.EACCES: "may not be opened by this user: a udev rule or a group must allow it",
    errno.ENOTTY: "is not a device of that kind",
}
"""What a person can do about it, beside what the kernel calls it."""


class DeviceFile:
    """An open device file, or one that waits to be opened."""

    def __init__(self, url: str, path: str, flags: int) -> None:
        """Name it. Raises BadAddress."""
        if not path.startswith("/"):
            raise BadAddress(f"{url}: no device file; write three slashes and its path")
        self._url, self._path, self._flags = url, path, flags
        self._fd: int | None = None

    def open(self, prepare: Prepare) -> None:
        """Open it and prepare it. Raises Unreachable, Occupied."""
        self.close()
        try:
            fd = os.open(self._path, self._flags | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        except OSError as e:
            raise self._unreachable(e) from e
        try:
            prepare(fd)
        except OSError as e:
            os.close(fd)
            raise self._unreachable(e) from e
        self._fd = fd

    def read_until(self, deadline: float, *, empty_ends: bool = True) -> bytes:
        """Return what has come as soon as anything has; b"" at the deadline. Raises Cut.

        `empty_ends`: a read of nothing means that the other end is gone.
        """
        fd = self._open()
        while ready := self._ready(fd, select.POLLIN, deadline):
            try:
                data = os.read(fd, PIECE_BYTES)
            except BlockingIOError:
                data = None
            except OSError as e:
                raise Cut(f"{self._url}: {self._said(e)}") from e
            if data:
                return data
            if data is not None and (empty_ends or ready & select.POLLHUP):
                raise Cut(f"{self._url}: the other end is gone")
            if not _pause(deadline):
                break
        return b""

    def write(self, data: bytes, deadline: float, why_not: Callable[[int], str]) -> None:
        """Hand over all of `data`; `why_not` asks what keeps it. Raises Cut, Stalled."""
        fd, sent, rest = self._open(), 0, memoryview(data)
        while sent < len(data):
            if not self._ready(fd, select.POLLOUT, deadline):
                why = why_not(fd) or "takes no more"
                raise Stalled(f"{self._url}: {why}, after {sent} of {len(data)} bytes", sent)
            try:
                sent += os.write(fd, rest[sent : sent + PIECE_BYTES])
            except BlockingIOError:
                _pause(deadline)
            except OSError as e:
                if e.errno == errno.ENOSPC:
                    raise Stalled(f"{self._url}: out of paper", sent) from e
                raise Cut(f"{self._url}: {self._said(e)}", sent) from e

    def drain(self, deadline: float) -> None:
        """Wait until the device has taken what it was handed. Never raises."""
        if self._fd is not None:
            self._ready(self._fd, select.POLLOUT, deadline)

    def close(self) -> None:
        """Let go."""
        fd, self._fd = self._fd, None
        if fd is not None:
            os.close(fd)

    def _open(self) -> int:
        if self._fd is None:
            raise Cut(f"{self._url}: not open")
        return self._fd

    def _ready(self, fd: int, event: int, deadline: float) -> int:
        """Return what poll says of the file; 0 at the deadline."""
        poll = select.poll()
        poll.register(fd, event)
        left = max(deadline - time.monotonic(), 0)
        # An unplugged device is ready too: the read or write that follows says what it is.
        return next((said for _, said in poll.poll(left * 1000)), 0)

    def _unreachable(self, error: OSError) -> Unreachable:
        kind = Occupied if error.errno == errno.EBUSY else Unreachable
        return kind(f"{self._url}: {self._said(error)}")

    def _said(self, error: OSError) -> str:
        if error.errno == errno.EBUSY:
            return "another program has it open: CUPS, or a second bench"
        known = _WHY.get(error.errno or 0)
        return f"{known} ({error.strerror})" if known else str(error)


def _pause(deadline: float) -> bool:
    """Wait a moment; False when there is none left."""
    left = deadline - time.monotonic()
    if left <= 0:
        return False
    time.sleep(min(_AGAIN_SECONDS, left))
    return True
