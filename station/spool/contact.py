"""How is the printer, and is it still the one that we know?

Keeps one printer's wire, and what is known of whoever is at its end. After every wire that broke it
is asked who it is before anything else: another printer at the same address gets no label.
"""

from __future__ import annotations

import logging

from drivers.label_printers.capability import Capability, another, learnt
from drivers.transports import BadAddress, Broken, Unreachable
from station.spool.ledger import Ledger
from station.spool.line import Line, Printer
from station.spool.verdict import AWAY, Heard, Patience

log = logging.getLogger(__name__)


class Contact:
    """The wire of one printer; belongs to the printer's thread."""

    def __init__(self, printer: Printer, ledger: Ledger, patience: Patience) -> None:
        """Connect when first asked for something."""
        self._printer, self._ledger, self._patience = printer, ledger, patience
        self.line = Line(printer, patience)
        self.known: Capability | None = None
        """Who answered last; None before anybody has."""
        self._met = False
        """Nobody else can have taken the printer's place since it was asked who it is."""
        self._counted: int | None = None
        """The counter when nothing of ours was left to print; None while something was."""
        self._moved_alone = 0

    @property
    def asks(self) -> bool:
        """Whether the printer may be asked; one that never answered in its language is not."""
        return self._printer.asked and (self.known is None or self.known.answers)

    @property
    def acknowledges(self) -> bool:
        """Whether it says of a single label that it came out."""
        return self.asks and self.known is not None and self.known.acknowledges

    def connect(self) -> bool:
        """Reach the printer, whoever it is."""
        try:
            self.line.connect()
        except (BadAddress, Unreachable) as e:
            log.info("printer %s: %s", self._printer.name, e)
            self._met = False
            return False
        return True

    def hear(self) -> Heard | None:
        """Ask how it is; None when the wire broke, which is for the next turn to look into."""
        if not self.line.up and not self.connect():
            return AWAY
        try:
            return self.line.look() if self._met else self._meet()
        except Broken as e:
            log.info("printer %s: %s", self._printer.name, e)
            self._met = False
            self.line.drop()
            return None

    def reach(self) -> Heard:
        """Connect anew to a printer that cannot be asked whether it still is there."""
        return Heard() if self.connect() else AWAY

    def forget_half(self) -> None:
        """Have it forget the half label that it holds."""
        try:
            self.line.forget_half()
        except Broken as e:
            log.info("printer %s: %s", self._printer.name, e)
            self._met = False
            self.line.drop()

    def printing(self) -> None:
        """Something of ours is about to move the counter."""
        self._counted = None

    def at_rest(self, counter: int | None) -> bool:
        """Take in the counter with nothing of ours left; say whether somebody else prints here."""
        before, self._counted = self._counted, counter
        if before is not None and counter is not None and counter != before:
            self._moved_alone += 1
        return self._moved_alone >= self._patience.moved

    def _meet(self) -> Heard:
        """Ask who it is, and how; whoever is not the printer that we know is let go of."""
        name, printer = self._printer.name, self._printer
        known = self.known = self._ledger.capability(name)
        found = self.line.probe(known)
        if found is None:
            return Heard()
        if known is not None and another(known, found):
            log.warning("printer %s: serial=%s is not %s", name, found.serial, known.serial)
            self.line.drop()
            return Heard(connected=False, why="swapped")
        self.known = learnt(known, found)
        if self.known != known:
            self._ledger.keep(name, self.known)
        if printer.dots_per_mm and found.dots_per_mm not in (0, printer.dots_per_mm):
            self.line.drop()
            return Heard(connected=False, why="resolution")
        self._met = True
        self.line.trust(self.known)
        return self.line.look() if self.asks else Heard()
