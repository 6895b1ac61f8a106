"""How often may who ask? Counted in memory; of several hub processes each counts for its share.

A quota is for all hubs together. To count in the database would be a write a request, more than
most requests cost; so each process gives out its part, a quota divided by the processes that live
as of its last beat (`process`). A bench asks one hub at a time and then has that part alone, which
is ten times what it needs. A process that joins is counted by the others at their next beat, and
one that died until it is taken for dead: for those seconds all of them give a little more, or less.

What a marketplace allows a channel is shared otherwise, by `buckets` in the database: there one
call too many costs dear, and a call takes longer than a write.

Nothing here looks at a clock: the moment comes in with the request.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

REQUESTS_PER_SECOND = 50.0
"""Of one bench. In a day's work it sends two or three a second."""
LEAST_PER_SECOND = 5.0
"""However many processes there are: a bench could not work with less. Ten give the whole."""
REQUESTS_AT_ONCE = 1_000.0
"""More than that it may save up: a bench that is new reads 100,000 orders in pages of 200."""
GUESSES = 5
"""Wrong codes from one address within a minute: a person who mistypes needs two or three."""
LEAST_GUESSES = 2
"""However many processes there are: one of them is a typing error."""
GUESSES_OF_ALL = 50
"""From all addresses together. It bounds what is kept here as well, whoever knocks."""
GUESS_SECONDS = 60.0
FORGED_PER_SECOND = 50.0
"""Requests from one address that are nobody's. Benches that were all shut out, behind one address,
ask some ten times a second; to look at one takes a question to the database and a millisecond."""
FORGED_AT_ONCE = 500.0
"""Of those, saved up: ten seconds of them."""
MOST_ADDRESSES = 1_000
"""That are remembered: an address more, and the one that was quiet for longest is forgotten."""
HERE = ("127.0.0.1", "::1", "")
"""A proxy beside the hub speaks for everybody: one stranger must not have all benches refused."""


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


@dataclass(slots=True)
class Quotas:
    """Who asked how often of late; from any thread."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _door: threading.Lock = field(default_factory=threading.Lock)
    """Whoever tries a code is within, one at a time."""
    _benches: dict[str, _Bucket] = field(default_factory=dict)
    """As many as there are benches: only who has proved to be one is counted."""
    _forged: dict[str, _Bucket] = field(default_factory=dict)
    """By address, the one that was heard last at the end; at most MOST_ADDRESSES."""
    _guesses: list[tuple[float, str]] = field(default_factory=list)
    """When, and from where, a code was wrong; at most GUESSES_OF_ALL."""
    _processes: int = 1

    def share(self, processes: int) -> None:
        """Give out one of so many parts from now on; what a bench has saved up shrinks to it."""
        with self._lock:
            self._processes = max(1, processes)

    def ask(self, bench: str, now: float) -> float:
        """Count a request of a bench; 0, or the seconds after which it may ask again."""
        with self._lock:
            rate = max(REQUESTS_PER_SECOND / self._processes, LEAST_PER_SECOND)
            most = REQUESTS_AT_ONCE / self._processes
            bucket = self._benches.setdefault(bench, _Bucket(most, now))
            passed = max(0.0, now - bucket.at)
            bucket.tokens = min(most, bucket.tokens + passed * rate)
            bucket.at = now
            if bucket.tokens < 1.0:
                return (1.0 - bucket.tokens) / rate
            bucket.tokens -= 1.0
            return 0.0

    def stranger(self, peer: str, now: float) -> float:
        """Say whether an address asked too often as nobody: 0, or the seconds to wait."""
        with self._lock:
            bucket = self._forged.get(peer)
            if bucket is None:
                return 0.0
            rate = FORGED_PER_SECOND / self._processes
            left = bucket.tokens + max(0.0, now - bucket.at) * rate
            return 0.0 if left >= 1.0 else (1.0 - left) / rate

    def forged(self, peer: str, now: float) -> None:
        """Count a request that was not what its signature says, or of no bench."""
        if peer in HERE:
            return
        with self._lock:
            rate, most = FORGED_PER_SECOND / self._processes, FORGED_AT_ONCE / self._processes
            bucket = self._forged.pop(peer, None) or _Bucket(most, now)
            passed = max(0.0, now - bucket.at)
            left = min(most, bucket.tokens + passed * rate)
            self._forged[peer] = _Bucket(max(0.0, left - 1.0), now)
            if len(self._forged) > MOST_ADDRESSES:
                del self._forged[next(iter(self._forged))]

    @contextmanager
    def trying(self) -> Iterator[None]:
        """Let one code be tried at a time: of a hundred at once, the sixth knows of five wrong.

        Not one door an address: who guesses has many, and to look at a code takes milliseconds.
        """
        with self._door:
            yield

    def guess(self, peer: str, now: float) -> float:
        """Say whether too many codes from an address were wrong: 0, or the seconds to wait."""
        with self._lock:
            self._guesses = [one for one in self._guesses if 0.0 <= now - one[0] < GUESS_SECONDS]
            of_peer = [at for at, one in self._guesses if one == peer]
            mine = max(GUESSES // self._processes, LEAST_GUESSES)
            if len(of_peer) >= mine:
                return GUESS_SECONDS - (now - of_peer[-mine])
            if len(self._guesses) >= max(GUESSES_OF_ALL // self._processes, LEAST_GUESSES):
                return GUESS_SECONDS - (now - self._guesses[0][0])
            return 0.0

    def wrong(self, peer: str, now: float) -> None:
        """Count a code that was no good."""
        with self._lock:
            self._guesses.append((now, peer))
