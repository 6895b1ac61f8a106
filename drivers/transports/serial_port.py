"""How bytes come and go over a serial port.

`serial:///dev/serial/by-id/usb-Honeywell_1950-if00?baud=115200`. Use the by-id path: ttyACM0 may
come back as ttyACM1. Options: `baud` (9600), `bits` (8), `parity` none|even|odd, `stop` (1).
Blocking reads through pyserial; whoever listens gives each port a thread (see `listener`).
"""

from __future__ import annotations

import contextlib
import errno
import time
from typing import Any
from urllib.parse import SplitResult, parse_qsl

import serial

from drivers.transports.transport import BadAddress, Cut, Occupied, Stalled, Unreachable

_PARITIES = {"none": serial.PARITY_NONE, "even": serial.PARITY_EVEN, "odd": serial.PARITY_ODD}
_HELD = {errno.EAGAIN, errno.EBUSY}
"""What the lock of another reader looks like. Two readers on one port each get half the codes."""
_GONE = (OSError, serial.SerialException, TypeError)
"""An unplugged port raises one of these; TypeError when it is closed while another thread reads."""


class SerialPort:
    """A wire over a serial port."""

    def __init__(self, address: SplitResult) -> None:
        self.url = address.geturl()
        self._path = address.path
        self._settings = _settings(self.url, address)
        # Any: pyserial has no types.
        self._port: Any = None

    def connect(self, timeout: float) -> None:
        """Open the port for ourselves alone, with nothing in its buffer."""
        self.close()
        try:
            port = serial.Serial(self._path, exclusive=True, **self._settings)
            port.reset_input_buffer()
        except _GONE as e:
            kind = Occupied if getattr(e, "errno", None) in _HELD else Unreachable
            raise kind(f"{self.url}: {e}") from e
        except ValueError as e:
            raise BadAddress(f"{self.url}: {e}") from e
        self._port = port

    def write(self, data: bytes, deadline: float) -> None:
        """Hand over all of `data`."""
        port = self._open()
        try:
            port.write_timeout = max(deadline - time.monotonic(), 0.001)
            port.write(data)
        except serial.SerialTimeoutException as e:
            # pyserial does not say how far it came: the whole of it may be out.
            raise Stalled(f"{self.url}: {e}", len(data)) from e
        except _GONE as e:
            raise Cut(f"{self.url}: {e}", len(data)) from e

    def read_until(self, deadline: float) -> bytes:
        """Return what has come as soon as anything has; b"" at the deadline."""
        port = self._open()
        try:
            port.timeout = max(deadline - time.monotonic(), 0)
            data: bytes = port.read(port.in_waiting or 1)
        except _GONE as e:
            raise Cut(f"{self.url}: {e}") from e
        return data

    def close(self) -> None:
        """Let go of the port. What was written leaves the computer first, if the port still is."""
        port, self._port = self._port, None
        if port is not None:
            with contextlib.suppress(*_GONE):
                port.close()

    def _open(self) -> Any:  # noqa: ANN401 - pyserial has no types
        if self._port is None:
            raise Cut(f"{self.url}: not open")
        return self._port


def _settings(url: str, address: SplitResult) -> dict[str, object]:
    options = dict(parse_qsl(address.query))
    try:
        settings: dict[str, object] = {
            "baudrate": int(options.pop("baud", "9600")),
            "bytesize": int(options.pop("bits", "8")),
            "parity": _PARITIES[options.pop("parity", "none")],
            "stopbits": int(options.pop("stop", "1")),
        }
    except (ValueError, KeyError) as e:
        raise BadAddress(f"{url}: {e} is not a setting of a serial port") from e
    if options:
        raise BadAddress(f"{url}: unknown setting {', '.join(sorted(options))}")
    if not address.path:
        raise BadAddress(f"{url}: no port; write serial:///dev/serial/by-id/…")
    return settings
