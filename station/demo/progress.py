"""How far has the demo come? One line on standard error, painted over itself in a terminal."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Mapping

WIDTH = 30
SELDOM_SECONDS = 10.0
"""Where a line cannot be painted over, one is written so often."""


def line(outcome: Mapping[str, str], restarts: int) -> str:
    """Say it.

    >>> line({"a": "confirmed", "b": "held", "c": "unconfirmed"}, 1)[30:]
    '  2/3 orders: 1 confirmed, 0 cancelled, 1 held; 1 restarts'
    """
    count = Counter(outcome.values())
    settled = len(outcome) - count["unconfirmed"]
    full = WIDTH * settled // max(len(outcome), 1)
    bar = "█" * full + "░" * (WIDTH - full)
    parts = ", ".join(f"{count[word]} {word}" for word in ("confirmed", "cancelled", "held"))
    return f"{bar}  {settled}/{len(outcome)} orders: {parts}; {restarts} restarts"


class Progress:
    """Shows it."""

    def __init__(self) -> None:
        self._painting = sys.stderr.isatty()
        self._at = float("-inf")

    def say(self, sentence: str) -> None:
        """Say something that stays."""
        self.clear()
        sys.stderr.write(f"{sentence}\n")

    def show(self, outcome: Mapping[str, str], restarts: int) -> None:
        """Paint the bar."""
        if self._painting:
            sys.stderr.write(f"\r{line(outcome, restarts)}\x1b[K")
            sys.stderr.flush()
        elif time.monotonic() - self._at > SELDOM_SECONDS:
            self._at = time.monotonic()
            sys.stderr.write(f"{line(outcome, restarts)}\n")

    def clear(self) -> None:
        """Take the bar away."""
        if self._painting:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
