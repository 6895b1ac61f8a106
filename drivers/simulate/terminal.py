"""A serial port that exists in software: a pseudo-terminal under a name that stays.

The name is a symbolic link, as /dev/serial/by-id/ is for real devices: unplugging takes it away,
plugging in puts it back, and the tty behind it may be another one. Linux and macOS only.
"""

from __future__ import annotations

import contextlib
import os
import select
import threading
import tty
from pathlib import Path

_TAKE_SECONDS = 1.0
"""How long a device goes on offering bytes to a bench that does not read."""


class Terminal:
    """The device's end of the wire; any thread may use it."""

    def __init__(self, link: Path) -> None:
        """Plug in under `link`."""
        self.link = link
        self._cable = threading.Lock()
        self._ends: tuple[int, int] | None = None
        self.plug()

    @property
    def plugged(self) -> bool:
        """Is the cable in?"""
        return self._ends is not None

    def plug(self) -> None:
        """Put the cable in; the link points to a new tty."""
        self.unplug()
        # The far end stays open here, so that a bench that comes and goes cuts nothing.
        ours, theirs = os.openpty()
        tty.setraw(ours)
        tty.setraw(theirs)
        os.set_blocking(ours, False)
        self.link.parent.mkdir(parents=True, exist_ok=True)
        new = self.link.with_name(self.link.name + ".new")
        new.unlink(missing_ok=True)
        new.symlink_to(os.ttyname(theirs))
        new.replace(self.link)
        with self._cable:
            self._ends = ours, theirs

    def unplug(self) -> None:
        """Pull the cable out."""
        with self._cable:
            ends, self._ends = self._ends, None
            if ends is not None:
                self.link.unlink(missing_ok=True)
                for end in ends:
                    os.close(end)

    def write(self, data: bytes) -> None:
        """Send; what nobody takes is lost, as on a real wire."""
        with self._cable:
            while data and self._ends is not None:
                ours = self._ends[0]
                if not select.select([], [ours], [], _TAKE_SECONDS)[1]:
                    return
                data = data[os.write(ours, data) :]

    def read(self) -> bytes:
        """Return what the bench has sent so far."""
        with self._cable:
            if self._ends is None:
                return b""
            # Nothing there, and the bench just gone, are the same to us.
            with contextlib.suppress(OSError):
                return os.read(self._ends[0], 4096)
            return b""

    def wait(self, timeout: float) -> None:
        """Return when the bench has sent something, or after `timeout` seconds."""
        ends = self._ends
        # Pulled while we wait: the next read says so.
        with contextlib.suppress(OSError, ValueError):
            select.select([] if ends is None else [ends[0]], [], [], timeout)
