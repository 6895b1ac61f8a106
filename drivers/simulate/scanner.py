r"""A scanner that exists in software: it fires the codes it is told to, the way real ones do.

`bytes_of` says what goes over the wire; `VirtualScanner` sends it. Words: `scan CODE` (or just the
code), `unplug`, `plug`, `fault NAME`, `clear`, `state`. `\x1d` in a code is the GS of GS1. What the
bench sends, its beeps, is in the state.
"""

from __future__ import annotations

import random
import re
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path

from drivers.simulate.naming import named, number
from drivers.simulate.terminal import Terminal

_ESCAPE = re.compile(r"\\x([0-9a-fA-F]{2})")
_AIM = re.compile(r"\][A-Za-z][0-9A-Za-z]")
_RETAIL = re.compile(r"\d{8}|\d{12,13}")
_GS1 = re.compile(r"\d{2}.*\x1d|01\d{14}|00\d{18}")
ENDINGS = {"cr": b"\r", "lf": b"\n", "crlf": b"\r\n", "none": b""}


FAULTS = {
    "no-suffix": "end no code with anything",
    "crlf": "end each code with CR and LF",
    "slow": "send a byte every MS milliseconds (1: a wire at 9600 baud)",
    "lost-gs": "leave out the GS of GS1 codes",
    "no-aim": "send no AIM identifier",
    "double": "read every code twice",
    "noise": "put a wrong byte before a SHARE of the codes (1)",
    "wrong-baud": "send garbage instead of codes",
    "unplug-mid-code": "lose the cable in the middle of the next code, for SECONDS (0)",
    "several": "have another code in view, that is sent behind each: several=CODE",
    "out-of-range": "keep the codes, and send all of them at once when cleared",
    "deaf": "take no bytes from the bench",
}
"""What can go wrong with it, by name; each lasts until `clear`, but for the cable."""
_BEEPS_KEPT = 200
"""Bytes of what the bench sent that the state shows."""


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
    gs: bool = True
    """Send the GS of a GS1 code; many that type do not."""
    wrong_baud: bool = False
    """The bench listens at another speed: what comes is garbage."""
    beside: str = ""
    """Another code in view, read with each."""


def bytes_of(text: str, habits: Habits, chance: random.Random) -> bytes:
    """Return what goes over the wire when the code `text` is read."""
    code = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)
    if habits.aim and not _AIM.match(code):
        code = _symbology(code) + code
    if not habits.gs:
        code = code.replace("\x1d", "")
    wire = b"\x02" * habits.stx + code.encode() + ENDINGS[habits.ending]
    if habits.wrong_baud:
        return bytes(chance.randrange(128, 256) for _ in wire)
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
        self._set = self._habits = habits or Habits()
        # Noise needs no secrecy.
        self._chance = chance or random.Random(0)  # noqa: S311
        self._trigger = threading.Lock()
        self.fired = 0
        self._faults: set[str] = set()
        self._back_after = 0.0
        self._kept: list[bytes] = []
        """Codes that were read out of range."""
        self._beeps = bytearray()

    def scan(self, text: str) -> None:
        """Read one code."""
        with self._trigger:
            wire = bytes_of(text, self._habits, self._chance)
            if self._habits.beside:
                wire += bytes_of(self._habits.beside, self._habits, self._chance)
            self.fired += 1
            if "out-of-range" in self._faults:
                self._kept.append(wire)
            elif "unplug-mid-code" in self._faults:
                self._faults.discard("unplug-mid-code")
                self._lose_the_cable(wire[: len(wire) // 2])
            else:
                self._send(wire)

    def _send(self, wire: bytes) -> None:
        if not self._habits.ms_per_byte:
            self._terminal.write(wire)
            return
        for byte in wire:
            self._terminal.write(bytes([byte]))
            time.sleep(self._habits.ms_per_byte / 1000)

    def _lose_the_cable(self, half: bytes) -> None:
        self._send(half)
        self._terminal.unplug()
        time.sleep(self._back_after)
        self._terminal.plug()

    def strike(self, text: str) -> None:
        """Let something go wrong, by its name in FAULTS. Raises ValueError."""
        name, value = named(text, FAULTS)
        habits = self._habits
        match name:
            case "no-suffix":
                habits = replace(habits, ending="none")
            case "crlf":
                habits = replace(habits, ending="crlf")
            case "slow":
                habits = replace(habits, ms_per_byte=number(name, value, 1.0))
            case "lost-gs":
                habits = replace(habits, gs=False)
            case "no-aim":
                habits = replace(habits, aim=False)
            case "double":
                habits = replace(habits, double=True)
            case "noise":
                habits = replace(habits, noise=number(name, value, 1.0))
            case "wrong-baud":
                habits = replace(habits, wrong_baud=True)
            case "several":
                if not value:
                    raise ValueError("several=CODE: say which code lies beside the others")
                habits = replace(habits, beside=value)
            case "unplug-mid-code":
                self._back_after = number(name, value, 0.0)
        with self._trigger:
            self._habits = habits
            self._faults.add(name)

    def clear(self) -> None:
        """Be well again; what was read out of range comes now, all at once."""
        with self._trigger:
            self._habits = self._set
            self._faults.clear()
            kept, self._kept = self._kept, []
            self._terminal.write(b"".join(kept))

    def beeps(self) -> bytes:
        """Return what the bench has sent, the last of it."""
        if "deaf" not in self._faults:
            self._beeps = (self._beeps + self._terminal.read())[-_BEEPS_KEPT:]
        return bytes(self._beeps)

    def unplug(self) -> None:
        """Pull the cable out, maybe in the middle of a code."""
        self._terminal.unplug()

    def plug(self) -> None:
        """Put the cable in again, on another tty."""
        self._terminal.plug()

    def obey(self, line: str) -> dict[str, object]:
        """Do what one line of words says. Raises ValueError."""
        word, _, rest = line.partition(" ")
        match word:
            case "unplug":
                self.unplug()
            case "plug":
                self.plug()
            case "fault":
                self.strike(rest)
            case "clear":
                self.clear()
            case "state":
                pass
            case "scan" if rest:
                self.scan(rest)
            case _:
                self.scan(line)
        return {
            "fired": self.fired,
            "plugged": self._terminal.plugged,
            "faults": sorted(self._faults),
            "beeps": self.beeps().decode("latin-1"),
        }

    def close(self) -> None:
        """Take it away."""
        self.unplug()
