"""What a language is to a virtual printer: a conversation for each connection."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from drivers.simulate.paper import Paper

Say = Callable[[bytes], None]
"""Sends bytes that nobody asked for over one connection; never raises."""


def nothing() -> None:
    """Forget nothing when the power goes."""


class Finder(Protocol):
    """Finds the end of the first label in a stream; used to cut it at an awkward place."""

    @property
    def partial(self) -> bool:
        """Has a label, or what may become one, begun and not ended?"""

    def ends(self, byte: bytes) -> bool:
        """Does this byte end a label?"""


class Session(Protocol):
    """One connection to a printer."""

    def receive(self, data: bytes, at: float) -> bytes:
        """Take in `data`, queue what became a label, and return the answer."""

    def closed(self) -> None:
        """Note that the connection is gone, maybe in the middle of a label."""


@dataclass(frozen=True, slots=True)
class Manners:
    """How a printer of some language talks, whatever connection it is on."""

    open: Callable[[], Session]
    """Begins the session of a new connection."""
    finder: Callable[[], Finder]
    urgent: bytes
    """What a status question begins with; it is answered even when the buffer is full."""
    speaking: Callable[[Say], Session] | None = None
    """Begins one that also speaks unasked, where the language knows that."""
    lose_power: Callable[[], None] = nothing
    """Forgets what the language, beside the paper, keeps of the printer as a whole."""


@dataclass(frozen=True, slots=True)
class Personality:
    """A printer language, before it has a printer."""

    suffix: str
    """What recorded labels are called after the dot."""
    manners: Callable[[Paper], Manners]
