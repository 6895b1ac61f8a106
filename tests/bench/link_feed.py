"""How long after the hub's commit does a bench have it? From the book to the bench's disk.

Somebody holds an order, and the bench that has it is told: the hub is a process, the benches are
in another one, with a file each, and everything between them is the product's own. The clock
starts when the hub begins to write (`feed.at`) and stops when the bench's file has the row and the
cursor that follows it. Beside it, the same bytes down a stream of a bare ASGI service.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from uuid import uuid4

import httpx
import msgspec
from sqlalchemy import select

from sync.client.signer import KEY, Signer, authorization, open_key
from sync.hub import feed as feeds
from sync.hub import vault
from sync.hub.book import Book
from sync.hub.engine import Store
from sync.hub.schema import feed
from sync.orders import Entry, HoldKind, facts
from sync.protocol import VERSION, chain
from sync.protocol.cursor import START
from sync.protocol.messages import Acked, Batch, Numbered, Verdict
from tests.bench import full_book, link_place
from tests.bench.figure import PYTHON, Beside, Figure, Lab, Missing, Result, load, milliseconds
from tests.bench.link_benches import Had
from tests.bench.link_place import Named

BENCHES = (1, 50, 200)
SPOKEN_OF = 50
GOAL_MILLISECONDS = 250.0
RATE = 20.0
"""Changes a second, of all benches together: a floor of fifty that is busy."""
BUSY_SECONDS = 20.0
SUPERVISOR = "x0"


@dataclass(frozen=True, slots=True)
class Fed:
    """Seconds that each change took to get to its bench, and down the bare stream."""

    hub: list[float]
    stream: list[float]


def measure(
    name: str, databases: Callable[[Lab], AbstractContextManager[Named]]
) -> Callable[[Lab], Iterable[Result]]:
    """Make the measurement on a kind of database."""

    def measured(lab: Lab) -> Iterable[Result]:
        beside: Beside = {}
        value = 0.0
        with databases(lab) as named:
            for at, benches in enumerate(BENCHES):
                lab.say(f"{name}: {benches} benches", at, len(BENCHES))
                fed = _fed(lab, named(f"feed{benches}"), benches)
                for share in (0.5, 0.99):
                    which = f"p{share * 100:.0f}_ms_{benches}_benches"
                    beside[which] = milliseconds(fed.hub, share)
                    beside[f"stream_{which}"] = milliseconds(fed.stream, share)
                if benches == SPOKEN_OF:
                    value = milliseconds(fed.hub, 0.99)
        lab.say(name, 1, 1)
        yield Result(
            name=name,
            value=value,
            unit="ms",
            goal=GOAL_MILLISECONDS,
            met=value <= GOAL_MILLISECONDS,
            baseline="the same bytes down a stream of a bare ASGI service",
            beside={**beside, "changes": len(fed.hub), "load": load()},
        )

    return measured


def _fed(lab: Lab, database: str, benches: int) -> Fed:
    changes = lab.rounds(60, 1000)
    each = changes // benches + 1
    home = lab.folder / f"{uuid4().hex}"
    home.mkdir()
    store = full_book.make(database, home / "hub.key", benches * each + 1, benches, each)
    with contextlib.closing(store):
        names = [f"b{n}" for n in range(benches)]
        for name in (*names, SUPERVISOR):
            link_place.enrol(store, home / name, name)
        size = _bytes(store, home)
        with link_place.hub(home, database) as url:
            words = [PYTHON, "-m", "tests.bench.link_benches", str(home), url, ",".join(names)]
            with link_place.process(words, {}, home / "benches.log") as running:
                if not link_place.heard(running):
                    raise Missing("the benches do not start")
                _hold(url, home / SUPERVISOR, benches, each, changes)
                link_place.say(running, str(changes))
                had = msgspec.json.decode(link_place.heard(running), type=list[Had])
        began = _began(store)
    took = [at - began[name, seq] for name, seq, at in had if (name, seq) in began]
    if len(took) < changes:
        raise Missing(f"of {changes} changes {len(took)} came to their benches")
    return Fed(took, _streamed(home, benches, changes, size))


def _bytes(store: Store, home: Path) -> int:
    """Give how long a page with one order is."""
    with store.read() as connection:
        book = Book(vault.at(home / "hub.key"))
        return len(msgspec.json.encode(feeds.fed(connection, book, "b0", START, 1, 0.0)))


def _began(store: Store) -> dict[tuple[str, int], float]:
    with store.read() as connection:
        rows = connection.execute(select(feed.c.bench, feed.c.seq, feed.c.at))
        return {(row.bench, row.seq): row.at for row in rows}


def _paced(count: int) -> Iterator[int]:
    """Count, at the rate of changes; people do what they do at any moment."""
    throw = Random(count)
    due = time.monotonic()
    for n in range(count):
        due += throw.expovariate(RATE)
        time.sleep(max(0.0, due - time.monotonic()))
        yield n


def _hold(url: str, home: Path, benches: int, each: int, changes: int) -> None:
    """Hold orders of all benches, one after the other, as the supervisor's own bench reports it."""
    signer, previous = open_key(home / KEY), chain.START
    with httpx.Client(base_url=url, timeout=30.0) as hub:
        for n in _paced(changes):
            number = full_book.number(n % benches * each + n // benches)
            order = f"amazon-uk:{number}"
            held = Entry(
                id=uuid4().hex,
                order=order,
                at=datetime.now(UTC),
                bench=SUPERVISOR,
                by="P1",
                fact=facts.OrderHeld(shipment=f"{order}#1", hold=HoldKind.FRAUD),
            )
            link = chain.link(previous, n + 1, held)
            one = Numbered(seq=n + 1, entry=held, hash=link)
            batch = Batch(bench=SUPERVISOR, incarnation=1, previous=previous, entries=(one,))
            answer = _posted(hub, signer, msgspec.json.encode(batch))
            (judged,) = msgspec.json.decode(answer, type=Acked).verdicts
            assert judged.verdict is Verdict.OK, judged
            previous = link


def _posted(hub: httpx.Client, signer: Signer, body: bytes) -> bytes:
    """Tell the hub, as often as it asks for; a hub that is too busy for long is missing."""
    target, deadline = "/v1/entries", time.monotonic() + BUSY_SECONDS
    while True:
        said = authorization(signer, SUPERVISOR, 1, time.time(), uuid4().hex, "POST", target, body)
        headers = {"Authorization": said, "Packbench-Version": str(VERSION)}
        answer = hub.post(target, content=body, headers=headers)
        if answer.status_code == 200:
            return answer.content
        if answer.status_code != 503 or time.monotonic() > deadline:
            raise Missing(f"the hub answered {answer.status_code}: {answer.text}")
        time.sleep(float(answer.headers.get("Retry-After", 1.0)))


def _streamed(home: Path, listeners: int, changes: int, size: int) -> list[float]:
    """Send as many messages of that size at the same pace to as many listeners."""
    words = [PYTHON, "-m", "tests.bench.link_stream"]
    with link_place.process([*words, "serve"], {}, home / "stream.log") as serving:
        url = link_place.heard(serving)
        hearing = [*words, "hear", url, str(listeners)]
        with link_place.process(hearing, {}, home / "hear.log") as running:
            if link_place.heard(running) != "ready":
                raise Missing("the bare stream does not start")
            with httpx.Client(base_url=url, timeout=30.0) as client:
                for n in _paced(changes):
                    client.post(f"/{n % listeners}", content=b"x" * size)
            link_place.say(running, str(changes))
            return msgspec.json.decode(link_place.heard(running), type=list[float])


SQLITE = Figure(
    {"link.feed_p99": ("ms", GOAL_MILLISECONDS)}, measure("link.feed_p99", link_place.sqlite)
)
POSTGRESQL = Figure(
    {"link.feed_p99_postgresql": ("ms", GOAL_MILLISECONDS)},
    measure("link.feed_p99_postgresql", link_place.postgresql),
)
