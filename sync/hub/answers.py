"""What does the hub answer to a request? Without sockets, threads or a clock.

`app` frames this for HTTP and waits where something may still come; the simulation calls it with
time of its own. Whatever a bench sends twice is answered the same. Order of what is looked at:
is there such a thing, who is asking, how often, is it readable, may they, and then the books.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from math import isfinite
from typing import TypeVar

import msgspec
from sqlalchemy import Connection, select
from sqlalchemy.exc import (
    InterfaceError,
    InternalError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as NoneFree

from sync.hub import benches, metrics, openapi, process, room, setup
from sync.hub import entries as uploads
from sync.hub import feed as feeds
from sync.hub.bell import Bell
from sync.hub.benches import Known
from sync.hub.book import Book
from sync.hub.engine import Store
from sync.hub.quotas import Quotas
from sync.hub.refused import STATUS, Refused
from sync.hub.rounds import Rounds
from sync.hub.schema import blob
from sync.hub.vault import NotOpened, Vault
from sync.protocol import OLDEST_FED, VERSION, VERSION_HEADER, cursor, signing
from sync.protocol.messages import (
    Acked,
    Beaten,
    Enrol,
    Gap,
    Heartbeat,
    Kind,
    Refusal,
    Rejoin,
    Reset,
)

R = TypeVar("R")

LONGEST_WAIT_SECONDS = 30.0
"""Of a long-poll: shorter than proxies keep a silent connection (60 s and more)."""
USUAL_LIMIT = 500
"""Rows of a page where the bench does not say."""
MOST_BYTES = 4 * 1024 * 1024
"""Of a request: 500 entries have 300 kB."""
_SHA256 = re.compile("[0-9a-f]{64}")
_JSON = {"Content-Type": "application/json"}
_TEXT = {"Content-Type": "text/plain; charset=utf-8"}
_PROMETHEUS = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
_PEM = {"Content-Type": "application/pem-certificate-chain"}
_BYTES = {
    "Content-Type": "application/octet-stream",
    "Cache-Control": "private, max-age=31536000, immutable",
}


@dataclass(frozen=True, slots=True)
class Hub:
    """Everything that answers need."""

    store: Store
    book: Book
    vault: Vault
    bell: Bell = field(default_factory=Bell)
    rounds: Rounds | None = None
    """None: this process answers, and another one goes round."""
    quotas: Quotas = field(default_factory=Quotas)
    ca: bytes = b""
    """The certificate of the hub's own CA, as PEM; b"": it has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request, whole."""

    method: str
    path: str
    """Decoded, without the query."""
    target: str
    """As it was sent: the path with its query. This is signed."""
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    body: bytes = b""
    peer: str = ""
    """The address that it came from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer, whole."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    bench: str = ""
    """Which bench asked; "" where that is not known."""
    wait_seconds: float = 0.0
    """A feed with nothing new, whose bench would rather wait so long: ask again when it moved."""
    moved: bool = False
    """Feeds may have moved, or there may be work for the rounds."""


def answer(hub: Hub, asked: Asked, now: float, arrived: float | None = None) -> Answer:
    """Answer a request.

    `arrived` is when it came, where it has waited since: its signature is judged by that moment,
    and it is not counted again.
    """
    try:
        return _routed(hub, asked, now, arrived)
    except Refused as refused:
        return refusal(refused, now)
    except (OperationalError, InterfaceError, InternalError, NoneFree) as wrong:
        # InternalError too: PostgreSQL says so of a standby that may not write yet (25006).
        return refusal(room.undone(wrong), now)


def refusal(refused: Refused, now: float) -> Answer:
    """Say that a request is turned down."""
    said = Refusal(kind=refused.kind, error=str(refused), server_time=_moment(now))
    answer = _said(said, STATUS[refused.kind])
    more = {}
    if refused.retry_seconds:
        # Whole seconds are all that the header knows (RFC 9110 10.2.3).
        more["Retry-After"] = str(max(1, -int(-refused.retry_seconds // 1)))
    if refused.kind is Kind.NOT_ALLOWED:
        more["Allow"] = str(refused).rpartition(" ")[2]
    if STATUS[refused.kind] == 401:
        more["WWW-Authenticate"] = signing.SCHEME
    return replace(answer, headers={**answer.headers, **more})


def _routed(hub: Hub, asked: Asked, now: float, arrived: float | None) -> Answer:
    path = asked.path
    if path.startswith(BLOBS):
        path = BLOBS
    found = {method for (method, at) in (*_SIGNED, *_OPEN) if at == path}
    if not found:
        raise Refused(Kind.NOT_THERE, f"there is nothing at this address: see {OPENAPI}")
    if asked.method not in found:
        raise Refused(Kind.NOT_ALLOWED, f"ask this with {', '.join(sorted(found))}")
    if len(asked.body) > MOST_BYTES:
        raise Refused(Kind.TOO_LARGE, f"send at most {MOST_BYTES} bytes at once")
    if (open_ := _OPEN.get((asked.method, path))) is not None:
        return open_(hub, asked, now)
    known = _known(hub, asked, now if arrived is None else arrived)
    if arrived is None and (wait := hub.quotas.ask(known.name, now)):
        sentence = f"{known.name} asks more often than its share"
        raise Refused(Kind.TOO_MANY, sentence, retry_seconds=wait)
    said = _SIGNED[asked.method, path](hub, asked, known, now)
    return replace(said, bench=known.name)


def _known(hub: Hub, asked: Asked, now: float) -> Known:
    if wait := hub.quotas.stranger(asked.peer, now):
        sentence = "too much that no bench has signed comes from this address"
        raise Refused(Kind.TOO_MANY, sentence, retry_seconds=wait)
    try:
        return _signed_by(hub, asked, now)
    except Refused as refused:
        if refused.kind is not Kind.CLOCK:
            hub.quotas.forged(asked.peer, now)
        raise


def _signed_by(hub: Hub, asked: Asked, now: float) -> Known:
    header = asked.headers.get("authorization", "")
    try:
        claimed, signature = signing.read(header)
    except ValueError as wrong:
        raise Refused(
            Kind.BAD_SIGNATURE, f"say who you are, as the protocol has it: {wrong}"
        ) from None
    words = signing.words(claimed, asked.method, asked.target, asked.body)
    rejoining = asked.path == "/v1/rejoin"
    with hub.store.read() as connection:
        return benches.verified(connection, claimed, signature, words, now, rejoining=rejoining)


# -- what a bench asks


def _feed(hub: Hub, asked: Asked, known: Known, now: float) -> Answer:
    _fed(asked)
    query = asked.query
    try:
        after = cursor.read(query.get("after", str(cursor.START)))
        limit = int(query.get("limit", USUAL_LIMIT))
        wait = float(query.get("wait", "0"))
    except ValueError as wrong:
        raise Refused(Kind.UNREADABLE, str(wrong)) from None
    if not 1 <= limit <= feeds.MOST:
        raise Refused(Kind.UNREADABLE, f"ask for 1 to {feeds.MOST} rows")
    if not (isfinite(wait) and 0.0 <= wait <= LONGEST_WAIT_SECONDS):
        raise Refused(Kind.UNREADABLE, f"wait 0 to {LONGEST_WAIT_SECONDS:g} seconds")
    with hub.store.read() as connection:
        page = feeds.fed(connection, hub.book, known.name, after, limit, now)
    if isinstance(page, Reset):
        return _said(page, 409)
    news = page.changes or page.items or page.packers or page.next != page.after
    return replace(_said(page), wait_seconds=0.0 if news else wait)


def _fed(asked: Asked) -> None:
    """Refuse to feed a bench whose version is not known, or older than the one before ours."""
    said = asked.headers.get(VERSION_HEADER.lower(), "")
    if not (said.isascii() and said.isdigit() and len(said) < 10):
        raise Refused(Kind.UNREADABLE, f"say what you speak: {VERSION_HEADER}: {VERSION}")
    if int(said) < OLDEST_FED:
        raise Refused(
            Kind.OUTDATED,
            f"this hub feeds benches that speak version {OLDEST_FED} or newer, and this one speaks"
            f" {said}: install a newer Packbench on it; what it packs still comes in",
        )


def _entries(hub: Hub, asked: Asked, known: Known, now: float) -> Answer:
    sent = _read(asked.body, uploads.Sent)
    if sent.bench != known.name:
        raise Refused(Kind.NOT_YOURS, f"{known.name} cannot report for {sent.bench}")
    if len(sent.entries) > uploads.MOST:
        raise Refused(Kind.TOO_LARGE, f"send at most {uploads.MOST} entries at once")

    def take(connection: Connection) -> Acked | Gap:
        taken = uploads.take(connection, hub.book, sent, now)
        lease = benches.renew(connection, known.name, now)
        if isinstance(taken, Gap):
            return taken
        head = feeds.head(connection, known.name)
        return msgspec.structs.replace(taken, lease_seconds=lease, head=head)

    taken = hub.store.transact(take)
    return _said(taken, 409) if isinstance(taken, Gap) else replace(_said(taken), moved=True)


def _blob(hub: Hub, asked: Asked, known: Known, now: float) -> Answer:
    sha256 = asked.path.removeprefix(BLOBS)
    if _SHA256.fullmatch(sha256) is None:
        raise Refused(Kind.NOT_THERE, "bytes are asked for by their SHA-256")
    with hub.store.read() as connection:
        found = connection.execute(
            select(blob.c.sealed).where(blob.c.sha256 == sha256)
        ).scalar_one_or_none()
    if found is None:
        raise Refused(Kind.NOT_THERE, "there are no such bytes here")
    try:
        return Answer(status=200, body=hub.vault.open(found, f"blob {sha256}"), headers=_BYTES)
    except NotOpened:
        # A hub with another key file: its people see it in the log, and the label can be replaced.
        raise Refused(Kind.NOT_THERE, "these bytes do not open at this hub") from None


def _heartbeat(hub: Hub, asked: Asked, known: Known, now: float) -> Answer:
    said = _read(asked.body, Heartbeat)
    if said.bench != known.name:
        raise Refused(Kind.NOT_YOURS, f"{known.name} cannot speak for {said.bench}")
    with hub.store.read() as connection:
        lease = benches.rest_of_lease(connection, known.name, said, now)
        hubs, head = process.addresses(connection), feeds.head(connection, known.name)
    if lease is None:
        with hub.store.write() as connection:
            lease = benches.beat(connection, known.name, said, now)
            head = feeds.head(connection, known.name)
    lease = max(0.0, lease)
    return _said(Beaten(lease_seconds=lease, head=head, hubs=hubs, server_time=_moment(now)))


def _me(hub: Hub, asked: Asked, known: Known, now: float) -> Answer:
    with hub.store.read() as connection:
        return _said(benches.me(connection, known, VERSION, now))


def _rejoin(hub: Hub, asked: Asked, known: Known, now: float) -> Answer:
    said = _read(asked.body, Rejoin)
    with hub.store.write() as connection:
        return replace(_said(benches.rejoin(connection, known, said, now), 201), moved=True)


# -- what anybody asks


def _enrol(hub: Hub, asked: Asked, now: float) -> Answer:
    said = _read(asked.body, Enrol)
    with hub.quotas.trying():
        if wait := hub.quotas.guess(asked.peer, now):
            sentence = "too many codes that were no good: wait a minute"
            raise Refused(Kind.TOO_MANY, sentence, retry_seconds=wait)
        with hub.store.write() as connection:
            enrolled = benches.enrol(connection, said, now)
        if enrolled is None:
            hub.quotas.wrong(asked.peer, now)
            raise Refused(Kind.NOT_YOURS, NO_GOOD)
    return replace(_said(enrolled, 201), bench=enrolled.bench, moved=True)


NO_GOOD = "this code is not good: get a new one with `packbench-hub bench code NAME`"


def _ca(hub: Hub, asked: Asked, now: float) -> Answer:
    if not hub.ca:
        raise Refused(Kind.NOT_THERE, "this hub has no certificate of its own making")
    return Answer(status=200, body=hub.ca, headers=_PEM)


def _healthz(hub: Hub, asked: Asked, now: float) -> Answer:
    return Answer(status=200, body=b"ok\n", headers=_TEXT)


def _readyz(hub: Hub, asked: Asked, now: float) -> Answer:
    problem = _problem(hub)
    body = f"{problem or 'ready'}\n".encode()
    return Answer(status=503 if problem else 200, body=body, headers=_TEXT)


def _problem(hub: Hub) -> str:
    if hub.bell.leaving:
        return "it leaves"
    try:
        setup.check(hub.store)
        if not room.there_is(hub.store):
            return room.SENTENCE
    except (SQLAlchemyError, setup.Unfit) as wrong:
        return f"database: {type(wrong).__name__}"
    if hub.rounds is not None and not hub.rounds.alive:
        return "a round has ended"
    return ""


def _metrics(hub: Hub, asked: Asked, now: float) -> Answer:
    failures = hub.rounds.failures if hub.rounds else {}
    with hub.store.read() as connection:
        text = metrics.text(connection, now, failures)
    return Answer(status=200, body=text.encode(), headers=_PROMETHEUS)


def _openapi(hub: Hub, asked: Asked, now: float) -> Answer:
    return _said(openapi.document())


BLOBS = "/v1/blobs/"
OPENAPI = "/openapi.json"
HEALTHZ = "/healthz"

_SIGNED: dict[tuple[str, str], Callable[[Hub, Asked, Known, float], Answer]] = {
    ("GET", "/v1/feed"): _feed,
    ("POST", "/v1/entries"): _entries,
    ("GET", BLOBS): _blob,
    ("POST", "/v1/heartbeat"): _heartbeat,
    ("GET", "/v1/me"): _me,
    ("POST", "/v1/rejoin"): _rejoin,
}
_OPEN: dict[tuple[str, str], Callable[[Hub, Asked, float], Answer]] = {
    ("POST", "/v1/enrol"): _enrol,
    ("GET", "/v1/ca"): _ca,
    ("GET", HEALTHZ): _healthz,
    ("GET", "/readyz"): _readyz,
    ("GET", "/metrics"): _metrics,
    ("GET", OPENAPI): _openapi,
}


# -- shapes


def _read(body: bytes, kind: type[R]) -> R:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        raise Refused(Kind.UNREADABLE, f"the body cannot be read: {wrong}") from None


def _said(said: object, status: int = 200) -> Answer:
    headers = {VERSION_HEADER: str(VERSION), **_JSON}
    return Answer(status=status, body=msgspec.json.encode(said), headers=headers)


def _moment(now: float) -> datetime:
    return datetime.fromtimestamp(now, UTC)
