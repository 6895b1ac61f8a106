"""Where the chance of the simulation comes from: named seeds, so that a run can be repeated."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import accumulate
from typing import Generic, TypeVar

T = TypeVar("T")


def dice(*seed: object) -> random.Random:
    """Give the dice of that name: the same seed throws the same numbers for ever.

    >>> dice(7, "orders").random() == dice(7, "orders").random()
    True
    """
    # The chance of a play, not of a lock.
    return random.Random(":".join(map(str, seed)))  # noqa: S311


class Weighted(Generic[T]):
    """Things of which some come more often than others."""

    def __init__(self, things: Sequence[T], weights: Sequence[float]) -> None:
        self.things = tuple(things)
        self._sums = tuple(accumulate(weights))

    def draw(self, throw: random.Random) -> T:
        """Draw one thing."""
        return throw.choices(self.things, cum_weights=self._sums)[0]

    def draw_distinct(self, throw: random.Random, number: int) -> list[T]:
        """Draw so many different things; those drawn are out of the bag."""
        if number > len(self.things):
            raise ValueError(f"{number} different things out of {len(self.things)}")
        drawn: dict[T, None] = {}
        while len(drawn) < number:
            drawn.setdefault(self.draw(throw))
        return list(drawn)
