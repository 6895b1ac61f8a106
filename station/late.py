"""What becomes of batches of old scans while the bench is busy? They wait, each for its question.

A batch is asked about (`flows.late`) when nothing else is asked and the bench is not red. Taken,
its scans go through the bench one after the other; where one of them turns out wrong, the rest
waits again. Whatever the answer: they were on record before anyone was asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from station.flows.flow import Input, LateScans
from station.session import Session


class Late:
    """The batches that wait, oldest first."""

    def __init__(self, take: Callable[[str], Session], put: Callable[[Input], Session]) -> None:
        """`take` scans a text at the bench, `put` is the bench's way for other inputs."""
        self._take, self._put = take, put
        self._batches: list[Sequence[str]] = []
        self.wanted = False
        """The batch that was asked about is to be taken."""

    def add(self, texts: Sequence[str]) -> None:
        """Take note of a batch."""
        if texts:
            self._batches.append(texts)

    def after(self, before: Session, session: Session) -> Session:
        """Say where the bench stands once a step is followed by what waited for it."""
        if _asks(session) or not self._batches:
            return session
        if _asks(before):
            return self._settle(session)
        return self._ask(session)

    def _ask(self, session: Session) -> Session:
        if session.latched or session.question is not None or not self._batches:
            return session
        batch = self._batches[0]
        return self._put(LateScans(len(batch), batch[0]))

    def _settle(self, session: Session) -> Session:
        """The question is answered: take the batch, or drop it; then the next."""
        batch, wanted = self._batches.pop(0), self.wanted
        self.wanted = False
        # While these are taken, nothing else that waits comes in between.
        others, self._batches = self._batches, []
        rest = list(batch) if wanted else []
        while rest and not session.latched and session.question is None:
            session = self._take(rest.pop(0))
        self._batches = [*([rest] if rest else []), *others]
        return self._ask(session)


def _asks(session: Session) -> bool:
    return session.question is not None and session.question.kind == "late"
