"""How are a bench's printers served? A thread each."""

from __future__ import annotations

from collections.abc import Iterable

from station.spool.lamp import OnLamp
from station.spool.ledger import Ledger
from station.spool.line import Printer
from station.spool.loop import PrinterLoop
from station.spool.verdict import Patience


class Spool:
    """Every printer of a bench."""

    def __init__(
        self,
        printers: Iterable[Printer],
        ledger: Ledger,
        on_lamp: OnLamp = lambda name, state, text: None,
        patience: Patience | None = None,
    ) -> None:
        """Prepare to serve them; `start` begins.

        `on_lamp(name, state, text)` is called in a printer's thread: it must only pass things on.
        """
        self._loops = {
            printer.name: PrinterLoop(printer, ledger, on_lamp, patience or Patience())
            for printer in printers
        }

    def start(self) -> None:
        """Begin, with what was in flight when the bench stopped."""
        for loop in self._loops.values():
            loop.start()

    def wake(self) -> None:
        """Say that the ledger may have news: a job, an answer, a closing scan. Never waits."""
        for loop in self._loops.values():
            loop.wake()

    def stop(self) -> None:
        """End every thread; takes two seconds at worst. What is in flight stays in the ledger."""
        for loop in self._loops.values():
            loop.stop()
