"""Where a hub keeps its things: PACKBENCH_HOME, its database and its key."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL

from sync.hub import place, setup, vault
from sync.hub.book import Book
from sync.hub.engine import Store, open_store
from sync.hub.vault import Vault


@dataclass(frozen=True, slots=True)
class Opened:
    """A hub's books, opened."""

    store: Store
    vault: Vault
    book: Book


def folder() -> Path:
    """Give the hub's folder."""
    named = os.environ.get("PACKBENCH_HOME")
    if named:
        return Path(named).expanduser()
    from platformdirs import user_data_path  # costs 20 ms where the folder is named

    return user_data_path("packbench")


def database(named: str | None) -> str:
    """Give the database's URL: as named, as PACKBENCH_DATABASE says, or a file in the folder."""
    found = named or os.environ.get("PACKBENCH_DATABASE")
    return found or f"sqlite:///{folder() / 'hub.db'}"


@contextmanager
def opened(named: str | None, *, checked: bool = True) -> Iterator[Opened]:
    """Open the books. Raises setup.Unfit."""
    url = placed(named)
    with place.in_use(url):
        store = open_store(url)
        try:
            place.reach(store, url)
            if checked:
                setup.check(store)
            secrets = vault.at(folder() / "hub.key")
            yield Opened(store, secrets, Book(secrets))
        finally:
            store.close()


def placed(named: str | None) -> URL:
    """Give the database's URL, if the books may lie there. Raises setup.Unfit."""
    try:
        folder().mkdir(parents=True, exist_ok=True)
    except OSError as wrong:
        raise setup.Unfit(f"cannot make the hub's folder {folder()}: {wrong.strerror}") from None
    url = place.read(database(named))
    place.check(url)
    return url
