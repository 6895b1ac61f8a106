"""How does a copy become the books again? Checked first, put in place whole, the old one kept.

What happened since the copy was made is not in it. The epoch is raised, so that benches notice
and tell it again (`setup.restored`), and it never falls: claims of two lives of a hub must differ.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import URL, Connection, func, inspect, select, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from sync.hub import backup, doubted, place, setup, stream, tools
from sync.hub.book import Book
from sync.hub.engine import Store, open_store, sqlite_module
from sync.hub.schema import process
from sync.hub.setup import Unfit
from sync.hub.vault import KEY_BYTES, NotOpened, Vault

SQLITE, DUMP = b"SQLite format 3\0", b"PGDMP"
"""How files begin: https://sqlite.org/fileformat.html, and pg_dump's custom format."""
BEAT_SECONDS = 30.0
"""A hub that said so lately that it lives is taken to live."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of it."""

    epoch: int
    kept: str
    """Where the old books are; "" when there were none."""


def restore(url: URL, source: str, vault: Vault | None, at_least: int = 0) -> Restored:
    """Put a copy in the place of the books. Raises Unfit, and then nothing has changed.

    `vault` opens what is sealed, None where there is no key; the epoch becomes `at_least` that.
    """
    if url.get_backend_name() == "sqlite":
        return _into_file(url, source, vault, at_least)
    return _into_server(url, source, vault, at_least)


def _stamp(now: float) -> str:
    return datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%S%fZ")


def _begins(source: Path) -> bytes:
    try:
        with source.open("rb") as file:
            return file.read(len(SQLITE))
    except OSError as wrong:
        raise Unfit(f"cannot read {source}: {wrong.strerror}") from None


def _prepare(store: Store, vault: Vault | None, epoch: int, now: float) -> int:
    """Make a copy the books of a new epoch. Raises Unfit for what is none of ours."""
    with store.read() as connection:
        if not inspect(connection).has_table("meta"):
            raise Unfit("this copy is not of a hub")
    setup.make(store)
    with store.write() as connection:
        _refuse_other_key(connection, vault)
        new = max(epoch, setup.epoch(connection)) + 1
        setup.restored(connection, new, now)
        # Without a key there is no address in it that would have to be opened.
        doubted.doubt(connection, Book(vault or Vault(bytes(KEY_BYTES))), now)
    return new


def _new_epoch(at_least: int, now: float) -> int:
    """Give an epoch as high as any so far, where the books that could tell are lost.

    Minutes since 1970: of two hubs that were restored from one copy, each on a new disk, both
    would be in the copy's next epoch, and give out the same claims to different benches.
    """
    return 0 if at_least else int(now) // 60


def _refuse_other_key(connection: Connection, vault: Vault | None) -> None:
    sealed = setup.an_address(connection)
    if sealed is None:
        return
    try:
        if vault is None:
            raise NotOpened
        vault.open(*sealed)
    except NotOpened:
        raise Unfit(
            "hub.key does not open the addresses in this copy: put the key of the hub that it was "
            "made from into the hub's folder first"
        ) from None


# -- SQLite


def _into_file(url: URL, source: str, vault: Vault | None, at_least: int) -> Restored:
    file, now = place.file_of(url), time.time()
    with (
        place.in_use(url, alone=True),
        tempfile.TemporaryDirectory(dir=file.parent, prefix=".restore-") as folder,
    ):
        copy = Path(folder) / "hub.db"
        _fetch(source, copy)
        _refuse_damaged(copy, source)
        with _opened(url.set(database=str(copy))) as store:
            known = _epoch_of(url) if file.exists() else 0
            epoch = max(at_least - 1, known or _new_epoch(at_least, now))
            new = _prepare(store, vault, epoch, now)
            with store.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        copy.chmod(0o600)
        backup.flush(copy)
        kept = _set_aside(file, Path(f"{file}.before-{_stamp(now)}")) if file.exists() else ""
        copy.replace(file)
        backup.flush(file.parent)
    return Restored(new, kept)


def _fetch(source: str, copy: Path) -> None:
    """Get the copy from where it lies. Raises Unfit."""
    path = Path(source).expanduser()
    if "://" in source or (path / "ltx").is_dir():
        to = stream.target(source)
        tools.run([tools.litestream(), "restore", "-o", str(copy), to])
        return
    begins = _begins(path)
    if begins.startswith(DUMP):
        raise Unfit(f"{source} is a copy of a PostgreSQL hub, and these books are an SQLite file")
    if begins != SQLITE:
        raise Unfit(f"{source} is no copy of a hub's books")
    shutil.copyfile(path, copy)
    log = Path(f"{path}-wal")
    if log.exists():  # it was copied as it stood, with what was not in the file yet
        shutil.copyfile(log, f"{copy}-wal")


def _refuse_damaged(copy: Path, source: str) -> None:
    wrong = (sqlite3.DatabaseError, sqlite_module().DatabaseError)
    try:
        with closing(sqlite_module().connect(copy)) as there:
            found = there.execute("PRAGMA quick_check(1)").fetchone()[0]
    except wrong as damage:
        found = str(damage)
    if found != "ok":
        raise Unfit(f"{source} is damaged ({found.splitlines()[0]}): take another copy")


def _epoch_of(url: URL) -> int:
    """Give the epoch of the books that are replaced; 0 when they cannot be read any more."""
    try:
        with _opened(url) as store, store.read() as connection:
            return int(setup.noted(connection, "epoch") or 0)
    except (SQLAlchemyError, ValueError):
        return 0


@contextmanager
def _opened(url: URL) -> Iterator[Store]:
    store = open_store(url)
    try:
        yield store
    finally:
        store.close()


def _set_aside(file: Path, kept: Path) -> str:
    """Keep the old books under another name, with a log that could not be taken in."""
    for end in ("-wal", "-shm"):
        left = Path(f"{file}{end}")
        if left.exists():  # only beside a file that could not be opened
            left.rename(f"{kept}{end}")
    backup.link(file, kept)
    # Litestream's own notes speak of the old file.
    notes = file.with_name(f".{file.name}-litestream")
    if notes.exists():
        notes.rename(kept.with_name(f".{kept.name}-litestream"))
    return str(kept)


# -- PostgreSQL


def _into_server(url: URL, source: str, vault: Vault | None, at_least: int) -> Restored:
    path, name, now = Path(source).expanduser(), url.database or "", time.time()
    if "://" in source or path.is_dir() or not _begins(path).startswith(DUMP):
        raise Unfit(f"{source} is no copy of a PostgreSQL hub: `packbench-hub backup` makes one")
    fresh, kept = f"{name}_restoring_{_stamp(now)}", f"{name}_before_{_stamp(now)}"
    with _server(url) as server:
        there = _there(server, name)
        known = _refuse_served(url, now) if there else 0
        epoch = max(at_least - 1, known or _new_epoch(at_least, now))
        _sql(server, "CREATE DATABASE {}", fresh)
        try:
            found = tools.postgresql("pg_restore", backup.server_version(server))
            words = [found, "--exit-on-error", "--no-owner", str(path)]
            tools.run(words, url.set(database=fresh))
            with _opened(url.set(database=fresh)) as store:
                new = _prepare(store, vault, epoch, now)
            if there:
                _sql(server, "ALTER DATABASE {} RENAME TO {}", name, kept)
            _sql(server, "ALTER DATABASE {} RENAME TO {}", fresh, name)
        except BaseException:
            if there and not _there(server, name):
                _sql(server, "ALTER DATABASE {} RENAME TO {}", kept, name)
            _sql(server, "DROP DATABASE IF EXISTS {}", fresh)
            raise
    return Restored(new, kept if there else "")


@contextmanager
def _server(url: URL) -> Iterator[Connection]:
    """Give a connection to the server that is in none of our databases. Raises Unfit."""
    beside = url.set(database="postgres")
    with _opened(beside) as store:
        place.reach(store, beside)
        with store.engine.connect() as connection:
            yield connection.execution_options(isolation_level="AUTOCOMMIT")


def _there(server: Connection, name: str) -> bool:
    asked = text("SELECT 1 FROM pg_database WHERE datname = :name")
    return server.execute(asked, {"name": name}).first() is not None


def _sql(server: Connection, words: str, *names: str) -> None:
    """Do what has names of databases in it. Raises Unfit."""
    quoted = map(server.dialect.identifier_preparer.quote_identifier, names)
    try:
        server.exec_driver_sql(words.format(*quoted))
    except DBAPIError as wrong:
        said = str(wrong.orig).splitlines()[0]
        raise Unfit(f"PostgreSQL does not let us put the copy in place: {said}") from None


def _refuse_served(url: URL, now: float) -> int:
    """Give the epoch of the books that are replaced. Raises Unfit while somebody is at them."""
    others = text(
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with _opened(url) as store, store.read() as connection:
        number = connection.execute(others).scalar_one()
        if number:
            raise Unfit(f"{url.database} has {number} other users: stop the hubs first")
        tables = inspect(connection).get_table_names()
        if "process" in tables:
            beat = connection.execute(select(func.max(process.c.beat_at))).scalar() or 0.0
            if beat > now - BEAT_SECONDS:
                raise Unfit("a hub has said lately that it lives: stop it, and wait half a minute")
        return int(setup.noted(connection, "epoch") or 0) if "meta" in tables else 0
