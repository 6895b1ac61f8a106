"""How are the receipt printers? A thread each, which asks now and then over a wire of its own.

The spool hands a receipt over and lets go of the wire, and knows nothing of the paper. What is not
answered is not well: until the first answer the lamp says that nobody knows. While a receipt is on
its way nothing is asked: many printers take one connection at a time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from station.checkup import Looked, look
from station.config import Printer

LOOK_SECONDS = 4.0
"""Between two looks: the lamp is at most so old."""
OnLamp = Callable[[str, str, str], None]
"""Told a printer's name, its state (ok | warn | bad | off | unknown) and why, at each change."""


class ReceiptWatch:
    """Watches the receipt printers of a bench until stopped."""

    def __init__(
        self,
        printers: Mapping[str, Printer],
        on_lamp: OnLamp,
        ask: Callable[[Printer], Looked] = look,
        every: float = LOOK_SECONDS,
    ) -> None:
        """The callback runs in the printer's thread."""
        self._printers = {name: one for name, one in printers.items() if one.receipts}
        self._on_lamp, self._ask, self._every = on_lamp, ask, every
        self._stopping = threading.Event()
        self._idle = {name: threading.Event() for name in self._printers}
        self._threads = [
            threading.Thread(target=self._run, args=(name,), name=f"receipts:{name}", daemon=True)
            for name in self._printers
        ]

    def start(self) -> None:
        """Begin to ask."""
        for name, idle in self._idle.items():
            idle.set()
            self._on_lamp(name, "unknown", "")
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ask no more."""
        self._stopping.set()
        for idle in self._idle.values():
            idle.set()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()

    def spooled(self, name: str, state: str) -> bool:
        """Hear the spool's lamp of a printer; say whether it is to be shown.

        That a receipt printer is well, the spool only supposes.
        """
        if name not in self._printers:
            return True
        if state == "busy":
            self._idle[name].clear()
        else:
            self._idle[name].set()
        return state != "ok"

    def _run(self, name: str) -> None:
        shown: tuple[str, str] | None = None
        while not self._stopping.is_set():
            self._idle[name].wait()
            looked = self._ask(self._printers[name])
            lamp = (looked.lamp, looked.word)
            # What it said after a receipt had begun is about a connection that got no turn.
            if self._idle[name].is_set() and lamp != shown and not self._stopping.is_set():
                shown = lamp
                self._on_lamp(name, *lamp)
            self._stopping.wait(self._every)
