"""What does an EPL2 printer do with a command? It says nothing of its own accord, and is not asked.

Source: Zebra, EPL2 Programmer's Manual: N, q, Q, GW, P. Lines end with LF; the data of GW are
counted:

    GW0,0,2,1,<2 bytes> LF
    P1 LF                               one label comes out
"""

from __future__ import annotations

import re

from drivers.simulate.paper import Paper
from drivers.simulate.personality import Manners, Personality

_GRAPHIC = re.compile(rb"\s*GW\d+,\d+,(\d+),(\d+),")
_PRINT = re.compile(rb"\s*P(\d+)(?:,(\d+))?\s*")
_MEMORY_BYTES = 8_000_000


class _Stream:
    """Finds the labels in a stream: everything up to and with a P line."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._label = bytearray()

    @property
    def partial(self) -> bool:
        return bool(self._label or self._rest)

    def ends(self, byte: bytes) -> bool:
        return bool(self.receive(byte))

    def receive(self, data: bytes) -> list[tuple[bytes, int]]:
        """Return the labels that `data` completes, each with its number of copies."""
        self._rest += data
        labels = []
        while (end := self._command_end()) is not None:
            command = bytes(self._rest[:end])
            del self._rest[:end]
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
        if graphic := _GRAPHIC.match(rest):
            end = graphic.end() + int(graphic[1]) * int(graphic[2])
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
        for label, copies in self._stream.receive(data):
            if copies:
                self._paper.take(label, copies, self._first_byte_at)
            self._first_byte_at = at
        return b""

    def closed(self) -> None:
        """Nothing to keep: half a label is forgotten with its connection."""


def personality() -> Personality:
    """Return EPL2."""
    return Personality(
        "epl2", lambda paper: Manners(lambda: _Session(paper), _Stream, urgent=b"^ee")
    )
