"""When is the bench's file tidied? In a thread of its own, and only while nobody packs."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from station.store.compaction import Compaction
from station.store.store import Store, StoreError

log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
"""How often it looks whether the log is long, and whether anybody packs."""
LOG_BYTES = 4 << 20
"""A log that long is brought into the file before a scan has to."""
BREATH_SECONDS = 0.02
"""Between two turns: whoever waits for the file gets it."""


class Upkeep:
    """Tidies the file until it is stopped."""

    def __init__(
        self,
        store: Store,
        idle: Callable[[], bool],
        today: Callable[[], date] = lambda: datetime.now(UTC).date(),
    ) -> None:
        """`idle`: whether nobody has packed for a while."""
        self._store, self._idle, self._today = store, idle, today
        self._compaction = Compaction(store)
        self._log = Path(f"{store.path}-wal")
        self._stopping = threading.Event()
        self._done: date | None = None
        self._thread = threading.Thread(target=self._forever, name="upkeep", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Stop; what is half-done is done on another day."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _forever(self) -> None:
        while not self._stopping.wait(LOOK_SECONDS):
            try:
                self.look()
            except StoreError as e:
                log.warning("the file was not tidied: %s", e)

    def look(self) -> None:
        """Do what is due. Raises StoreError."""
        if self._long():
            self._store.checkpoint()
        if self._done == self._today() or not self._idle():
            return
        self._done = self._today()
        for _ in self._compaction.run(self._done):
            while not self._stopping.wait(BREATH_SECONDS) and not self._idle():
                pass
            if self._stopping.is_set():
                return
        self._store.shorten_log()
        log.info("tidied")

    def _long(self) -> bool:
        try:
            return self._log.stat().st_size > LOG_BYTES
        except OSError:
            return False
