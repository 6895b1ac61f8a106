"""How is a copy of the books made while hubs go on serving? Whole, on disk, or not there at all.

The hub's key is in no copy: whoever has both has the addresses.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import URL, Connection, inspect, select, text
from sqlalchemy.exc import OperationalError

from sync.hub import setup, tools, troubles
from sync.hub.engine import Store
from sync.hub.schema import trouble
from sync.hub.setup import Unfit
from sync.hub.troubles import Kind, Trouble

STALE_SECONDS = 60.0
"""A stream that is so far behind has ended, or its target is away."""

WATCH_SECONDS = 10.0


def copy(store: Store, url: URL, target: Path) -> Path:
    """Copy the books to a file, or into a folder; give the file. Raises Unfit."""
    now = time.time()
    with store.read() as connection:
        if not inspect(connection).has_table("meta"):
            raise Unfit("the database is empty: there is nothing to copy")
    if target.is_dir():
        moment = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
        target /= f"hub-{moment}.{'db' if store.embedded else 'dump'}"
    if target.exists():
        raise Unfit(f"{target} is there already: name another file, or a folder")
    with written(target) as file:
        (_copy_file if store.embedded else _dump)(store, url, file)
    with store.write() as connection:
        setup.note(connection, "copied_at", repr(now))
    return target


def _copy_file(store: Store, url: URL, file: Path) -> None:
    try:
        with store.engine.connect() as connection:
            # Into a file that is there and empty, so that it is its owner's alone.
            connection.exec_driver_sql("VACUUM INTO ?", (str(file),))
    except OperationalError as wrong:
        raise Unfit(f"the copy could not be written: {wrong.orig}") from None


def _dump(store: Store, url: URL, file: Path) -> None:
    with store.read() as connection:
        major = server_version(connection)
    found = tools.postgresql("pg_dump", major)
    tools.run([found, "--format=custom", f"--file={file}"], url)


def server_version(connection: Connection) -> int:
    """Give PostgreSQL's major version."""
    number = connection.execute(text("SHOW server_version_num")).scalar_one()
    return int(number) // 10_000


@contextmanager
def written(target: Path) -> Iterator[Path]:
    """Give an empty file to write; at the end it is on disk and stands whole under its name."""
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    except OSError as wrong:
        raise Unfit(f"cannot write in {target.parent}: {wrong.strerror}") from None
    os.close(handle)
    file = Path(name)
    try:
        yield file
        flush(file)
        link(file, target)
    finally:
        file.unlink(missing_ok=True)
    flush(target.parent)


def flush(path: Path) -> None:
    """Wait until a file, or a folder's list of files, is on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def link(file: Path, target: Path) -> None:
    """Give a file another name that nothing has. Raises Unfit."""
    try:
        target.hardlink_to(file)
    except FileExistsError:
        raise Unfit(f"{target} is there already: name another file, or a folder") from None
    except OSError:
        file.rename(target)  # a disk that knows no second names: a stick


def streaming(connection: Connection, to: str | None, now: float) -> None:
    """Note whereto the books are streamed from here on; None: nowhere any more."""
    setup.note(connection, "stream", to)
    setup.note(connection, "streamed_at", repr(now) if to else None)


def streamed(store: Store, at: float) -> None:
    """Note that everything up to that moment has left the machine."""
    with store.write() as connection:
        if setup.noted(connection, "stream") is not None:
            setup.note(connection, "streamed_at", repr(at))


def ages(connection: Connection, now: float) -> dict[str, float]:
    """Give the seconds since the last copy, and of the stream that is behind; for the metrics."""
    found = {
        kind: setup.noted(connection, name)
        for kind, name in (("copy", "copied_at"), ("stream", "streamed_at"))
    }
    return {kind: max(0.0, now - float(at)) for kind, at in found.items() if at is not None}


def watch(store: Store, now: float) -> bool:
    """Open a trouble when the stream of copies has ended, and close it; say whether it is well."""
    with store.read() as connection:
        to = setup.noted(connection, "stream")
        age = ages(connection, now).get("stream", 0.0)
        known = select(trouble.c.id).where(
            trouble.c.key == troubles.key(Kind.BACKUP, "stream"), trouble.c.resolved_at.is_(None)
        )
        told = connection.execute(known).first() is not None
    stale = to is not None and age > STALE_SECONDS
    if stale == told:
        return not stale
    with store.write() as connection:
        if stale:
            sentence = (
                f"the books have not been copied to {to} for {age:.0f} s: see whether "
                "`packbench-hub backup --stream` runs there, and whether its target answers"
            )
            one = Trouble(kind=Kind.BACKUP, subject="stream", sentence=sentence)
            troubles.open_(connection, [one], now)
        else:
            troubles.solve(connection, [troubles.key(Kind.BACKUP, "stream")], now)
    return not stale
