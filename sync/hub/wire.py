"""How long may a client take? The connection of uvicorn, with an end to its patience.

uvicorn ends a connection that is silent after an answer, but waits for ever for the head of a
request that comes byte by byte, and for a client that never takes what it was sent. What is no
HTTP it refuses in a sentence of its own before any service is asked; here it is a `Refusal`, like
every other.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from sync.hub.answers import refusal
from sync.hub.refused import Refused
from sync.protocol import whole
from sync.protocol.messages import Kind

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

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, where there is still something to answer."""
        if self.cycle is not None:
            self.cycle.disconnected = True  # whatever else it says is said to nobody
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            # Half of an answer is on its way: it ends with the connection, and is known to be half.
            self.transport.close()
            return
        said = refusal(Refused(Kind.UNREADABLE, f"this is no HTTP: {msg}"), time.time())
        headers = {**said.headers, "Content-Length": str(len(said.body)), "Connection": "close"}
        headers[whole.HEADER] = whole.digest(said.body)
        for event in (
            h11.Response(status_code=said.status, headers=list(headers.items()), reason=b""),
            h11.Data(data=said.body),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


def tick(connections: Iterable[object], now: float) -> None:
    """Look at every connection."""
    for one in list(connections):
        if isinstance(one, Wire):
            one.tick(now)
