"""What every simulated service offers to whoever starts it and to its control panel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Protocol

from starlette.routing import BaseRoute

from sync.simulate.faults import Faults

Clock = Callable[[], datetime]
"""Says what time it is, with its zone."""


class Service(Protocol):
    """One marketplace or carrier."""

    name: str
    faults: Faults

    def routes(self) -> Sequence[BaseRoute]:
        """Give its own API, at the paths where the real one has it."""

    def books(self) -> dict[str, Any]:
        """Give its books as JSON."""


class Marketplace(Service, Protocol):
    """A marketplace, whose orders can be made and changed by hand."""

    def place(self, number: int, kind: str) -> list[str]:
        """Place so many orders; give their ids. Raises ValueError for an unknown kind."""

    def act(self, order: str, verb: str) -> str | None:
        """Let something happen to an order: None when it did, else why not.

        Raises KeyError for an order that is not its own.
        """

    def credentials(self) -> dict[str, Any]:
        """Give what a seller enters to connect to it."""
