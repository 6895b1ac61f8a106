"""What a TSPL printer does with a command, and what it answers.

Source: TSC, TSPL/TSPL2 Programming Manual: SIZE, GAP, CLS, BITMAP, PRINT; Gprinter GP-2120
Programming Manual p. 34, `ESC ! ?`. Lines end with CR LF; the data of BITMAP are counted:

    BITMAP 0,0,2,1,0,<2 bytes> CR LF
    PRINT 1,1 CR LF                     one label comes out
    1B 21 3F                            answered by one byte, 00 when ready

Bits of that byte: 01 head open, 02 jam, 04 no paper, 08 no ribbon, 10 paused, 20 printing, 80
other. There is no counter to read: only a person or the closing scan knows that a label came out.
"""

from __future__ import annotations

import re

from drivers.simulate.paper import Paper
from drivers.simulate.personality import Manners, Personality

ASK_STATUS = b"\x1b!?"

_BITMAP = re.compile(rb"\s*BITMAP +\d+ *, *\d+ *, *(\d+) *, *(\d+) *, *\d+ *,", re.IGNORECASE)
_PRINT = re.compile(rb"\s*PRINT +(\d+)(?: *, *(\d+))?\s*", re.IGNORECASE)
_MEMORY_BYTES = 8_000_000


class _Stream:
    """Finds the labels in a stream: everything up to and with a PRINT line."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._label = bytearray()

    @property
    def partial(self) -> bool:
        return bool(self._label or self._rest)

    def ends(self, byte: bytes) -> bool:
        return any(command != ASK_STATUS for command, _ in self.receive(byte))

    def receive(self, data: bytes) -> list[tuple[bytes, int]]:
        """Return the labels that `data` completes, each with its copies, and the questions."""
        self._rest += data
        labels = []
        while (end := self._command_end()) is not None:
            command = bytes(self._rest[:end])
            del self._rest[:end]
            if command == ASK_STATUS:
                labels.append((command, 0))
                continue
            self._label += command
            if printing := _PRINT.fullmatch(command):
                labels.append((bytes(self._label), int(printing[1]) * int(printing[2] or 1)))
                self._label.clear()
        if len(self._rest) + len(self._label) > _MEMORY_BYTES:
            self._rest.clear()
            self._label.clear()
        return labels

    def _command_end(self) -> int | None:
        rest = self._rest
        if rest.startswith(b"\x1b"):
            return 3 if len(rest) >= 3 else None
        if bitmap := _BITMAP.match(rest):
            end = bitmap.end() + int(bitmap[1]) * int(bitmap[2])
            return end if len(rest) >= end else None
        line = rest.find(b"\n")
        return line + 1 if line >= 0 else None


class _Session:
    def __init__(self, paper: Paper) -> None:
        self._paper = paper
        self._stream = _Stream()
        self._first_byte_at = 0.0

    def receive(self, data: bytes, at: float) -> bytes:
        if not self._stream.partial:
            self._first_byte_at = at
        answers = b""
        for label, copies in self._stream.receive(data):
            if label == ASK_STATUS:
                answers += bytes([_status(self._paper)])
                continue
            if copies:
                self._paper.take(label, copies, self._first_byte_at)
            self._first_byte_at = at
        return answers

    def closed(self) -> None:
        """Nothing to keep: a TSPL printer does not tell that half a label came."""


def _status(paper: Paper) -> int:
    return (
        0x01 * paper.head_open
        | 0x02 * paper.jammed
        | 0x04 * paper.paper_out
        | 0x08 * paper.ribbon_out
        | 0x10 * paper.paused
        | 0x20 * (paper.printing or paper.ready)
        | 0x80 * paper.too_hot
    )


def personality() -> Personality:
    """Return TSPL."""
    return Personality(
        "tspl", lambda paper: Manners(lambda: _Session(paper), _Stream, urgent=ASK_STATUS)
    )
