"""How is a recorded session played again? `replay:///home/ada/scale.jsonl`, in a device's place.

What the device said comes as soon as we have said what we said then, in the order of the file; at
the pace of the recording with `?pace=real`. Saying something else is an error that shows both. The
end of the file is a device that has fallen silent.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl

from drivers.transports import recording
from drivers.transports.transport import BadAddress, Cut, Unreachable

_PACES = ("at-once", "real")


class Replay:
    """A wire to a device of the past."""

    def __init__(self, address: SplitResult) -> None:
        self.url = address.geturl()
        options = dict(parse_qsl(address.query))
        pace = options.pop("pace", "at-once")
        if options or pace not in _PACES or address.netloc:
            raise BadAddress(f"{self.url}: write replay:///file, with ?pace=real at its own pace")
        self._real = pace == "real"
        try:
            self.header, self._events = recording.read(Path(address.path).read_bytes())
        except (OSError, recording.BadRecording) as e:
            raise BadAddress(f"{self.url}: no recording: {e}") from e
        self._next = 0
        self._up = False
        self._began = 0.0
        """When second 0 of the recording was, on our clock."""
        self._closed = threading.Event()

    def connect(self, timeout: float) -> None:
        """Go on where the recording connects, or where it begins."""
        self._closed.clear()
        event = self._event()
        if isinstance(event, recording.Down):
            self._next += 1
            raise Unreachable(f"{self.url}: {event.why}, as it was recorded")
        if isinstance(event, recording.Up):
            self._next += 1
        self._began = time.monotonic() - (0.0 if event is None else event.at)
        self._up = True

    def write(self, data: bytes, deadline: float) -> None:
        """Say what was said then. Raises Cut where it is something else."""
        self._connected()
        early = 0
        # We may be quicker than then: what was heard before is heard after.
        while isinstance(self._event(early), recording.Heard):
            early += 1
        event = self._event(early)
        if event is None:
            return  # the recording is over: nobody hears it
        if not isinstance(event, recording.Said) or not recording.same(event, data):
            raise Cut(f"{self.url}: {data[:99]!r} was said where {event} was recorded")
        del self._events[self._next + early]

    def read_until(self, deadline: float) -> bytes:
        """Return what was heard then; b"" at the deadline. Raises Cut where it was cut."""
        self._connected()
        event = self._event()
        match event:
            case recording.Heard(at=at, bytes=heard) if self._come(at, deadline):
                self._next += 1
                return heard.encode("latin-1")
            case recording.Down(at=at, why=why) if self._come(at, deadline):
                self._next += 1
                self._up = False
                raise Cut(f"{self.url}: {why}, as it was recorded")
            case _:
                self._closed.wait(max(deadline - time.monotonic(), 0))
                return b""

    def close(self) -> None:
        """Stop playing; connecting goes on from here."""
        self._up = False
        self._closed.set()

    def _event(self, ahead: int = 0) -> recording.Event | None:
        at = self._next + ahead
        return self._events[at] if at < len(self._events) else None

    def _connected(self) -> None:
        if not self._up:
            raise Cut(f"{self.url}: not connected")

    def _come(self, recorded: float, deadline: float) -> bool:
        """Wait until then, at most until the deadline; say whether it is time."""
        if not self._real:
            return True
        at = self._began + recorded
        self._closed.wait(max(min(at, deadline) - time.monotonic(), 0))
        return at <= time.monotonic()
