r"""Scanners that end each code with CR, LF or both: nearly all, over serial, USB-COM and network.

Sources: Honeywell Xenon 1900 User's Guide, "Data Format" and "Prefix/Suffix"; Datalogic PowerScan
Product Reference Guide, "Data Format"; the AIM identifiers are ISO/IEC 15424. A scanner set to
send STX, the AIM identifier and CR answers the pull of a trigger with

    02 5D 43 31 30 31 ... 1D 31 37 ... 0D      STX ]C1 01... GS 17... CR

GS (1D) separates the fields of a GS1 code and is kept. Text is UTF-8; a byte that is not becomes
U+FFFD, which no code of ours holds, so it can never be mistaken for one.

>>> Reader().receive(b"\x02]E04006381333931\r\n", at=0.0)
[Scan(text='4006381333931', aim=']E0', at=0.0)]
"""

from __future__ import annotations

import re

from drivers.scanners.scan import Flaw, Garbled, Scan

STX = b"\x02"
_LONGEST_BYTES = 512
"""No code that we use is longer than 128; a wrong baud rate sends garbage without end."""
_QUIET_SECONDS = 0.15
"""A code is sent in one go. What follows after such a pause is another one."""

_TERMINATOR = re.compile(rb"[\r\n]")
_AIM = re.compile(rb"\][A-Za-z][0-9A-Za-z]")
# What ISO/IEC 15434 and GS1 use inside a code: EOT, FS, GS, RS, US. Anything else below space,
# and DEL, is noise, or the STX of a second code behind half of a first.
_FOREIGN = re.compile(rb"[\x00-\x03\x05-\x1b\x7f]")


class Reader:
    """Bytes in, scans out; a code may arrive in any number of pieces."""

    def __init__(self) -> None:
        self._rest = b""
        self._overlong = False
        """The code in progress was too long and has been said to be; skip to its terminator."""
        self._heard_at = 0.0

    def receive(self, data: bytes, at: float) -> list[Scan | Garbled]:
        """Return what `data` completes, oldest first."""
        # Half a code of a minute ago must not become the beginning of this one.
        said = self.idle(at)
        self._heard_at = at
        *ended, rest = _TERMINATOR.split(data)
        for piece in ended:
            said += self._extend(piece, at)
            if self._rest:
                said.append(_read(self._rest, at))
            self._rest, self._overlong = b"", False
        return said + self._extend(rest, at)

    def idle(self, at: float) -> list[Scan | Garbled]:
        """Give up a code that has begun and not gone on for 150 ms. Never a scan: half is wrong."""
        if not self.silent(at):
            return []
        rest, self._rest, self._overlong = self._rest, b"", False
        return [Garbled(Flaw.UNFINISHED, _shown(rest), at)] if rest else []

    def silent(self, at: float) -> bool:
        """Say whether nothing has come for so long that no code goes on."""
        return at - self._heard_at >= _QUIET_SECONDS

    def _extend(self, piece: bytes, at: float) -> list[Scan | Garbled]:
        if self._overlong:
            return []
        self._rest += piece
        if len(self._rest) <= _LONGEST_BYTES:
            return []
        flawed = Garbled(Flaw.TOO_LONG, _shown(self._rest[:_LONGEST_BYTES]), at)
        self._rest, self._overlong = b"", True
        return [flawed]


def _read(line: bytes, at: float) -> Scan | Garbled:
    code = line.removeprefix(STX)
    aim = _AIM.match(code)
    data = code[aim.end() :] if aim else code
    if not data:
        return Garbled(Flaw.UNFINISHED, _shown(line), at)
    if _FOREIGN.search(data):
        return Garbled(Flaw.UNREADABLE, _shown(line), at)
    return Scan(_shown(data), aim.group().decode("ascii") if aim else None, at)


def _shown(data: bytes) -> str:
    return data.decode("utf-8", errors="replace")
