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
from sync.hub.vault import NotOpened, Vault

KEY = "hub.key"
"""In the hub's folder: what seals addresses, labels and credentials."""
SEALED = "sealed"
"""The name in `meta` of a word that only the books' own key opens."""


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
            store.set_clock()
            if checked:
                setup.check(store)
            secrets = vault.at(folder() / KEY)
            if checked:
                _refuse_other_key(store, secrets)
            yield Opened(store, secrets, Book(secrets))
        finally:
            store.close()


def _refuse_other_key(store: Store, secrets: Vault) -> None:
    """Refuse books that were sealed with another key. Raises setup.Unfit.

    A hub that opens no address feeds no bench, and what it seals itself nobody else opens: of two
    that share a database each would hide its orders from the other.
    """
    with store.read() as connection:
        known = setup.noted(connection, SEALED)
        address = setup.an_address(connection) if known is None else None
    try:
        if known is not None:
            secrets.open(bytes.fromhex(known), SEALED)
        elif address is not None:
            secrets.open(*address)
    except (NotOpened, ValueError):
        raise setup.Unfit(
            f"{folder() / KEY} is not the key of these books: put the one there that they were "
            "made with (each hub of one database has the same)"
        ) from None
    if known is None:
        with store.write() as connection:
            if setup.noted(connection, SEALED) is None:
                setup.note(connection, SEALED, secrets.seal(b"packbench", SEALED).hex())


def placed(named: str | None) -> URL:
    """Give the database's URL, if the books may lie there. Raises setup.Unfit."""
    try:
        folder().mkdir(parents=True, exist_ok=True)
    except OSError as wrong:
        raise setup.Unfit(f"cannot make the hub's folder {folder()}: {wrong.strerror}") from None
    url = place.read(database(named))
    place.check(url)
    return url
