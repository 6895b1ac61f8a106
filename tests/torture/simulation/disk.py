"""What does a machine's disk keep? A SQLite file in memory that loses power, fills up, is copied.

The product's own two connections are two sides of one raw connection here, because the store takes
its turns one after the other. What a FULL commit wrote is durable, and with it everything before;
what only NORMAL commits wrote since then is gone after a power cut.

The standard library's sqlite3, because it can serialise a database; nothing here runs in WAL mode,
so its age does not matter.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import StaticPool

Own: TypeAlias = Any
"""The driver's own types, which it does not name."""
Watch = Callable[[str], None]
"""Hears every statement before it runs; may raise `Down`."""

ROOM_PAGES = 1_000_000
"""More than a simulated disk ever needs."""


class Down(BaseException):
    """The process dies here: between two statements, wherever it is.

    A BaseException, so that nothing of the product takes it for a mistake and goes on.
    """


class Disk:
    """One machine's disk."""

    def __init__(self, image: bytes | None = None) -> None:
        self.raw = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        if image is not None:
            self.raw.deserialize(image)
        self._durable: bytes | None = None
        """As a power cut would leave it; None: as it is."""
        self._loose = False
        """Something was committed since that a power cut takes back."""
        self._changes = 0
        self.turn: object | None = None
        """Whose transaction is open: what a side puts here when it begins one."""

    def image(self) -> bytes:
        """Copy it whole."""
        return self.raw.serialize()

    def after_power_cut(self) -> Disk:
        """Give the disk as it comes up again."""
        return Disk(self._durable if self._loose and self._durable is not None else self.image())

    def after_crash(self) -> Disk:
        """Give the disk as the next process finds it: everything committed, nothing open."""
        return Disk(self.image())

    def fill(self) -> None:
        """Leave no room for another page."""
        (pages,) = self.raw.execute("PRAGMA page_count").fetchone()
        self.raw.execute(f"PRAGMA max_page_count={pages}")

    def make_room(self) -> None:
        """Leave enough again."""
        self.raw.execute(f"PRAGMA max_page_count={ROOM_PAGES}")

    def make_sure_closed(self) -> None:
        """Roll back what an error or a crash left open."""
        if self.raw.in_transaction:
            self.raw.execute("ROLLBACK")
        self.turn = None

    def begun(self, *, loose: bool) -> None:
        """A transaction is about to begin; `loose`: a power cut may take it back."""
        if loose and not self._loose and self._durable is None:
            self._durable = self.image()
        self._changes = self.raw.total_changes

    def committed(self, *, loose: bool) -> None:
        """It has ended well."""
        if self.raw.total_changes == self._changes:
            return
        if loose:
            self._loose = True
        else:
            self._loose, self._durable = False, None


class Side:
    """One of the connections to a disk, as the driver would give it."""

    def __init__(self, disk: Disk, watch: Watch, *, loose: bool) -> None:
        self._disk, self._watch, self._loose = disk, watch, loose
        self._turn: object | None = None

    def __getattr__(self, name: str) -> Own:
        return getattr(self._disk.raw, name)

    def cursor(self) -> _Cursor:
        """As SQLAlchemy asks."""
        return self._disk.raw.cursor(lambda raw: _Cursor(raw, self))

    def execute(self, statement: str, values: Own = ()) -> Own:
        """As the store asks."""
        self._watch(statement)
        self.before(statement)
        done = self._disk.raw.execute(statement, values)
        self.after(statement)
        return done

    def executemany(self, statement: str, values: Own) -> Own:
        """The same, often."""
        self._watch(statement)
        return self._disk.raw.executemany(statement, values)

    def close(self) -> None:
        """The disk outlives its connections."""

    def rollback(self) -> None:
        """Take back what this side began, and nobody else's.

        SQLAlchemy asks once more when the garbage of a process that died is collected, whenever
        that is: somebody else may be in the middle of a transaction on the same disk.
        """
        if self._turn is not None and self._disk.turn is self._turn:
            self._disk.make_sure_closed()

    def before(self, statement: str) -> None:
        """A statement is about to run."""
        if statement.startswith("BEGIN"):
            self._disk.begun(loose=self._loose)

    def after(self, statement: str) -> None:
        """It has run."""
        if statement.startswith("BEGIN"):
            self._turn = self._disk.turn = object()
        if statement == "COMMIT":
            self._disk.committed(loose=self._loose)
        if statement in ("COMMIT", "ROLLBACK"):
            self._turn = self._disk.turn = None


class _Cursor(sqlite3.Cursor):
    def __init__(self, raw: sqlite3.Connection, side: Side) -> None:
        super().__init__(raw)
        self._side = side

    def execute(self, statement: str, values: Own = (), /) -> _Cursor:
        self._side.before(statement)
        super().execute(statement, values)
        self._side.after(statement)
        return self


class Drive:
    """What a store opens its connections with. Kept from world to world.

    An engine's statements are compiled once and remembered with it: a new engine for every start
    of every simulated bench would spend most of the time compiling.
    """

    def __init__(self) -> None:
        self._disk = Disk()
        self._watch: Watch = _look_on
        self._engines = {loose: self._engine(loose=loose) for loose in (False, True)}

    def mount(self, disk: Disk, watch: Watch) -> None:
        """Put a disk in; `watch` hears what is done to it."""
        for engine in self._engines.values():
            engine.dispose()
        self._disk, self._watch = disk, watch

    def opened(self, path: Path, *, synchronous: str) -> Engine:
        """`station.store.engine.Opens`."""
        return self._engines[synchronous != "FULL"]

    def only(self) -> Engine:
        """Give a connection for who has only one, and waits for the disk each time."""
        return self._engines[False]

    def _engine(self, *, loose: bool) -> Engine:
        engine = create_engine(
            "sqlite://",
            module=sqlite3,
            creator=lambda: Side(self._disk, self._watch, loose=loose),
            poolclass=StaticPool,
        )

        @event.listens_for(engine, "before_cursor_execute")
        def _before(
            connection: Connection,
            cursor: object,
            statement: str,
            parameters: object,
            context: object,
            executemany: bool,
        ) -> None:
            # Here, and not at the cursor: what is raised there, SQLAlchemy takes for a broken wire.
            self._watch(statement)

        return engine


def _look_on(statement: str) -> None:
    """Let everything happen."""
