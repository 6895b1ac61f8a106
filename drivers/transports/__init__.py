"""The ways that bytes come and go; the only part of `drivers` that waits.

`open_transport(url)` gives a wire, not yet connected: the print spool's thread holds it for one
question or one label (`connect`, `write`, `read_until`, `close`); scanners and scales are heard
through a `Listener`, one thread a wire. Errors are drawn in `transport`.

    tcp, serial     the network, a serial port
    usb             a printer's device file; cups where CUPS must keep it
    evdev, hidraw   a scanner that types, grabbed; a scale that is no serial port
    loopback        both ends in this process, for tests
    capture, replay records what goes over any of these; plays a recording in its place
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import SplitResult, urlsplit

from drivers.transports.capture import Capture
from drivers.transports.cups import Cups
from drivers.transports.evdev import Evdev
from drivers.transports.hidraw import Hidraw
from drivers.transports.listener import Down, Ended, LinkState, Listener, Up
from drivers.transports.loopback import Loopback
from drivers.transports.replay import Replay
from drivers.transports.serial_port import SerialPort
from drivers.transports.tcp import Tcp
from drivers.transports.transport import (
    BadAddress,
    Broken,
    Cut,
    Occupied,
    Stalled,
    Transport,
    Unreachable,
    WireError,
)
from drivers.transports.usb import Usb

SCHEMES: dict[str, Callable[[SplitResult], Transport]] = {
    "tcp": Tcp,
    "serial": SerialPort,
    "usb": Usb,
    "cups": Cups,
    "evdev": Evdev,
    "hidraw": Hidraw,
    "loopback": Loopback,
    "capture": lambda address: Capture(address, open_transport),
    "replay": Replay,
}
"""By the word that a device's address begins with."""


def open_transport(url: str) -> Transport:
    """Return the wire that `url` names, not yet connected. Raises BadAddress."""
    try:
        address = urlsplit(url)
    except ValueError as e:
        raise BadAddress(f"{url}: {e}") from e
    if address.scheme not in SCHEMES:
        known = ", ".join(f"{scheme}://" for scheme in SCHEMES)
        raise BadAddress(f"{url}: a device's address begins with one of {known}")
    return SCHEMES[address.scheme](address)


__all__ = [
    "SCHEMES",
    "BadAddress",
    "Broken",
    "Cut",
    "Down",
    "Ended",
    "LinkState",
    "Listener",
    "Occupied",
    "Stalled",
    "Transport",
    "Unreachable",
    "Up",
    "WireError",
    "open_transport",
]
