"""`packbench-hub serve`: the service itself.

When it listens it prints one line of JSON on standard output: base_url, port, pid.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from sync.hub import home, http, tls
from sync.hub.app import Hub, app
from sync.hub.bell import Bell
from sync.hub.cli import say
from sync.hub.process import Alive, Life
from sync.hub.quotas import Quotas
from sync.hub.rounds import Rounds
from sync.hub.server import Server, Shown

PORT = 9200
EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 -- compared with, not listened on
"""Addresses that say nothing of where a bench reaches us."""


def run(noun: str, argv: list[str]) -> int:
    """Serve until told to stop."""
    parser = say.parser(noun, "The service: what benches talk to, and what goes round.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=PORT, help="port; 0: a free one")
    parser.add_argument(
        "--address",
        default="",
        metavar="URL",
        help="where benches reach this process, if elsewhere",
    )
    parser.add_argument("--name", default="", help="of this process, where there are several")
    parser.add_argument("--no-rounds", action="store_true", help="answer only")
    parser.add_argument("--tls", action="store_true", help="with a certificate of the hub's own CA")
    parser.add_argument("--tls-name", action="append", default=[], metavar="NAME", help="for --tls")
    parser.add_argument("--tls-cert", type=Path, metavar="FILE", help="a certificate you have")
    parser.add_argument("--tls-key", type=Path, metavar="FILE", help="its key")
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
    shown = _shown(options)
    authority = tls.found(home.folder()) if options.tls else None
    bell = Bell()
    quotas = Quotas()
    life = Life(opened.store, counted=quotas.share)
    goes = None if options.no_rounds else _rounds(opened, bell, life, options.name)
    service = app(
        Hub(
            opened.store,
            opened.book,
            opened.vault,
            bell,
            goes,
            quotas,
            ca=authority.pem if authority else b"",
        )
    )

    def listening(url: str, port: int) -> None:
        life.address = options.address or ("" if options.host in EVERYWHERE else url)
        pinned = {"pin": shown.pin} if shown and shown.pin else {}
        say.json({"base_url": url, "port": port, "pid": os.getpid(), **pinned})
        sys.stdout.flush()

    going = _with_rounds(service, goes, life)
    server = Server(going, options.host, options.port, bell, listening, shown)
    bell.start(opened.store)
    try:
        server.run()
    finally:
        bell.end()
    if not server.started:
        raise say.No(_unheard(options, began=not server.lifespan.should_exit))
    if goes is not None and not goes.rested:
        # Somebody has not answered, and would be waited for: it is on record that he was asked.
        sys.stdout.flush()
        os._exit(say.DONE)
    return say.DONE


def _unheard(options: argparse.Namespace, *, began: bool) -> str:
    if not began:
        return "the hub could not begin: what stopped it stands above"
    return (
        f"cannot listen on {options.host}:{options.port}: stop what listens there already, "
        "or name another --host or --port"
    )


def _rounds(opened: home.Opened, bell: Bell, life: Life, name: str) -> Rounds:
    try:
        mine = life.enter(name)
    except Alive as other:
        raise say.No(str(other)) from None
    rounds = Rounds(opened.store, opened.book, opened.vault, bell, http.client(), name=mine)
    life.buried = rounds.buried
    return rounds


def _shown(options: argparse.Namespace) -> Shown | None:
    """Say what the hub proves itself with; None: it does not."""
    if options.tls_cert is not None:
        if options.tls:
            raise say.No("either --tls or --tls-cert: which certificate shall it be?")
        try:
            ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(
                options.tls_cert, options.tls_key
            )
        except OSError as wrong:  # ssl.SSLError is one
            raise say.No(f"cannot serve with that certificate: {wrong}") from wrong
        return Shown(options.tls_cert, options.tls_key)
    if options.tls_key is not None:
        raise say.No("a key alone is nothing: --tls-cert FILE as well")
    if not options.tls:
        return None
    names = tls.names_of_here(options.host, *options.tls_name)
    pin = tls.authority(home.folder()).pin
    say.words(f"benches join with: packbench enrol https://… CODE --pin {pin}")
    return Shown(tls.serve_with(home.folder(), names), pin=pin)


def _with_rounds(service: ASGIApp, rounds: Rounds | None, mine: Life) -> ASGIApp:
    """Start the rounds with the service and end them with it."""

    @asynccontextmanager
    async def life() -> AsyncIterator[None]:
        if rounds is None:
            yield
            return
        mine.start()
        try:
            # Not in the loop's thread: DBOS refuses to be called there.
            await asyncio.to_thread(rounds.start)
            yield
        finally:
            await asyncio.to_thread(rounds.end)
            await asyncio.to_thread(mine.end)

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
