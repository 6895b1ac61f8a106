"""Which start of the machine is this, and how many seconds has it run?

A bench's wall clock may be wrong by years and jump in the middle of a day. This one only runs on:
entries are dated and leases are counted by it. Linux's counts the time that a laptop slept, too.
"""

from __future__ import annotations

import functools
import time
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
"""proc(5): another one after each start."""
_CLOCK: int | None = getattr(time, "CLOCK_BOOTTIME", None)


def boottime() -> float:
    """Seconds that never jump and count sleep; comparable only within one `boot`."""
    return time.monotonic() if _CLOCK is None else time.clock_gettime(_CLOCK)


@functools.cache
def boot() -> str:
    """Which start of the machine this is; "" where the system does not say."""
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""
