"""What becomes of a message? Lost before or after, late, twice, cut off, or simply carried.

A request is answered, or it is lost and nobody knows whether it was heard: as over HTTP, an answer
that comes after the asker gave up is thrown away, and what was asked may still arrive, after what
was asked later.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from tests.torture.simulation.agenda import Agenda

GIVE_UP_SECONDS = 35.0
"""After which whoever asked takes the request for lost."""
CUT_SECONDS = 0.5
"""After which a connection that is cut is known to be."""

MIXED = 6
"""So many earlier answers may come again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request as it goes over the wire."""

    method: str
    target: str
    """Path and query."""
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An answer as it goes over the wire."""

    status: int
    body: bytes
    retry_after: float = 0.0


Serve = Callable[[Asked, Callable[[Said], None]], bool]
"""Takes a request and, at any time, calls back with the answer; False: nobody listens."""


@dataclass(slots=True)
class Net:
    """The wires of one world."""

    agenda: Agenda
    chance: Random
    faults: Counter[str]
    lossy: float = 0.0
    """The share of messages that are lost, each way."""
    doubling: float = 0.0
    slow: float = 0.05
    """Seconds that a message usually takes."""
    straggling: float = 0.0
    """The share of messages that take a minute."""
    damaging: float = 0.0
    """The share of messages whose bytes arrive otherwise than they were sent."""
    mixing: float = 0.0
    """The share of answers to a question for the feed that are those of an earlier one: a proxy
    that mixes connections up."""
    cut: set[str] = field(default_factory=set)
    """Who is cut off."""
    _earlier: dict[str, list[Said]] = field(default_factory=dict)

    def ask(
        self,
        who: str,
        asked: Asked,
        serve: Serve,
        answered: Callable[[Said], None],
        lost: Callable[[str], None],
    ) -> None:
        """Carry a request and its answer; exactly one of the two callbacks is called, once."""
        open_ = [True]

        def give_up(why: str) -> None:
            if open_[0]:
                open_[0] = False
                lost(why)

        def back(said: Said) -> None:
            if not open_[0]:
                return
            if self._goes_missing(who):
                self.agenda.after(CUT_SECONDS, lambda: give_up("the connection broke"))
                return
            said = self._damaged_answer(self._mixed_up(who, asked, said))
            self.agenda.after(self._delay(), lambda: arrive(said))

        def arrive(said: Said) -> None:
            if open_[0]:
                open_[0] = False
                answered(said)

        def deliver() -> None:
            if not serve(self._damaged(asked), back):
                self.agenda.after(CUT_SECONDS, lambda: give_up("nobody listens"))

        self.agenda.after(GIVE_UP_SECONDS + self._patience(asked), lambda: give_up("no answer"))
        if self._goes_missing(who):
            self.agenda.after(CUT_SECONDS, lambda: give_up("the connection broke"))
            return
        self.agenda.after(self._delay(), deliver)
        if self.chance.random() < self.doubling:
            self.faults["message doubled"] += 1
            self.agenda.after(self._delay() + self._delay(), deliver)

    def _mixed_up(self, who: str, asked: Asked, said: Said) -> Said:
        if not asked.target.startswith("/v1/feed"):
            return said
        before = self._earlier.setdefault(who, [])
        before.append(said)
        del before[:-MIXED]
        if self.chance.random() >= self.mixing:
            return said
        self.faults["answers mixed up"] += 1
        return self.chance.choice(before)

    def heal(self) -> None:
        """Carry everything from now on."""
        self.lossy = self.doubling = self.straggling = self.damaging = self.mixing = 0.0
        self.cut.clear()

    def _patience(self, asked: Asked) -> float:
        return 300.0 if "wait=" in asked.target else 0.0

    def _goes_missing(self, who: str) -> bool:
        if who in self.cut:
            return True
        if self.chance.random() < self.lossy:
            self.faults["message lost"] += 1
            return True
        return False

    def _delay(self) -> float:
        if self.chance.random() < self.straggling:
            self.faults["message delayed"] += 1
            return self.chance.uniform(1.0, 60.0)
        return self.slow * self.chance.uniform(0.2, 2.0)

    def _damaged(self, asked: Asked) -> Asked:
        if not asked.body or self.chance.random() >= self.damaging:
            return asked
        self.faults["bytes damaged"] += 1
        return Asked(
            method=asked.method,
            target=asked.target,
            headers=asked.headers,
            body=self._flipped(asked.body),
        )

    def _damaged_answer(self, said: Said) -> Said:
        """Cut short: TLS lets no other damage through unseen."""
        if self.chance.random() >= self.damaging:
            return said
        self.faults["bytes damaged"] += 1
        end = self.chance.randrange(len(said.body) + 1) // 2
        return Said(status=said.status, body=said.body[:end])

    def _flipped(self, body: bytes) -> bytes:
        at = self.chance.randrange(len(body))
        return body[:at] + bytes([body[at] ^ 0x01]) + body[at + 1 :]
