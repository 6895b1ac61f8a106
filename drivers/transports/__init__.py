"""The ways that bytes come and go; the only part of `drivers` that waits.

`open_transport(url)` gives a wire, not yet connected: the print spool's thread holds it for one
question or one label (`connect`, `write`, `read_until`, `close`); scanners and scales are heard
through a `Listener`, one thread a wire. Errors are drawn in `transport`.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import SplitResult, urlsplit

from drivers.transports.listener import Down, Ended, LinkState, Listener, Up
from drivers.transports.loopback import Loopback
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

SCHEMES: dict[str, Callable[[SplitResult], Transport]] = {
    "tcp": Tcp,
    "serial": SerialPort,
    "loopback": Loopback,
}


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
