"""Who ends the demo's processes when the demo itself was killed? This one, which waits for it.

    python guard.py          # reads "+PID" and "-PID" lines from standard input

At the end of its input (its parent is gone, however it went) it ends every process it was told
of and not told off, first kindly. Imports nothing of ours: it starts in 20 ms.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time

KIND_SECONDS = 3.0
"""How long a process may take to end by itself after SIGTERM."""
LOOK_SECONDS = 0.05


def watch(lines: list[str]) -> list[int]:
    """Return the processes that are left after these lines.

    >>> watch(["+12", "+13", "-12"])
    [13]
    """
    left: dict[int, None] = {}
    for line in lines:
        pid = int(line[1:])
        if line.startswith("+"):
            left[pid] = None
        else:
            left.pop(pid, None)
    return list(left)


def end(pids: list[int]) -> None:
    """End these processes: SIGTERM, then SIGKILL for those that stay."""
    deadline = time.monotonic() + KIND_SECONDS
    for pid in pids:
        _send(pid, signal.SIGTERM)
    # They are not our children, so there is nothing to wait on but their being there.
    while any(_send(pid, 0) for pid in pids) and time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)
    for pid in pids:
        _send(pid, signal.SIGKILL)


def _send(pid: int, number: int) -> bool:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)
        return True
    return False


def main() -> None:
    """Watch standard input; see the module."""
    # Ctrl-C in the demo's terminal is for the demo; we outlive it by design.
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    end(watch([line.strip() for line in sys.stdin if line.strip()]))


if __name__ == "__main__":
    main()
