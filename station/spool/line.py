"""What does the printer say, and how do bytes get to it? The wire of one printer, while it holds.

    line.connect(); line.look() -> Heard; line.hand_over(data, offset) -> offset; line.drop()

A label and the questions about it go over the same wire, so an answer, however late, was given
after the label had arrived. The wire is held between labels: a bench has its printer for itself
(two benches on one printer make its counter worthless), and connecting costs what printing does.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace

from drivers.label_printers import tspl_status, zpl_status
from drivers.label_printers.capability import Capability
from drivers.label_printers.zpl_status import (
    Acknowledged,
    Errors,
    Identity,
    Said,
    Status,
    Variable,
)
from drivers.transports import Cut, Stalled, Transport, open_transport
from station.spool.probe import Probe
from station.spool.verdict import Heard, Patience

_TOKENS = 16
"""So many labels that said so are remembered: one is in flight, and a wire is held for months."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Printer:
    """A printer as the spool needs to know it."""

    name: str
    url: str
    language: str = "zpl"
    """Never ask in another one: it would print "~HS" on a label."""
    asked: bool = True
    """It answers its language's questions."""
    counter: bool = True
    """It may be asked for its odometer; False for those that print the question."""
    shared: bool = False
    """Another bench prints on it too: what its odometer says proves nothing."""
    dots_per_mm: int = 0
    """What labels are drawn for; 0: whatever it has."""


class Line:
    """A wire to one printer; belongs to the printer's thread."""

    def __init__(self, printer: Printer, patience: Patience) -> None:
        """Name the wire; `connect` opens it."""
        self._printer, self._patience = printer, patience
        self._wire: Transport | None = None
        self._reader = self._new_reader()
        self._owed = False
        self._countless = False
        self._errors = False
        self._acknowledged: deque[str] = deque(maxlen=_TOKENS)
        self.counts = False
        """The printer is taken to have a counter, until it says that it has none."""

    @property
    def up(self) -> bool:
        """Is the wire connected, as far as we know?"""
        return self._wire is not None

    @property
    def quiet(self) -> bool:
        """Is it up, and was every question answered?

        No label goes out on another wire: what is answered after the label must be about it.
        """
        return self._wire is not None and not self._owed

    def connect(self) -> None:
        """Reach the printer. Raises BadAddress, Unreachable."""
        self.drop()
        wire = open_transport(self._printer.url)
        wire.connect(self._patience.connect)
        self._wire = wire
        self._reader = self._new_reader()
        self._owed = False
        self._acknowledged.clear()
        able = self._printer.asked and self._printer.counter and self._printer.language == "zpl"
        self.counts = able and not self._printer.shared and not self._countless

    def probe(self, known: Capability | None) -> Capability | None:
        """Ask who it is and what it can tell; None when it does not say. Raises Cut, Stalled."""
        wire = self._open()
        probe = Probe(wire, self._patience.answer)
        printer = self._printer
        found = probe.ask(printer.url, printer.language, variables=printer.counter, known=known)
        self._owed = self._owed or probe.owed
        return found

    def trust(self, capability: Capability) -> None:
        """Ask from now on for what the printer can tell, and for nothing else."""
        self._errors = capability.errors
        if capability.language == "zpl" and not capability.odometer:
            self._countless, self.counts = True, False

    def distrust_counter(self) -> None:
        """Take the counter for no evidence any more: somebody else prints here."""
        self._countless, self.counts = True, False

    def give_up_counting(self) -> None:
        """Ask for the counter no more: the printer answers its status, and never this."""
        self._countless, self.counts = True, False
        self.drop()

    def hand_over(self, data: bytes, offset: int) -> int:
        """Hand over what it takes of `data` from `offset` on; return how far it came. Raises Cut.

        `Cut.sent` counts from `offset`.
        """
        wire = self._open()
        try:
            wire.write(data[offset:] if offset else data, self._until(self._patience.write))
        except Stalled as e:
            if offset + e.sent >= len(data):
                # A serial port does not say how far it came; going on would send bytes twice.
                raise Cut(str(e), e.sent) from e
            return offset + e.sent
        return len(data)

    def look(self) -> Heard:
        """Ask how the printer is, and wait for the answer. Raises Cut, Stalled."""
        wire = self._open()
        if self._owed:
            # Answers to questions that we have given up on.
            self._reader.receive(wire.read_until(0.0))
        if self._printer.language == "tspl":
            question = tspl_status.ASK_STATUS
        else:
            question = zpl_status.ASK_STATUS + b"\r\n"
        if self.counts:
            question += zpl_status.ASK_COUNTER
        wire.write(question, self._until(self._patience.write))
        heard = self._listen(wire)
        if heard.status is not None and heard.status.needs_person and self._errors:
            return replace(heard, status=self._why(wire, heard.status))
        return heard

    def forget_half(self) -> None:
        """Have the printer forget a half label. Raises Cut, Stalled."""
        self._open().write(zpl_status.CANCEL_PARTIAL, self._until(self._patience.write))

    def drop(self) -> None:
        """Let go of the wire."""
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.close()

    def _listen(self, wire: Transport) -> Heard:
        deadline = self._until(self._patience.answer)
        status: Status | None = None
        counter: Variable | None = None
        while status is None or (counter is None and self.counts):
            data = wire.read_until(deadline)
            if not data or time.monotonic() > deadline:
                self._owed = True
                break
            answers: Iterable[Said] = self._reader.receive(data)
            for said in answers:
                match said:
                    case Status():
                        # A counter read before this status may be older than the last label.
                        status, counter = said, None
                    case Variable():
                        counter = said
                    case Acknowledged(token):
                        self._acknowledged.append(token)
                    case Identity() | Errors():
                        pass
        if counter is not None and counter.count is None:
            self.counts = False
        count = counter.count if counter else None
        return Heard(status, count, frozenset(self._acknowledged))

    def _why(self, wire: Transport, status: Status) -> Status:
        """Ask what exactly is wrong: ~HS calls a jam a pause."""
        wire.write(zpl_status.ASK_ERRORS + b"\r\n", self._until(self._patience.write))
        deadline = self._until(self._patience.answer)
        # Not only until nothing comes: a printer that babbles would keep us for ever.
        while (data := wire.read_until(deadline)) and time.monotonic() <= deadline:
            answers: Iterable[Said] = self._reader.receive(data)
            for said in answers:
                match said:
                    case Errors():
                        hot = status.too_hot or said.too_hot
                        return replace(status, jammed=said.jammed, too_hot=hot)
                    case Acknowledged(token):
                        self._acknowledged.append(token)
                    case Status() | Variable() | Identity():
                        pass
        self._owed = True
        return status

    def _new_reader(self) -> zpl_status.Reader | tspl_status.Reader:
        return tspl_status.Reader() if self._printer.language == "tspl" else zpl_status.Reader()

    def _until(self, seconds: float) -> float:
        return time.monotonic() + seconds

    def _open(self) -> Transport:
        if self._wire is None:
            raise Cut(f"{self._printer.url}: not connected")
        return self._wire
