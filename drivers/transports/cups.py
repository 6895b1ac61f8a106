"""How bytes reach a printer that only CUPS can reach: `cups://queue`, raw.

The last resort. CUPS takes the bytes and says nothing of the paper; it may hold them for hours and
send them twice after a fault. So nothing is proven by it: a printer on this wire is asked nothing,
and its labels are known by the closing scan alone. Each `write` is one job of `lp -o raw`; the
queue should be a raw one, or its driver may print the bytes as text. Source: man lp, man lpstat.
"""

from __future__ import annotations

import os
import subprocess
import threading
import time
from urllib.parse import SplitResult

from drivers.transports.transport import BadAddress, Cut, Unreachable

_JOB_SECONDS = 20.0
"""How long handing over a job may take, whatever the deadline: half a job cannot be continued, and
ending `lp` in the middle leaves nobody knowing whether CUPS has taken it."""
_LONGEST_WORDS = 300
"""Characters of what `lp` complains of that are passed on."""


class Cups:
    """A queue of CUPS on this computer."""

    def __init__(self, address: SplitResult) -> None:
        self.url = address.geturl()
        self._queue = address.netloc
        if not self._queue or address.path or self._queue.startswith("-"):
            raise BadAddress(f"{self.url}: no queue; write cups://its-name, as lpstat -e has it")
        self._up = False
        self._closed = threading.Event()

    def connect(self, timeout: float) -> None:
        """See that the queue is there and takes jobs."""
        said = self._run(["lpstat", "-a", self._queue], b"", timeout)
        if isinstance(said, str):
            raise Unreachable(f"{self.url}: {said}")
        if b" not accepting " in said:
            raise Unreachable(f"{self.url}: the queue takes no jobs; cupsaccept {self._queue}")
        self._closed.clear()
        self._up = True

    def write(self, data: bytes, deadline: float) -> None:
        """Hand `data` over as one job, which may take longer than the deadline says."""
        if not self._up:
            raise Cut(f"{self.url}: not connected")
        argv = ["lp", "-d", self._queue, "-o", "raw", "-s", "-"]
        said = self._run(argv, data, max(deadline - time.monotonic(), _JOB_SECONDS))
        if isinstance(said, str):
            # What CUPS has taken of it, it alone knows: the label may come out.
            raise Cut(f"{self.url}: {said}", len(data))

    def read_until(self, deadline: float) -> bytes:
        """Return nothing, at the deadline: a queue has no way back."""
        if not self._up:
            raise Cut(f"{self.url}: not connected")
        self._closed.wait(max(deadline - time.monotonic(), 0))
        return b""

    def close(self) -> None:
        """Forget it; jobs that were handed over go on."""
        self._up = False
        self._closed.set()

    def _run(self, argv: list[str], data: bytes, timeout: float) -> bytes | str:
        """Return what the command says, or, as a str, why it did not do it."""
        try:
            # Our own words; the queue's name cannot be an option.
            done = subprocess.run(  # noqa: S603
                argv,
                input=data,
                capture_output=True,
                timeout=timeout,
                check=False,
                env={**os.environ, "LC_ALL": "C"},
            )
        except FileNotFoundError:
            return f"{argv[0]} is not installed (cups-client)"
        except subprocess.TimeoutExpired:
            return f"{argv[0]} did not end in {timeout:.0f} s"
        except OSError as e:
            return f"{argv[0]}: {e}"
        if done.returncode:
            words = done.stderr.decode("utf-8", errors="replace").strip()
            return words[:_LONGEST_WORDS] or f"{argv[0]} ended with {done.returncode}"
        return done.stdout
