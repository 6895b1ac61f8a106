"""What the link needs of the bench's store. Each method is one transaction, from any thread."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from sync.protocol.cursor import Cursor
from sync.protocol.messages import Acked, Batch, Enrolled, Heartbeat, Page, Rejoin
from sync.protocol.reading import Unread


class Keep(Protocol):
    """The bench's own disk, as the link sees it."""

    def enrolled(self) -> Enrolled | None:
        """What this bench is at the hub; None before it was enrolled."""

    def cursor(self) -> Cursor:
        """Where the feed was read to."""

    def read(self, told: Unread) -> Page:
        """Read a page's orders as `take` likes them best; this alone is no transaction.

        Raises msgspec.DecodeError, UnicodeDecodeError.
        """

    def take(self, page: Page) -> int | None:
        """Store a page, if it was read from the present cursor.

        Gives the replica's digest where the page reaches the feed's end and it was counted.
        """

    def wants_bytes(self) -> bool:
        """Whether the page that was stored last names bytes, and some are not here."""

    def reset(self, epoch: int) -> None:
        """Read the feed from 0, under that epoch, and go on working meanwhile."""

    def rejoin(self) -> Rejoin | None:
        """What the hub must be told before anything else: the journal goes on after a gap."""

    def rejoined(self, enrolled: Enrolled) -> None:
        """The hub has begun a new incarnation of this bench."""

    def batch(self, limit: int) -> Batch | None:
        """The oldest entries that the hub has not acknowledged; None when nothing is owed."""

    def acked(self, answer: Acked) -> None:
        """Everything up to `answer.acked` is on the hub's disk."""

    def rewind(self, need: int) -> None:
        """The hub lost entries from that number on: send them again."""

    def wanted_blobs(self) -> Iterable[str]:
        """SHA-256 of bytes that orders here name and that are not here yet."""

    def put_blob(self, sha256: str, data: bytes) -> None:
        """Store bytes under their hash. Raises ValueError if it is not theirs."""

    def heartbeat(self) -> Heartbeat:
        """What the bench tells of itself."""

    def hubs(self) -> tuple[str, ...]:
        """Where the hub's processes listened when it last said so."""

    def know_hubs(self, addresses: tuple[str, ...]) -> None:
        """The hub's processes listen there."""

    def hold_lease(self, until: float) -> None:
        """What is here may be begun until then on this start's clock; infinity: at any time."""
