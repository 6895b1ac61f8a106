"""A scale that exists in software: a pan that swings before it rests, and three protocols.

`Pan` says what lies on it at a time; `answer` says it in a protocol; `VirtualScale` is the port.
Words: `put GRAMS` (or just the grams), `lift`, `residue GRAMS` (what stays when lifting: the scale
does not return to zero), `unplug`, `plug`, `state`.
"""

from __future__ import annotations

import math
import re
import threading
import time
from dataclasses import dataclass
from pathlib import Path

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
PROTOCOLS = tuple(_QUESTIONS)
_LONGEST_QUESTION = 64


@dataclass(frozen=True, slots=True)
class Shown:
    """What the display shows."""

    grams: int
    moving: bool


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
            if shown.moving or over or under or word != b"W":
                bits = 0x60 | shown.moving | over << 1 | under << 2 | zero << 4
                return b"\x02?%c\r" % bits
            return b"\x02%06.3f\r" % (shown.grams / 1000)
        case "nci":
            status = b"%c%c" % (0x30 | shown.moving | zero << 1, 0x30 | under | over << 1)
            weight = b"" if over or word != b"W" else b"\n%7.3fkg\r" % (shown.grams / 1000)
            return weight + b"\n" + status + b"\r\x03"
        case _:
            raise ValueError(f"a scale speaks one of {', '.join(PROTOCOLS)}, not {protocol}")


def _mt_sics(word: bytes, shown: Shown, *, over: bool) -> bytes:
    if word == b"Z":
        return b"Z I\r\n" if shown.moving else b"Z A\r\n"
    if over:
        return b"S +\r\n"
    if word == b"S" and shown.moving:
        return b"S I\r\n"
    return b"S %c %10.3f kg\r\n" % (b"D" if shown.moving else b"S", shown.grams / 1000)


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
            case "state":
                pass
            case _:
                self.put(_grams(word))
        with self._hands:
            shown = self._pan.shown(time.monotonic())
        return {"grams": shown.grams, "moving": shown.moving, "plugged": self._terminal.plugged}

    def close(self) -> None:
        """Take it away."""
        self._stopping.set()
        self._thread.join()
        self._terminal.unplug()

    def _serve(self) -> None:
        heard = b""
        while not self._stopping.is_set():
            heard += self._terminal.read()
            while asked := _QUESTIONS[self._protocol].search(heard):
                heard = heard[asked.end() :]
                with self._hands:
                    shown = self._pan.shown(time.monotonic())
                self._terminal.write(answer(self._protocol, asked["word"], shown, self._capacity))
            heard = heard[-_LONGEST_QUESTION:]
            self._terminal.wait(_POLL_SECONDS)


def _grams(word: str) -> int:
    if not word.strip().lstrip("-").isdigit():
        raise ValueError(f"{word!r} is no weight in whole grams")
    return int(word)
