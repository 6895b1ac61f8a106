"""A position in a bench's feed."""

from __future__ import annotations

from typing import NamedTuple


class Cursor(NamedTuple):
    """Where a bench has read to: the hub's epoch and the last sequence number in it."""

    epoch: int
    seq: int

    def __str__(self) -> str:
        """As it goes over the wire.

        >>> str(Cursor(3, 812))
        '3.812'
        """
        return f"{self.epoch}.{self.seq}"


START = Cursor(0, 0)
"""Before everything, at every hub."""


def read(text: str) -> Cursor:
    """Read a cursor off the wire. Raises ValueError.

    >>> read("3.812")
    Cursor(epoch=3, seq=812)
    """
    epoch, dot, seq = text.partition(".")
    if not (dot and epoch.isascii() and epoch.isdigit() and seq.isascii() and seq.isdigit()):
        raise ValueError(f"not a feed position: {text!r}")
    return Cursor(int(epoch), int(seq))
