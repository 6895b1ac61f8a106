"""How the bench keeps listening to a device: unplugged, silent, or asked over and over.

One thread a wire. It connects, hands on every byte with its time of arrival, tells when the wire
fell quiet, asks a scale again and again, and comes back within a second of the plug.
The callbacks run in that thread: they must only pass things on.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from drivers.transports.transport import Stalled, Transport, WireError

QUIET_SECONDS = 0.15
"""Without a byte for so long, a code that has begun will not be finished. A scanner sends one
code in a few milliseconds, at 9600 baud in 60; the slowest radio cradle pauses for 50."""
_FIRST_PAUSE, _LONGEST_PAUSE = QUIET_SECONDS, 0.8
"""Seconds between tries to connect: a replugged scanner is back before the next pull. Never less
than QUIET_SECONDS, so that half a code from before the cut is not glued to what comes after."""
_CONNECT_SECONDS, _WRITE_SECONDS = 2.0, 1.0
_EAGER_SECONDS, _EAGER_READ_SECONDS = 1.0, 0.01
"""For so long after something was heard an answer to it is looked for so often: a beep that comes
0.15 s after the scan belongs, to the ear, to the next one."""
_BEEP_SECONDS = 0.05
"""A scanner that takes no beep within this time gets none: its codes are waited for."""


@dataclass(frozen=True, slots=True)
class Up:
    """The wire is connected."""


@dataclass(frozen=True, slots=True)
class Down:
    """The wire is not connected; the listener goes on trying."""

    error: WireError


@dataclass(frozen=True, slots=True)
class Ended:
    """The listener's thread is over: stopped, or dead of a mistake in a callback."""


LinkState = Up | Down | Ended


class Listener:
    """Listens to one device until stopped."""

    def __init__(
        self,
        wire: Transport,
        on_bytes: Callable[[bytes, float], None],
        on_state: Callable[[LinkState], None],
        *,
        on_quiet: Callable[[float], None] | None = None,
        ask: bytes = b"",
        ask_every: float = 0.2,
        answered: bool = False,
        pauses: tuple[float, ...] = (QUIET_SECONDS,),
    ) -> None:
        """Prepare to listen; `start` begins.

        `on_bytes(data, at)` gets what comes, with `time.monotonic()`; `on_quiet(at)` is called
        after each of `pauses`, seconds in which nothing has come after something had, be it that
        the wire was cut; `on_state` is called at each change.
        `ask`, if any, is sent every `ask_every` seconds: most scales speak when spoken to.
        `answered`: what is heard is answered by `say`, and the answer must not be late.
        """
        self._wire = wire
        self._on_bytes, self._on_state, self._on_quiet = on_bytes, on_state, on_quiet
        self._ask, self._ask_every, self._answered = ask, ask_every, answered
        self._stopping = threading.Event()
        self._saying: list[bytes] = []
        self._state: LinkState | None = None
        self._heard_at: float | None = None
        """When the last byte came; None once the silence after it has been told."""
        self._pauses = pauses
        self._untold: tuple[float, ...] = ()
        """The pauses since then that are still to be told."""
        self._answerable_at = float("-inf")
        """When the last byte came, said or not."""
        self._thread = threading.Thread(target=self._run, name=wire.url, daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def say(self, data: bytes) -> None:
        """Send `data` when the wire is up: within QUIET_SECONDS, at once where one `answered`.

        From any thread, and never waits. For the beep of a scanner: what cannot be sent is
        forgotten, nobody wants yesterday's beep.
        """
        self._saying.append(data)

    def stop(self) -> None:
        """End the thread and let go of the wire."""
        self._stopping.set()
        if self._thread.ident is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        pause = _FIRST_PAUSE
        try:
            while not self._stopping.is_set():
                try:
                    self._wire.connect(_CONNECT_SECONDS)
                    pause = _FIRST_PAUSE
                    self._report(Up())
                    self._listen()
                except WireError as e:
                    self._report(Down(e))
                    self._stopping.wait(pause)
                    self._tell_silence()
                    pause = min(pause * 1.6, _LONGEST_PAUSE)
        finally:
            self._wire.close()
            self._report(Ended())

    def _listen(self) -> None:
        self._saying.clear()
        ask_at = time.monotonic()
        while not self._stopping.is_set():
            now = time.monotonic()
            self._beep(now)
            if self._ask and now >= ask_at:
                self._wire.write(self._ask, now + _WRITE_SECONDS)
                ask_at = now + self._ask_every
            until = now + (_EAGER_READ_SECONDS if self._eager(now) else QUIET_SECONDS)
            if self._heard_at is not None:
                until = min(until, self._heard_at + self._untold[0])
            data = self._wire.read_until(min(until, ask_at) if self._ask else until)
            if data:
                self._heard_at = self._answerable_at = time.monotonic()
                self._untold = self._pauses
                self._on_bytes(data, self._heard_at)
            else:
                self._tell_silence()

    def _beep(self, now: float) -> None:
        while self._saying:
            with contextlib.suppress(Stalled):
                self._wire.write(self._saying.pop(0), now + _BEEP_SECONDS)

    def _eager(self, now: float) -> bool:
        return self._answered and now - self._answerable_at < _EAGER_SECONDS

    def _tell_silence(self) -> None:
        at = time.monotonic()
        while self._heard_at is not None and at - self._heard_at >= self._untold[0]:
            self._untold = self._untold[1:]
            if not self._untold:
                self._heard_at = None
            if self._on_quiet is not None:
                self._on_quiet(at)

    def _report(self, state: LinkState) -> None:
        # Trying again and failing again is no news.
        if type(state) is not type(self._state):
            self._state = state
            self._on_state(state)
