"""How far the bytes of one connection come before a fault strikes."""

from __future__ import annotations

from dataclasses import dataclass

from drivers.simulate.fault import PLACES, Fault
from drivers.simulate.personality import Finder

CUTS = ("drop-after", "stall")
"""The faults that strike at a byte."""


@dataclass(frozen=True, slots=True)
class Passage:
    """What becomes of a piece of data."""

    reaches: bytes
    """What the printer gets now."""
    strikes: Fault | None = None
    """The fault that strikes then."""
    later: bytes = b""
    """What comes after it, if the connection lives on."""


class Course:
    """The way of one connection's bytes into the printer."""

    def __init__(self, finder: Finder) -> None:
        self._finder = finder
        self._passed = 0
        self._held = bytearray()
        """A label held back until its end is known, so that it can be cut at a place in it."""

    def meet(self, data: bytes, fault: Fault | None) -> Passage:
        """Return what becomes of `data` when `fault` lies in wait."""
        if fault is None:
            held, self._held = bytes(self._held), bytearray()
            passage = Passage(held + data)
        elif fault.value in PLACES:
            passage = self._meet_in_label(data, fault)
        else:
            passage = self._meet_at_byte(data, fault)
        self._passed += len(passage.reaches)
        return passage

    def _meet_at_byte(self, data: bytes, fault: Fault) -> Passage:
        if self._passed + len(data) < fault.count:
            return Passage(data)
        split = max(fault.count - self._passed, 0)
        return Passage(data[:split], fault, data[split:])

    def _meet_in_label(self, data: bytes, fault: Fault) -> Passage:
        passed = bytearray()
        for i in range(len(data)):
            byte = data[i : i + 1]
            self._held += byte
            if self._finder.ends(byte):
                length = len(self._held)
                cut = {"half": length // 2, "last": length - 1, "label": length}[fault.value]
                return Passage(bytes(passed + self._held[:cut]), fault)
            if not self._finder.partial:
                # A question between labels must be answered, or the other end waits for ever.
                passed += self._held
                self._held.clear()
        return Passage(bytes(passed))
