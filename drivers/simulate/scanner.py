r"""A scanner that exists in software: it fires the codes it is told to, the way real ones do.

`bytes_of` says what goes over the wire; `VirtualScanner` sends it. Words: `scan CODE` (or just the
code), `unplug`, `plug`, `state`. `\x1d` in a code is the GS of GS1.
"""

from __future__ import annotations

import random
import re
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from drivers.simulate.terminal import Terminal

_ESCAPE = re.compile(r"\\x([0-9a-fA-F]{2})")
_AIM = re.compile(r"\][A-Za-z][0-9A-Za-z]")
_RETAIL = re.compile(r"\d{8}|\d{12,13}")
_GS1 = re.compile(r"\d{2}.*\x1d|01\d{14}|00\d{18}")
ENDINGS = {"cr": b"\r", "lf": b"\n", "crlf": b"\r\n", "none": b""}


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How a scanner is set, and what is wrong with it."""

    ending: str = "cr"
    """One of ENDINGS; "none" is the scanner that forgot its suffix."""
    aim: bool = False
    """Send the AIM identifier before each code."""
    stx: bool = False
    """Send STX before everything."""
    ms_per_byte: float = 0.0
    """1 for a wire at 9600 baud; 0 sends a code at once."""
    double: bool = False
    """Read each code twice, as a nervous trigger does."""
    noise: float = 0.0
    """Share of codes with a wrong byte in front, from 0 to 1."""


def bytes_of(text: str, habits: Habits, chance: random.Random) -> bytes:
    """Return what goes over the wire when the code `text` is read."""
    code = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)
    if habits.aim and not _AIM.match(code):
        code = _symbology(code) + code
    wire = b"\x02" * habits.stx + code.encode() + ENDINGS[habits.ending]
    if chance.random() < habits.noise:
        wire = bytes([chance.randrange(128, 256)]) + wire
    return wire * (1 + habits.double)


def _symbology(code: str) -> str:
    """Return the AIM identifier that such a code usually carries (ISO/IEC 15424)."""
    if _RETAIL.fullmatch(code):
        return "]E4" if len(code) == 8 else "]E0"
    return "]C1" if _GS1.match(code) else "]C0"


class VirtualScanner:
    """A scanner on a pseudo-terminal."""

    def __init__(
        self, link: Path, habits: Habits | None = None, chance: random.Random | None = None
    ) -> None:
        """Plug it in under `link`."""
        self._terminal = Terminal(link)
        self._habits = habits or Habits()
        # Noise needs no secrecy.
        self._chance = chance or random.Random(0)  # noqa: S311
        self._trigger = threading.Lock()
        self.fired = 0

    def scan(self, text: str) -> None:
        """Read one code."""
        with self._trigger:
            wire = bytes_of(text, self._habits, self._chance)
            self.fired += 1
            if not self._habits.ms_per_byte:
                self._terminal.write(wire)
                return
            for byte in wire:
                self._terminal.write(bytes([byte]))
                time.sleep(self._habits.ms_per_byte / 1000)

    def unplug(self) -> None:
        """Pull the cable out, maybe in the middle of a code."""
        self._terminal.unplug()

    def plug(self) -> None:
        """Put the cable in again, on another tty."""
        self._terminal.plug()

    def obey(self, line: str) -> dict[str, object]:
        """Do what one line of words says."""
        word, _, rest = line.partition(" ")
        match word:
            case "unplug":
                self.unplug()
            case "plug":
                self.plug()
            case "state":
                pass
            case "scan" if rest:
                self.scan(rest)
            case _:
                self.scan(line)
        return {"fired": self.fired, "plugged": self._terminal.plugged}

    def close(self) -> None:
        """Take it away."""
        self.unplug()
