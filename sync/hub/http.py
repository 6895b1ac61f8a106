"""How a talk is held over HTTP: address, token, rates, retries. The only file that uses httpx.

A talk yields what to ask and is sent what was answered. Here its request waits for its token
bucket, bears a fresh access token, and is sent again after 429, 5xx and broken wires, with
pauses that double, while it may be (`Request.again`) and the tries last. Nothing is logged: a
body may hold addresses.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from typing import TypeVar

import httpx

from sync.hub import buckets
from sync.hub.engine import Store
from sync.ports import Granted, Rate
from sync.talk import Failed, Lost, Request, Response, Talk

T = TypeVar("T")

CONNECT_SECONDS = 10.0
"""To reach a host; a far one takes half a second."""
READ_SECONDS = 60.0
"""Between two bytes of an answer; the slowest documented pages take 30."""
TRIES = 6
"""Of one request: with the pauses, about a minute."""
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
LONGEST_RETRY_AFTER_SECONDS = 120.0
"""A server that asks for more is not waited for: the next round comes anyway."""
LONGEST_BUCKET_SECONDS = 600.0
"""A talk that must wait longer for its bucket gives up: the round comes again."""
EARLY_SECONDS = 60.0
"""A token is renewed so long before it ends, or at half its life if that is shorter."""
BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
EXPIRED = frozenset({401, 403})


class Stopped(Exception):
    """The hub is shutting down: the talk is dropped, what was on record stays."""


@dataclass(slots=True)
class Tokens:
    """Keeps one account's access token fresh; one thread renews it while the others wait."""

    renewal: Callable[[], Request]
    granted: Callable[[Response], Granted]
    url: str
    dressed: Callable[[Request, str], Request]
    kept: Callable[[Granted], None] = lambda granted: None
    """Told of a new refresh token, so that it survives a restart."""
    _token: str = ""
    _until: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(slots=True)
class Line:
    """The line to one account of a marketplace or a carrier: holds any of its talks."""

    owner: str
    base_url: str
    rates: Mapping[str, Rate]
    store: Store
    client: httpx.Client
    stop: threading.Event
    tokens: Tokens | None = None
    rate_scale: float = 1.0
    rate_header: str = ""
    pause_seconds: float = FIRST_PAUSE_SECONDS
    clock: Callable[[], float] = time.time

    def hold(self, talk: Talk[T]) -> T:
        """Hold a talk to its end and give what came of it. Raises Failed and Stopped."""
        said: Response | Lost | None = None
        while True:
            try:
                request = next(talk) if said is None else talk.send(said)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]  # a generator's return value
            said = self._ask(request)

    def _ask(self, request: Request) -> Response | Lost:
        renewed = False
        last: Response | Lost = Lost("it was never sent")
        for attempt in range(TRIES if request.again else 1):
            if attempt:
                self._rest(self._pause(attempt, last))
            self._await_bucket(request.operation)
            last = self._send(self._dressed(request))
            if isinstance(last, Response) and last.status in EXPIRED and self.tokens:
                if renewed:
                    return last
                # Nothing was done for a token that is not good, so it may be asked again.
                renewed = True
                self._forget()
                self._await_bucket(request.operation)
                last = self._send(self._dressed(request))
            if isinstance(last, Response) and last.status not in BUSY:
                self._learn(request.operation, last)
                return last
            if isinstance(last, Response) and last.status == 429:
                with self.store.write() as connection:
                    buckets.drain(connection, self.owner, request.operation)
        if isinstance(last, Response):
            return Lost(f"{self.owner} answered {last.status} {TRIES} times")
        return last

    def _send(self, request: Request) -> Response | Lost:
        url = self.base_url.rstrip("/") + request.path
        return send(self.client, url, request)

    def _dressed(self, request: Request) -> Request:
        if self.tokens is None:
            return request
        return self.tokens.dressed(request, self._token(self.tokens))

    def _token(self, tokens: Tokens) -> str:
        with tokens._lock:
            if self.clock() < tokens._until:
                return tokens._token
            answer: Response | Lost = Lost("it was never sent")
            for attempt in range(TRIES):
                if attempt:
                    self._rest(self._pause(attempt, answer))
                answer = send(self.client, tokens.url, tokens.renewal())
                if isinstance(answer, Response) and answer.status not in BUSY:
                    break
            if isinstance(answer, Lost):
                raise Failed(f"{self.owner} gave no access token: {answer.why}", again=True)
            granted = tokens.granted(answer)
            early = min(EARLY_SECONDS, granted.seconds / 2)
            tokens._token = granted.token
            tokens._until = self.clock() + granted.seconds - early
            if granted.refresh_token:
                tokens.kept(granted)
            return tokens._token

    def _forget(self) -> None:
        if self.tokens is not None:
            with self.tokens._lock:
                self.tokens._until = 0.0

    def _await_bucket(self, operation: str) -> None:
        rate = self.scaled(operation)
        if rate is None:
            return
        while True:
            with self.store.write() as connection:
                wait = buckets.take(connection, self.owner, operation, rate, self.clock())
            if not wait:
                return
            if wait > LONGEST_BUCKET_SECONDS:
                raise Failed(f"{self.owner}: {operation} may not be asked so often", again=True)
            self._rest(wait)

    def scaled(self, operation: str) -> Rate | None:
        """Give how often an operation may be asked; None: as often as one likes."""
        rate = self.rates.get(operation)
        return replace(rate, per_second=rate.per_second * self.rate_scale) if rate else None

    def _learn(self, operation: str, answer: Response) -> None:
        told = answer.headers.get(self.rate_header, "") if self.rate_header else ""
        rate = self.scaled(operation)
        try:
            per_second = float(told)
        except ValueError:
            return
        if rate and 0 < per_second < float("inf"):
            with self.store.write() as connection:
                buckets.correct(connection, self.owner, operation, per_second)

    def _pause(self, attempt: int, last: Response | Lost) -> float:
        asked = retry_after(last, self.clock()) if isinstance(last, Response) else None
        if asked is not None:
            return min(asked, LONGEST_RETRY_AFTER_SECONDS)
        most: float = min(LONGEST_PAUSE_SECONDS, self.pause_seconds * 2.0 ** (attempt - 1))
        # Spread, so that many channels do not come back in step.
        return most * (0.5 + random.random() / 2)  # noqa: S311 -- no secret hangs on it

    def _rest(self, seconds: float) -> None:
        if self.stop.wait(seconds):
            raise Stopped


def send(client: httpx.Client, url: str, request: Request) -> Response | Lost:
    """Send one request, once."""
    try:
        answer = client.request(
            request.method,
            url,
            params=dict(request.query) or None,
            content=request.body or None,
            headers=dict(request.headers),
        )
    except httpx.HTTPError as wrong:
        # The class says what broke; its text may hold the address with the query.
        return Lost(f"the connection failed ({type(wrong).__name__})")
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return Response(answer.status_code, answer.content, headers)


def retry_after(answer: Response, now: float) -> float | None:
    """Say how long an answer asks to wait (RFC 9110, section 10.2.3); None: it does not say."""
    said = answer.headers.get("retry-after", "").strip()
    if not said:
        return None
    if said.isascii() and said.isdigit():
        return float(said)
    try:
        return max(0.0, parsedate_to_datetime(said).timestamp() - now)
    except (ValueError, TypeError):
        return None


def client() -> httpx.Client:
    """Make the client that all lines of a process share."""
    patience = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
    limits = httpx.Limits(max_connections=50, max_keepalive_connections=20)
    return httpx.Client(timeout=patience, limits=limits, follow_redirects=False)
