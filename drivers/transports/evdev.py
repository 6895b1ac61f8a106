"""How a keyboard scanner is heard without a keyboard: `evdev:///dev/input/by-id/usb-…-event-kbd`.

Source: Linux Documentation/input/input.rst, include/uapi/linux/input.h. The device is grabbed
(EVIOCGRAB): from then on its keys come here and to nobody else, whatever window has the focus and
whatever layout, Caps Lock or input method this computer is set to. What comes are the kernel's
`struct input_event`; `drivers.scanners.keys` makes codes of them. The user must be in the group
`input`, or a udev rule must allow it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from urllib.parse import SplitResult

from drivers.transports.device_file import PIECE_BYTES, DeviceFile, Prepare
from drivers.transports.transport import Cut

EVIOCGRAB = 0x40044590
"""_IOW('E', 0x90, int); held until the file is closed."""


def grab(fd: int) -> None:
    """Take an open keyboard for ourselves. Raises OSError: EBUSY where another program has it."""
    fcntl.ioctl(fd, EVIOCGRAB, 1)


class Evdev:
    """A wire from a keyboard scanner."""

    def __init__(self, address: SplitResult, grab: Prepare = grab) -> None:
        """Name the device file; `grab` is how it is taken."""
        self.url = address.geturl()
        self._file = DeviceFile(self.url, address.netloc + address.path, os.O_RDONLY)
        self._grab = grab

    def connect(self, timeout: float) -> None:
        """Open the file, grab the keyboard, forget what was typed before."""
        self._file.open(self._take)

    def _take(self, fd: int) -> None:
        self._grab(fd)
        with contextlib.suppress(BlockingIOError):
            while os.read(fd, PIECE_BYTES):
                pass

    def write(self, data: bytes, deadline: float) -> None:
        """Refuse: a keyboard hears nothing."""
        raise Cut(f"{self.url}: a keyboard takes no bytes; set feedback to none")

    def read_until(self, deadline: float) -> bytes:
        """Return the events that have come; b"" at the deadline."""
        return self._file.read_until(deadline)

    def close(self) -> None:
        """Let go of the keyboard."""
        self._file.close()
