"""Who is on this wire? The questions of the set-up, which wait for their answers.

A printer is asked in the order in which a wrong question does least: DLE EOT of ESC/POS are
control bytes that no label printer prints; ESC ! ? of TSPL is short of a line; ~HI would come out
as text of a printer that is set to another language, so it is asked last. A scale is asked in each
protocol that has a question, then only listened to.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from drivers import scales
from drivers.label_printers import zpl_status
from drivers.receipt_printers import status as receipts
from drivers.transports import BadAddress, Transport, WireError, open_transport
from station.setup.exchange import Failed, PrinterFound, ScaleFound
from station.wording import setup as w

Answer = TypeVar("Answer")

CONNECT_SECONDS = 3.0
ANSWER_SECONDS = 1.0
"""For one question; a printer that wakes up takes half of it."""
SCALE_SECONDS = 1.2
"""For one protocol; scales answer within a tenth."""
PRINT_SECONDS = 15.0
ASK_EVERY_SECONDS = 0.2
_TSPL_ASK = b"\x1b!?"
_TSPL_KNOWN = 0xBF
"""Bits that its status byte may have."""


def printer(url: str) -> PrinterFound | Failed:
    """Ask a printer who it is."""
    if url.startswith("cups://"):
        # A queue has no way back: a question would be printed.
        return PrinterFound(url=url, language="zpl", model="CUPS")
    nobody = Failed(w.no_answer(url))
    for ask in (_receipts, _tspl, _zpl):
        # Each over a wire of its own: what the last question left unread begins no other command.
        found = _with(url, lambda wire, ask=ask: ask(url, wire) or nobody)  # type: ignore[misc]
        if found != nobody:
            return found
    return nobody


def scale(url: str) -> ScaleFound | Failed:
    """Find out what a scale speaks."""
    protocols = ("hid",) if url.startswith("hidraw://") else tuple(scales.READERS)
    for protocol in (one for one in protocols if one in scales.READERS):
        found = _with(url, lambda wire, protocol=protocol: _scale(url, wire, protocol))  # type: ignore[misc]
        if isinstance(found, ScaleFound) or found.why != w.no_answer(url):
            return found
    return Failed(w.no_answer(url))


def watch(found: ScaleFound, tell: Callable[[int], None], stop: threading.Event) -> None:
    """Tell each weight at rest until stopped, or until the scale is gone."""
    try:
        wire = open_transport(found.url)
        wire.connect(CONNECT_SECONDS)
    except WireError:
        return
    reader = scales.READERS[found.protocol]()
    question = scales.ASK[found.protocol]
    try:
        while not stop.is_set():
            if question:
                wire.write(question, time.monotonic() + ANSWER_SECONDS)
            for said in reader.receive(wire.read_until(time.monotonic() + ASK_EVERY_SECONDS)):
                if isinstance(said, scales.Reading) and said.stable:
                    tell(said.grams)
            stop.wait(ASK_EVERY_SECONDS)
    except WireError:
        return
    finally:
        wire.close()


def send(url: str, job: bytes) -> Failed | None:
    """Hand a job to a printer."""

    def handed(wire: Transport) -> Failed | None:
        wire.write(job, time.monotonic() + PRINT_SECONDS)
        return None

    return _with(url, handed)


def _with(url: str, ask: Callable[[Transport], Answer]) -> Answer | Failed:
    try:
        wire = open_transport(url)
        try:
            wire.connect(CONNECT_SECONDS)
            return ask(wire)
        finally:
            wire.close()
    except (BadAddress, WireError) as e:
        return Failed(w.unreached(str(e)))


def _receipts(url: str, wire: Transport) -> PrinterFound | None:
    reader = receipts.Reader()
    known = _answer(wire, receipts.ASK_STATUS, lambda data: bool(reader.receive(data)))
    return PrinterFound(url=url, language="escpos") if known else None


def _tspl(url: str, wire: Transport) -> PrinterFound | None:
    known = _answer(wire, _TSPL_ASK, lambda data: len(data) == 1 and not data[0] & ~_TSPL_KNOWN)
    return PrinterFound(url=url, language="tspl") if known else None


def _zpl(url: str, wire: Transport) -> PrinterFound | None:
    reader = zpl_status.Reader()
    found: list[zpl_status.Identity] = []

    def identity(data: bytes) -> bool:
        found.extend(one for one in reader.receive(data) if isinstance(one, zpl_status.Identity))
        return bool(found)

    if not _answer(wire, zpl_status.ASK_IDENTITY + b"\r\n", identity):
        return None
    model, dots = found[0].model, found[0].dots_per_mm
    return PrinterFound(url=url, language="zpl", dots_per_mm=dots, model=model)


def _answer(wire: Transport, question: bytes, enough: Callable[[bytes], bool]) -> bool:
    deadline = time.monotonic() + ANSWER_SECONDS
    wire.write(question, deadline)
    while data := wire.read_until(deadline):
        if enough(data):
            return True
    return False


def _scale(url: str, wire: Transport, protocol: str) -> ScaleFound | Failed:
    reader, deadline = scales.READERS[protocol](), time.monotonic() + SCALE_SECONDS
    while (now := time.monotonic()) < deadline:
        if scales.ASK[protocol]:
            wire.write(scales.ASK[protocol], deadline)
        for said in reader.receive(wire.read_until(min(now + ASK_EVERY_SECONDS, deadline))):
            if isinstance(said, scales.Reading):
                return ScaleFound(url=url, protocol=protocol, grams=said.grams)
    return Failed(w.no_answer(url))
