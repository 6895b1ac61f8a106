"""What does a printer do with a language that it does not speak? It prints the words.

Line mode, as many printers come from the shop: every line of text, whatever it was meant to be, is
printed as such. `~HS` becomes a label that says "~HS"; a label in ZPL, a roll of garbage.
"""

from __future__ import annotations

from drivers.simulate.paper import Paper
from drivers.simulate.personality import Manners, Personality

_LONGEST_BYTES = 80
"""A line that does not end is printed when the paper is full."""


class _Stream:
    def __init__(self) -> None:
        self._rest = bytearray()

    @property
    def partial(self) -> bool:
        return bool(self._rest)

    def ends(self, byte: bytes) -> bool:
        return bool(self.receive(byte))

    def receive(self, data: bytes) -> list[bytes]:
        """Return the lines that `data` completes."""
        self._rest += data
        lines = []
        while (end := self._end()) is not None:
            line = bytes(self._rest[:end])
            del self._rest[:end]
            if line.strip():
                lines.append(line)
        return lines

    def _end(self) -> int | None:
        line = self._rest.find(b"\n", 0, _LONGEST_BYTES)
        if line >= 0:
            return line + 1
        return _LONGEST_BYTES if len(self._rest) >= _LONGEST_BYTES else None


class _Session:
    def __init__(self, paper: Paper) -> None:
        self._paper = paper
        self._stream = _Stream()

    def receive(self, data: bytes, at: float) -> bytes:
        for line in self._stream.receive(data):
            self._paper.take(line, 1, at)
        return b""

    def closed(self) -> None:
        """Nothing to keep."""


def personality() -> Personality:
    """Return line mode."""
    return Personality(
        "text", lambda paper: Manners(lambda: _Session(paper), _Stream, urgent=b"\0")
    )
