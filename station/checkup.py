"""How is a device, asked once over a wire of our own? For the doctor; the bench knows by itself.

No answer is no good news: a printer that takes a connection and says nothing needs a look, and one
that cannot be asked is unknown, whatever its wire does.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from drivers import scales
from drivers.label_printers import tspl_status, zpl_status
from drivers.receipt_printers import status as receipts
from drivers.transports import (
    BadAddress,
    Occupied,
    Transport,
    Unreachable,
    WireError,
    open_transport,
)
from station.config import Printer, Scale, Scanner
from station.spool.verdict import needs_of

CONNECT_SECONDS = 3.0
ANSWER_SECONDS = 2.0
_ASK_EVERY_SECONDS = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What was found."""

    lamp: str
    """ok | warn | bad | off | unknown."""
    word: str = ""
    """What is the matter, as lamps carry it (`station.wording.devices.TROUBLES`)."""
    said: str = ""
    """Its own last words, or the system's."""


def look(device: Scanner | Scale | Printer) -> Looked:
    """Ask a device how it is."""
    try:
        wire = open_transport(device.url)
        try:
            wire.connect(CONNECT_SECONDS)
            return _asked(device, wire)
        finally:
            wire.close()
    except BadAddress as e:
        return Looked(lamp="bad", word="address", said=str(e))
    except Occupied as e:
        return Looked(lamp="bad", word="occupied", said=str(e))
    except Unreachable as e:
        far = device.url.startswith("tcp://")
        return Looked(lamp="off", word="unreachable" if far else "unplugged", said=str(e))
    except WireError as e:
        return Looked(lamp="bad", word="silent", said=str(e))


def _asked(device: Scanner | Scale | Printer, wire: Transport) -> Looked:
    match device:
        case Scanner():
            # A scanner has no question that every maker answers: being there is all we can ask.
            return Looked(lamp="ok")
        case Scale(protocol=protocol):
            return _scale(wire, protocol)
        case Printer() if device.receipts:
            return _receipts(wire)
        case Printer() if device.answers and device.language == "zpl":
            return _zpl(wire)
        case Printer() if device.answers and device.language == "tspl":
            return _tspl(wire)
        case Printer():
            return Looked(lamp="unknown")


def _scale(wire: Transport, protocol: str) -> Looked:
    reader, last = scales.READERS[protocol](), None
    for data in _heard(wire, scales.ASK[protocol]):
        for said in reader.receive(data):
            if isinstance(said, scales.Reading) and said.stable:
                return Looked(lamp="ok", said=f"{said.grams} g")
            last = said
    if isinstance(last, scales.NoWeight):
        return Looked(lamp="bad", word=last.why.value.replace(" ", "_"))
    return Looked(lamp="bad", word="silent") if last is None else Looked(lamp="warn", word="frozen")


def _receipts(wire: Transport) -> Looked:
    reader = receipts.Reader()
    wire.write(receipts.ASK_STATUS, time.monotonic() + ANSWER_SECONDS)
    for data in _heard(wire, b""):
        for status in reader.receive(data):
            if status.needs:
                return Looked(lamp="bad", word=status.needs)
            return Looked(lamp="warn", word="paper_low") if status.paper_low else Looked(lamp="ok")
    return Looked(lamp="bad", word="silent")


def _tspl(wire: Transport) -> Looked:
    reader = tspl_status.Reader()
    wire.write(tspl_status.ASK_STATUS, time.monotonic() + ANSWER_SECONDS)
    for data in _heard(wire, b""):
        for status in reader.receive(data):
            needs = needs_of(status)
            return Looked(lamp="bad" if needs else "ok", word=needs)
    return Looked(lamp="bad", word="silent")


def _zpl(wire: Transport) -> Looked:
    reader = zpl_status.Reader()
    identity, status = "", None
    for ask in (zpl_status.ASK_IDENTITY, zpl_status.ASK_STATUS):
        wire.write(ask + b"\r\n", time.monotonic() + ANSWER_SECONDS)
        for said in _until(wire, reader.receive):
            match said:
                case zpl_status.Identity(model=model, firmware=firmware, dots_per_mm=dots):
                    identity = f"{model}, {firmware}, {dots} dots per mm"
                    break
                case zpl_status.Status():
                    status = said
                    break
                case _:
                    continue
    if status is None:
        return Looked(lamp="bad", word="silent", said=identity)
    needs = needs_of(status)
    return Looked(lamp="bad" if needs else "ok", word=needs, said=identity)


Said = zpl_status.Said


def _until(wire: Transport, receive: Callable[[bytes], list[Said]]) -> Iterator[Said]:
    for data in _heard(wire, b""):
        yield from receive(data)


def _heard(wire: Transport, ask: bytes) -> Iterator[bytes]:
    """Yield what comes within so many seconds, asking again and again."""
    deadline = time.monotonic() + ANSWER_SECONDS
    while (now := time.monotonic()) < deadline:
        if ask:
            wire.write(ask, deadline)
        if data := wire.read_until(min(now + _ASK_EVERY_SECONDS, deadline)):
            yield data
