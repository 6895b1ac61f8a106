"""What does the bench know of its printers, from one day to the next?

A row of `meta` for each: found out again by asking, were it lost.
"""

from __future__ import annotations

import logging

import msgspec

from drivers.label_printers.capability import Capability
from station.store.store import Turn

log = logging.getLogger(__name__)

_READ = msgspec.json.Decoder(Capability)


def capability(turn: Turn, printer: str) -> Capability | None:
    """Return what is known of the printer of that name; None when it was never met."""
    kept = turn.get(_key(printer))
    try:
        return _READ.decode(kept) if kept else None
    except msgspec.DecodeError as e:
        log.warning("printer %s is met anew: %s", printer, e)
        return None


def keep(turn: Turn, printer: str, capability: Capability) -> None:
    """Keep it until it is asked again."""
    turn.set(_key(printer), msgspec.json.encode(capability).decode())


def _key(printer: str) -> str:
    return f"printer.{printer}"
