"""What happens when somebody tests a device at the running bench?

A printer prints a test label, through the queue like everything else; scanner and scale say what
to do with them, and what came of it is seen beside their lamps.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from station import wording
from station.bench import Bench
from station.config import Config
from station.devices_page import Listed
from station.session import Text
from station.store.store import StoreError
from station.wording import devices

log = logging.getLogger(__name__)

KEYBOARD = "keyboard"
"""The name of the scanner that types; it needs no entry in station.toml."""


def listed(config: Config, hub: str) -> tuple[Listed, ...]:
    """Return every device of the file, the keyboard, which may be a scanner, and the hub."""
    return (
        *(Listed(name, "scanner") for name in config.scanners),
        Listed(KEYBOARD, "scanner"),
        *(Listed(name, "scale") for name in config.scales),
        *(
            Listed(name, "receipts" if one.receipts else "printer")
            for name, one in config.printers.items()
        ),
        *((Listed("hub", "hub"),) if hub else ()),
    )


class Tryout:
    """Tests the devices of one bench."""

    def __init__(self, config: Config, bench: Bench, wake: Callable[[], None]) -> None:
        """`wake` tells the spool that there is something to print."""
        self._config, self._bench, self._wake = config, bench, wake

    def test(self, one: Listed) -> Text:
        """Try a device, or say what to do with it."""
        match one.kind:
            case "scanner":
                return devices.SCAN_DEVICES_CARD
            case "scale":
                return devices.PUT_ON_SCALE
            case "printer" | "receipts":
                return self._print(one.name)
            case _:
                return devices.NO_TEST

    def _print(self, name: str) -> Text:
        from station import trial  # drawing is 100 ms that no bench starts with

        title = wording.render(devices.TEST_LABEL, self._bench.session.language)
        try:
            data = trial.job(self._config.printers[name], title, name)
            with self._bench.store.turn() as turn:
                trial.queue(turn, name, data)
        except StoreError:
            log.exception("no test label for %s", name)
            return devices.TEST_LABEL_FAILED
        self._wake()
        return devices.TEST_LABEL_SENT
