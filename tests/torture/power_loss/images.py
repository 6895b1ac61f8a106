"""What may lie on the disk after a power cut? What was synced, and of the rest: who knows.

Each file by itself: of what was written to it since its last sync nothing may have reached the
disk, or a beginning, or any of its sectors of 512 bytes. A name that was unlinked or renamed since
the folder was last synced may be as before or as after.
"""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from random import Random

_HEAD = struct.Struct("=cBqq")
_SECTOR = 512
ACK = "ACK"


@dataclass(frozen=True, slots=True)
class Record:
    """One thing that was done to a file: W write, T cut, S sync, U unlink, R rename."""

    kind: str
    name: str
    offset: int
    data: bytes


class Left(Enum):
    """What is left of what was not synced."""

    NOTHING = "nothing unsynced"
    BEGINNING = "a beginning"
    TORN = "torn sectors"


@dataclass(frozen=True, slots=True)
class Image:
    """The disk after one power cut."""

    at: int
    """After so many records."""
    left: Left
    files: dict[str, bytes]
    scans: int
    """So many scans had been accepted."""
    fed: int


def read(path: Path) -> list[Record]:
    """Read a record file."""
    data, at, found = path.read_bytes(), 0, []
    while at < len(data):
        kind, name, offset, length = _HEAD.unpack_from(data, at)
        at += _HEAD.size
        text = data[at : at + name].decode()
        at += name
        body = data[at : at + length] if kind in b"WR" else b""
        at += len(body)
        found.append(Record(kind.decode(), text, offset, body))
    return found


@dataclass(slots=True)
class _File:
    synced: bytearray = field(default_factory=bytearray)
    since: list[Record] = field(default_factory=list)

    def sync(self) -> None:
        for one in self.since:
            _apply(self.synced, one)
        self.since.clear()


def images(records: Sequence[Record], count: int, throw: Random) -> Iterator[Image]:
    """Cut the power at so many random moments after the work began."""
    begins = next(n for n, one in enumerate(records) if one.name == ACK and one.data[:1] == b"G")
    moments = sorted(throw.randrange(begins + 1, len(records)) for _ in range(count))
    files: dict[str, _File] = defaultdict(_File)
    promised = {"S": 0, "F": 0}
    done = 0
    for moment in moments:
        for one in records[done:moment]:
            _follow(files, promised, one)
        done = moment
        left = throw.choice(list(Left))
        kept = {name: bytes(_left(file, left, throw)) for name, file in files.items()}
        yield Image(moment, left, kept, promised["S"], promised["F"])


def _follow(files: dict[str, _File], promised: dict[str, int], one: Record) -> None:
    if one.name == ACK:
        kind, _, number = one.data.decode().partition(" ")
        if kind in promised:
            promised[kind] = int(number)
        return
    match one.kind:
        case "W" | "T":
            files[one.name].since.append(one)
        case "S":
            files[one.name].sync()
        case "U":
            files.pop(one.name, None)
        case "R":
            files[one.data.decode()] = files.pop(one.name, _File())


def _left(file: _File, left: Left, throw: Random) -> bytearray:
    image = bytearray(file.synced)
    match left:
        case Left.NOTHING:
            some: list[Record] = []
        case Left.BEGINNING:
            some = file.since[: throw.randint(0, len(file.since))]
        case Left.TORN:
            some = [part for one in file.since for part in _torn(one) if throw.random() < 0.5]
    for one in some:
        _apply(image, one)
    return image


def _torn(one: Record) -> Iterator[Record]:
    if one.kind == "T":
        yield one
    for at in range(0, len(one.data), _SECTOR):
        yield Record("W", one.name, one.offset + at, one.data[at : at + _SECTOR])


def _apply(image: bytearray, one: Record) -> None:
    end = one.offset + len(one.data)
    if one.kind == "T":
        del image[one.offset :]
    if len(image) < end:
        image.extend(bytes(end - len(image)))
    image[one.offset : end] = one.data
