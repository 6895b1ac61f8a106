"""What does the printer say, and how do bytes get to it? The wire of one printer, while it holds.

    line.connect(); line.look() -> Heard; line.hand_over(data, offset) -> offset; line.drop()

A label and the questions about it go over the same wire, so an answer, however late, was given
after the label had arrived. The wire is held between labels: a bench has its printer for itself
(two benches on one printer make its counter worthless), and connecting costs what printing does.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from drivers.label_printers import zpl_status
from drivers.label_printers.zpl_status import Identity, Status, Variable
from drivers.transports import Cut, Stalled, Transport, open_transport
from station.spool.verdict import Heard, Patience


@dataclass(frozen=True, slots=True, kw_only=True)
class Printer:
    """A printer as the spool needs to know it."""

    name: str
    url: str
    asked: bool = True
    """It answers ZPL's questions. Never ask another language: it would print "~HS" on a label."""
    counter: bool = True
    """It may be asked for its odometer; False for those that print the question."""


class Line:
    """A wire to one printer; belongs to the printer's thread."""

    def __init__(self, printer: Printer, patience: Patience) -> None:
        """Name the wire; `connect` opens it."""
        self._printer, self._patience = printer, patience
        self._wire: Transport | None = None
        self._reader = zpl_status.Reader()
        self._owed = False
        self._countless = False
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
        self._reader = zpl_status.Reader()
        self._owed = False
        self.counts = self._printer.asked and self._printer.counter and not self._countless

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
        question = zpl_status.ASK_STATUS + b"\r\n"
        if self.counts:
            question += zpl_status.ASK_COUNTER
        wire.write(question, self._until(self._patience.write))
        return self._listen(wire)

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
            for said in self._reader.receive(data):
                match said:
                    case Status():
                        # A counter read before this status may be older than the last label.
                        status, counter = said, None
                    case Variable():
                        counter = said
                    case Identity():
                        pass
        if counter is not None and counter.count is None:
            self.counts = False
        return Heard(status, counter.count if counter else None)

    def _until(self, seconds: float) -> float:
        return time.monotonic() + seconds

    def _open(self) -> Transport:
        if self._wire is None:
            raise Cut(f"{self._printer.url}: not connected")
        return self._wire
