"""Which of several codes was meant? A scanner that sees five codes on a box may send them all.

Codes from one scanner that come within IN_VIEW_SECONDS of each other lay side by side. The first
of a kind that the bench waits for is the one that was meant; the others are ignored, with a low
tone, and never counted. One that nobody waits for is held back so long, in case the right one
follows it; what is waited for is never held back. The same code again is not another code.
"""

from __future__ import annotations

from dataclasses import dataclass

IN_VIEW_SECONDS = 0.02
"""Over USB the codes of one picture come 1 or 2 ms apart, at 9600 baud 15. A hand needs 300."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One scan from a wire."""

    text: str
    source: str
    at: float
    """Seconds on the monotonic clock, when its last byte came."""


@dataclass(frozen=True, slots=True)
class Sorted:
    """What became clear about a scan."""

    scan: Heard
    meant: bool
    """False: it lay beside the one that was meant."""


class InView:
    """Scans in; out again in the order in which they came, each as meant or as ignored."""

    def __init__(self) -> None:
        self._held: list[Heard] = []
        """A code that nobody waits for, and what lay beside it."""
        self._meant: Heard | None = None
        self._last_at = float("-inf")
        """When the last code of the present picture came."""

    def hear(self, scan: Heard, *, wanted: bool) -> tuple[Sorted, ...]:
        """Take a scan; `wanted`: it is of a kind that the bench waits for now."""
        if self._held and self._beside(self._held[0], scan):
            self._last_at = scan.at
            if not wanted:
                self._held.append(scan)
                return ()
            held, self._held, self._meant = self._held, [], scan
            return (*(Sorted(one, meant=False) for one in held), Sorted(scan, meant=True))
        if not self._held and self._meant is not None and self._beside(self._meant, scan):
            self._last_at = scan.at
            return (Sorted(scan, meant=False),)
        before = self.expire()
        self._last_at = scan.at
        if wanted:
            self._meant = scan
            return (*before, Sorted(scan, meant=True))
        self._held, self._meant = [scan], None
        return before

    @property
    def waits(self) -> bool:
        """Whether a scan is held back; then `expire` is to be called IN_VIEW_SECONDS later."""
        return bool(self._held)

    def expire(self) -> tuple[Sorted, ...]:
        """Nothing that was waited for has followed: then the first was meant."""
        held, self._held = self._held, []
        if held:
            self._meant = held[0]
        return tuple(Sorted(one, meant=one is self._meant) for one in held)

    def _beside(self, one: Heard, other: Heard) -> bool:
        near = 0 <= other.at - self._last_at < IN_VIEW_SECONDS
        return near and one.source == other.source and one.text != other.text
