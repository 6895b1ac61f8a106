"""What happens next? Events in virtual time, one after the other; equal times in order of birth."""

from __future__ import annotations

import heapq
from collections.abc import Callable

Event = Callable[[], None]


class Agenda:
    """A clock that jumps from event to event."""

    def __init__(self, now: float) -> None:
        self.began = self.now = now
        """UTC seconds since 1970, the true time of the simulated world."""
        self.steps = 0
        """What counts: a scan, a request that a hub answers, a round, a fault."""
        self._born = 0
        self._events: list[tuple[float, int, Event]] = []

    def after(self, seconds: float, event: Event) -> None:
        """Let something happen so much later."""
        self._born += 1
        heapq.heappush(self._events, (self.now + max(seconds, 0.0), self._born, event))

    def step(self) -> bool:
        """Let the next thing happen; False when nothing is left."""
        if not self._events:
            return False
        at, _, event = heapq.heappop(self._events)
        self.now = max(self.now, at)
        event()
        return True

    def counts(self) -> None:
        """Count a step."""
        self.steps += 1

    def until(self, moment: float) -> None:
        """Let everything happen up to a moment, and then it is that moment.

        Also from within an event: whoever waits for an answer from outside waits here, and what
        the others do meanwhile happens meanwhile.
        """
        while self._events and self._events[0][0] <= moment:
            self.step()
        self.now = max(self.now, moment)

    @property
    def hours(self) -> float:
        """How long the world has existed."""
        return (self.now - self.began) / 3600
