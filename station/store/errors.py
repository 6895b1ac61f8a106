"""What can go wrong with the bench's file, whose fault is it, and can one try again?

StoreError       the file could not be read or written
├── Full         the disk takes no more; nothing of the turn happened: make room, try again
├── Newer        a later version of Packbench wrote the file: install that one
└── Damaged      the file's pages do not hang together: it is moved aside, and what can be read
                 of it is brought over (`rescue`)
"""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy.exc import DBAPIError


class StoreError(Exception):
    """The file could not be read or written; the message says which file and what to do."""


class Full(StoreError):
    """The disk takes no more; nothing of the turn happened, and it may be tried again."""


class Newer(StoreError):
    """A later version of Packbench wrote the file."""


class Damaged(StoreError):
    """The file's pages do not hang together."""


_DAMAGED = ("malformed", "not a database", "unsupported file format")
"""In SQLite's words for SQLITE_CORRUPT and SQLITE_NOTADB, and for a broken first page."""
_REFUSED = ("full", "readonly", "disk I/O")


def named(path: Path, error: Exception) -> StoreError:
    """Say in a sentence what the driver said of a turn."""
    words = _words(error)
    if damage(error):
        return Damaged(
            f"{path} is damaged ({words}). Close the bench and start it again: "
            "what can be read of it is brought over."
        )
    if any(word in words for word in _REFUSED):
        return Full(f"The disk of {path} takes no more ({words}). Make room, then scan again.")
    return StoreError(f"{path}: {words}")


def unopened(path: Path, error: Exception) -> StoreError:
    """Say in a sentence why the file could not be opened, and what to do."""
    words = _words(error)
    if damage(error):
        return Damaged(
            f"{path} cannot be opened ({words}). Start the bench: it moves the file aside and "
            "brings over what can be read; the queue comes back from the hub."
        )
    # Nobody is told to move a file away that is only busy, or on a full disk: what it owes the hub
    # is nowhere else.
    if "readonly" in words or ("unable to open" in words and _closed_to_us(path)):
        return StoreError(
            f"{path} cannot be written: its disk is mounted read-only, or the file belongs to "
            "somebody else. Mount it for writing, or give the file back to this user."
        )
    if "unable to open" in words or "authorization" in words:
        return StoreError(
            f"{path} cannot be opened ({words}). Does the folder {path.parent} exist, and may this "
            "user write to it?"
        )
    if "full" in words:
        return Full(f"The disk of {path} is full ({words}). Make room, then start again.")
    if "disk I/O" in words:
        return StoreError(
            f"The disk of {path} does not read or write ({words}). "
            "Copy the folder to another disk and start from there."
        )
    if "locked" in words:
        return StoreError(f"{path} is held by another program ({words}). Close that one first.")
    return StoreError(f"{path}: {words}")


def _closed_to_us(path: Path) -> bool:
    """Whether the file and its folder are there, and may not be written."""
    try:
        read_only = os.statvfs(path.parent).f_flag & os.ST_RDONLY
    except OSError:
        return False
    return path.is_file() and bool(read_only or not os.access(path, os.R_OK | os.W_OK))


def damage(error: Exception) -> bool:
    """Whether SQLite says that the file itself is broken."""
    words = _words(error)
    return any(word in words for word in _DAMAGED)


def _words(error: Exception) -> str:
    return str(error.orig if isinstance(error, DBAPIError) else error)
