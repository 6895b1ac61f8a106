"""What the hub answers over HTTP: the benches' feed and entries, enrolment, and how it is.

Requests to the database run in threads; a long-poll holds no thread while it waits. A bench says
`Authorization: Bench <token>`. Whatever a bench sends twice is answered the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

import msgspec
from sqlalchemy import select
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from sync.hub import benches, metrics, openapi, setup
from sync.hub import entries as uploads
from sync.hub import feed as feeds
from sync.hub.bell import Bell
from sync.hub.benches import Known
from sync.hub.book import Book
from sync.hub.engine import Store
from sync.hub.rounds import Rounds
from sync.hub.schema import blob
from sync.hub.vault import Vault
from sync.protocol import VERSION, cursor
from sync.protocol.messages import Acked, Enrol, Gap, Heartbeat, Reset

R = TypeVar("R")

LONGEST_WAIT_SECONDS = 30.0
"""Of a long-poll: shorter than proxies keep a silent connection (60 s and more)."""
USUAL_LIMIT = 500
MOST_BYTES = 4 * 1024 * 1024
"""Of a request: 500 entries have 300 kB."""
RETRY_SECONDS = "1"
NO_GOOD = "this code is not good: get a new one with `packbench-hub bench code NAME`"


@dataclass(frozen=True, slots=True)
class Hub:
    """Everything that the endpoints need."""

    store: Store
    book: Book
    vault: Vault
    bell: Bell
    rounds: Rounds | None = None
    """None: this process answers, and another one goes round."""


def app(hub: Hub) -> Starlette:
    """Make the service."""
    ends = _Endpoints(hub)
    routes = [
        Route("/v1/feed", ends.feed, methods=["GET"]),
        Route("/v1/entries", ends.entries, methods=["POST"]),
        Route("/v1/blobs/{sha256}", ends.blob, methods=["GET"]),
        Route("/v1/heartbeat", ends.heartbeat, methods=["POST"]),
        Route("/v1/enrol", ends.enrol, methods=["POST"]),
        Route("/healthz", ends.healthz, methods=["GET"]),
        Route("/readyz", ends.readyz, methods=["GET"]),
        Route("/metrics", ends.metrics, methods=["GET"]),
        Route("/openapi.json", ends.openapi, methods=["GET"]),
    ]
    return Starlette(
        routes=routes,
        exception_handlers={OperationalError: _unavailable, _Refused: _refused},
    )


class _Refused(Exception):
    """A request that is turned down, with a sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


async def _unavailable(request: Request, wrong: Exception) -> Response:
    return _json({"error": "the database is busy or away: try again"}, 503, retry=True)


async def _refused(request: Request, wrong: Exception) -> Response:
    status = wrong.status if isinstance(wrong, _Refused) else 400
    return _json({"error": str(wrong)}, status)


class _Endpoints:
    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def feed(self, request: Request) -> Response:
        """Give a page of the bench's feed, as soon as there is something on it."""
        known = await self._known(request)
        asked = request.query_params
        try:
            after = cursor.read(asked.get("after", str(cursor.START)))
            limit = int(asked.get("limit", USUAL_LIMIT))
            wait = min(float(asked.get("wait", "0")), LONGEST_WAIT_SECONDS)
        except ValueError as wrong:
            raise _Refused(400, str(wrong)) from None
        end = time.monotonic() + wait
        while True:
            waiting = self._hub.bell.listen(known.name)
            try:
                page = await run_in_threadpool(self._page, known.name, after, limit)
                if isinstance(page, Reset):
                    return _answer(page, 409)
                left = end - time.monotonic()
                if page.changes or page.items or page.packers or page.next != page.after:
                    return _answer(page)
                if left <= 0 or self._hub.bell.closed:
                    return _answer(page)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(waiting.event.wait(), left)
            finally:
                self._hub.bell.leave(waiting)

    def _page(self, name: str, after: cursor.Cursor, limit: int) -> feeds.Fed | Reset:
        with self._hub.store.read() as connection:
            return feeds.fed(connection, self._hub.book, name, after, limit, time.time())

    async def entries(self, request: Request) -> Response:
        """Take what a bench reports."""
        known = await self._known(request)
        sent = _read(await _body(request), uploads.Sent)
        if sent.bench != known.name:
            raise _Refused(403, f"this token is not {sent.bench}'s")
        if len(sent.entries) > uploads.MOST:
            raise _Refused(413, f"send at most {uploads.MOST} entries at once")
        answer = await run_in_threadpool(self._take, sent)
        if isinstance(answer, Gap):
            return _answer(answer, 409)
        if self._hub.rounds is not None:
            self._hub.rounds.announce()
        return _answer(answer)

    def _take(self, sent: uploads.Sent) -> Acked | Gap:
        with self._hub.store.write() as connection:
            answer = uploads.take(connection, self._hub.book, sent, time.time())
        self._hub.bell.look(self._hub.store)
        return answer

    async def blob(self, request: Request) -> Response:
        """Give the bytes of a label."""
        await self._known(request)
        data = await run_in_threadpool(self._blob, request.path_params["sha256"])
        if data is None:
            raise _Refused(404, "there are no such bytes here")
        kept = {"Cache-Control": "private, max-age=31536000, immutable"}
        return Response(data, media_type="application/octet-stream", headers=kept)

    def _blob(self, sha256: str) -> bytes | None:
        with self._hub.store.read() as connection:
            found = connection.execute(
                select(blob.c.sealed).where(blob.c.sha256 == sha256)
            ).scalar_one_or_none()
        return None if found is None else self._hub.vault.open(found, f"blob {sha256}")

    async def heartbeat(self, request: Request) -> Response:
        """Note how a bench is."""
        known = await self._known(request)
        said = _read(await _body(request), Heartbeat)

        def note() -> None:
            with self._hub.store.write() as connection:
                benches.beat(connection, known.name, said, time.time())

        await run_in_threadpool(note)
        return _json({"server_time": datetime.now(UTC)})

    async def enrol(self, request: Request) -> Response:
        """Trade a one-time code for a bench's token."""
        said = _read(await _body(request), Enrol)

        def trade() -> object:
            with self._hub.store.write() as connection:
                return benches.enrol(connection, said.code, time.time())

        enrolled = await run_in_threadpool(trade)
        if enrolled is None:
            raise _Refused(
                403, "this code is not good: get a new one with `packbench-hub bench code`"
            )
        if self._hub.rounds is not None:
            self._hub.rounds.announce()
        return _answer(enrolled, 201)

    async def healthz(self, request: Request) -> Response:
        """Say that the process answers."""
        return PlainTextResponse("ok\n")

    async def readyz(self, request: Request) -> Response:
        """Say whether it can work: the database is there, the rounds go."""
        problem = await run_in_threadpool(self._problem)
        return PlainTextResponse(f"{problem or 'ready'}\n", 503 if problem else 200)

    def _problem(self) -> str:
        try:
            setup.check(self._hub.store)
        except (SQLAlchemyError, setup.Unfit) as wrong:
            return f"database: {type(wrong).__name__}"
        if self._hub.rounds is not None and not self._hub.rounds.alive:
            return "a round has ended"
        return ""

    async def metrics(self, request: Request) -> Response:
        """Give the figures, as Prometheus reads them."""

        def text() -> str:
            failures = self._hub.rounds.failures if self._hub.rounds else {}
            with self._hub.store.read() as connection:
                return metrics.text(connection, time.time(), failures)

        kind = "text/plain; version=0.0.4; charset=utf-8"
        return Response(await run_in_threadpool(text), media_type=kind)

    async def openapi(self, request: Request) -> Response:
        """Describe all this."""
        return _json(openapi.document())

    async def _known(self, request: Request) -> Known:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bench" or not token:
            raise _Refused(401, "say who you are: Authorization: Bench <token>")

        def find() -> Known | None:
            with self._hub.store.read() as connection:
                return benches.known(connection, token)

        known = await run_in_threadpool(find)
        if known is None:
            raise _Refused(401, "this token is not good (any more): enrol the bench again")
        return known


async def _body(request: Request) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MOST_BYTES:
            raise _Refused(413, f"send at most {MOST_BYTES} bytes at once")
        parts.append(part)
    return b"".join(parts)


def _read(body: bytes, kind: type[R]) -> R:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
        raise _Refused(400, f"the body cannot be read: {wrong}") from None


def _answer(said: object, status: int = 200) -> Response:
    return _json(said, status)


def _json(said: object, status: int = 200, *, retry: bool = False) -> Response:
    headers = {"Packbench-Version": str(VERSION)}
    if retry:
        headers["Retry-After"] = RETRY_SECONDS
    body = msgspec.json.encode(said)
    return Response(body, status, headers=headers, media_type="application/json")
