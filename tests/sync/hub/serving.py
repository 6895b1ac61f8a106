"""Hub processes of a test, and a gate before the outside at which they can be caught."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.sync.simulate.shop import BOARD

PATIENCE_SECONDS = 240.0
"""For whatever must happen: thirty times what it takes on a machine with nothing else to do."""


class Serving:
    """One `packbench-hub serve`."""

    def __init__(self, folder: Path, url: str, *words: str) -> None:
        where = {"PACKBENCH_HOME": str(folder), "PACKBENCH_DATABASE": url}
        self.log = (folder / f"hub-{time.monotonic_ns()}.log").open("wb")
        self._running = subprocess.Popen(
            [sys.executable, "-m", "sync.hub", "serve", "--port", "0", *words],
            env=os.environ | where,
            stdout=subprocess.PIPE,
            stderr=self.log,
        )
        assert self._running.stdout is not None
        line = self._running.stdout.readline()
        assert line, self.words()
        self.url = str(msgspec.json.decode(line)["base_url"])

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._running.pid

    def words(self) -> str:
        """What it logged."""
        return Path(self.log.name).read_text("utf-8")

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._running.send_signal(number)

    def wait(self) -> int:
        """Wait for its end; give its exit status."""
        return self._running.wait(PATIENCE_SECONDS)

    def kill(self) -> None:
        """Kill it."""
        self.send(signal.SIGKILL)
        self.wait()

    def ready(self) -> httpx.Response:
        """Ask whether it is ready."""
        return httpx.get(f"{self.url}/readyz", timeout=60)

    def close(self) -> None:
        """Let nothing of it be left."""
        if self._running.poll() is None:
            self.kill()
        assert self._running.stdout is not None
        self._running.stdout.close()
        self.log.close()


@contextmanager
def serving(folder: Path, url: str, *words: str) -> Iterator[Serving]:
    """Run a hub process."""
    one = Serving(folder, url, *words)
    try:
        yield one
    finally:
        one.close()


class Gate:
    """Holds who asks the outside for something: after it was done, before the answer."""

    def __init__(self, outside: ASGIApp, path: str) -> None:
        self._outside = outside
        self._path = path
        self.reached = threading.Event()
        self.open = threading.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Put a request through, and hold the answer to one that is watched."""
        held: list[Message] = []

        async def keep(message: Message) -> None:
            held.append(message)

        await self._outside(scope, receive, keep)
        if scope["method"] == "POST" and self._path in scope["path"]:
            self.reached.set()
            await asyncio.to_thread(self.open.wait)
        for message in held:
            await send(message)


@contextmanager
def gate(path: str) -> Iterator[Gate]:
    """Put a gate before whatever is on the switchboard."""
    outside = BOARD.app
    one = Gate(outside, path)
    BOARD.app = one
    try:
        yield one
    finally:
        one.open.set()
        BOARD.app = outside


def until(so: Callable[[], object]) -> None:
    """Wait for what other processes do in their own time."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not so():
        assert time.monotonic() < deadline, "it did not happen"
        threading.Event().wait(0.02)
