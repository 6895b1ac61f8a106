"""What does a ZPL printer say about itself: status, identity, counter, labels that came out?

Source: Zebra, ZPL II Programming Guide, ~HS "Host Status Return", ~HI "Host Identification";
"SGD Printer Commands", getvar. One exchange (`~HS`, paper out, one format waiting):

    02 "030,1,1,1218,001,0,0,0,000,0,0,0" 03 0D 0A
    02 "000,0,0,0,1,2,6,0,00000001,1,000" 03 0D 0A
    02 "1234,0" 03 0D 0A

~HQES "Host Query" answers in one string, bits in hexadecimal (here: the head is open):

    02 … "ERRORS:         1 00000000 00000004" … "WARNINGS:       0 00000000 00000000" … 03

^HV "Host Verification" in a format answers "[PB token]", header and end being ours, when a label
of that format has come out: once a label with its last parameter L.

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
ASK_ERRORS = b"~HQES"
"""What exactly is wrong: ~HS has no flag for a jam."""
ASK_COUNTER = b'! U1 getvar "odometer.total_label_count"\r\n'
"""Labels that ever came out whole; the answer does not repeat the name: one question at a time."""
ASK_SERIAL = b'! U1 getvar "device.unique_id"\r\n'
"""Which one of its kind it is."""
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
    jammed: bool = False
    """~HS has no flag for it: `Errors` tells."""

    @property
    def needs_person(self) -> bool:
        """Does the printer wait for someone to load, close, cool or resume it?"""
        stopped = self.paper_out or self.head_open or self.ribbon_out
        return stopped or self.paused or self.too_hot or self.jammed

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
class Errors:
    """The answer to ~HQES, as far as ~HS does not say it."""

    jammed: bool
    too_hot: bool
    paper_near_end: bool
    """A warning: it prints on."""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A label that bore this token has come out."""

    token: str


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


Said = Status | Identity | Errors | Variable | Acknowledged

_FIRST = re.compile(
    rb"\d{3},(?P<paper>[01]),(?P<pause>[01]),(?P<length>\d{4,5}),(?P<waiting>\d{3}),(?P<full>[01]),"
    rb"[01],(?P<partial>[01]),\d{3},[01],[01],(?P<hot>[01])"
)
# The second field, "n", is unused; reading head open there is a known mistake.
_SECOND = re.compile(
    rb"\d{3},\d,(?P<head>[01]),(?P<ribbon>[01]),\d,[0-9A-Za-z],\d,(?P<peel>[01]),"
    rb"(?P<remaining>\d{1,8}),\d,\d{3}"
)
_ERRORS = re.compile(
    rb".*ERRORS:\s*[01] [0-9A-F]{8} (?P<errors>[0-9A-F]{8})"
    rb".*WARNINGS:\s*[01] [0-9A-F]{8} (?P<warnings>[0-9A-F]{8}).*",
    re.DOTALL,
)
_CUTTER, _HEAD_HOT, _MOTOR_HOT, _JAM, _FEED = 0x8, 0x10, 0x20, 0x1000, 0x4000
_NEAR_END = 0x8
_ACKNOWLEDGED = re.compile(rb"\[PB ([0-9a-z]{1,32})\]")
_START = re.compile(rb'[\x02"\[]')
_ENDS = {STX: ETX, b'"': b'"', b"[": b"]"}
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

    @property
    def held_bytes(self) -> int:
        """How much of an answer has come without its end."""
        return len(self._rest)

    def receive(self, data: bytes) -> list[Said]:
        """Return the answers that `data` completes, oldest first."""
        rest, at = self._rest + data, 0
        said: list[Said] = []
        # By place, not by cutting each piece off: a megabyte of noise may be as many pieces.
        while (end := _end(rest, at)) is not None:
            piece, at = rest[at:end], end
            framed = piece[:1] == STX and piece[-1:] == ETX
            answer = self._string(piece[1:-1]) if framed else _unframed(piece)
            if answer is not None:
                said.append(answer)
        self._rest = rest[at:]
        return said

    def _string(self, body: bytes) -> Status | Identity | Errors | None:
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
        elif found := _ERRORS.fullmatch(body):
            return _errors(int(found["errors"], 16), int(found["warnings"], 16))
        return None


def _end(rest: bytes, at: int) -> int | None:
    """Return where the piece that begins there ends: a string, a quoted value, or neither."""
    if at >= len(rest):
        return None
    last = _ENDS.get(rest[at : at + 1])
    if last is None:
        start = _START.search(rest, at)
        return start.start() if start else len(rest)
    longest = at + _LONGEST_BYTES
    end = rest.find(last, at + 1, longest)
    # A new beginning before the end: the first string was cut off, and is nothing.
    again = rest.find(STX, at + 1, end if end >= 0 else longest)
    if again >= 0:
        return again
    if end >= 0:
        return end + 1
    return at + 1 if len(rest) >= longest else None


def _unframed(piece: bytes) -> Variable | Acknowledged | None:
    if found := _ACKNOWLEDGED.fullmatch(piece):
        return Acknowledged(found[1].decode("ascii"))
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


def _errors(errors: int, warnings: int) -> Errors:
    return Errors(
        jammed=bool(errors & (_CUTTER | _JAM | _FEED)),
        too_hot=bool(errors & (_HEAD_HOT | _MOTOR_HOT)),
        paper_near_end=bool(warnings & _NEAR_END),
    )


def _text(data: bytes) -> str:
    return data.decode("latin-1").strip()
