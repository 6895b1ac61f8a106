"""When a weight counts: the scale settles by itself, and only after it was empty.

Nobody presses a key to weigh. A parcel is put on, the readings come to rest, and one weight is
given, once. Before the next is given the pan must have been empty: else the parcel of before, or
its packing slip, is weighed with it, and the weight on the label is wrong. A scale that was silent
for a while, or says the same for long, is believed no more before it was seen empty.
"""

from __future__ import annotations

from dataclasses import dataclass

from drivers.scales.reading import NoWeight, Reading

STALE_SECONDS = 5.0
"""A scale is asked ten times a second. What it said before such a silence is old: it may have been
switched off and on with a parcel on it, and call that zero."""
FROZEN_SECONDS = 20.0
"""So long no parcel lies untouched while somebody waits for its weight: the display hangs, or the
parcel was on the pan before anyone wanted to know."""


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


@dataclass(frozen=True, slots=True)
class Frozen:
    """The very same weight for FROZEN_SECONDS; said once, and none counts before the pan was empty.

    The scale hangs, or somebody forgot what lies on it.
    """

    grams: int


Said = Settled | NotEmptied | Frozen


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
        self._last: Reading | None = None
        self._since = self._heard_at = float("-inf")
        self.frozen = False
        """The scale shows the very same weight, and has for too long."""

    @property
    def lies(self) -> int | None:
        """The settled weight that still lies on the pan untouched, None when there is none."""
        return self._said.grams if isinstance(self._said, Settled) else None

    def receive(self, reading: Reading | NoWeight, at: float) -> Said | None:
        """Return what this reading completes; `at`: when it came, in seconds."""
        if at - self._heard_at > STALE_SECONDS:
            self._run.clear()
            self._emptied = False
        self._heard_at = at
        frozen = self._freezes(reading, at)
        if isinstance(reading, NoWeight) or not reading.stable:
            self._run.clear()
            return None
        if frozen:
            self._emptied = False
            return Frozen(reading.grams)
        self._run = [g for g in self._run if abs(g - reading.grams) <= self._tolerance]
        self._run.append(reading.grams)
        if abs(reading.grams) <= self._empty:
            self._emptied, self._said = True, None
            return None
        if len(self._run) < self._needed:
            return None
        self._run = self._run[-self._needed :]
        return self._count(reading.grams)

    def _freezes(self, reading: Reading | NoWeight, at: float) -> bool:
        """Say whether this reading is the one that makes it too long."""
        if reading != self._last or isinstance(reading, NoWeight):
            self._last = reading if isinstance(reading, Reading) else None
            self._since, self.frozen = at, False
            return False
        if self.frozen or abs(reading.grams) <= self._empty:
            return False
        self.frozen = at - self._since >= FROZEN_SECONDS
        return self.frozen

    def _count(self, grams: int) -> Settled | NotEmptied | None:
        # The same weight lying on, or put back, is no news.
        if self._said is not None and abs(self._said.grams - grams) <= self._tolerance:
            return None
        self._said = Settled(grams) if self._emptied and grams > 0 else NotEmptied(grams)
        self._emptied = False
        return self._said
