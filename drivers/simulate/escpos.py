"""What an ESC/POS receipt printer does with a command, and what it answers.

Source: Epson, ESC/POS Command Reference: GS V (cut), DLE EOT n (real-time status), GS v 0, GS (,
GS k, GS *, ESC * (data are counted, and may hold anything). A receipt is all up to a cut:

    10 04 04            DLE EOT 4, answered by one byte: 12 paper there, 72 paper at its end
    1D 56 00            GS V 0: cut, a receipt has come out
"""

from __future__ import annotations

from drivers.simulate.paper import Paper
from drivers.simulate.personality import Manners, Personality

ASK = b"\x10\x04"
_ALWAYS = 0x12
"""Bits 1 and 4 of every status byte are set: that is how a host tells it from data."""
_OFFLINE, _COVER_OPEN, _PAPER_STOP, _PAPER_END = 0x08, 0x04, 0x20, 0x60
_MEMORY_BYTES = 8_000_000


class _Stream:
    """Finds the receipts in a stream, and the status questions between its commands."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._receipt = bytearray()
        self.asked: list[int] = []
        """Kinds of status asked for (the n of DLE EOT n) and not yet answered."""

    @property
    def partial(self) -> bool:
        return bool(self._receipt or self._rest)

    def ends(self, byte: bytes) -> bool:
        return bool(self.receive(byte))

    def receive(self, data: bytes) -> list[bytes]:
        """Return the receipts that `data` completes."""
        self._rest += data
        receipts = []
        while self._rest and (length := _length(self._rest)) and length <= len(self._rest):
            command = bytes(self._rest[:length])
            del self._rest[:length]
            if command[:2] == ASK:
                self.asked.append(command[2])
                continue
            self._receipt += command
            if command[:2] == b"\x1dV":
                receipts.append(bytes(self._receipt))
                self._receipt.clear()
        if len(self._rest) + len(self._receipt) > _MEMORY_BYTES:
            self._rest.clear()
            self._receipt.clear()
        return receipts


def _length(rest: bytearray) -> int | None:
    """Return how long the first command is, None when that cannot be seen yet."""

    def two(at: int) -> int:
        return rest[at] + 256 * rest[at + 1]

    if rest[0] not in (0x10, 0x1B, 0x1D):
        return 1
    if len(rest) < 3:
        return None
    match bytes(rest[:2]):
        case b"\x10\x04":
            return 3
        case b"\x1dV":
            return 4 if rest[2] in (65, 66) else 3
        case b"\x1dv":
            return 8 + two(4) * two(6) if len(rest) >= 8 else None
        case b"\x1d(":
            return 5 + two(3) if len(rest) >= 5 else None
        case b"\x1dk" if rest[2] >= 65:
            return 4 + rest[3] if len(rest) >= 4 else None
        case b"\x1dk":
            end = rest.find(b"\0", 3)
            return end + 1 if end >= 0 else None
        case b"\x1d*":
            return 4 + rest[2] * rest[3] * 8 if len(rest) >= 4 else None
        case b"\x1b*":
            return 5 + two(3) * (1 if rest[2] < 32 else 3) if len(rest) >= 5 else None
        case _:
            # The parameters of the others cannot be taken for one of the above.
            return 2


class _Session:
    def __init__(self, paper: Paper) -> None:
        self._paper = paper
        self._stream = _Stream()
        self._first_byte_at = 0.0

    def receive(self, data: bytes, at: float) -> bytes:
        if not self._stream.partial:
            self._first_byte_at = at
        for receipt in self._stream.receive(data):
            self._paper.take(receipt, 1, self._first_byte_at)
            self._first_byte_at = at
        asked, self._stream.asked = self._stream.asked, []
        return bytes(_status(self._paper, kind) for kind in asked)

    def closed(self) -> None:
        """Nothing to keep: what was printed without a cut hangs out of the printer."""


def _status(paper: Paper, kind: int) -> int:
    match kind:
        case 1:
            return _ALWAYS | _OFFLINE * (paper.error or paper.paused)
        case 2:
            return _ALWAYS | _COVER_OPEN * paper.head_open | _PAPER_STOP * paper.paper_out
        case 4:
            return _ALWAYS | _PAPER_END * paper.paper_out
        case _:
            return _ALWAYS


def personality() -> Personality:
    """Return ESC/POS."""
    return Personality(
        "escpos", lambda paper: Manners(lambda: _Session(paper), _Stream, urgent=ASK)
    )
