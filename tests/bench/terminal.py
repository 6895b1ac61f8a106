"""How long until the answer stands on the screen? A pty, a clock, and eyes that look afterwards.

The clock runs from `write()` into the pty to the moment when the bytes that complete the expected
screen were read back. Nothing is interpreted while it runs: what comes is kept with the time of
its arrival, and when the program is silent an emulated screen takes it in, piece by piece, until
the answer stands there. So the eyes cost the program nothing, and tmux, which sends only the
cells that changed, is read as any terminal would read it. The scanner, the real terminal's own
drawing and the monitor are not in it.
"""

from __future__ import annotations

import fcntl
import os
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

import pyte

from tests.bench.figure import Missing

SILENCE = 0.04
"""Seconds without a byte after which what came is looked at; an error blinks every 0.17 s."""
DEADLINE = 10.0
"""Seconds that a program has for an answer."""
_MODE_ASKED, _MODE_ANSWER = b"\x1b[?2026$p", b"\x1b[?2026;2$y"
"""A terminal that can hold back half a frame, as those that we recommend can."""

Shows = Callable[[Sequence[str]], bool]
"""Whether the lines of a screen say what is waited for."""


class AlreadyThere(Exception):
    """The screen said so before; nothing can be timed."""


class Timed:
    """A program in a terminal of its own, with a clock."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        environ: dict[str, str] | None = None,
        columns: int = 120,
        rows: int = 38,
    ) -> None:
        """Start it."""
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._unseen: list[tuple[float, bytes]] = []
        self._asked = b""
        self.received = 0
        """Bytes read back so far."""
        self._master, slave = os.openpty()
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            list(command),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment() | (environ or {}),
            preexec_fn=lambda: os.login_tty(slave),
        )
        os.close(slave)

    def __enter__(self) -> Timed:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def lines(self) -> list[str]:
        """What has been seen of the screen."""
        # Not pyte's own display: it stumbles over half of a wide character.
        cells, columns = self._screen.buffer, range(self._screen.columns)
        return ["".join(cells[y][x].data for x in columns) for y in range(self._screen.lines)]

    def until(self, shows: Shows, deadline: float = 3 * DEADLINE) -> float:
        """Return how many seconds after its start the screen said it. Raises Missing."""
        return self._wait(shows, time.monotonic() + deadline) - self.began

    def time(self, act: Callable[[], None], shows: Shows) -> float:
        """Act, and return how many seconds the answer took. Raises AlreadyThere, Missing."""
        self.look()
        if shows(self.lines):
            raise AlreadyThere
        began = time.monotonic()
        act()
        return self._wait(shows, began + DEADLINE) - began

    def wait(self, shows: Shows) -> None:
        """Until the screen says it. Raises Missing."""
        self.look()
        if not shows(self.lines):
            self._wait(shows, time.monotonic() + DEADLINE)

    def write(self, data: bytes) -> None:
        """Send bytes, as a scanner does: all at once."""
        os.write(self._master, data)

    def look(self, silence: float = 0.0) -> None:
        """Take in what came, and what comes until it is silent."""
        while self._read(silence):
            pass
        for _, data in self._unseen:
            self._stream.feed(data)
        self._unseen.clear()

    def cpu(self) -> float | None:
        """Return the seconds that the program has computed; None where nobody counts them."""
        try:
            tasks = list(Path(f"/proc/{self.process.pid}/task").iterdir())
            spent = [(task / "schedstat").read_text("ascii").split()[0] for task in tasks]
        except (OSError, IndexError):
            return None
        return sum(map(int, spent)) / 1e9

    def close(self) -> None:
        """End the program."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        if self._master >= 0:
            os.close(self._master)
            self._master = -1

    def _wait(self, shows: Shows, ends: float) -> float:
        seen: float | None = None
        while seen is None:
            if self._read(SILENCE):
                continue
            for at, data in self._unseen:
                self._stream.feed(data)
                if seen is None and shows(self.lines):
                    seen = at
            self._unseen.clear()
            if seen is None and (self.process.poll() is not None or time.monotonic() > ends):
                screen = "\n".join(line.rstrip() for line in self.lines if line.strip())
                raise Missing(f"the screen never said it; it says:\n{screen}")
        return seen

    def _read(self, timeout: float) -> bool:
        """Read what is there within so many seconds; False: nothing."""
        if not select.select([self._master], [], [], timeout)[0]:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:  # EIO: the program has closed its end
            return False
        if not data:
            return False
        self._unseen.append((time.monotonic(), data))
        self.received += len(data)
        if self.received < 65536 and _MODE_ASKED in self._asked + data:
            self.write(_MODE_ANSWER)
        self._asked = data[-len(_MODE_ASKED) :]
        return True


def stands(*sentences: str) -> Shows:
    """Wait for sentences that stand below each other, as only the verdict's do."""

    def shows(lines: Sequence[str]) -> bool:
        deep = len(sentences)
        return any(
            all(sentence in lines[at + n] for n, sentence in enumerate(sentences))
            for at in range(len(lines) - deep + 1)
        )

    return shows


def environment() -> dict[str, str]:
    """Give what surrounds a program in a good terminal of today."""
    # Unbuffered, Python drops what a terminal does not take at once: half a frame is lost.
    python = {"PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"}
    hidden = {"NO_COLOR", "TMUX", "TERM_PROGRAM"} | python
    kept = {name: value for name, value in os.environ.items() if name not in hidden}
    return kept | {"TERM": "xterm-256color", "COLORTERM": "truecolor", "PYTHONUTF8": "1"}
