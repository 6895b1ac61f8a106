"""How does the service listen? A uvicorn with TLS, bounds, and an end that lets everybody go."""

from __future__ import annotations

import asyncio
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from sync.hub import wire
from sync.hub.answers import HEALTHZ, refusal
from sync.hub.app import give
from sync.hub.bell import Bell
from sync.hub.refused import Refused
from sync.hub.wire import CONNECTIONS, HEAD_BYTES, Wire
from sync.protocol.messages import Kind

LEAVE_SECONDS = 1.0
"""How long /readyz says that this hub leaves, before it does: a balancer asks about as often."""
END_SECONDS = 3
"""How long open long-polls are waited for at the end."""
CROWDED_SECONDS = 5.0
"""When one that found too many others may come again, and how long it may take its refusal."""
TICKS = 10
"""Of uvicorn's, a tenth of a second each, between two looks at the connections."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a hub shows to prove that it is the hub."""

    certificate: Path
    """PEM; with the key in it where `key` is None."""
    key: Path | None = None
    pin: str = ""
    """SHA-256 of the CA's certificate, where the CA is our own."""


class _Bounded:
    """A service that takes no more while too many are connected, and says so."""

    def __init__(self, service: ASGIApp, crowded: Callable[[], bool]) -> None:
        self._service = service
        self._crowded = crowded

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or let it go."""
        if scope["type"] == "lifespan" or scope["path"] == HEALTHZ or not self._crowded():
            await self._service(scope, receive, send)
            return
        sentence = f"more than {CONNECTIONS} are connected to this hub: try again"
        refused = Refused(Kind.BUSY, sentence, retry_seconds=CROWDED_SECONDS)
        said = refusal(refused, time.time())
        headers = {**said.headers, "Connection": "close"}
        await give(send, replace(said, headers=headers), CROWDED_SECONDS)


class Server(uvicorn.Server):
    """A server that says where it listens, once it does."""

    def __init__(
        self,
        service: ASGIApp,
        host: str,
        port: int,
        bell: Bell,
        listening: Callable[[str, int], None],
        shown: Shown | None = None,
    ) -> None:
        """Prepare; `listening` is told the address of the service and its port."""
        super().__init__(
            uvicorn.Config(
                _Bounded(service, self._crowded),
                host=host,
                port=port,
                http=Wire,
                ws="none",
                lifespan="on",
                log_config=None,
                access_log=False,
                h11_max_incomplete_event_size=HEAD_BYTES,
                timeout_graceful_shutdown=END_SECONDS,
                ssl_certfile=None if shown is None else shown.certificate,
                ssl_keyfile=None if shown is None else shown.key,
            )
        )
        self._host = host
        self._bell = bell
        self._scheme = "https" if shown else "http"
        self._listening = listening
        self._leaves_at: float | None = None

    def _crowded(self) -> bool:
        # Not by uvicorn's `limit_concurrency`, which refuses in words that no bench reads.
        return len(self.server_state.connections) > CONNECTIONS

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Leave in a moment when asked to by SIGTERM: ended well, that is no death by a signal."""
        if sig != signal.SIGTERM:
            super().handle_exit(sig, frame)
        elif self._leaves_at is None:
            self._bell.leaving = True
            self._leaves_at = time.monotonic() + LEAVE_SECONDS
        else:
            self.should_exit = True

    async def on_tick(self, counter: int) -> bool:
        """Look at the connections, once a second."""
        if counter % TICKS == 0:
            wire.tick(self.server_state.connections, asyncio.get_running_loop().time())
        leaves = self._leaves_at is not None and time.monotonic() >= self._leaves_at
        return await super().on_tick(counter) or leaves

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End, with everybody who waits answered."""
        self._bell.close()  # those who wait for news would be waited for
        await super().shutdown(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen, and say so."""
        try:
            await super().startup(sockets)
        except SystemExit:  # uvicorn's way out; it has logged what was wrong
            self.should_exit = True
        if self.started:
            port = self.servers[0].sockets[0].getsockname()[1]
            self._listening(f"{self._scheme}://{self._host}:{port}", port)
