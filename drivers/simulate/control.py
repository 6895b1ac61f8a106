"""How a person or a script moves a virtual device: words in, one line of JSON out.

The same words come through standard input and through a control address, `unix:///path` or
`tcp://127.0.0.1:0`: `media 50`, `fault drop-after=half`, `scan 4006381333931`, `put 850`, `state`.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

Obey = Callable[[str], dict[str, object]]
"""Does what one line of words says and returns what to answer. Raises ValueError, a sentence."""


def answered(obey: Obey, line: str) -> str:
    """Return the answer to one line, as a line of JSON."""
    try:
        return json.dumps({"ok": True, **obey(line)})
    except ValueError as e:
        return json.dumps({"ok": False, "error": str(e)})


def read_words(file: int, obey: Obey, report: Callable[[str], None]) -> None:
    """Obey each line of an open file, in a thread of its own, until it ends."""

    def run() -> None:
        rest = b""
        # Not through sys.stdin: a thread that waits in it aborts the interpreter's exit.
        while data := os.read(file, 4096):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                if line.strip():
                    report(answered(obey, line.decode("utf-8", errors="replace").rstrip("\r")))

    threading.Thread(target=run, name="words", daemon=True).start()


class Control:
    """A control address; one connection may say many lines."""

    def __init__(self, url: str, obey: Obey) -> None:
        """Bind the address. Raises ValueError when it is none."""
        self._obey = obey
        address = urlsplit(url)
        self._path: Path | None = None
        if address.scheme == "unix" and address.path:
            self._path = Path(address.path)
            # A socket that a killed process left behind would refuse us its name.
            self._path.unlink(missing_ok=True)
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._socket.bind(address.path)
            self._socket.listen()
            self.url = url
        elif address.scheme == "tcp" and address.hostname:
            self._socket = socket.create_server((address.hostname, address.port or 0))
            host, port = self._socket.getsockname()[:2]
            self.url = f"tcp://{host}:{port}"
        else:
            raise ValueError(f"{url}: a control address is unix:///path or tcp://127.0.0.1:0")
        self._thread = threading.Thread(target=self._accept, name="control", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Take no more words."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    def _accept(self) -> None:
        # Closing the socket is how `close` ends this thread.
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection, connection.makefile("rw") as lines:
            for line in lines:
                lines.write(answered(self._obey, line.rstrip("\r\n")) + os.linesep)
                lines.flush()
