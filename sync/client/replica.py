"""What an order is now: what the hub last said, and what happened here since. No I/O.

An order at the bench is the hub's document with the bench's own pending entries applied. A new
document and the number up to which our entries are already in it arrive together and are taken
together: one without the other would count a piece twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sync.orders import Entry, Impossible, Order, apply
from sync.protocol.messages import Numbered


@dataclass(frozen=True, slots=True)
class Now:
    """An order with everything that is pending here."""

    order: Order
    overruled: tuple[Entry, ...] = ()
    """Pending entries that the hub's document leaves no room for: the packer is told."""


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """What a new document of the hub makes of an order."""

    order: Order
    pending: tuple[Numbered, ...]
    """What the hub has still not taken into its document, oldest first."""
    overruled: tuple[Entry, ...]


def now(confirmed: Order, pending: Iterable[Entry]) -> Now:
    """Return the order with the pending entries applied, oldest first."""
    order, overruled = confirmed, []
    for entry in pending:
        try:
            order = apply(order, entry.fact)
        except Impossible:
            overruled.append(entry)
    return Now(order, tuple(overruled))


def catch_up(confirmed: Order, through: int, pending: Sequence[Numbered]) -> CaughtUp:
    """Take the hub's document and forget the entries that are in it.

    `through` is the number of the last of our entries that the hub had judged when it wrote the
    document; whatever it made of them, the document says.
    """
    kept = tuple(numbered for numbered in pending if numbered.seq > through)
    result = now(confirmed, (numbered.entry for numbered in kept))
    return CaughtUp(result.order, kept, result.overruled)
