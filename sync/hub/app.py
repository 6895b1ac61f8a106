"""How does the hub speak HTTP? Frames requests and answers; `answers` decides what is said.

Requests to the database run in threads, so many at a time; a long-poll holds no thread while it
waits. Whoever sends slowly, or endlessly, or does not read what he asked for, is let go of after
a while, and holds no more meanwhile than one request or one page.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl

from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from sync.hub import answers, room
from sync.hub.answers import MOST_BYTES, Answer, Asked, Hub, answer, refusal
from sync.hub.refused import Refused
from sync.protocol import whole
from sync.protocol.messages import Kind

__all__ = ["MOST_BYTES", "Hub", "app"]

CHUNK_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much, and how long, of what."""

    body_seconds: float = 30.0
    """For a whole body: 4 MiB over a line of 1.2 Mbit/s."""
    chunk_seconds: float = 30.0
    """For the other side to take one chunk of an answer."""
    polls: int = 2
    """Long-polls of one bench at a time: the one it waits at, and one that it gave up."""
    sending: int = 8
    """Answers on their way to one bench: it has three lanes."""
    at_once: int = 12
    """Requests at the database: fewer than an engine's pool of connections has."""
    gate_seconds: float = 5.0
    """How long a request waits for its turn before it is told to come again."""


def app(hub: Hub, bounds: Bounds | None = None) -> ASGIApp:
    """Make the service."""
    return _Service(hub, bounds or Bounds())


@dataclass(slots=True, eq=False)
class _Poll:
    """A long-poll that waits."""

    event: asyncio.Event = field(default_factory=asyncio.Event)
    over: bool = False
    """A newer one of its bench takes its place."""


class _Service:
    def __init__(self, hub: Hub, bounds: Bounds) -> None:
        self._hub = hub
        self._bounds = bounds
        self._polls: dict[str, list[_Poll]] = {}
        self._sending: Counter[str] = Counter()
        self._gate = asyncio.Semaphore(bounds.at_once)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        try:
            said = await self._answer(await _asked(scope, receive, self._bounds.body_seconds))
            if said.bench and self._sending[said.bench] >= self._bounds.sending:
                sentence = f"{said.bench} does not read what it asked for"
                raise Refused(Kind.TOO_MANY, sentence, retry_seconds=1.0)
        except Refused as refused:
            said = refusal(refused, self._hub.store.now())
        bench = said.bench
        self._sending[bench] += 1
        try:
            if scope["method"] == "HEAD":
                said = replace(said, body=b"")
            await give(send, said, self._bounds.chunk_seconds)
        finally:
            self._sending[bench] -= 1

    async def _answer(self, asked: Asked) -> Answer:
        if asked.path == answers.HEALTHZ:
            return answer(self._hub, asked, self._hub.store.now())  # also when the database is away
        arrived = self._hub.store.now()
        said = await self._in_turn(asked)
        if not said.wait_seconds:
            return said
        end = time.monotonic() + said.wait_seconds
        with self._poll(said.bench) as poll:
            return await self._wait(asked, said.bench, poll, arrived, end)

    async def _wait(
        self, asked: Asked, bench: str, poll: _Poll, arrived: float, end: float
    ) -> Answer:
        """Answer as soon as there is something on the bench's feed, or the time is over."""
        while True:
            # Listening begins before the feed is read, so that nothing is missed.
            waiting = self._hub.bell.listen(bench)
            poll.event = waiting.event
            try:
                said = await self._in_turn(asked, arrived)
                left = end - time.monotonic()
                if not said.wait_seconds or left <= 0 or poll.over or self._hub.bell.closed:
                    return said
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(waiting.event.wait(), left)
            finally:
                self._hub.bell.leave(waiting)

    @contextlib.contextmanager
    def _poll(self, bench: str) -> Iterator[_Poll]:
        """Let one more wait, and the oldest of that bench no more where there are too many."""
        polls = self._polls.setdefault(bench, [])
        poll = _Poll()
        polls.append(poll)
        for old in polls[: -self._bounds.polls]:
            old.over = True
            old.event.set()
        try:
            yield poll
        finally:
            polls.remove(poll)

    async def _in_turn(self, asked: Asked, arrived: float | None = None) -> Answer:
        try:
            async with asyncio.timeout(self._bounds.gate_seconds):
                await self._gate.acquire()
        except TimeoutError:
            sentence = "the hub has more to do than it can: try again"
            raise Refused(Kind.BUSY, sentence, retry_seconds=room.BUSY_SECONDS) from None
        try:
            return await run_in_threadpool(self._do, asked, arrived)
        finally:
            self._gate.release()

    def _do(self, asked: Asked, arrived: float | None) -> Answer:
        said = answer(self._hub, asked, self._hub.store.now(), arrived)
        if said.moved:
            # What is done is done: benches that are not rung for are found by the next look.
            with contextlib.suppress(SQLAlchemyError):
                self._hub.bell.look(self._hub.store)
            if self._hub.rounds is not None:
                self._hub.rounds.announce()
        return said


async def _asked(scope: Scope, receive: Receive, seconds: float) -> Asked:
    """Read a request, whole. Raises Refused."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    query = scope["query_string"].decode("latin-1")
    raw = scope.get("raw_path") or scope["path"].encode()
    method = scope["method"]
    client = scope.get("client")
    return Asked(
        method="GET" if method == "HEAD" else method,
        path=scope["path"],
        target=raw.decode("latin-1") + (f"?{query}" if query else ""),
        query=dict(parse_qsl(query, keep_blank_values=True)),
        headers=headers,
        body=await _body(headers, receive, seconds),
        peer=client[0] if client else "",
    )


async def _body(headers: Mapping[str, str], receive: Receive, seconds: float) -> bytes:
    too_large = Refused(Kind.TOO_LARGE, f"send at most {MOST_BYTES} bytes at once")
    said = headers.get("content-length", "")
    if said.isascii() and said.isdigit() and (len(said) > 15 or int(said) > MOST_BYTES):
        raise too_large
    parts: list[bytes] = []
    size, more = 0, True
    try:
        async with asyncio.timeout(seconds):
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Refused(Kind.UNREADABLE, "the request ended before its end")
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if size > MOST_BYTES:
                    raise too_large
                more = message.get("more_body", False)
    except TimeoutError:
        sentence = f"the body did not arrive within {seconds:g} seconds"
        raise Refused(Kind.UNREADABLE, sentence) from None
    return b"".join(parts)


async def give(send: Send, said: Answer, seconds: float) -> None:
    """Send an answer piece by piece, each when the one before was taken."""
    headers = {**said.headers, "Content-Length": str(len(said.body))}
    headers[whole.HEADER] = whole.digest(said.body)
    encoded = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": said.status, "headers": encoded})
    body = said.body
    for at in range(0, max(len(body), 1), CHUNK_BYTES):
        piece = body[at : at + CHUNK_BYTES]
        more = at + CHUNK_BYTES < len(body)
        try:
            async with asyncio.timeout(seconds):
                await send({"type": "http.response.body", "body": piece, "more_body": more})
        except TimeoutError:
            return  # an answer that is not whole ends the connection


async def _live(receive: Receive, send: Send) -> None:
    """Begin and end with the server: there is nothing to prepare."""
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})
