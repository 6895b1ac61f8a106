"""A scale that exists in software: a pan that swings before it rests, and four protocols.

`Pan` says what lies on it at a time; `answer` says it in a protocol; `VirtualScale` is the port.
Words: `put GRAMS` (or just the grams), `lift`, `residue GRAMS` (what stays when lifting: the scale
does not return to zero), `unplug`, `plug`, `fault NAME`, `clear`, `state`.
"""

from __future__ import annotations

import math
import re
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path

from drivers.simulate.naming import named, number
from drivers.simulate.terminal import Terminal

_SWING = 0.3
"""How far a parcel put down swings, as a share of the change."""
_SWINGS_A_SECOND = 6.0
_POLL_SECONDS = 0.1
_QUESTIONS = {
    "mt-sics": re.compile(rb"(?P<word>SI?|Z)\r\n"),
    "toledo-8217": re.compile(rb"(?P<word>[WZ])"),
    "nci": re.compile(rb"(?P<word>[WSZ])\r"),
}
PROTOCOLS = (*_QUESTIONS, "hid")
"""The last speaks unasked: a report every _POLL_SECONDS."""
FAULTS = {
    "frozen": "go on showing what it shows now, whatever lies on it",
    "silent": "answer nothing",
    "lost-reply": "swallow the next N answers (1)",
    "wrong-unit": "show pieces, or carats",
    "out-of-order": "report a fault of its own",
    "restless": "never come to rest: a draught, a shaking table",
    "garbage": "send a line of wrong bytes before each answer",
    "byte-by-byte": "send each answer in pieces of one byte",
}
"""What can go wrong with it, by name; each lasts until `clear`, or until the N are lost."""
_GARBAGE = b"\xd5\xaa\x00\xff\r\n"
_LONGEST_QUESTION = 64


@dataclass(frozen=True, slots=True)
class Shown:
    """What the display shows."""

    grams: int
    moving: bool
    unit: bool = True
    """Grams; False: pieces, or carats."""
    well: bool = True
    """False: the scale has found a fault in itself."""


@dataclass(slots=True)
class Pan:
    """What lies on the scale, and since when."""

    settle_seconds: float = 0.6
    _before: int = 0
    _grams: int = 0
    _since: float = -math.inf

    def put(self, grams: int, at: float) -> None:
        """Lay `grams` on it, instead of what lay there."""
        self._before, self._grams, self._since = self.shown(at).grams, grams, at

    def shown(self, at: float) -> Shown:
        """Return the weight at a time: it nears, overshoots, and comes to rest."""
        passed = at - self._since
        if passed >= self.settle_seconds:
            return Shown(self._grams, moving=False)
        left = math.exp(-5 * passed / self.settle_seconds)
        swing = 1 + _SWING * math.sin(2 * math.pi * _SWINGS_A_SECOND * passed)
        return Shown(round(self._grams + (self._before - self._grams) * left * swing), moving=True)


def answer(protocol: str, word: bytes, shown: Shown, capacity: int) -> bytes:
    """Return what a scale says to a question, byte for byte as in its manual."""
    over, under, zero = shown.grams > capacity, shown.grams < 0, shown.grams == 0
    match protocol:
        case "mt-sics":
            return _mt_sics(word, shown, over=over)
        case "toledo-8217":
            if shown.moving or over or under or word != b"W" or not shown.well:
                bits = 0x60 | shown.moving | over << 1 | under << 2 | zero << 4
                return b"\x02?%c\r" % (bits | (not shown.well) << 3)
            return b"\x02%06.3f\r" % (shown.grams / 1000)
        case "nci":
            one = 0x30 | shown.moving | zero << 1 | (not shown.well) << 2
            status = b"%c%c" % (one, 0x30 | under | over << 1)
            unit = b"kg" if shown.unit else b"ct"
            weight = b"" if over or word != b"W" else b"\n%7.3f%s\r" % (shown.grams / 1000, unit)
            return weight + b"\n" + status + b"\r\x03"
        case "hid":
            return _report(shown, over=over)
        case _:
            raise ValueError(f"a scale speaks one of {', '.join(PROTOCOLS)}, not {protocol}")


def _mt_sics(word: bytes, shown: Shown, *, over: bool) -> bytes:
    if word == b"Z":
        return b"Z I\r\n" if shown.moving else b"Z A\r\n"
    if not shown.well:
        return b"S S Error 10b\r\n"
    if over:
        return b"S +\r\n"
    if word == b"S" and shown.moving:
        return b"S I\r\n"
    if not shown.unit:
        return b"S S %10d PCS\r\n" % (shown.grams // 12)
    return b"S %c %10.3f kg\r\n" % (b"D" if shown.moving else b"S", shown.grams / 1000)


def _report(shown: Shown, *, over: bool) -> bytes:
    """Return report 3 of a HID scale: status, unit, exponent, weight."""
    status = 3 if shown.moving else 2 if shown.grams == 0 else 4
    if shown.grams < 0:
        status = 5
    if over:
        status = 6
    if not shown.well:
        status = 1
    grams = min(abs(shown.grams), 0xFFFF)
    return bytes((3, status, 2 if shown.unit else 4, 0, grams & 0xFF, grams >> 8))


class VirtualScale:
    """A scale on a pseudo-terminal."""

    def __init__(
        self,
        link: Path,
        protocol: str = "mt-sics",
        *,
        settle_seconds: float = 0.6,
        capacity: int = 30_000,
    ) -> None:
        """Plug it in under `link`; it shows zero. Raises ValueError for an unknown protocol."""
        answer(protocol, b"W", Shown(0, moving=False), capacity)
        self._protocol, self._capacity = protocol, capacity
        self._pan = Pan(settle_seconds)
        self._residue = 0
        self._faults: set[str] = set()
        self._frozen: Shown | None = None
        self._to_lose = 0
        self._hands = threading.Lock()
        self._terminal = Terminal(link)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="scale", daemon=True)
        self._thread.start()

    def put(self, grams: int) -> None:
        """Lay a parcel on the pan; it settles after a while."""
        with self._hands:
            self._pan.put(grams, time.monotonic())

    def lift(self) -> None:
        """Take the parcel off; the scale returns to zero, or to what stays on it."""
        self.put(self._residue)

    def obey(self, line: str) -> dict[str, object]:
        """Do what one line of words says. Raises ValueError."""
        word, _, rest = line.strip().partition(" ")
        match word:
            case "put":
                self.put(_grams(rest))
            case "lift":
                self.lift()
            case "residue":
                self._residue = _grams(rest)
            case "unplug":
                self._terminal.unplug()
            case "plug":
                self._terminal.plug()
            case "fault":
                self.strike(rest)
            case "clear":
                self.clear()
            case "state":
                pass
            case _:
                self.put(_grams(word))
        shown = self._shown()
        return {
            "grams": shown.grams,
            "moving": shown.moving,
            "plugged": self._terminal.plugged,
            "faults": sorted(self._faults),
        }

    def strike(self, text: str) -> None:
        """Let something go wrong, by its name in FAULTS. Raises ValueError."""
        name, value = named(text, FAULTS)
        if name == "wrong-unit" and self._protocol == "toledo-8217":
            raise ValueError("Toledo 8217 sends no unit; it cannot send a wrong one")
        frozen = self._shown()
        with self._hands:
            if name == "lost-reply":
                self._to_lose = int(number(name, value, 1.0))
            if name == "frozen":
                self._frozen = frozen
            self._faults.add(name)

    def clear(self) -> None:
        """Be well again."""
        with self._hands:
            self._faults.clear()
            self._frozen, self._to_lose = None, 0

    def _shown(self) -> Shown:
        with self._hands:
            shown = self._frozen or self._pan.shown(time.monotonic())
            return replace(
                shown,
                moving=shown.moving or "restless" in self._faults,
                unit="wrong-unit" not in self._faults,
                well="out-of-order" not in self._faults,
            )

    def close(self) -> None:
        """Take it away."""
        self._stopping.set()
        self._thread.join()
        self._terminal.unplug()

    def _serve(self) -> None:
        heard = b""
        while not self._stopping.is_set():
            heard += self._terminal.read()
            question = _QUESTIONS.get(self._protocol)
            if question is None:
                heard = b""
                self._say(b"")
                self._stopping.wait(_POLL_SECONDS)
                continue
            while asked := question.search(heard):
                heard = heard[asked.end() :]
                self._say(asked["word"])
            heard = heard[-_LONGEST_QUESTION:]
            self._terminal.wait(_POLL_SECONDS)

    def _say(self, word: bytes) -> None:
        if "silent" in self._faults:
            return
        if self._to_lose > 0:
            self._to_lose -= 1
            return
        wire = answer(self._protocol, word, self._shown(), self._capacity)
        if "garbage" in self._faults:
            wire = _GARBAGE + wire
        if "byte-by-byte" in self._faults:
            for byte in wire:
                self._terminal.write(bytes([byte]))
            return
        self._terminal.write(wire)


def _grams(word: str) -> int:
    if not word.strip().lstrip("-").isdigit():
        raise ValueError(f"{word!r} is no weight in whole grams")
    return int(word)
