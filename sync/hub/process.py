"""Which hub processes live, and who takes over from one that does not?

Each has a name that outlives it (hub-1, hub-2, …) and a row in which it says every few seconds
that it lives, by the database's clock: those of two machines may differ. A row that is silent
for half a minute is buried by whoever sees it first, and in the same transaction the parcels and
channels of that process are free again. The process itself, should it be alive (stopped, or cut
off), has ended before: it ends when it could not say so for 20 seconds, or when its row is gone.

On SQLite all processes are of one machine. There a lock on a file says who lives: it goes with
the process, so that a hub that is started again has its old name, and its old work, at once. And
it does not end for being silent: nobody takes over from a garage's only hub that a long import
keeps waiting.
"""

from __future__ import annotations

import fcntl
import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from uuid import uuid4

from sqlalchemy import Connection, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from sync.hub.engine import Store
from sync.hub.schema import channel, meta, parcel, process

log = logging.getLogger("packbench.hub")

BEAT_SECONDS = 3.0
"""Between two beats."""
QUIET_SECONDS = 20.0
"""A process that could not beat for so long ends itself."""
SILENT_SECONDS = 30.0
"""A process that was not heard for so long is dead to the others: it has ended by then."""
TICK_SECONDS = 1.0
"""Between two looks of a process at its own last beat."""
MOST = 1_000
"""Names that are tried: nobody has so many hubs on one database."""
LEFT = 1.0
"""When a parcel was due that somebody left half done: since 1970, and not for the first time."""
LOST_STATUS = 75
"""Exit status of a process that another one has taken over from: start it again (EX_TEMPFAIL)."""


class Alive(Exception):
    """There is a living process of that name."""


def _exit() -> None:
    os._exit(LOST_STATUS)


@dataclass(slots=True)
class Life:
    """The life of one hub process."""

    store: Store
    buried: Callable[[list[str]], None] = lambda names: None
    """Told of those whose work is free again."""
    counted: Callable[[int], None] = lambda processes: None
    """Told at each beat how many processes live, this one among them: they share some things."""
    lost: Callable[[], None] = _exit
    """Called when this process must not go on. Its threads may be in the middle of anything."""
    quiet_seconds: float = QUIET_SECONDS
    silent_seconds: float = SILENT_SECONDS
    name: str = ""
    address: str = ""
    boot: str = field(default_factory=lambda: uuid4().hex)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)
    _heard: float = 0.0
    _lock: IO[bytes] | None = None

    def enter(self, wanted: str = "") -> str:
        """Take a name: the one that is wanted, or the first that is free. Raises Alive.

        What an earlier process of that name left is free. A wanted name that another one has is
        waited for until that one beats again, or has been silent for long enough.
        """
        waited = 0.0
        seen = self._beat_of(wanted)
        while not self._claim([wanted] if wanted else [f"hub-{n}" for n in range(1, MOST)]):
            now_seen = self._beat_of(wanted)
            if seen != now_seen or waited > 2 * self.silent_seconds or self.store.embedded:
                raise Alive(f"{wanted or 'every hub'} lives already: give this one another --name")
            self._stop.wait(TICK_SECONDS)
            waited += TICK_SECONDS
        self._heard = time.monotonic()
        with self.store.read() as connection:
            self.counted(alive(connection, self.silent_seconds))
        return self.name

    def start(self) -> None:
        """Begin to beat, and to watch oneself."""
        for name, run in (("beat", self._beating), ("watch", self._watching)):
            thread = threading.Thread(target=run, name=f"life {name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def end(self) -> None:
        """Leave: others may have the name, and what was left half done."""
        self._stop.set()
        for thread in self._threads:
            thread.join(BEAT_SECONDS)
        try:
            with self.store.write() as connection:
                mine = process.c.boot == self.boot
                if connection.execute(delete(process).where(mine)).rowcount:
                    free(connection, self.name)
        except SQLAlchemyError as wrong:
            log.warning("%s leaves unsaid: %s", self.name, type(wrong).__name__)
        if self._lock is not None:
            self._lock.close()

    def beat(self) -> bool:
        """Say that this process lives; False: another one has taken over from it."""
        with self.store.write() as connection:
            said = connection.execute(
                update(process)
                .where(process.c.name == self.name, process.c.boot == self.boot)
                .values(beat_at=_now(connection), address=self.address)
            )
            living_now = alive(connection, self.silent_seconds)
        self._heard = time.monotonic()
        self.counted(living_now)
        return bool(said.rowcount)

    def bury(self) -> list[str]:
        """Bury who is silent, and free what they had; give their names."""
        with self.store.read() as connection:
            silent = list(
                connection.execute(
                    select(process.c.name).where(
                        process.c.beat_at < _now(connection) - self.silent_seconds
                    )
                ).scalars()
            )
        return [name for name in silent if name != self.name and self._bury(name)]

    def _bury(self, name: str) -> bool:
        with self.store.write() as connection:
            gone = delete(process).where(
                process.c.name == name,
                process.c.beat_at < _now(connection) - self.silent_seconds,
            )
            if not connection.execute(gone).rowcount:
                return False
            free(connection, name)
        log.warning("%s is silent: its work goes on here", name)
        return True

    def _claim(self, names: list[str]) -> bool:
        for name in names:
            if self.store.embedded and not self._locked(name):
                continue
            with self.store.write() as connection:
                if _put(connection, self, name):
                    free(connection, name)
                    self.name = name
                    return True
        return False

    def _locked(self, name: str) -> bool:
        """Lock the name's file; it is free again when this process ends, however it does."""
        books = Path(self.store.engine.url.database or "")
        file = books.with_name(f"{books.name}.{name}.lock").open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            return False
        self._lock = file
        return True

    def _beat_of(self, name: str) -> object:
        with self.store.read() as connection:
            found = connection.execute(
                select(process.c.boot, process.c.beat_at).where(process.c.name == name)
            ).one_or_none()
            return tuple(found) if found else None

    # --- threads

    def _beating(self) -> None:
        while not self._stop.wait(BEAT_SECONDS):
            try:
                if not self.beat():
                    log.critical("%s was taken over from: this process ends", self.name)
                    self.lost()
                    return
                names = self.bury()
                if names:
                    self.buried(names)
            except SQLAlchemyError as wrong:
                log.warning("%s cannot say that it lives: %s", self.name, type(wrong).__name__)

    def _watching(self) -> None:
        while not self._stop.wait(TICK_SECONDS):
            quiet = time.monotonic() - self._heard
            if quiet > self.quiet_seconds and not self.store.embedded:
                log.critical("%s was silent for %.0f s: this process ends", self.name, quiet)
                self.lost()
                return


def living(connection: Connection) -> list[str]:
    """Name the processes that have a row."""
    return list(connection.execute(select(process.c.name).order_by(process.c.name)).scalars())


def alive(connection: Connection, silent_seconds: float = SILENT_SECONDS) -> int:
    """Count the processes that were heard of lately."""
    heard = process.c.beat_at > _now(connection) - silent_seconds
    return int(
        connection.execute(select(func.count()).select_from(process).where(heard)).scalar_one()
    )


def addresses(connection: Connection) -> tuple[str, ...]:
    """Say where benches reach the processes that live; those that nobody else can are left out."""
    said = connection.execute(
        select(process.c.address).where(
            process.c.address != "", process.c.beat_at > _now(connection) - SILENT_SECONDS
        )
    ).scalars()
    return tuple(sorted(said))


def alone(connection: Connection, *, wait: bool = True) -> bool:
    """Keep the other hubs from doing alike until the commit; False: one of them is at it.

    The row that is locked is one that nobody else locks or changes while hubs run.
    """
    row = select(meta.c.name).where(meta.c.name == "schema").with_for_update(skip_locked=not wait)
    return connection.execute(row).first() is not None


def free(connection: Connection, name: str) -> None:
    """Let go of what a process was at: parcels are looked up before they are worked on again."""
    # Two conditions that have an index each: there may be a million parcels.
    busy = or_(parcel.c.label_work.is_(True), parcel.c.confirm_work.is_(True))
    held = (busy, parcel.c.due_at > LEFT, parcel.c.holder == name)
    connection.execute(update(parcel).where(*held).values(due_at=LEFT, holder=""))
    connection.execute(update(channel).where(channel.c.puller == name).values(puller=""))


def _put(connection: Connection, life: Life, name: str) -> bool:
    """Write the row of a process, if the name is free; on SQLite it is, whoever has the lock."""
    embedded = connection.dialect.name == "sqlite"
    now = _now(connection)
    row = {"name": name, "boot": life.boot, "beat_at": now, "address": life.address}
    make = sqlite.insert if embedded else postgresql.insert
    statement = make(process).values(row)
    taken = statement.on_conflict_do_update(
        index_elements=["name"],
        set_={key: value for key, value in row.items() if key != "name"},
        where=None if embedded else process.c.beat_at < now - life.silent_seconds,
    )
    return connection.execute(taken.returning(process.c.name)).scalar_one_or_none() is not None


def _now(connection: Connection) -> float:
    """Give the moment by the clock that all processes share."""
    if connection.dialect.name == "sqlite":
        return time.time()
    clock = select(func.extract("epoch", func.clock_timestamp()))
    return float(connection.execute(clock).scalar_one())
