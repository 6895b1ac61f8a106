"""Is the journal what was written? Walks every chain of hashes, the benches' and the hub's own.

An entry that was changed, taken out or put in breaks its chain at its number. A bench's new
incarnation goes on where an older one was acknowledged; what a hub recorded before its entries
were chained, has no hash and cannot be tried.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection, select

from sync.hub.book import HUB
from sync.hub.joint import canonical
from sync.hub.schema import bench, counter, entry
from sync.protocol.chain import START, link_body

AT_ONCE = 1_000
"""Rows that are in memory at the same time."""


@dataclass(frozen=True, slots=True)
class Walked:
    """One chain: a bench's incarnation, or the hub's own entries through all its epochs."""

    bench: str
    incarnation: int
    """0 for the hub's own."""
    entries: int
    broken_at: int | None
    """The number of the first entry that does not follow; None: all do."""
    why: str


def verify(connection: Connection) -> Iterator[Walked]:
    """Walk every chain, by bench and incarnation."""
    ends = {
        (row.name, row.incarnation): (row.last_seq, row.last_hash)
        for row in connection.execute(select(bench))
    }
    for name in connection.execute(select(entry.c.bench).distinct().order_by(entry.c.bench)):
        if name.bench == HUB:
            yield _hub(connection)
        else:
            yield from _bench(connection, name.bench, ends)


class _Link(NamedTuple):
    """What of an entry is chained."""

    incarnation: int
    seq: int
    body: bytes
    hash: str


@dataclass(slots=True)
class _Chain:
    """A walk along entries in the order of their numbers."""

    previous: frozenset[str]
    """The hashes that the next entry may follow; none: nobody can tell."""
    seq: int
    entries: int = 0
    hash: str = START
    broken: tuple[int, str] | None = None

    def walk(self, row: _Link) -> None:
        """Take one entry."""
        self.entries += 1
        if self.broken is None:
            why = self._why(row)
            if why:
                self.broken = (row.seq, why)
        self.seq, self.hash, self.previous = row.seq, row.hash, frozenset({row.hash})

    def _why(self, row: _Link) -> str:
        if row.seq != self.seq + 1:
            return f"entries {self.seq + 1} to {row.seq - 1} are missing"
        body = canonical(row.body)
        if not self.previous or any(
            link_body(one, row.seq, body) == row.hash for one in self.previous
        ):
            return ""
        return "it is not what was written, or does not follow the one before"

    def walked(self, name: str, incarnation: int, end: tuple[int, str] | None) -> Walked:
        """Say how it was, given what the last entry is known to be."""
        if self.broken is None and end is not None and end != (self.seq, self.hash):
            self.broken = (self.seq + 1, f"the last entry should be number {end[0]}")
        at, why = self.broken or (None, "")
        return Walked(name, incarnation, self.entries, at, why)


def _bench(
    connection: Connection, name: str, ends: dict[tuple[str, int], tuple[int, str]]
) -> Iterator[Walked]:
    chain: _Chain | None = None
    incarnation = -1
    for row in _rows(connection, name):
        if chain is None or row.incarnation != incarnation:
            if chain is not None:
                yield chain.walked(name, incarnation, ends.get((name, incarnation)))
            incarnation = row.incarnation
            chain = _Chain(_before(connection, name, incarnation, row), row.seq - 1)
        chain.walk(row)
    if chain is not None:
        yield chain.walked(name, incarnation, ends.get((name, incarnation)))


def _before(connection: Connection, name: str, incarnation: int, first: _Link) -> frozenset[str]:
    """Give the hashes that an incarnation's first entry may follow.

    Of the journal that goes on there; none, where this hub never had the entry before.
    """
    if first.seq == 1:
        return frozenset({START})
    older = connection.execute(
        select(entry.c.hash).where(
            entry.c.bench == name,
            entry.c.incarnation < incarnation,
            entry.c.seq == first.seq - 1,
        )
    ).scalars()
    return frozenset(older)


def _hub(connection: Connection) -> Walked:
    """Walk what the hub itself recorded: its numbers go on through its epochs."""
    chain: _Chain | None = None
    unchained = 0
    for row in _rows(connection, HUB):
        if chain is None and not row.hash:
            unchained += 1
            continue
        if chain is None:
            chain = _Chain(frozenset({START}), row.seq - 1)
        chain.walk(row)
    end = connection.execute(
        select(counter.c.value, counter.c.hash).where(counter.c.name == "entries")
    ).one()
    if chain is None:
        chain = _Chain(frozenset({START}), end.value)
    walked = chain.walked(HUB, 0, (end.value, end.hash))
    return Walked(HUB, 0, walked.entries + unchained, walked.broken_at, walked.why)


def _rows(connection: Connection, name: str) -> Iterator[_Link]:
    """Give a bench's entries in order, a few at a time."""
    at = (-1, -1)
    while True:
        later = (entry.c.incarnation > at[0]) | (
            (entry.c.incarnation == at[0]) & (entry.c.seq > at[1])
        )
        rows = connection.execute(
            select(entry.c.incarnation, entry.c.seq, entry.c.body, entry.c.hash)
            .where(entry.c.bench == name, later)
            .order_by(entry.c.incarnation, entry.c.seq)
            .limit(AT_ONCE)
        ).all()
        for row in rows:
            yield _Link(row.incarnation, row.seq, _bytes(row.body), row.hash)
        if len(rows) < AT_ONCE:
            return
        at = (rows[-1].incarnation, rows[-1].seq)


def _bytes(body: object) -> bytes:
    """Whoever edits a body by hand may leave a text there."""
    return body.encode() if isinstance(body, str) else bytes(body)  # type: ignore[call-overload]  # bytes
