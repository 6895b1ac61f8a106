"""What is learnt of a printer by a test label?

The printer says who it is, and whether it can say of a label that it came out; a person scans
which of its two squares came out. What was learnt is kept for the bench's spool: the printer that
printed the label is the one that labels go to from now on.
"""

from __future__ import annotations

import secrets
import time
from typing import Literal

import msgspec

from drivers.label_printers import trial, zpl_acknowledge, zpl_status
from drivers.label_printers.capability import Capability
from drivers.transports import Transport
from station.config import Printer
from station.spool.probe import Probe

COMES_OUT_SECONDS = 10.0
"""A label takes two, one that has to be warmed up for, five."""
ANSWER_SECONDS = 1.0


def met(wire: Transport, printer: Printer) -> Capability | None:
    """Ask who it is; None where it does not say, or speaks a language without that question."""
    if not printer.answers:
        return None
    probe = Probe(wire, ANSWER_SECONDS)
    return probe.ask(printer.url, printer.language, variables=printer.counter, known=None)


def tried(wire: Transport, name: str, printer: Printer, found: Capability) -> Capability:
    """Print the test label on a ZPL printer; return what is known afterwards. Raises Broken."""
    token = zpl_acknowledge.token(secrets.token_hex(8), 1)
    label = trial.render(name, printer.dots_per_mm)
    deadline = time.monotonic() + COMES_OUT_SECONDS
    wire.write(zpl_acknowledge.asked(label, token), deadline)
    reader = zpl_status.Reader()
    while (data := wire.read_until(deadline)) and time.monotonic() <= deadline:
        if zpl_status.Acknowledged(token) in reader.receive(data):
            return msgspec.structs.replace(found, acknowledges=True)
    return found


def scanned(known: Capability, text: str) -> Capability | None:
    """Return what is known when a square of the test label was scanned; None: it is none."""
    graphics: Literal["z64", "acs"] | None = trial.SQUARES.get(text)
    return None if graphics is None else msgspec.structs.replace(known, graphics=graphics)
