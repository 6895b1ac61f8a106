"""`packbench-hub serve`: the service itself.

When it listens it prints one line of JSON on standard output: base_url, port, pid.
"""

from __future__ import annotations

import argparse
import logging
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from sync.hub import home, http
from sync.hub.app import Hub, app
from sync.hub.bell import Bell
from sync.hub.cli import say
from sync.hub.rounds import Rounds

PORT = 9200
END_SECONDS = 3
"""How long open long-polls are waited for at the end."""


def run(noun: str, argv: list[str]) -> int:
    """Serve until told to stop."""
    parser = say.parser(noun, "The service: what benches talk to, and what goes round.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=PORT, help="port; 0: a free one")
    parser.add_argument("--no-rounds", action="store_true", help="answer only")
    parser.add_argument("--log-level", default="info", choices=("debug", "info", "warning"))
    parser.set_defaults(do=_serve)
    return say.run(parser, argv)


def _serve(options: argparse.Namespace, opened: home.Opened) -> int:
    logging.basicConfig(
        level=options.log_level.upper(),
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )
    # It logs every address it asks, with the query.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    bell = Bell()
    rounds = Rounds(opened.store, opened.book, opened.vault, bell, http.client())
    goes = None if options.no_rounds else rounds
    service = app(Hub(opened.store, opened.book, opened.vault, bell, goes))
    server = _Server(_with_rounds(service, goes), options.host, options.port, bell)
    bell.start(opened.store)
    try:
        server.run()
    finally:
        bell.end()
    if not server.started:
        raise say.No(f"cannot listen on {options.host}:{options.port}: is it in use?")
    return say.DONE


def _with_rounds(service: ASGIApp, rounds: Rounds | None) -> ASGIApp:
    """Start the rounds with the service and end them with it."""

    @asynccontextmanager
    async def life() -> AsyncIterator[None]:
        if rounds is not None:
            rounds.start()
        try:
            yield
        finally:
            if rounds is not None:
                rounds.end()

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await service(scope, receive, send)
            return
        await receive()
        async with life():
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})

    return wrapped


class _Server(uvicorn.Server):
    """A uvicorn that says where it listens, once it does."""

    def __init__(self, service: ASGIApp, host: str, port: int, bell: Bell) -> None:
        super().__init__(
            uvicorn.Config(
                service,
                host=host,
                port=port,
                lifespan="on",
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=END_SECONDS,
            )
        )
        self._host = host
        self._bell = bell

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._bell.close()  # those who wait for news would be waited for
        await super().shutdown(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            port = self.servers[0].sockets[0].getsockname()[1]
            say.json({"base_url": f"http://{self._host}:{port}", "port": port, "pid": os.getpid()})
            sys.stdout.flush()
