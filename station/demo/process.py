"""How are the demo's processes started, waited for, killed and stopped?

`Household` starts them; each `Child` says its first line (a line of JSON: it is ready, and how it
can be reached) and leaves the rest of what it says in a file. Whatever happens to the supervisor,
no process stays behind: `close` ends them, and the guard does when nobody could call it.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

READY_SECONDS = 180.0
"""How long a process may take until it is ready; on a loaded machine imports alone take ten."""
STOP_SECONDS = 5.0
"""How long it may take to end by itself."""
SCREEN = (36, 132)
"""Rows and columns of the terminal in which nobody looks at a headless bench."""
KEPT = -100
"""Instead of a descriptor: what a process says for people goes into its log."""
LAST_BYTES = 20_000
"""What we keep of a bench's output: about two screens."""
_CONTROL = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|.)|[\x00-\x09\x0b-\x1f]"
)


def clean(painted: str) -> str:
    r"""Return the words of what was painted, without the painting.

    >>> clean("\x1b[1;31mTraceback\x1b[0m: no\r\n")
    'Traceback: no\n'
    """
    return _CONTROL.sub("", painted)


class DemoFailed(Exception):
    """The demo cannot go on; the sentence says why and where to look."""


class Child:
    """One process of the demo."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, log: Path) -> None:
        self.name = name
        self.log = log
        self.pid = process.pid
        self.process = process
        self.ready: dict[str, Any] = {}  # what each program says of itself is its own business
        self.seen = b""
        """The last of what it painted, when it runs in a terminal of ours."""
        self._reading: asyncio.Task[None] | None = None
        self._terminal: int | None = None

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self.process.returncode is None

    async def get_ready(self) -> dict[str, Any]:
        """Wait for its first line. Raises DemoFailed when it says none."""
        stream = self.process.stdout
        assert stream is not None
        try:
            line = await asyncio.wait_for(stream.readline(), READY_SECONDS)
            self.ready = msgspec.json.decode(line, type=dict[str, Any])
        except (TimeoutError, msgspec.DecodeError) as e:
            raise DemoFailed(f"{self.name} did not start: {self.last_words()}") from e
        self._reading = asyncio.create_task(self._keep(stream))
        return self.ready

    def last_words(self) -> str:
        """Return the last line that it left behind, for a sentence."""
        with contextlib.suppress(OSError):
            lines = self.log.read_text("utf-8", errors="replace").strip().splitlines()
            if lines:
                return f"{lines[-1]} ({self.log})"
        if self.seen:
            # A program that falls back out of its terminal leaves its reason at the end.
            return clean(self.seen.decode("utf-8", errors="replace"))[-600:]
        return f"it said nothing ({self.log})"

    def watch_terminal(self, terminal: int) -> None:
        """Drain the terminal in which it runs; a full one would stop it."""
        self._terminal = terminal
        os.set_blocking(terminal, False)
        asyncio.get_running_loop().add_reader(terminal, self._drain)

    async def stop(self) -> None:
        """End it: kindly, and if that does not help, at once."""
        self.send(signal.SIGTERM)
        try:
            await asyncio.wait_for(self.process.wait(), STOP_SECONDS)
        except TimeoutError:
            await self.kill()
        self.forget()

    async def kill(self) -> None:
        """End it as a pulled plug would."""
        self.send(signal.SIGKILL)
        await self.process.wait()
        self.forget()

    def send(self, number: int) -> None:
        """Send a signal to it, if it is still there."""
        if self.running:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(number)

    def forget(self) -> None:
        """Close our end of its terminal and stop listening."""
        if self._reading is not None:
            self._reading.cancel()
        if self._terminal is not None:
            asyncio.get_running_loop().remove_reader(self._terminal)
            os.close(self._terminal)
            self._terminal = None

    def _drain(self) -> None:
        assert self._terminal is not None
        try:
            self.seen = (self.seen + os.read(self._terminal, 65536))[-LAST_BYTES:]
        except BlockingIOError:
            return
        except OSError:
            # The process has gone, and its end of the terminal with it.
            asyncio.get_running_loop().remove_reader(self._terminal)

    async def _keep(self, stream: asyncio.StreamReader) -> None:
        with self.log.open("ab") as log:
            while line := await stream.readline():
                log.write(line)
                log.flush()


class Household:
    """Every process of the demo."""

    def __init__(self, logs: Path, environ: Mapping[str, str]) -> None:
        """Keep what they say in the folder `logs`; `environ` is theirs."""
        self._logs = logs
        self._environ = dict(environ)
        self._children: list[Child] = []
        # Nothing of the user's, nothing slow: -I -S starts it in 20 ms.
        self._guard = subprocess.Popen(  # noqa: S603  # our own file
            [sys.executable, "-I", "-S", str(Path(__file__).with_name("guard.py"))],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    async def start(
        self, name: str, argv: Sequence[str], environ: Mapping[str, str] | None = None
    ) -> Child:
        """Start a process that says when it is ready, and wait for that. Raises DemoFailed."""
        child = await self._spawn(name, argv, stdout=asyncio.subprocess.PIPE, environ=environ)
        await child.get_ready()
        return child

    async def run(
        self,
        name: str,
        argv: Sequence[str],
        environ: Mapping[str, str] | None = None,
        given: bytes = b"",
    ) -> str:
        """Run a process to its end; return its output. Raises DemoFailed if it failed."""
        log = self._log(name)
        with log.open("ab") as errors:
            process = await asyncio.create_subprocess_exec(
                *argv,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                env=self._environ | dict(environ or {}),
            )
            self._tell(f"+{process.pid}")
            try:
                out, _ = await process.communicate(given)
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
                self._tell(f"-{process.pid}")
        if process.returncode:
            child = Child(name, process, log)
            raise DemoFailed(f"{' '.join(argv[2:])} failed: {child.last_words()}")
        return out.decode("utf-8")

    async def start_in_terminal(
        self, name: str, argv: Sequence[str], environ: Mapping[str, str]
    ) -> Child:
        """Start a process in a terminal of its own, which is drained."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", *SCREEN, 0, 0))
        try:
            child = await self._spawn(
                name,
                argv,
                stdin=theirs,
                stdout=theirs,
                stderr=theirs,
                environ=environ,
                session=True,
            )
        finally:
            os.close(theirs)
        child.watch_terminal(ours)
        return child

    async def start_here(self, name: str, argv: Sequence[str], environ: Mapping[str, str]) -> Child:
        """Start a process in the terminal in which we run ourselves."""
        return await self._spawn(name, argv, stdin=None, stdout=None, stderr=None, environ=environ)

    async def reap(self, child: Child) -> int:
        """Wait for a process to end by itself; return its exit status."""
        status = await child.process.wait()
        self.dismiss(child)
        return status

    def dismiss(self, child: Child) -> None:
        """Forget a process that has ended."""
        child.forget()
        if child in self._children:
            self._children.remove(child)
        self._tell(f"-{child.pid}")

    async def close(self) -> None:
        """End all of them."""
        await asyncio.gather(*(child.stop() for child in self._children))
        for child in self._children[:]:
            self.dismiss(child)
        if self._guard.stdin is not None:
            self._guard.stdin.close()
        self._guard.wait()

    async def _spawn(
        self,
        name: str,
        argv: Sequence[str],
        *,
        stdin: int | None = asyncio.subprocess.DEVNULL,
        stdout: int | None,
        stderr: int | None = KEPT,
        environ: Mapping[str, str] | None = None,
        session: bool = False,
    ) -> Child:
        log = self._log(name)
        with log.open("ab") as kept:
            process = await asyncio.create_subprocess_exec(
                *argv,
                stdin=stdin,
                stdout=stdout,
                stderr=kept if stderr == KEPT else stderr,
                env=self._environ | dict(environ or {}),
                start_new_session=session,
            )
        self._tell(f"+{process.pid}")
        child = Child(name, process, log)
        self._children.append(child)
        return child

    def _log(self, name: str) -> Path:
        self._logs.mkdir(parents=True, exist_ok=True)
        return self._logs / f"{name}.log"

    def _tell(self, line: str) -> None:
        stdin = self._guard.stdin
        # A guard that somebody killed is no reason to stop packing; after `close` it knows.
        with contextlib.suppress(BrokenPipeError):
            if stdin is not None and not stdin.closed:
                stdin.write(f"{line}\n".encode())
                stdin.flush()
