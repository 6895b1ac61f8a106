"""How do the books of an SQLite hub leave the machine as they are written? Litestream carries them.

Litestream is a program of its own (its configuration: https://litestream.io/reference/config);
we start it, ask it every few seconds whether everything has arrived, and note in the books when
it last had. A hub opens a trouble when that is a minute ago (`backup.watch`).
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from sqlalchemy import URL

from sync.hub import backup, place, tools
from sync.hub.engine import Store
from sync.hub.setup import Unfit

SCHEMES = ("file", "s3", "gs", "abs", "oss", "sftp", "nats", "webdav", "webdavs")
ASK_SECONDS = 10.0
"""Between two questions: of the minute after which the hub alarms, some may fail."""
ARRIVE_SECONDS = 30
"""How long one answer is waited for."""
END_SECONDS = 15.0
"""How long litestream may take to send the last of it."""
PR_SET_PDEATHSIG = 1
"""prctl(2): the signal that a process gets when the one that started it is gone."""


def target(named: str) -> str:
    """Read where the copies are to go: a folder, or a URL that litestream knows. Raises Unfit."""
    if urlsplit(named).scheme in SCHEMES:
        return named
    if "://" in named:
        raise Unfit(f"copies go to a folder, or to {', '.join(f'{one}://…' for one in SCHEMES)}")
    return f"file://{Path(named).expanduser().resolve()}"


def shown(to: str) -> str:
    """Give a target without its secrets."""
    parts = urlsplit(to)
    return f"{parts.scheme}://{parts.hostname or ''}{parts.path}"


def carry(store: Store, url: URL, to: str, said: Callable[[str], None]) -> None:
    """Stream the books until told to stop, or until litestream ends. Raises Unfit."""
    program, file = tools.litestream(), place.file_of(url)
    with (
        _only_one(file) as lock,
        tempfile.TemporaryDirectory(prefix="packbench-stream-") as folder,
    ):
        socket, config = Path(folder) / "socket", Path(folder) / "litestream.yml"
        # JSON is YAML, and needs no escaping of ours.
        config.write_bytes(msgspec.json.encode(configured(file, to, socket)))
        with store.write() as connection:
            backup.streaming(connection, shown(to), time.time())
        running = subprocess.Popen(  # noqa: S603 -- litestream, with our own words
            [program, "replicate", "-config", str(config), "-no-expand-env"],
            umask=0o077,
            pass_fds=(lock,),  # as long as it lives there is no second one
            preexec_fn=_end_with_us,
        )
        try:
            said(f"streaming {file} to {shown(to)}")
            _follow(store, running, [program, "sync", "-wait", "-socket", str(socket)], file)
        finally:
            running.terminate()
            try:
                running.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()
    raise Unfit("litestream has ended: what it said stands above")


def configured(file: Path, to: str, socket: Path) -> dict[str, object]:
    """Give litestream's configuration."""
    return {
        "socket": {"enabled": True, "path": str(socket), "permissions": 0o600},
        "logging": {"level": "warn"},
        "dbs": [{"path": str(file), "replica": {"url": to, "sync-interval": "1s"}}],
    }


def _follow(store: Store, running: subprocess.Popen[bytes], words: list[str], file: Path) -> None:
    """Ask again and again whether everything has arrived, as long as litestream lives."""
    asking = [*words, "-timeout", str(ARRIVE_SECONDS), str(file)]
    while running.poll() is None:
        at = time.time()
        done = subprocess.run(asking, capture_output=True, check=False)  # noqa: S603
        if done.returncode == 0:
            backup.streamed(store, at)
        try:
            running.wait(ASK_SECONDS if done.returncode == 0 else 1.0)
        except subprocess.TimeoutExpired:
            continue


@contextmanager
def _only_one(file: Path) -> Iterator[int]:
    """Let one litestream at the file; two of them would each truncate what the other needs."""
    lock = os.open(f"{file}.stream.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Unfit(f"{file} is being streamed already") from None
        yield lock
    finally:
        os.close(lock)


def _end_with_us() -> None:
    """Have the system end litestream when this process is killed: nobody would watch it."""
    if hasattr(signal, "SIGTERM") and os.uname().sysname == "Linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
