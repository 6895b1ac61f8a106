"""Which database holds the books, and how it is opened, read and written.

SQLite embedded, PostgreSQL for several hubs. On SQLite through pysqlite3 where there is a wheel,
because an older library may corrupt a WAL file (fixed in 3.51.3; https://sqlite.org/wal.html,
"the WAL-reset bug"): an older one is used with a rollback journal. All writes of a process go
through one door there: twenty writers that queue in the file have twelve times the p99.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import TypeVar

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, func, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

try:
    import pysqlite3.dbapi2 as newest_sqlite
except ImportError:  # no wheel for this machine
    newest_sqlite = None

WAL_SAFE = (3, 51, 3)
"""The first SQLite without the WAL-reset bug."""
BUSY_MILLISECONDS = 30_000
"""How long a writer waits for another process; a command line may import a large file."""

CONNECT_SECONDS = 10
"""How long a server may take to answer: behind a firewall that drops, nothing ever comes."""
SLOW_SECONDS = 2.0
"""An answer that took longer says too roughly how late it is: the clock that was set goes on."""
R = TypeVar("R")

MOST_TRIES = 5
IN_THE_WAY = frozenset({"40P01", "40001"})
"""deadlock_detected and serialization_failure (PostgreSQL manual, appendix A): nothing was done."""


class Store:
    """The database: `read` and `write` give a connection in a transaction."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.embedded = engine.dialect.name == "sqlite"
        self._door = threading.Lock()
        self._set: tuple[float, float] | None = None
        self.refused = False
        """Whether the disk took something not, and nobody has seen since that it does again."""

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection in a transaction that is committed at the end."""
        try:
            with self._written() as connection:
                yield connection
        except DBAPIError as wrong:
            self.refused = self.refused or full(wrong)
            raise

    @contextmanager
    def _written(self) -> Iterator[Connection]:
        if not self.embedded:
            with self.engine.begin() as connection:
                yield connection
            return
        with self._door, self.engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.exec_driver_sql("COMMIT")
            except BaseException:
                # A full disk may have ended it already, or who stops a command within a statement:
                # what was wrong is worth more than that.
                if not connection.invalidated and _open(connection):
                    connection.exec_driver_sql("ROLLBACK")
                raise

    def transact(self, do: Callable[[Connection], R]) -> R:
        """Carry a transaction out; once more from its beginning, where another one got in its way.

        Whoever locks as `sync.hub.entries` says gets in nobody's way; this is for the rest.
        """
        for _ in range(MOST_TRIES - 1):
            try:
                with self.write() as connection:
                    return do(connection)
            except DBAPIError as wrong:
                if getattr(wrong.orig, "sqlstate", "") not in IN_THE_WAY:
                    raise
        with self.write() as connection:
            return do(connection)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection that sees one moment of the books."""
        if not self.embedded:
            with self.engine.connect() as fresh:
                yield fresh.execution_options(isolation_level="REPEATABLE READ")
            return
        with self.engine.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            try:
                yield connection
            finally:
                connection.exec_driver_sql("ROLLBACK")

    def now(self) -> float:
        """Give the moment by the clock that all hubs of this database share: the database's own.

        A lease that one hub gave ends at another, and a bench that heard the time from one signs
        for another: by their own clocks, a minute apart, they would disagree on both.
        """
        if self._set is None:
            return time.time()
        moment, tick = self._set
        return moment + time.monotonic() - tick

    def set_clock(self) -> float:
        """Set the clock by the database's; give how many seconds this machine's own is behind it.

        Between two times it goes by the clock that nobody sets. Raises what the database raises.
        """
        if self.embedded:
            return 0.0
        with self.engine.connect() as connection:
            began = time.monotonic()
            shown = func.extract("epoch", func.clock_timestamp())
            moment = float(connection.execute(select(shown)).scalar_one())
            took = time.monotonic() - began
        if self._set is None or took < SLOW_SECONDS:
            self._set = (moment, began + took / 2)
        return self.now() - time.time()

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()


_FULL = ("is full", "disk I/O")
"""In SQLite's words for SQLITE_FULL and SQLITE_IOERR: at a quota, or a limit of the file's size,
it says the second (`unixWrite` in its os_unix.c knows ENOSPC alone)."""
_FULL_STATES = frozenset({"53100", "58030"})
"""disk_full and io_error (PostgreSQL manual, appendix A)."""


def full(wrong: DBAPIError) -> bool:
    """Say whether the disk takes no more; nothing of the transaction was done."""
    if getattr(wrong.orig, "sqlstate", "") in _FULL_STATES:
        return True
    return any(words in str(wrong.orig) for words in _FULL)


def sqlite_module() -> ModuleType:
    """Give the SQLite that is used: the wheel's where there is one."""
    return newest_sqlite or sqlite3


def wal_safe(version: tuple[int, ...]) -> bool:
    """Say whether an SQLite is without the WAL-reset bug: fixed in 3.51.3, 3.50.7 and 3.44.6."""
    kept_up = ((3, 50, 7) <= version < (3, 51)) or ((3, 44, 6) <= version < (3, 45))
    return version >= WAL_SAFE or kept_up


def _make_private(file: str | None) -> None:
    """Make the file of a new database before SQLite does, which would let everybody read it."""
    if file and not file.startswith((":", "file:")):
        with contextlib.suppress(OSError):  # it is there, or cannot be: SQLite will say so
            os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def open_store(url: str | URL) -> Store:
    """Open the database at that URL: sqlite:///… or postgresql+psycopg://…."""
    if make_url(url).get_backend_name() != "sqlite":
        big = {"pool_size": 10, "max_overflow": 20, "pool_pre_ping": True}
        soon = {"connect_timeout": CONNECT_SECONDS}
        return Store(create_engine(url, hide_parameters=True, connect_args=soon, **big))
    module = sqlite_module()
    _make_private(make_url(url).database)
    engine = create_engine(
        url,
        module=module,
        connect_args={"check_same_thread": False, "timeout": 30.0},
        # What an order says of its buyer must not come into a log by way of an error.
        hide_parameters=True,
    )
    version: tuple[int, ...] = module.sqlite_version_info
    journal = "WAL" if wal_safe(version) else "DELETE"

    @event.listens_for(engine, "connect")
    def _prepare(raw: sqlite3.Connection, _: object) -> None:
        # Transactions are begun by us: the driver's own BEGIN is deferred, and a deferred writer
        # that meets another one fails at once instead of waiting.
        raw.isolation_level = None
        cursor = raw.cursor()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
        cursor.execute(f"PRAGMA journal_mode={journal}")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    return Store(engine)


def version_of(store: Store) -> str:
    """Name the database and its version."""
    with store.read() as connection:
        if store.embedded:
            found = connection.execute(text("SELECT sqlite_version()")).scalar_one()
            return f"SQLite {found}"
        return f"PostgreSQL {connection.execute(text('SHOW server_version')).scalar_one()}"


def upsert(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, object]], *keys: str
) -> None:
    """Insert rows, or overwrite those that have the same keys."""
    if not rows:
        return
    make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement = make(table)
    others = [name for name in rows[0] if name not in keys]
    new = {name: statement.excluded[name] for name in others}
    statement = statement.on_conflict_do_update(index_elements=list(keys), set_=new)
    connection.execute(statement, list(rows))


def _open(connection: Connection) -> bool:
    """Say whether a transaction is open, as far as the driver knows."""
    return bool(getattr(connection.connection.dbapi_connection, "in_transaction", True))
