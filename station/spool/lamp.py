"""What do the packer and the lamp hear of a printer? Changes only."""

from __future__ import annotations

from collections.abc import Callable

from station.spool.ledger import Ledger
from station.spool.verdict import Needs

OnLamp = Callable[[str, str, str], None]
"""Told a printer's name, its state (ok | busy | bad | off) and why, at each change."""


class Lamp:
    """Tells of one printer."""

    def __init__(self, printer: str, ledger: Ledger, on_lamp: OnLamp) -> None:
        self._printer, self._ledger, self._on_lamp = printer, ledger, on_lamp
        self._shown: tuple[str, str] | None = None
        self.needs: Needs | None = None
        """What a person was last asked to do; None before the first look."""
        self.note = ""
        """What is to be said beside a lamp that is well; "" for nothing."""

    def say(self, needs: Needs, *, busy: bool = False) -> None:
        """Say what the printer needs; "" that it is well."""
        if needs != self.needs:
            self.needs = needs
            self._ledger.trouble(self._printer, needs)
        if needs == "unreachable":
            self.show("off", needs)
        elif needs:
            self.show("bad", needs)
        elif self.note and not busy:
            self.show("warn", self.note)
        else:
            self.show("busy" if busy else "ok")

    def show(self, state: str, text: str = "") -> None:
        """Set the lamp alone."""
        if (state, text) != self._shown:
            self._shown = (state, text)
            self._on_lamp(self._printer, state, text)
