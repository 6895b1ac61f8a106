"""How long ago did the hub answer? Also over a restart: what the bench shows is so old."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime

from station.store.store import Store, StoreError, Turn
from sync.client.boot import boottime

log = logging.getLogger(__name__)

KEEP_SECONDS = 60.0
"""It is written so often: the age that is shown is in minutes."""
_KEY = "heard"


class Heard:
    """The moment of the last answer, on a clock that does not jump; on the wall's after a start."""

    def __init__(
        self,
        store: Store,
        clock: Callable[[], float] = boottime,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store, self._clock, self._wall = store, clock, wall
        self._at: float | None = None
        self._kept: float | None = None

    def now(self) -> None:
        """The hub answers."""
        self._at = now = self._clock()
        if self._kept is not None and now - self._kept < KEEP_SECONDS:
            return
        try:
            with self._store.turn(feed=True) as turn:
                keep(turn, self._wall())
            self._kept = now
        except StoreError:
            log.warning("the disk does not keep when the hub was heard")

    def ago(self) -> float | None:
        """Seconds since then; None where it never was."""
        if self._at is not None:
            return max(0.0, self._clock() - self._at)
        try:
            with self._store.turn(feed=True) as turn:
                said = turn.get(_KEY)
        except StoreError:
            return None
        if not said:
            return None
        return max(0.0, (self._wall() - datetime.fromisoformat(said)).total_seconds())


def keep(turn: Turn, at: datetime) -> None:
    """Keep that the hub answered then."""
    turn.set(_KEY, at.isoformat())
