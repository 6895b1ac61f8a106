"""What keeps the books in order, and how often? Tasks that nobody asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from sync.hub import allot, feed, process, reconsider, unheard
from sync.hub.book import Book
from sync.hub.engine import Store


@dataclass(frozen=True, slots=True)
class Task:
    """One task, in one transaction."""

    seconds: float
    """Between two times."""
    do: Callable[[Connection, Book, float], int]
    """Gives how many things it changed for benches."""


def _purge(connection: Connection, _: Book, now: float) -> int:
    feed.purge(connection, now)
    return 0  # what is forgotten was gone already


TASKS: Mapping[str, Task] = {
    "leases": Task(10.0, allot.expired),
    "reconsider": Task(10.0, reconsider.reconsider),
    "unheard": Task(unheard.SECONDS, unheard.tell),
    "purge": Task(86_400.0, _purge),
}


def keep(store: Store, book: Book, task: Task, now: float) -> int:
    """Do a task, unless another hub is at one; give how many things changed for benches."""
    with store.write() as connection:
        return task.do(connection, book, now) if process.alone(connection, wait=False) else 0
