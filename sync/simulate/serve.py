"""What holds the socket: serves an app, says when it is ready, and can hang up on a client."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

START_SECONDS = 20.0
"""How long a server may take to listen; it takes milliseconds, a loaded machine seconds."""


class Wired(H11Protocol):
    """HTTP that lets the app see the connection: ASGI has no word for hanging up."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Hand the connection to the app, in the request's state."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, "wire": transport}


class Cut(Response):
    """An answer of which only so many bytes reach the client before the connection is gone."""

    def __init__(self, answer: Response, *, sent: int = 0) -> None:
        super().__init__()
        self.answer = answer
        self.sent = sent

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the part, then hang up. Without a wire (in-process clients) raise instead."""
        wire: asyncio.Transport | None = scope.get("state", {}).get("wire")
        if wire is None:
            raise ConnectionResetError("the simulation hung up")
        if not self.sent:
            wire.abort()
        else:
            headers = self.answer.raw_headers
            start = {"type": "http.response.start", "status": self.answer.status_code}
            await send({**start, "headers": headers})
            part = bytes(self.answer.body)[: self.sent]
            await send({"type": "http.response.body", "body": part, "more_body": True})
            wire.close()
        # Until the server has noticed: it would answer 500 for an app that says nothing.
        while (await receive())["type"] != "http.disconnect":
            pass


class Server(uvicorn.Server):
    """A uvicorn that says on which port it listens, once it does."""

    def __init__(self, app: ASGIApp, *, host: str, port: int, ready: Callable[[int], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                host=host,
                port=port,
                http=Wired,
                lifespan="off",
                log_level="warning",
                access_log=False,
                timeout_graceful_shutdown=1,
            )
        )
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets)
        if self.started:
            port: int = self.servers[0].sockets[0].getsockname()[1]
            self._ready(port)


def serve(app: ASGIApp, *, host: str, port: int, ready: Callable[[int], None]) -> bool:
    """Serve until a signal ends it; say whether it could listen at all."""
    server = Server(app, host=host, port=port, ready=ready)
    server.run()
    return server.started


@contextmanager
def running(app: ASGIApp) -> Iterator[str]:
    """Serve on a free loopback port from a thread; give the base URL. For tests and demos."""
    ports: list[int] = []
    listening = threading.Event()

    def ready(port: int) -> None:
        ports.append(port)
        listening.set()

    server = Server(app, host="127.0.0.1", port=0, ready=ready)
    thread = threading.Thread(target=server.run, name="simulation", daemon=True)
    thread.start()
    try:
        if not listening.wait(START_SECONDS):
            raise TimeoutError(f"the simulation does not listen after {START_SECONDS:.0f} s")
        yield f"http://127.0.0.1:{ports[0]}"
    finally:
        server.should_exit = True
        thread.join(START_SECONDS)
