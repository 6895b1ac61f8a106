"""Scanners: bytes in, scans out. One module a way of framing; `READERS` is the list.

A reader keeps half codes and never waits: the bench's listener brings the bytes, and the silences.
What a code means is not known here, nor whether the same code twice was meant (`station`).
"""

from __future__ import annotations

from collections.abc import Callable

from drivers.scanners import line
from drivers.scanners.scan import Flaw, Garbled, Reader, Scan

READERS: dict[str, Callable[[], Reader]] = {"line": line.Reader}

__all__ = ["READERS", "Flaw", "Garbled", "Reader", "Scan"]
