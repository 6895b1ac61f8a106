"""Who wakes the long-polls when a bench's feed has moved, in this process or in another?

Whoever writes calls `look`: it compares every head with the one that was seen last, and rings
here at once. On PostgreSQL the other hubs are told by a NOTIFY that is sent after the commit, on
a connection of its own: inside the transaction it takes a lock that all of them share, and three
writers of four stand still. A NOTIFY may be lost with its sender or its listener. The truth is
the look that each process takes every quarter of a second; on SQLite it is all there is.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from sync.hub.engine import Store
from sync.hub.feed import heads

log = logging.getLogger("packbench.hub")

LOOK_SECONDS = 0.25
"""Between two looks at the heads, for what other processes wrote."""
CLOCK_SECONDS = 10.0
"""Between two times that the clock is set by the database's: both gain less than 1 ms meanwhile."""
APART_SECONDS = 5.0
"""A machine whose clock is so far off is told about: but for its log, nothing hangs on it."""
NAME = "packbench_feed"
"""What is notified and listened to."""
AT_ONCE = 100
"""Heads in one NOTIFY: its payload may have 8,000 bytes."""
LISTEN_SECONDS = 0.5
"""How long a listener hears nothing before it sees whether it is to end."""
AGAIN_SECONDS = 1.0
"""Before a connection that broke is made again."""
END_SECONDS = 5.0
"""How long a thread's end is waited for."""


@dataclass(slots=True)
class _Waiting:
    bench: str
    event: asyncio.Event
    loop: asyncio.AbstractEventLoop


class Bell:
    """Wakes the long-polls of the benches whose feed has moved."""

    def __init__(self, look_seconds: float = LOOK_SECONDS) -> None:
        self._look_seconds = look_seconds
        self._lock = threading.Lock()
        self._waiting: list[_Waiting] = []
        self._heads: dict[str, int] = {}
        self._told: dict[str, int] = {}
        self._untold = threading.Event()
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self.listening = threading.Event()
        """Set while the other processes are heard."""
        self.leaving = False
        """Whether this hub is about to close: whoever has the choice goes to another one."""
        self.closed = False
        """Whether nobody is to wait any more: the hub is shutting down."""

    def start(self, store: Store) -> None:
        """Begin to look by itself, and to hear and tell the other processes."""
        jobs = {"look": self._looking}
        if not store.embedded:
            jobs |= {"listen": self._listening, "tell": self._telling}
        for name, run in jobs.items():
            thread = threading.Thread(target=run, args=(store,), name=f"bell {name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def end(self) -> None:
        """Stop looking and listening."""
        self._stop.set()
        self._untold.set()
        for thread in self._threads:
            thread.join(END_SECONDS)

    @property
    def alive(self) -> bool:
        """Say whether everything that was started still runs."""
        return all(thread.is_alive() for thread in self._threads)

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
        """Ring for every feed that has moved since the last look, here and elsewhere.

        To be called after a commit. Raises what the database raises.
        """
        with store.read() as connection:
            self._see(heads(connection))
        self._untold.set()

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

    def _see(self, now: Mapping[str, int]) -> None:
        with self._lock:
            moved = [name for name, head in now.items() if self._heads.get(name) != head]
            self._heads = dict(now)
        if moved:
            self.ring(moved)

    # --- threads

    def _looking(self, store: Store) -> None:
        clock_set = 0.0
        while not self._stop.wait(self._look_seconds):
            try:
                if time.monotonic() - clock_set > CLOCK_SECONDS:
                    behind, clock_set = store.set_clock(), time.monotonic()
                    if abs(behind) > APART_SECONDS:
                        log.warning("this machine's clock is %.0f s off the database's", behind)
                with store.read() as connection:
                    self._see(heads(connection))
            except SQLAlchemyError as wrong:
                # The database is away: whoever asks is told so, and the next look is soon.
                log.debug("no look at the feeds: %s", type(wrong).__name__)

    def _listening(self, store: Store) -> None:
        while not self._stop.is_set():
            try:
                self._hear(store)
            except (SQLAlchemyError, store.engine.dialect.loaded_dbapi.Error) as wrong:
                log.debug("other hubs are not heard: %s", type(wrong).__name__)
            self.listening.clear()
            self._stop.wait(AGAIN_SECONDS)

    def _hear(self, store: Store) -> None:
        dialect = store.engine.dialect
        where, how = dialect.create_connect_args(store.engine.url)
        # Not one of the pool's: it waits for ever.
        with dialect.loaded_dbapi.connect(*where, **how, autocommit=True) as wire:
            wire.execute(f"LISTEN {NAME}")
            self.listening.set()
            while not self._stop.is_set():
                for said in wire.notifies(timeout=LISTEN_SECONDS):
                    with contextlib.suppress(msgspec.DecodeError):  # not one of ours
                        self._heard(msgspec.json.decode(said.payload, type=dict[str, int]))

    def _heard(self, said: Mapping[str, int]) -> None:
        """Ring for what another process wrote; what this one wrote is known already."""
        with self._lock:
            news = {name: head for name, head in said.items() if head > self._heads.get(name, 0)}
            self._heads |= news
            # Who heard it need not tell it again.
            self._told |= news
        if news:
            self.ring(news)

    def _telling(self, store: Store) -> None:
        while not self._stop.is_set():
            self._untold.wait()
            self._untold.clear()
            with self._lock:
                news = {n: h for n, h in self._heads.items() if h > self._told.get(n, 0)}
                self._told |= news
            try:
                self._tell(store, news)
            except SQLAlchemyError as wrong:
                # Their own look finds it.
                log.debug("other hubs are not told: %s", type(wrong).__name__)

    def _tell(self, store: Store, news: Mapping[str, int]) -> None:
        left = list(news.items())
        while left:
            some, left = dict(left[:AT_ONCE]), left[AT_ONCE:]
            with store.engine.connect() as connection:
                alone = connection.execution_options(isolation_level="AUTOCOMMIT")
                alone.execute(select(func.pg_notify(NAME, msgspec.json.encode(some).decode())))
