"""How long may a client take? The connection of uvicorn, with an end to its patience.

uvicorn ends a connection that is silent after an answer, but waits for ever for the head of a
request that comes byte by byte, and for a client that never takes what it was sent.
"""

from __future__ import annotations

from collections.abc import Iterable

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 20.0
"""From the end of an answer, or the connection's beginning, to a whole head."""
CLOSING_SECONDS = 20.0
"""For the last bytes to be taken, once the connection is to end."""
HEAD_BYTES = 32 * 1024
"""Of a request's head: ours have 600 bytes."""
CONNECTIONS = 1_000
"""Of one process; each bench has three."""


class Wire(H11Protocol):
    """A connection that can be told what time it is."""

    _request: object = None
    _waits_since: float | None = None
    _closes_since: float | None = None

    def tick(self, now: float) -> None:
        """End the connection where the client takes too long; `now`: seconds of the loop."""
        if self.transport.is_closing():
            self._closes_since = self._closes_since or now
            if now - self._closes_since > CLOSING_SECONDS:
                self.transport.abort()
            return
        answered = self.cycle is None or self.cycle.response_complete
        if not answered or self.conn.their_state is not h11.IDLE or self._request is not self.cycle:
            self._request, self._waits_since = self.cycle, now
            return
        if self._waits_since is None:
            self._waits_since = now
        elif now - self._waits_since > HEAD_SECONDS:
            self.transport.close()


def tick(connections: Iterable[object], now: float) -> None:
    """Look at every connection."""
    for one in list(connections):
        if isinstance(one, Wire):
            one.tick(now)
