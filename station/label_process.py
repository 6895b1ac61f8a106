"""How does the bench have labels got ready by another process?

`label_worker` is started at the first label and lives on; one that ended itself over a label is
answered for here, and another is started for the next.
"""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import threading
from typing import BinaryIO

from drivers.label_printers.unusable import Why
from station.label_worker import ANSWER, Answer, Asked, Refused, receive, send

log = logging.getLogger(__name__)

COMMAND = (sys.executable, "-m", "station.label_worker")


class Stopped(Exception):
    """The bench ends; nothing is known of the label."""


class LabelProcess:
    """The worker, or none yet. One thread asks; any may stop it."""

    def __init__(self, command: tuple[str, ...] = COMMAND) -> None:
        """Start nothing."""
        self._command = command
        self._lock, self._asking = threading.Lock(), threading.Lock()
        self._worker: subprocess.Popen[bytes] | None = None
        self._stopped = False

    def ask(self, asked: Asked) -> Answer:
        """Return what became of a label. Raises Stopped."""
        with self._asking:
            return self._ask(asked)

    def _ask(self, asked: Asked) -> Answer:
        worker = self._started()
        said = None
        try:
            send(_wire(worker.stdin), asked)
            said = receive(_wire(worker.stdout))
        except (BrokenPipeError, ConnectionError):
            log.info("the label worker went away while it was asked")
        if said is not None:
            return ANSWER.decode(said)
        return self._ended(worker)

    def stop(self) -> None:
        """End the worker, whatever it does."""
        with self._lock:
            self._stopped, worker = True, self._worker
        if worker is not None:
            worker.kill()
            with self._asking:  # whoever asked has met the end of the pipe
                self._clear(worker)

    def _started(self) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._stopped:
                raise Stopped
            if self._worker is None:
                pipe = subprocess.PIPE
                self._worker = subprocess.Popen(  # noqa: S603  # this program's own module
                    self._command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL
                )
            return self._worker

    def _ended(self, worker: subprocess.Popen[bytes]) -> Answer:
        """It ended itself, or was ended, over this label."""
        status = self._clear(worker)
        if self._stopped:
            raise Stopped
        log.warning("the label worker ended with %s", status)
        if status == -signal.SIGALRM:
            return Refused(Why.TOO_SLOW, "drawing it took too long")
        return Refused(Why.BROKEN, "the program that draws labels ended over it")

    def _clear(self, worker: subprocess.Popen[bytes]) -> int:
        """Let go of a worker that has ended or is about to; return how it ended."""
        for wire in (worker.stdin, worker.stdout):
            _close(wire)
        status = worker.wait()
        with self._lock:
            self._worker = None
        return status


def _wire(end: object) -> BinaryIO:
    assert end is not None  # both are pipes
    return end  # type: ignore[return-value]  # Popen's IO[bytes] is a BinaryIO in all but name


def _close(wire: object) -> None:
    try:
        _wire(wire).close()
    except OSError:
        log.debug("the label worker had not read all")
