"""When a weight counts: the scale settles by itself, and only after it was empty.

Nobody presses a key to weigh. A parcel is put on, the readings come to rest, and one weight is
given, once. Before the next is given the pan must have been empty: else the parcel of before, or
its packing slip, is weighed with it, and the weight on the label is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass

from drivers.scales.reading import NoWeight, Reading


@dataclass(frozen=True, slots=True)
class Settled:
    """A weight to go by; said once for each time the pan is loaded."""

    grams: int


@dataclass(frozen=True, slots=True)
class NotEmptied:
    """A weight at rest that must not count: the pan was not empty since the last one.

    Below zero, the scale wants zeroing.
    """

    grams: int


class Settler:
    """Readings in, at most one settled weight out each time the pan is loaded."""

    def __init__(self, *, needed: int = 3, tolerance: int = 2, empty: int = 5) -> None:
        """`needed` readings at rest within `tolerance` grams make a weight.

        Up to `empty` grams either way is an empty pan: dust, a draught, a step of the scale.
        """
        self._needed, self._tolerance, self._empty = needed, tolerance, empty
        self._run: list[int] = []
        self._emptied = False
        self._said: Settled | NotEmptied | None = None

    @property
    def lies(self) -> int | None:
        """The settled weight that still lies on the pan untouched, None when there is none."""
        return self._said.grams if isinstance(self._said, Settled) else None

    def receive(self, reading: Reading | NoWeight) -> Settled | NotEmptied | None:
        """Return what this reading completes."""
        if isinstance(reading, NoWeight) or not reading.stable:
            self._run.clear()
            return None
        self._run = [g for g in self._run if abs(g - reading.grams) <= self._tolerance]
        self._run.append(reading.grams)
        if abs(reading.grams) <= self._empty:
            self._emptied, self._said = True, None
            return None
        if len(self._run) < self._needed:
            return None
        self._run = self._run[-self._needed :]
        return self._count(reading.grams)

    def _count(self, grams: int) -> Settled | NotEmptied | None:
        # The same weight lying on, or put back, is no news.
        if self._said is not None and abs(self._said.grams - grams) <= self._tolerance:
            return None
        self._said = Settled(grams) if self._emptied and grams > 0 else NotEmptied(grams)
        self._emptied = False
        return self._said
