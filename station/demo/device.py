"""How does the demo talk to a virtual device? A line of words, a line of JSON."""

from __future__ import annotations

import contextlib
import socket
from typing import Any
from urllib.parse import urlsplit

import msgspec


class Device:
    """The control address of a virtual device: a line of words, a line of JSON."""

    def __init__(self, url: str) -> None:
        self._path = urlsplit(url).path
        self._lines: Any = None  # a socket's file has no name in typing
        self._socket: socket.socket | None = None

    def tell(self, line: str) -> dict[str, Any]:
        """Say a line; return the answer. Raises OSError when the device is gone."""
        if self._socket is None:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._socket.connect(self._path)
            self._lines = self._socket.makefile("rw", encoding="utf-8", newline="\n")
        try:
            self._lines.write(line + "\n")
            self._lines.flush()
            answer = self._lines.readline()
        except OSError:
            self.close()
            raise
        if not answer:
            self.close()
            raise ConnectionResetError(f"{self._path}: the device has gone")
        return msgspec.json.decode(answer, type=dict[str, Any])

    def close(self) -> None:
        """Hang up."""
        for end in (self._lines, self._socket):
            if end is not None:
                with contextlib.suppress(OSError):
                    end.close()
        self._lines = self._socket = None
