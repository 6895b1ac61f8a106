"""Which bugs are planted, to see whether they are caught?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

MUTANTS: dict[str, Callable[[], AbstractContextManager[None]]] = {}


@contextmanager
def planted(name: str) -> Iterator[None]:
    """Plant a bug for a while; "" plants none."""
    if not name:
        yield
        return
    with MUTANTS[name]():
        yield
