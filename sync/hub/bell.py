"""Who wakes the long-polls when a bench's feed has moved?"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable
from dataclasses import dataclass

from sync.hub.engine import Store
from sync.hub.feed import heads


@dataclass(slots=True)
class _Waiting:
    bench: str
    event: asyncio.Event
    loop: asyncio.AbstractEventLoop


class Bell:
    """Wakes the long-polls of the benches whose feed has moved.

    Whoever writes rings it, also from other threads; what other processes write is found by
    `look`, which compares every head with the one it saw last.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[_Waiting] = []
        self._heads: dict[str, int] = {}
        self.closed = False
        """Whether nobody is to wait any more: the hub is shutting down."""

    def close(self) -> None:
        """Let everybody go who waits, now and from now on."""
        self.closed = True
        self.ring()

    def ring(self, benches: Iterable[str] | None = None) -> None:
        """Wake who waits for these benches; None: everybody."""
        names = None if benches is None else set(benches)
        with self._lock:
            for one in self._waiting:
                if names is None or one.bench in names:
                    one.loop.call_soon_threadsafe(one.event.set)

    def look(self, store: Store) -> None:
        """Ring for every feed that has moved since the last look."""
        with store.read() as connection:
            now = heads(connection)
        moved = [name for name, head in now.items() if self._heads.get(name) != head]
        self._heads = now
        if moved:
            self.ring(moved)

    def listen(self, name: str) -> _Waiting:
        """Begin to wait; to be called before the feed is read, so that nothing is missed."""
        one = _Waiting(name, asyncio.Event(), asyncio.get_running_loop())
        with self._lock:
            self._waiting.append(one)
        return one

    def leave(self, one: _Waiting) -> None:
        """Wait no more."""
        with self._lock:
            self._waiting.remove(one)
