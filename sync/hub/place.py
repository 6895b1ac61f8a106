"""Which database is named, and may the books lie there? Refused at start, with what to do."""

from __future__ import annotations

import fcntl
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from sqlalchemy import URL, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError

from sync.hub.engine import Store, sqlite_module, wal_safe
from sync.hub.setup import Unfit

MOUNTS = Path("/proc/self/mounts")
"""What is mounted where (proc(5)); not there, nothing is known and nothing refused."""
_NAMES = """
nfs nfs4 cifs smb smb2 smb3 smbfs 9p afs ceph coda davfs glusterfs gpfs lustre ncpfs ocfs2 pvfs2
beegfs vboxsf prl_fs fuse.sshfs fuse.glusterfs fuse.ceph fuse.davfs fuse.davfs2 fuse.s3fs
fuse.rclone fuse.gcsfuse fuse.goofys fuse.grpcfuse fuse.vmhgfs-fuse fuse.juicefs fuse.mfs
"""
REMOTE = frozenset(_NAMES.split())
"""File systems of which several machines may have the same file, each with its own idea of who
locked it; SQLite in WAL mode corrupts there (https://sqlite.org/useovernet.html)."""
OTHERS = 0o077
"""The permissions of everybody but the owner."""


def read(url: str) -> URL:
    """Read a database's URL. Raises Unfit."""
    shape = "a database is named sqlite:////folder/hub.db or postgresql+psycopg://user@host/name"
    try:
        found = make_url(url)
    except (ArgumentError, ValueError):
        raise Unfit(f"{shape}; this is neither (see --database and PACKBENCH_DATABASE)") from None
    match found.drivername:
        case "sqlite" if found.database and not found.database.startswith((":", "file:")):
            return found
        case "sqlite":
            raise Unfit(f"a hub that lies in memory forgets everything: {shape}")
        case "postgresql" | "postgresql+psycopg" if found.database:
            return found.set(drivername="postgresql+psycopg")
        case other:
            raise Unfit(f"{shape}; {other} is not usable so")


def check(url: URL) -> None:
    """Refuse a place where the books would suffer. Raises Unfit."""
    if url.get_backend_name() != "sqlite":
        return
    version = sqlite_module().sqlite_version_info
    if not wal_safe(version):
        raise Unfit(too_old(version))
    mounts = MOUNTS.read_text("utf-8", "surrogateescape") if MOUNTS.exists() else ""
    problem = wrong_with(file_of(url), mounts)
    if problem:
        raise Unfit(problem)


def file_of(url: URL) -> Path:
    """Give the file of an SQLite database, every link in its way followed."""
    return Path(url.database or "").resolve()


def too_old(version: tuple[int, ...]) -> str:
    """Say what to do about an SQLite that may damage the file."""
    found = ".".join(map(str, version))
    return (
        f"SQLite {found} may damage a file that is read while it is written (fixed in 3.51.3): "
        "install the newer one with `pip install pysqlite3`, or use PostgreSQL"
    )


def wrong_with(file: Path, mounts: str) -> str:
    """Say why an SQLite database must not lie there, and what to do; "" when it may."""
    folder = file.parent
    if not folder.is_dir():
        return f"there is no folder {folder}: make it, or name another one"
    kind = remote(mounts, str(file))
    if kind:
        return (
            f"{file} lies on a network disk ({kind}), where SQLite loses data: "
            "name a folder on a disk of this machine, or use PostgreSQL"
        )
    if not _may(folder, os.W_OK | os.X_OK):
        return f"this user may not write in {folder}: give it the folder, or name another one"
    if not file.exists():
        return ""
    if not file.is_file():
        return f"{file} is no file: name another one"
    if not _may(file, os.R_OK | os.W_OK):
        return f"this user may not write {file}: give it the file (chown), or name another one"
    if file.stat().st_mode & OTHERS:
        return f"others on this machine may open {file}: run `chmod 600 {file}` first"
    return ""


def _may(path: Path, how: int) -> bool:
    return os.access(path, how, effective_ids=os.access in os.supports_effective_ids)


def remote(mounts: str, path: str) -> str:
    r"""Name the network file system on which a path lies; "" for a disk of this machine.

    `mounts` is the text of /proc/mounts; of two mounts on one folder the later one counts.

    >>> remote("/dev/sda1 / ext4 rw 0 0\nnas:/x /srv/hub nfs4 rw 0 0", "/srv/hub/hub.db")
    'nfs4'
    """
    where, kind = PurePosixPath("/"), ""
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        folder = PurePosixPath(re.sub(r"\\([0-7]{3})", lambda it: chr(int(it[1], 8)), fields[1]))
        if PurePosixPath(path).is_relative_to(folder) and folder.is_relative_to(where):
            where, kind = folder, fields[2]
    return kind if kind in REMOTE else ""


def reach(store: Store, url: URL) -> None:
    """Make sure that the database answers, and is one. Raises Unfit."""
    try:
        with store.read() as connection:
            connection.execute(text("SELECT 1"))
            if store.embedded:
                connection.execute(text("SELECT count(*) FROM sqlite_master"))
    except OperationalError:
        raise Unfit(silent(url)) from None
    except (DatabaseError, sqlite3.DatabaseError):
        raise Unfit(
            f"{url.database} is no database, or a damaged one: put a copy back with "
            "`packbench-hub restore COPY`"
        ) from None


def silent(url: URL) -> str:
    """Say that a database does not answer; never with a password."""
    if url.get_backend_name() == "sqlite":
        return f"{url.database} cannot be opened: is the disk full, or another program at it?"
    host = url.host or url.query.get("host") or "this machine"
    port = f":{url.port}" if url.port else ""
    return (
        f"PostgreSQL at {host}{port} does not let {url.username or 'us'} into {url.database}: "
        "is it running, is there such a database, are name and password right?"
    )


@contextmanager
def in_use(url: URL, *, alone: bool = False) -> Iterator[None]:
    """Hold an SQLite database as one of its users, or as the only one. Raises Unfit.

    By a lock on a file beside it, which the system lets go when the process ends, however it
    ends. PostgreSQL knows its users itself.
    """
    if url.get_backend_name() != "sqlite":
        yield
        return
    file = file_of(url)
    lock = os.open(f"{file}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(lock, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError:
            if alone:
                raise Unfit(f"{file} is in use: stop the hub and its commands first") from None
            raise Unfit(f"{file} is being restored: try again when that is done") from None
        yield
    finally:
        os.close(lock)
