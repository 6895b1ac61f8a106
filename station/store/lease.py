"""Until when may this bench begin on what it has? Kept over a restart of the program.

A lease is counted on the clock of one start of the machine. After another start nobody knows how
long it was off: the lease is taken to be over until the hub answers once.
"""

from __future__ import annotations

import math
import threading

import msgspec

from station.store.store import Store, Turn
from sync.client.boot import boot
from sync.orders.learn import learn

KEEP_SECONDS = 60.0
"""A lease that grows is written so often: after a crash the bench stops so much sooner."""

NO_START = ""
"""No machine's start is called that: a lease that was counted on it is over."""


class _Kept(msgspec.Struct, frozen=True):
    until: float
    boot: str


def joined(turn: Turn, lease_seconds: float) -> None:
    """Take the lease of a hub that was just joined to be over until that hub answers once.

    Its feed may come before the first answer that says a lease, and the hub counts since it was
    joined. 0: it gives none.
    """
    over = _Kept(0.0, NO_START)
    turn.set("lease", msgspec.json.encode(over).decode() if lease_seconds else "")


class LeaseShelf:
    """The lease of one bench, as told by the hub."""

    def __init__(self, store: Store, boot: str = boot()) -> None:
        self._store, self._boot = store, boot
        self._lock = threading.Lock()
        self._until = self._stored = self._read()

    def until(self) -> float:
        """The moment on this start's clock; infinity where no hub ever said one."""
        return self._until

    def hold(self, until: float) -> None:
        """Take what the hub said; infinity: it gives no leases."""
        # Never both locks at once: a scan asks, within its turn, until when the lease is.
        with self._lock:
            before, self._until = self._until, until
            if until == self._stored or self._stored < until < self._stored + KEEP_SECONDS:
                return
            shorter = until < before
        with self._store.turn(feed=not shorter) as turn:
            kept = msgspec.json.encode(_Kept(until, self._boot)).decode()
            turn.set("lease", "" if math.isinf(until) else kept)
        with self._lock:
            self._stored = until

    def _read(self) -> float:
        with self._store.turn(feed=True) as turn:
            said = turn.get("lease")
        if not said:
            return math.inf
        kept = msgspec.json.decode(said, type=_Kept)
        return kept.until if self._boot and kept.boot == self._boot else -math.inf


learn(_Kept)
