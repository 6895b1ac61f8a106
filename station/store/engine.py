"""How the bench's SQLite file is opened, and which SQLite may open it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Protocol

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import StaticPool

try:  # wheels exist for Linux on x86-64 alone
    import pysqlite3.dbapi2 as sqlite
except ImportError:
    import sqlite3 as sqlite

__all__ = ["DRIVER_ERROR", "Opens", "Wire", "open_file", "safe_wal", "sqlite"]

DRIVER_ERROR: type[Exception] = sqlite.Error

BUSY_SECONDS = 5.0
"""How long a connection waits for the other one's transaction; ours last milliseconds."""


def safe_wal(module: ModuleType) -> bool:
    """Whether that SQLite is free of the WAL-reset bug (sqlite.org, 3.51.3 release notes)."""
    version: tuple[int, ...] = module.sqlite_version_info
    return version >= (3, 51, 3) or version in ((3, 50, 7), (3, 44, 6))


LOG_PAGES = {"FULL": 16_000, "NORMAL": 8_000, "OFF": 8_000}
"""When a connection brings the log into the file at the end of its transaction. That waits for the
disk twice more: `upkeep` and the feed do it, a scan only where both have not for long. The feed not
at every page: most of what a bench that catches up writes is written again a page later, and of a
long log each page of the file goes to the disk once (of 50,000 orders it saves a fifth)."""


class Opens(Protocol):
    """Opens a connection to a bench's file; a simulated bench brings a disk of its own."""

    def __call__(self, path: Path, *, synchronous: str) -> Engine:
        """Open it; `synchronous` as SQLite means it: FULL waits for the disk."""


def open_file(path: Path, *, synchronous: str) -> Engine:
    """Open the file with one connection that any thread may use, one at a time.

    With an older SQLite two connections in WAL mode can corrupt the file, so there it is a
    rollback journal: slower, and never wrong.
    """
    engine = create_engine(
        f"sqlite:///{path}",
        module=sqlite,
        poolclass=StaticPool,
        connect_args={"check_same_thread": False, "timeout": BUSY_SECONDS},
        # An error that quoted an order's document would bring its address into the log.
        hide_parameters=True,
    )
    journal = "WAL" if safe_wal(sqlite) else "TRUNCATE"

    @event.listens_for(engine, "connect")
    def _set_up(connection: sqlite.Connection, _: object) -> None:
        # The driver must not open transactions of its own: `Wire` does.
        connection.isolation_level = None
        for pragma in (
            # Before anything is written: an old file stays as it is.
            "auto_vacuum=INCREMENTAL",
            f"journal_mode={journal}",
            f"synchronous={synchronous}",
            f"wal_autocheckpoint={LOG_PAGES[synchronous]}",
            "cache_size=-65536",
            "foreign_keys=ON",
            "secure_delete=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    return engine


class Wire:
    """One connection, kept for as long as the file is open: SQLAlchemy's, and the driver's in it.

    Transactions are begun and ended on the driver. SQLAlchemy believes to be in one that never
    ends; its own beginning and ending would take half as long as all of a scan's statements.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.sql: Connection = engine.connect()
        self.raw: sqlite.Connection = self.sql.connection.dbapi_connection
        self.Error: type[Exception] = engine.dialect.loaded_dbapi.Error
        """What the driver raises; SQLAlchemy wraps it into a `DBAPIError`."""

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """What the block writes is on disk when it ends, or not at all if it raises."""
        # A deferred transaction that turns writer later can fail with "busy" half-way.
        self.raw.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.raw.execute("COMMIT")
        except BaseException:
            # A full disk may have ended it already.
            if self.raw.in_transaction:
                self.raw.execute("ROLLBACK")
            raise

    def sound(self) -> bool:
        """Whether the file's pages hang together (`PRAGMA quick_check`; 0.1 s for 40 MiB)."""
        return bool(self.raw.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))

    def close(self) -> None:
        """Let go of the file."""
        self.sql.close()
        self._engine.dispose()
