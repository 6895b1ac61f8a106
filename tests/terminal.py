"""A real terminal for tests: a pty with a program behind it, and pyte as the eyes.

    with Terminal([sys.executable, "-m", "station.cli", "bench"]) as terminal:
        terminal.wait_for("SCAN")
        terminal.write(b"4006381333931\\r")
        terminal.wait_for("WRONG")

Nothing here sleeps for a condition: ``wait_until`` reads what the program writes and looks again,
until the deadline. ``write`` sends bytes as a terminal would; what the program asks of its terminal
is not answered, except for synchronised output when asked for (``frames`` needs it).
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
from types import TracebackType

import pyte

DEADLINE = 60.0
"""Seconds that a program has for what is expected of it: a busy machine, not a slow program."""
LOOK = 0.02
"""Seconds between two looks where the condition is not the screen."""
BEGIN_FRAME, END_FRAME = b"\x1b[?2026h", b"\x1b[?2026l"
SYNCHRONISED = b"\x1b[?2026;2$y"
"""The answer of a terminal that can hold back half a frame."""


class Terminal:
    """A program in a terminal of its own."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int = 120,
        rows: int = 38,
        environ: dict[str, str] | None = None,
        controlling: bool = True,
        synchronised: bool = False,
    ) -> None:
        """``controlling=False``: hanging up sends no SIGHUP, as with nohup or a lost SSH."""
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self.output = b""
        """Everything the program has written."""
        self._master, slave = os.openpty()
        self._size(columns, rows)
        self._synchronised = synchronised
        self.process = subprocess.Popen(  # the test says which
            list(command),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**_environ(), **(environ or {})},
            start_new_session=not controlling,
            preexec_fn=(lambda: os.login_tty(slave)) if controlling else None,
        )
        os.close(slave)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # -- hands -------------------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        """Send bytes, all at once as the terminal would."""
        while data:
            self._pump(0)
            sent = os.write(self._master, data[:512])
            data = data[sent:]

    def type(self, data: bytes, gap: float) -> None:
        """Send bytes one by one, ``gap`` seconds apart: a person, or a slow scanner."""
        for byte in data:
            self.write(bytes([byte]))
            ends = time.monotonic() + gap
            while (left := ends - time.monotonic()) > 0:
                self._pump(left)

    def resize(self, columns: int, rows: int) -> None:
        """Drag the window's corner."""
        self._screen.resize(rows, columns)
        self._size(columns, rows)

    def focus(self, has: bool) -> None:
        """Click into the window, or into another one."""
        self.write(b"\x1b[I" if has else b"\x1b[O")

    def hang_up(self) -> None:
        """Take the terminal away."""
        os.close(self._master)
        self._master = -1

    # -- eyes --------------------------------------------------------------------------------

    @property
    def lines(self) -> list[str]:
        """The screen, without trailing blanks."""
        return [line.rstrip() for line in self._screen.display]

    @property
    def text(self) -> str:
        """The screen as one string."""
        return "\n".join(self.lines)

    def colour_at(self, column: int, row: int) -> tuple[str, str]:
        """Ink and field of a cell, as six hex digits or pyte's names."""
        cell = self._screen.buffer[row][column]
        return cell.fg, cell.bg

    def frames(self) -> list[bytes]:
        """The frames written so far; only with ``synchronised``."""
        return [part.split(END_FRAME)[0] for part in self.output.split(BEGIN_FRAME)[1:]]

    def wait_for(self, text: str, deadline: float = DEADLINE) -> None:
        """Until the screen shows it."""
        self.wait_until(lambda: text in self.text, f"{text!r} on the screen", deadline)

    def wait_until(
        self, holds: Callable[[], bool], what: str = "it", deadline: float = DEADLINE
    ) -> None:
        """Until it holds; fails with the screen when the program ends or the time is up."""
        ends = time.monotonic() + deadline
        while not holds():
            ended = self.process.poll() is not None
            while self._pump(0):
                pass
            if holds():
                return
            if ended or time.monotonic() > ends:
                why = f"the program ended ({self.process.returncode})" if ended else "no time left"
                raise AssertionError(f"waited for {what}, but {why}; screen:\n{self.text}")
            self._pump(LOOK)

    def wait_for_exit(self, deadline: float = DEADLINE) -> int:
        """The program's exit status, once it has ended."""
        ends = time.monotonic() + deadline
        while self.process.poll() is None:
            if time.monotonic() > ends:
                raise AssertionError(f"the program is still running; screen:\n{self.text}")
            self._pump(LOOK)
        return self.process.returncode

    @property
    def alive(self) -> bool:
        """Is the program still running?"""
        return self.process.poll() is None

    def close(self) -> None:
        """End the program, whatever it is doing."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        if self._master >= 0:
            self.hang_up()

    def _pump(self, timeout: float) -> bool:
        """Read what is there within ``timeout`` seconds; False: nothing."""
        if self._master < 0:
            time.sleep(timeout)
            return False
        if not select.select([self._master], [], [], timeout)[0]:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:  # EIO: the program has closed its end
            data = b""
        if not data:
            time.sleep(min(timeout, LOOK))
            return False
        self.output += data
        if self._synchronised and b"\x1b[?2026$p" in self.output:
            self._synchronised = False
            os.write(self._master, SYNCHRONISED)
        self._stream.feed(_readable(data))
        return True

    def _size(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def _readable(data: bytes) -> bytes:
    """Without the requests that pyte would print: Kitty's keyboard protocol, mode queries."""
    for request in (b"\x1b[>", b"\x1b[<", b"\x1b[?2026$p", b"\x1b[?2048$p"):
        if request in data:
            data = _without(data, request)
    return data


def _without(data: bytes, request: bytes) -> bytes:
    parts = data.split(request)
    if request.endswith(b"p"):
        return b"".join(parts)
    # ESC [ > or < : parameters, then one letter.
    return parts[0] + b"".join(part.lstrip(b"0123456789;")[1:] for part in parts[1:])


_OURS = {
    "NO_COLOR", "TMUX", "TERM_PROGRAM", "PYTHONDONTWRITEBYTECODE",
    # A program believes these before it asks its terminal; pytest-xdist sets them.
    "COLUMNS", "LINES",
}  # fmt: skip


def _environ() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in _OURS}
    return kept | {
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "TEXTUAL_ANIMATIONS": "none",
        "PYTHONUTF8": "1",
    }
