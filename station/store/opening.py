"""Is that a file this version may use? Its tables made, or brought up from an older version."""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from station.store import schema as t
from station.store.engine import DRIVER_ERROR, Wire
from station.store.errors import Damaged, Newer, StoreError

log = logging.getLogger(__name__)

_OLDEST = 1
"""The oldest version that can be brought up to this one."""
TAILS = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a file."""


def finish_exchange(path: Path) -> Path | None:
    """Put a rescued file in its place if one is ready; give where the damaged one is then.

    The log goes first: beside a new file, an old log would be taken for its own.
    """
    if not ready(path).exists():
        return None
    aside = _aside(path)
    for tail in (*TAILS, ""):
        with contextlib.suppress(FileNotFoundError):
            Path(f"{path}{tail}").rename(f"{aside}{tail}")
    sync_file(path.parent)
    ready(path).rename(path)
    sync_file(path.parent)
    return aside


def ready(path: Path) -> Path:
    """Give the name of a new file that is whole and not in its place yet."""
    return path.with_name(f"{path.name}.rescued")


def _aside(path: Path) -> Path:
    stem = f"{path.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S}"
    for number in itertools.count(1):
        aside = path.with_name(stem if number == 1 else f"{stem}-{number}")
        if not any(Path(f"{aside}{tail}").exists() for tail in ("", *TAILS)):
            break
    return aside


def not_emptied(path: Path) -> None:
    """Raise Damaged for a file without a byte: SQLite would take it for a new one."""
    if path.is_file() and path.stat().st_size == 0:
        raise Damaged(
            f"{path} has been emptied. Start the bench: it moves the file aside, and the queue "
            "comes back from the hub."
        )


def prepare(path: Path, wire: Wire) -> None:
    """Make the tables, or bring an older file's up. Raises Newer, StoreError; the driver's own."""
    since = version(wire)
    if since > t.VERSION:
        raise Newer(f"{path} was written by a newer Packbench. Install that version here.")
    if _OLDEST <= since < t.VERSION:
        _upgrade(path, wire, since)
    with wire.transaction():
        t.tables.create_all(wire.sql)
        _say_version(wire)


def version(wire: Wire) -> int:
    """Which version wrote the file; 0 for a new one."""
    here = wire.raw.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone()
    if here is None:
        return 0
    found = wire.raw.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone()
    return int(found[0]) if found else 0


def _upgrade(path: Path, wire: Wire, since: int) -> None:
    from station.store.migrations import migrate  # an older file comes once in a version's life

    kept = path.with_name(f"{path.name}.before-v{t.VERSION}")
    try:
        _copy(wire, kept)
        with wire.transaction():
            # Another process may have done it while this one waited.
            if version(wire) == since:
                migrate(wire.sql, since, t.VERSION)
                t.tables.create_all(wire.sql)
                _say_version(wire)
    except (DBAPIError, DRIVER_ERROR, OSError) as e:
        log.exception("a file of version %d was not brought to %d", since, t.VERSION)
        raise StoreError(
            f"{path} could not be brought to this version ({e}); it is as it was. Make room on its "
            "disk and start again, or go on with the version of Packbench that wrote it."
        ) from e
    log.info("%s brought from version %d to %d; a copy is %s", path, since, t.VERSION, kept.name)


def _copy(wire: Wire, to: Path) -> None:
    """Copy the whole file, so that the copy is there whole or not at all."""
    making = to.with_name(f"{to.name}.making")
    making.unlink(missing_ok=True)
    try:
        wire.raw.execute("VACUUM INTO ?", (str(making),))
        sync_file(making)
        making.replace(to)
        sync_file(to.parent)
    except BaseException:
        making.unlink(missing_ok=True)
        raise


def sync_file(path: Path) -> None:
    """Wait until a file, or a folder's names, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _say_version(wire: Wire) -> None:
    wire.raw.execute(
        "INSERT INTO meta (key, value) VALUES ('schema', ?) "
        "ON CONFLICT (key) DO UPDATE SET value = excluded.value WHERE value <> excluded.value",
        (str(t.VERSION),),
    )
