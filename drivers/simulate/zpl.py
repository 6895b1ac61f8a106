"""What a ZPL printer does with a command, and what it answers.

Source: Zebra, ZPL II Programming Guide: ~HS "Host Status Return", ~HI, ~HQES, ~JA, ~JX, ~PP, ~PS,
^JZ, ^PQ, ^DF; "SGD Commands": getvar. Three strings answer ~HS, each STX … ETX CR LF:

    02 "030,0,0,1218,000,0,0,0,000,0,0,0" 03 0D 0A
    02 "000,0,0,0,1,2,6,0,00000000,1,000" 03 0D 0A
    02 "1234,0" 03 0D 0A

The manual says that nothing is answered while media, ribbon or head stop the printer, and gives
flags for just these. Both are met in the field: `silent_when_error` chooses.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from drivers.simulate.paper import Done, Paper, nobody
from drivers.simulate.personality import Manners, Personality, Say
from drivers.simulate.zpl_stream import Format, Garbage, Immediate, Setup, Splitter

STX, ETX = b"\x02", b"\x03"

_MARKS = re.compile(rb"\^(?:F[DV]|G[BCDEFS]|XG|XF|IM|SN)", re.IGNORECASE)
_STORES = re.compile(rb"\^DF", re.IGNORECASE)
_COPIES = re.compile(rb"\^PQ(\d{1,8})", re.IGNORECASE)
_REPRINT = re.compile(rb"\^JZ([YN])", re.IGNORECASE)
_LENGTH = re.compile(rb"\^LL(\d{1,5})", re.IGNORECASE)
_VERIFY = re.compile(rb"\^HV(\d+),(\d+),([^,^]*),([^,^]*),L", re.IGNORECASE)
_GETVAR = re.compile(r'! *U1 +getvar +"([^"]*)"')

_MEDIA_OUT, _RIBBON_OUT, _HEAD_OPEN, _HOT, _JAM, _PAUSED = 1, 2, 4, 0x10, 0x1000, 0x10000


@dataclass(slots=True)
class Machine:
    """What is true of the printer as a whole, whoever is connected."""

    paper: Paper
    partial: bool = False
    """A format was cut off and has neither been completed nor cancelled."""
    length_dots: int = 1218
    model: str = "ZD421-203dpi"
    firmware: str = "V93.21.26Z"
    dots_per_mm: int = 8
    memory_kilobytes: int = 65536
    serial_number: str = "PACKBENCH1"


class ZplSession:
    """One connection to a ZPL printer."""

    def __init__(self, machine: Machine, say: Say = lambda data: None) -> None:
        self._machine, self._say = machine, say
        self._splitter = Splitter()
        self._first_byte_at = 0.0

    def receive(self, data: bytes, at: float) -> bytes:
        """Obey what `data` completes, and return the answers."""
        if not self._splitter.partial:
            self._first_byte_at = at
        answers = b""
        for command in self._splitter.receive(data):
            match command:
                case Format(label):
                    self._print(label)
                    self._first_byte_at = at
                case Immediate(name):
                    answers += self._obey(name)
                case Setup(line):
                    answers += _variable(self._machine, line)
                case Garbage():
                    pass
        self._machine.partial |= self._splitter.partial
        return answers

    def closed(self) -> None:
        """Keep in mind that a format was cut off: ~HS says so until it is cancelled."""
        self._machine.partial |= self._splitter.partial

    def _print(self, label: bytes) -> None:
        machine = self._machine
        machine.partial = False
        if setting := _REPRINT.search(label):
            machine.paper.reprint = setting[1].upper() == b"Y"
        if length := _LENGTH.search(label):
            machine.length_dots = int(length[1])
        if _MARKS.search(label) and not _STORES.search(label):
            copies = _COPIES.search(label)
            times = max(int(copies[1]), 1) if copies else 1
            machine.paper.take(label, times, self._first_byte_at, self._verification(label))

    def _verification(self, label: bytes) -> Done:
        """Return what is to happen when the label has come out: ^HV sends a field back."""
        asked = _VERIFY.search(label)
        if asked is None or "no-acknowledge" in self._machine.paper.habits:
            return nobody
        number, length, header, end = asked.groups()
        held = re.search(rb"\^FN" + number + rb"\^FD([^^]*)", label)
        answer = header + (held[1][: int(length)] if held else b"") + end
        return lambda: self._say(answer)

    def _obey(self, name: str) -> bytes:
        machine, paper = self._machine, self._machine.paper
        match name:
            case "~HS" | "~HI" | "~HQES" if paper.silent_when_error and paper.error:
                return b""
            case "~HQES" if "no-errors" in paper.habits:
                return b""
            case "~HS":
                return _host_status(machine, self._splitter.partial)
            case "~HI":
                return _framed(
                    f"{machine.model},{machine.firmware},{machine.dots_per_mm},"
                    f"{machine.memory_kilobytes}KB,X"
                )
            case "~HQES":
                return _errors(paper)
            case "~JA":
                paper.clear()
            case "~JX":
                machine.partial = False
            case "~PP":
                paper.paused = True
            case "~PS":
                paper.paused = False
        return b""


def _host_status(machine: Machine, partial: bool) -> bytes:
    paper = machine.paper
    first = (
        f"030,{paper.paper_out:d},{paper.paused or paper.error:d},"
        f"{paper.sensed_dots or machine.length_dots:04d},{paper.waiting:03d},"
        f"{paper.buffer_full:d},0,{partial or machine.partial:d},000,0,0,{paper.too_hot:d}"
    )
    second = (
        f"000,0,{paper.head_open:d},{paper.ribbon_out:d},1,2,6,{paper.label_waiting:d},"
        f"{paper.remaining:08d},1,000"
    )
    return _framed(first) + _framed(second) + _framed("1234,0")


def _errors(paper: Paper) -> bytes:
    bits = (
        _MEDIA_OUT * paper.paper_out
        | _RIBBON_OUT * paper.ribbon_out
        | _HEAD_OPEN * paper.head_open
        | _HOT * paper.too_hot
        | _JAM * paper.jammed
        | _PAUSED * paper.paused
    )
    return _framed(
        "\r\n\r\n  PRINTER STATUS                             "
        f"\r\n   ERRORS:         {bits != 0:d} 00000000 {bits:08X}"
        "\r\n   WARNINGS:       0 00000000 00000000\r\n"
    )


def _variable(machine: Machine, line: str) -> bytes:
    asked = _GETVAR.match(line)
    habits = machine.paper.habits
    if asked is None or "no-sgd" in habits:
        return b""
    known = {
        "odometer.total_label_count": str(machine.paper.odometer),
        "head.resolution.in_dpi": {6: "152", 8: "203", 12: "300", 24: "600"}[machine.dots_per_mm],
        "head.latch": "open" if machine.paper.head_open else "ok",
        "media.status": "out" if machine.paper.paper_out else "ok",
        "device.languages": "zpl",
        "device.unique_id": machine.serial_number,
        "device.product_name": machine.model,
        "appl.name": machine.firmware,
    }
    if "no-odometer" in habits:
        del known["odometer.total_label_count"]
    return f'"{known.get(asked[1].lower(), "?")}"'.encode("ascii")


def _framed(text: str) -> bytes:
    return STX + text.encode("ascii") + ETX + b"\r\n"


class _Finder:
    def __init__(self) -> None:
        self._splitter = Splitter()

    @property
    def partial(self) -> bool:
        return self._splitter.undecided

    def ends(self, byte: bytes) -> bool:
        return any(isinstance(command, Format) for command in self._splitter.receive(byte))


def personality(dots_per_mm: int = 8, serial_number: str = "PACKBENCH1") -> Personality:
    """Return ZPL, with a head of this resolution; the number says which printer it is."""

    def manners(paper: Paper) -> Manners:
        machine = Machine(paper, dots_per_mm=dots_per_mm, serial_number=serial_number)

        def lose_power() -> None:
            machine.partial = False

        return Manners(
            lambda: ZplSession(machine),
            _Finder,
            urgent=b"~",
            speaking=lambda say: ZplSession(machine, say),
            lose_power=lose_power,
        )

    return Personality("zpl", manners)
