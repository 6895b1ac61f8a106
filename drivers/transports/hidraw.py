"""How reports come from a USB device that is no serial port: `hidraw:///dev/hidraw0`, a scale.

Better a name of its own by udev (KERNEL=="hidraw*", SYMLINK+="packbench/scale"). Source: Linux
Documentation/hid/hidraw.rst. One read is one report, with its number in front.
"""

from __future__ import annotations

import os
from urllib.parse import SplitResult

from drivers.transports.device_file import DeviceFile


class Hidraw:
    """A wire to a HID device."""

    def __init__(self, address: SplitResult) -> None:
        self.url = address.geturl()
        self._file = DeviceFile(self.url, address.netloc + address.path, os.O_RDWR)

    def connect(self, timeout: float) -> None:
        """Open the file."""
        self._file.open(lambda fd: None)

    def write(self, data: bytes, deadline: float) -> None:
        """Send one report."""
        self._file.write(data, deadline, lambda fd: "")

    def read_until(self, deadline: float) -> bytes:
        """Return the next report; b"" at the deadline."""
        return self._file.read_until(deadline)

    def close(self) -> None:
        """Let go."""
        self._file.close()
