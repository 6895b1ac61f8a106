"""What a ZPL printer says about itself: status, identity and counter, out of cut-up bytes.

Source: Zebra, ZPL II Programming Guide, ~HS "Host Status Return", ~HI "Host Identification";
"SGD Printer Commands", getvar. One exchange (`~HS`, paper out, one format waiting):

    02 "030,1,1,1218,001,0,0,0,000,0,0,0" 03 0D 0A
    02 "000,0,0,0,1,2,6,0,00000001,1,000" 03 0D 0A
    02 "1234,0" 03 0D 0A

The three strings arrive as one packet or as thirty. The manual also says that no answer is given
while media, ribbon or head stop the printer: connected but silent means that a person should look,
and that is for the caller to say, who knows how long it has been waiting.

Never ask another language this way: a TSPL printer prints "~HS" on a label.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

STX, ETX = b"\x02", b"\x03"

ASK_STATUS = b"~HS"
ASK_IDENTITY = b"~HI"
ASK_COUNTER = b'! U1 getvar "odometer.total_label_count"\r\n'
"""Labels that ever came out whole; the answer does not repeat the name: one question at a time."""
CANCEL_PARTIAL = b"~JX"
"""Forget the format that a broken connection left half received; queued labels stay."""
CANCEL_ALL = b"~JA"
"""Forget every label in the printer, those of other benches too."""

_LONGEST_BYTES = 1024
"""Longer than any string the printer sends here; more without an end is noise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The three strings of ~HS, as far as they matter to a packer."""

    paper_out: bool
    paused: bool
    head_open: bool
    ribbon_out: bool
    buffer_full: bool
    formats_waiting: int
    """Formats received and not begun."""
    partial_format: bool
    """A format has begun to arrive and has not ended."""
    labels_remaining: int
    """Labels of the present format that have not come out."""
    label_waiting: bool
    """Peel mode: a label hangs out and wants to be taken."""
    too_hot: bool
    length_dots: int
    """How long a label the printer thinks it has."""

    @property
    def needs_person(self) -> bool:
        """Does the printer wait for someone to load, close or resume it?"""
        return self.paper_out or self.head_open or self.ribbon_out or self.paused

    @property
    def idle(self) -> bool:
        """Is nothing left to print? What it printed is for the counter to say."""
        return not (self.formats_waiting or self.labels_remaining or self.partial_format)


@dataclass(frozen=True, slots=True)
class Identity:
    """The answer to ~HI."""

    model: str
    firmware: str
    dots_per_mm: int


@dataclass(frozen=True, slots=True)
class Variable:
    """The answer to a getvar; it does not say which."""

    text: str | None
    """None when the printer has no such variable."""

    @property
    def count(self) -> int | None:
        """The number in it, None when there is none."""
        text = self.text or ""
        return int(text) if text.isascii() and text.isdigit() else None


Said = Status | Identity | Variable

_FIRST = re.compile(
    rb"\d{3},(?P<paper>[01]),(?P<pause>[01]),(?P<length>\d{4,5}),(?P<waiting>\d{3}),(?P<full>[01]),"
    rb"[01],(?P<partial>[01]),\d{3},[01],[01],(?P<hot>[01])"
)
# The second field, "n", is unused; reading head open there is a known mistake.
_SECOND = re.compile(
    rb"\d{3},\d,(?P<head>[01]),(?P<ribbon>[01]),\d,[0-9A-Za-z],\d,(?P<peel>[01]),"
    rb"(?P<remaining>\d{1,8}),\d,\d{3}"
)
_START = re.compile(rb'[\x02"]')
_THIRD = re.compile(rb"[^,]{0,8},[01]")
# A letter in the model and a head that is sold: else a stray string of ~HS would pass for it.
_IDENTITY = re.compile(rb"([^,]*[A-Za-z][^,]*),([^,]+),(6|8|12|24),[^,]*(?:,[^,]*)?")


class Reader:
    """Bytes in, answers out; an answer may arrive in any number of pieces.

    One for each connection: what a broken one left behind must not be glued to the next.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._strings: list[re.Match[bytes]] = []
        """The strings of a ~HS so far, in order."""

    def receive(self, data: bytes) -> list[Said]:
        """Return the answers that `data` completes, oldest first."""
        self._rest += data
        said: list[Said] = []
        while (end := _end(self._rest)) is not None:
            piece, self._rest = self._rest[:end], self._rest[end:]
            framed = piece[:1] == STX and piece[-1:] == ETX
            answer = self._string(piece[1:-1]) if framed else _variable(piece)
            if answer is not None:
                said.append(answer)
        return said

    def _string(self, body: bytes) -> Status | Identity | None:
        """Return what a string between STX and ETX completes."""
        if first := _FIRST.fullmatch(body):
            self._strings = [first]
        elif len(self._strings) == 1 and (second := _SECOND.fullmatch(body)):
            self._strings.append(second)
        elif len(self._strings) == 2 and _THIRD.fullmatch(body):
            first, second = self._strings
            self._strings = []
            return _status(first, second)
        elif found := _IDENTITY.fullmatch(body):
            model, firmware, dots = found.group(1, 2, 3)
            return Identity(_text(model), _text(firmware), int(dots))
        return None


def _end(rest: bytes) -> int | None:
    """Return where the first piece ends: a string, a quoted value, or bytes of neither."""
    if not rest:
        return None
    last = {STX: ETX, b'"': b'"'}.get(rest[:1])
    if last is None:
        start = _START.search(rest)
        return start.start() if start else len(rest)
    end = rest.find(last, 1, _LONGEST_BYTES)
    # A new beginning before the end: the first string was cut off, and is nothing.
    again = rest.find(STX, 1, end if end >= 0 else _LONGEST_BYTES)
    if again >= 0:
        return again
    if end >= 0:
        return end + 1
    return 1 if len(rest) >= _LONGEST_BYTES else None


def _variable(piece: bytes) -> Variable | None:
    if len(piece) < 2 or piece[:1] != b'"' or piece[-1:] != b'"':
        return None
    return Variable(None if piece == b'"?"' else _text(piece[1:-1]))


def _status(first: re.Match[bytes], second: re.Match[bytes]) -> Status:
    def flag(found: re.Match[bytes], name: str) -> bool:
        return found[name] == b"1"

    return Status(
        paper_out=flag(first, "paper"),
        paused=flag(first, "pause"),
        head_open=flag(second, "head"),
        ribbon_out=flag(second, "ribbon"),
        buffer_full=flag(first, "full"),
        formats_waiting=int(first["waiting"]),
        partial_format=flag(first, "partial"),
        labels_remaining=int(second["remaining"]),
        label_waiting=flag(second, "peel"),
        too_hot=flag(first, "hot"),
        length_dots=int(first["length"]),
    )


def _text(data: bytes) -> str:
    return data.decode("latin-1").strip()
