"""Which box does a parcel go in, as long as items have no measures? Bench and hub must agree.

The hub buys a label for the weight that the bench will find on its scale; were the two to think of
different boxes, the label would be bought twice.
"""

from __future__ import annotations

from collections.abc import Sequence

Kinds = Sequence[tuple[str, int]]
"""Kinds of box and their empty weight in grams, smallest first."""

KINDS: Kinds = (("S", 100), ("M", 200), ("L", 350))
"""What a bench has where its station.toml says nothing else."""
SMALL, MEDIUM = 3, 10
"""Pieces that go into the smallest and the second box. A packer who knows better scans another."""


def proposed(pieces: int, kinds: Kinds = KINDS) -> str:
    """Name the smallest kind of box that should do; "" where there is none.

    >>> proposed(1), proposed(4), proposed(400)
    ('S', 'M', 'L')
    """
    if not kinds:
        return ""
    size = (pieces > SMALL) + (pieces > MEDIUM)
    return kinds[min(size, len(kinds) - 1)][0]


def tare_grams(pieces: int, kinds: Kinds = KINDS) -> int:
    """Return what the proposed box weighs, empty."""
    return dict(kinds).get(proposed(pieces, kinds), 0)
