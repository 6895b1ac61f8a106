"""Are these scans of now, or does a scanner send what it kept while it was out of range?

A cordless scanner with a memory sends its old codes back to back when it is in range again, or its
charged battery is in. Nobody pulls a trigger forty times a second: scans that come that closely
are one batch, and what becomes of it is a question, not a count. Right after the wire came back,
and always for a scanner that is said to have a memory, a scan is held back until it is clear that
no other follows; else the first few of a batch have gone out when it is seen to be one.

>>> gate = Gate(memory=True)
>>> gate.receive(Scan("OLD-1", None, 1.0)), gate.receive(Scan("OLD-2", None, 1.01))
([], [])
>>> gate.receive(Scan("OLD-3", None, 1.02)), gate.idle(1.05)
([], [Batch(scans=(Scan(text='OLD-1', aim=None, at=1.0), Scan(text='OLD-2', aim=None, at=1.01), \
Scan(text='OLD-3', aim=None, at=1.02)), gone=0)])
"""

from __future__ import annotations

from dataclasses import dataclass

from drivers.scanners.scan import Scan

GAP_SECONDS = 0.025
"""At 9600 baud a stored code of 13 digits follows the one before after 15 ms, over USB after 2. The
fastest bench that we promise scans every 33 ms."""
AFTER_RECONNECT_SECONDS = 2.0
"""For so long after the wire came back every scan may be the first of a batch."""
FEWEST, FEWEST_UNHELD = 3, 8
"""So many in a row are a batch: of scans that were held back; of others, which a bench that was
busy for a moment hears in one go."""
MOST = 2_000
"""No scanner keeps more codes; what comes after so many is another batch."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Scans that were made some time ago, in order."""

    scans: tuple[Scan, ...]
    gone: int
    """How many of the batch had gone out as scans of now before it was seen to be one."""


class Gate:
    """Scans in, scans and batches out."""

    def __init__(self, *, memory: bool = False) -> None:
        """`memory`: this scanner keeps codes, so every scan is held back for GAP_SECONDS."""
        self._memory = memory
        self._reconnected_at = float("-inf")
        self._last_at = float("-inf")
        self._held: list[Scan] = []
        self._gone = 0
        """Scans of the present run that were not held back."""
        self._is_batch = False

    def connected(self, at: float) -> None:
        """The wire is back, at that time."""
        self._reconnected_at = at

    def receive(self, scan: Scan) -> list[Scan | Batch]:
        """Return what is clear now."""
        said = self.idle(scan.at)
        self._last_at = scan.at
        just_back = 0 <= scan.at - self._reconnected_at < AFTER_RECONNECT_SECONDS
        if self._memory or just_back or self._held or self._is_batch:
            self._held.append(scan)
            if len(self._held) >= MOST:
                said += self._end()
                self._is_batch = True
            return said
        self._gone += 1
        if self._gone < FEWEST_UNHELD:
            return [*said, scan]
        self._is_batch, self._gone = True, self._gone - 1
        self._held.append(scan)
        return said

    def idle(self, at: float) -> list[Scan | Batch]:
        """Return what the silence until `at` makes clear."""
        return self._end() if at - self._last_at >= GAP_SECONDS else []

    def _end(self) -> list[Scan | Batch]:
        held, self._held = self._held, []
        gone, self._gone = self._gone, 0
        is_batch, self._is_batch = self._is_batch, False
        if held and (is_batch or len(held) >= FEWEST):
            return [Batch(tuple(held), gone)]
        return list(held)
