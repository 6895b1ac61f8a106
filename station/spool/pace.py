"""When is the next look at a label worth it?

A printer that is asked all the time prints slower, and one that is asked too seldom stands still.
Labels of one roll take the same time, so the first one is looked at coarsely, and the next ones
just when they should be out. No clock in here.
"""

from __future__ import annotations

_SHORTEST = 0.002
"""Seconds between two looks at a printer that is faster than we can ask."""
_STEPS = 60
"""So many looks would go into the time of a label, if it were looked at finely all along."""
_EARLIER = 0.97
"""The next one may be a little faster."""
_LATE = 1.5
"""So many times longer than expected, and it is another label, or trouble: coarse looks do."""
_MUCH_EARLIER = 0.7
"""It was out at the first look: how long before, nobody knows."""


class Pace:
    """Learns how long a printer takes for a label; asks as little as it can."""

    def __init__(self) -> None:
        self._begin: float | None = None
        """Seconds after the last byte from which on looking is worth it; None: nobody knows."""
        self._took = 0.0

    def pause(self, gone: float, coarse: float, most: float) -> float:
        """Return how long to wait, `gone` seconds after the last byte.

        `coarse`: what it would be if nothing were known; `most`: trouble must be seen by then.
        """
        if self._begin is None or gone > self._took * _LATE + _SHORTEST * _STEPS:
            return coarse
        if gone < self._begin:
            return min(max(self._begin - gone, _SHORTEST), most)
        return min(max(self._took / _STEPS, _SHORTEST), most)

    def learn(self, not_before: float, seen: float) -> None:
        """Take in that a label was not out at one look, and was at the next."""
        self._begin = not_before * _EARLIER if not_before > 0 else seen * _MUCH_EARLIER
        self._took = seen
