"""Benches that report a shift's work to a hub, as bodies of requests made beforehand.

Run as a process it is a hub process: its threads take the batches of its benches in, as the
endpoint does behind HTTP, and at the end it tells how many entries went in, and how long it took.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from sync.hub import entries, vault
from sync.hub.book import Book
from sync.hub.engine import Store, open_store
from sync.orders import Entry
from sync.protocol import chain
from sync.protocol.messages import Acked, Batch, Numbered, Verdict
from tests.bench import full_book

BATCH = 50
"""Entries in a batch: what gathers at a busy bench while one is on its way."""


class Went(msgspec.Struct, frozen=True):
    """What a process did."""

    entries: int
    seconds: float


def bodies(name: str, each: int) -> Iterator[bytes]:
    """Make what a bench sends when it packs all that it has, batch by batch."""
    at, previous, seq = datetime.now(UTC), chain.START, 0
    batch: list[Numbered] = []
    joins = previous
    for n in full_book.mine(name, each):
        order = f"amazon-uk:{full_book.number(n)}"
        for fact in full_book.packing(n):
            seq += 1
            entry = Entry(
                id=f"{name}{seq:030x}",
                order=order,
                at=at,
                bench=name,
                by="P1",
                claim=full_book.CLAIM,
                fact=fact,
            )
            previous = chain.link(previous, seq, entry)
            batch.append(Numbered(seq=seq, entry=entry, hash=previous))
            if len(batch) == BATCH:
                yield _body(name, joins, batch)
                batch, joins = [], previous
    if batch:
        yield _body(name, joins, batch)


def _body(name: str, previous: str, batch: Sequence[Numbered]) -> bytes:
    made = Batch(bench=name, incarnation=1, previous=previous, entries=tuple(batch))
    return msgspec.json.encode(made)


def post(store: Store, book: Book, body: bytes) -> tuple[int, float]:
    """Take one body in; give how many entries it had, and the seconds."""
    began = time.perf_counter()
    sent = msgspec.json.decode(body, type=entries.Sent)
    with store.write() as connection:
        answer = entries.take(connection, book, sent, time.time())
    msgspec.json.encode(answer)
    took = time.perf_counter() - began
    assert isinstance(answer, Acked)
    # What is refused costs less: that would be another figure.
    assert all(one.verdict is Verdict.OK for one in answer.verdicts), answer
    return len(sent.entries), took


def upload(store: Store, book: Book, work: Sequence[Sequence[bytes]], threads: int) -> Went:
    """Take everything in, each bench's batches in order, several benches at once."""

    def one(mine: Iterable[bytes]) -> int:
        return sum(post(store, book, body)[0] for body in mine)

    began = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        done = sum(pool.map(one, work))
    return Went(done, time.perf_counter() - began)


def main(url: str, key: str, names: str, each: str) -> None:
    """Make the bodies, say so, wait for a line, take them in."""
    store = open_store(url)
    book = Book(vault.at(Path(key)))
    work = [list(bodies(name, int(each))) for name in names.split(",")]
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    went = upload(store, book, work, len(work))
    sys.stdout.write(msgspec.json.encode(went).decode() + "\n")
    store.close()
