"""Where one command ends in a stream of ZPL, however the bytes were cut.

Source: Zebra, ZPL II Programming Guide, "Basic ZPL Exercises", ^XA, ^XZ, ^GF, ~DG, ~DY, "Set/Get/Do
Commands". A tilde command is obeyed at once, also in the middle of a format; everything else of a
format waits for its ^XZ. Binary graphics may hold any bytes, ^XZ among them: they are counted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

_MEMORY_BYTES = 8_000_000
"""A printer's memory; a format that does not end before is thrown away."""
_SETUP_BYTES = 4096
"""A `! U1` line that does not end before is no such line."""

_DOWNLOAD_BINARY = re.compile(rb"~DY[^,~^]*,[BPbp],[^,]*,(\d+),[^,]*,")
_GRAPHIC_BINARY = re.compile(rb"\^GF[BCbc],(\d+),\d*,\d*,")
_START = re.compile(rb"\^XA|~|!", re.IGNORECASE)
_BLANK = b"\r\n\t \x00"


@dataclass(frozen=True, slots=True)
class Format:
    """A label from ^XA to ^XZ, immediate commands taken out."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Immediate:
    """A tilde command, such as "~HS" or "~HQES"."""

    name: str


@dataclass(frozen=True, slots=True)
class Setup:
    """A line of Set/Get/Do: `! U1 getvar "odometer.total_label_count"`."""

    line: str


@dataclass(frozen=True, slots=True)
class Garbage:
    """Bytes that are no ZPL. A real printer drops them, or prints them as text."""

    data: bytes


Command = Format | Immediate | Setup | Garbage


class _More(Enum):
    NEEDED = 0


class Splitter:
    """Bytes of one connection in, commands out."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._format = bytearray()
        """The format in progress, as far as it has been looked at; empty outside of one."""

    @property
    def partial(self) -> bool:
        """Has a format begun that has not ended?"""
        return bool(self._format)

    @property
    def undecided(self) -> bool:
        """Is there the beginning of a command, or of a format?"""
        return bool(self._format or self._rest)

    def receive(self, data: bytes) -> list[Command]:
        """Return the commands that `data` completes, in order."""
        self._rest += data
        commands: list[Command] = []
        while self._rest:
            found = self._within() if self._format else self._outside()
            if found is _More.NEEDED:
                break
            if found is not None:
                commands.append(found)
        return commands

    def _outside(self) -> Command | _More | None:
        """Take one command, or blanks, off the beginning of what has come."""
        rest = self._rest
        if rest[0] in _BLANK:
            del rest[: len(rest) - len(rest.lstrip(_BLANK))]
            return None
        if rest[:1] == b"~":
            return self._tilde()
        if rest[:1] == b"!":
            return self._setup()
        if rest[:3].upper() == b"^XA":
            self._format += self._take(3)
            return None
        if b"^XA".startswith(bytes(rest[:3]).upper()):
            return _More.NEEDED
        start = _START.search(rest, 1)
        # The last two bytes may be the beginning of ^XA.
        return Garbage(self._take(start.start() if start else max(len(rest) - 2, 1)))

    def _within(self) -> Command | _More | None:
        """Take one step on in the format: to its end, or over one command."""
        rest = self._rest
        step = min((i for i in (rest.find(b"^"), rest.find(b"~")) if i >= 0), default=len(rest))
        self._format += self._take(step)
        if len(self._format) > _MEMORY_BYTES:
            lost = bytes(self._format)
            self._format.clear()
            return Garbage(lost)
        if not rest:
            return _More.NEEDED
        if rest[:1] == b"~":
            command = self._tilde()
            if command == Immediate("~JX"):
                # Cancels the format it stands in; what follows is a new one.
                self._format.clear()
            return command
        if len(rest) < 3:
            return _More.NEEDED
        if rest[:3].upper() == b"^XZ":
            done = bytes(self._format + self._take(3))
            self._format.clear()
            return Format(done)
        if bytes(rest[:4]).upper() in (b"^GF", b"^GFB", b"^GFC"):
            return self._graphic()
        self._format += self._take(1)
        return None

    def _graphic(self) -> _More | None:
        """Step over binary graphics without looking into them."""
        rest = self._rest
        head = _GRAPHIC_BINARY.match(rest)
        if head is None:
            if len(rest) < 4 or (len(rest) < 40 and rest.count(b",") < 4):
                return _More.NEEDED
            self._format += self._take(1)
            return None
        end = head.end() + min(int(head[1]), _MEMORY_BYTES)
        if len(rest) < end:
            return _More.NEEDED
        self._format += self._take(end)
        return None

    def _tilde(self) -> Command | _More:
        rest = self._rest
        name = bytes(rest[:3]).upper()
        if len(name) < 3:
            return _More.NEEDED
        if name == b"~HQ":
            if len(rest) < 5:
                return _More.NEEDED
            return Immediate(self._take(5).decode("latin-1").upper())
        if name in (b"~DG", b"~DY"):
            return self._download()
        return Immediate(self._take(3).decode("latin-1").upper())

    def _download(self) -> Command | _More:
        """Take a font or picture for the printer's memory; it prints nothing."""
        rest = self._rest
        if head := _DOWNLOAD_BINARY.match(rest):
            end = head.end() + min(int(head[1]), _MEMORY_BYTES)
        else:
            start = _START.search(rest, 1)
            end = start.start() if start else _MEMORY_BYTES
        if len(rest) < end:
            return _More.NEEDED
        return Immediate(self._take(end)[:3].decode("latin-1").upper())

    def _setup(self) -> Command | _More:
        end = self._rest.find(b"\n")
        if end >= 0:
            return Setup(self._take(end + 1).decode("latin-1").strip())
        return Garbage(self._take(1)) if len(self._rest) > _SETUP_BYTES else _More.NEEDED

    def _take(self, count: int) -> bytes:
        taken = bytes(self._rest[:count])
        del self._rest[:count]
        return taken
