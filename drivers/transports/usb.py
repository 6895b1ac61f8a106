"""How bytes reach a printer that is plugged in by USB: `usb:///dev/usb/lp0`.

Better a name of its own by udev (SYMLINK+="packbench/labels" by the printer's serial number): lp0
may come back as lp1. Source: Linux drivers/usb/class/usblp.c. One program at a time may open it
(EBUSY). It is written without blocking, so that a printer that takes no more can be asked why:
LPGETSTATUS gives the status byte of the USB printer class (Universal Serial Bus Device Class
Definition for Printing Devices 1.1, section 4.2.2). Closing throws away what the printer has not
taken, so we wait for it first.
"""

from __future__ import annotations

import fcntl
import os
import struct
import time
from collections.abc import Callable
from urllib.parse import SplitResult

from drivers.transports.device_file import DeviceFile

LPGETSTATUS = 0x060B
"""linux/lp.h; the answer is an int."""
NO_ERROR, SELECTED, PAPER_EMPTY = 0x08, 0x10, 0x20
_DRAIN_SECONDS = 2.0
"""How long to wait for the printer to take the last piece before the file is closed."""

AskStatus = Callable[[int], int]
"""Asks an open printer for its status byte. Raises OSError."""


def ask_status(fd: int) -> int:
    """Return the status byte of the printer behind an open file. Raises OSError."""
    answer = fcntl.ioctl(fd, LPGETSTATUS, bytes(4))
    status: int = struct.unpack("i", answer)[0]
    return status


def needs(status: int) -> str:
    """Say what a status byte complains of; "" for nothing.

    >>> needs(0x18), needs(0x38), needs(0x10)
    ('', 'out of paper', 'in error: open, jammed, or out of ribbon')
    """
    if status & PAPER_EMPTY:
        return "out of paper"
    if not status & NO_ERROR:
        return "in error: open, jammed, or out of ribbon"
    return "" if status & SELECTED else "not ready: paused or offline"


class Usb:
    """A wire to a printer on USB."""

    def __init__(self, address: SplitResult, ask: AskStatus = ask_status) -> None:
        """Name the device file; `ask` is how its status is asked."""
        self.url = address.geturl()
        self._file = DeviceFile(self.url, address.netloc + address.path, os.O_RDWR)
        self._ask = ask

    def connect(self, timeout: float) -> None:
        """Open the file, for nobody else."""
        self._file.open(lambda fd: None)

    def write(self, data: bytes, deadline: float) -> None:
        """Hand over all of `data`; the kernel may still hold its last piece."""
        self._file.write(data, deadline, self._why)

    def read_until(self, deadline: float) -> bytes:
        """Return what has come as soon as anything has; b"" at the deadline."""
        # A printer that has nothing to say answers with an empty packet.
        return self._file.read_until(deadline, empty_ends=False)

    def close(self) -> None:
        """Wait until the last piece is in the printer, and let go."""
        self._file.drain(time.monotonic() + _DRAIN_SECONDS)
        self._file.close()

    def _why(self, fd: int) -> str:
        try:
            return needs(self._ask(fd))
        except OSError:
            # Some printers stall this question; they are no worse for it.
            return ""
