"""How is a real session recorded? By any other wire, with a file beside it.

    capture:///home/ada/scale.jsonl?device=BC60&firmware=1.2&who=Ada&of=serial:///dev/…?baud=9600

Everything behind `of=` is the address of the wire itself. The file (see `recording`) is played
again by `replay:///home/ada/scale.jsonl`, in a test or instead of the device. It is written as
things happen, and no more once it is 10 MB.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import IO
from urllib.parse import SplitResult, parse_qsl

from drivers.transports import recording
from drivers.transports.transport import BadAddress, Transport, Unreachable, WireError

log = logging.getLogger(__name__)

_ABOUT = ("device", "firmware", "who", "date")


class Capture:
    """A wire whose bytes are recorded, both ways, with their times."""

    def __init__(self, address: SplitResult, open_wire: Callable[[str], Transport]) -> None:
        """Name file and wire; `open_wire` makes the wire of its address."""
        self.url = address.geturl()
        # Not by a parser of queries: the address of the wire may have one of its own.
        about, _, of = self.url.partition("?")[2].partition("of=")
        options = dict(parse_qsl(about))
        if not of or not address.path or address.netloc or set(options) - set(_ABOUT):
            raise BadAddress(
                f"{self.url}: write capture:///file?device=…&firmware=…&who=…&of=serial:///…"
            )
        self._path = Path(address.path)
        today = datetime.now(UTC).date().isoformat()
        self._header = recording.Header(**{"date": today, **options, "of": of})
        self._wire = open_wire(of)
        self._file: IO[bytes] | None = None
        self._began = time.monotonic()

    def connect(self, timeout: float) -> None:
        """Reach the device, and go on with the file."""
        self._open()
        try:
            self._wire.connect(timeout)
        except WireError as e:
            self._down(e)
            raise
        self._keep(recording.Up(self._at()))

    def write(self, data: bytes, deadline: float) -> None:
        """Hand over all of `data`."""
        # Before: what is answered while we still write must come after it in the file.
        self._keep(recording.said(data, self._at()))
        try:
            self._wire.write(data, deadline)
        except WireError as e:
            self._down(e)
            raise

    def read_until(self, deadline: float) -> bytes:
        """Return what has come as soon as anything has; b"" at the deadline."""
        try:
            data = self._wire.read_until(deadline)
        except WireError as e:
            self._down(e)
            raise
        if data:
            self._keep(recording.Heard(self._at(), data.decode("latin-1")))
        return data

    def close(self) -> None:
        """Let go of the device and of the file."""
        self._wire.close()
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def _open(self) -> None:
        if self._file is not None:
            return
        try:
            self._file = self._path.open("ab", buffering=0)
            if self._file.tell() == 0:
                self._file.write(recording.line(self._header))
        except OSError as e:
            raise Unreachable(f"{self.url}: {self._path} cannot be written: {e.strerror}") from e

    def _at(self) -> float:
        return round(time.monotonic() - self._began, 6)

    def _down(self, error: WireError) -> None:
        self._keep(recording.Down(self._at(), type(error).__name__))

    def _keep(self, event: recording.Event) -> None:
        if self._file is None or self._file.tell() > recording.LARGEST_BYTES:
            return
        try:
            self._file.write(recording.line(event))
        except OSError as e:
            # A full disk ends the recording, never the work.
            log.warning("%s: the recording ends here: %s", self._path, e)
            self._file.close()
            self._file = None
