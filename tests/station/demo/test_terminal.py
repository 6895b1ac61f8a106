"""Somebody packs an order in the demo with the keys that README names."""

import os
import pty
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pyte
import pytest

from tests.station.demo.test_process import ended

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
READY_SECONDS, ANSWER_SECONDS = 200.0, 60.0
NEXT, WRONG, LEAVE = b"\x0e", b"\x18", b"\x11"


class Seat:
    """A newcomer in front of a terminal of 100 x 32."""

    def __init__(self, folder: Path) -> None:
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            environ = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "32"}
            words = ["demo", "--orders", "4", "--seed", "3", "--keep", str(folder)]
            os.execve(sys.executable, [sys.executable, "-m", "station.cli", *words], environ)
        os.set_blocking(self._terminal, False)
        self._screen = pyte.Screen(100, 32)
        self._stream = pyte.ByteStream(self._screen)

    def press(self, key: bytes) -> None:
        os.write(self._terminal, key)

    def sees(self, *texts: str, seconds: float = ANSWER_SECONDS) -> bool:
        """Look until one of the texts is there."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                self._stream.feed(os.read(self._terminal, 65536))
            except BlockingIOError:
                time.sleep(0.02)
            except OSError:
                return False
            if any(text in self.screen for text in texts):
                return True
        return False

    @property
    def screen(self) -> str:
        return "\n".join(self._screen.display)

    def press_until(self, key: bytes, *texts: str, most: int = 80) -> None:
        for _ in range(most):
            self.press(key)
            if self.sees(*texts, seconds=0.7):
                return
        raise AssertionError(self.screen)


@pytest.fixture
def seat(tmp_path: Path) -> Iterator[Seat]:
    sitting = Seat(tmp_path)
    yield sitting
    if not ended(sitting.pid):
        os.kill(sitting.pid, 15)
    os.waitpid(sitting.pid, 0)


def test_a_newcomer_packs_an_order_with_one_key_and_leaves(seat: Seat) -> None:
    assert seat.sees("Ctrl+N right scan", seconds=READY_SECONDS), seat.screen
    seat.press_until(NEXT, "Scan an order, a tote, or any piece")
    seat.press_until(NEXT, "to go")
    seat.press(WRONG)
    assert seat.sees("press Enter"), seat.screen
    seat.press_until(NEXT, "OUT OF THE PRINTER", "1 packed")
    seat.press_until(NEXT, "1 packed")
    seat.press(LEAVE)
    assert seat.sees("leave"), seat.screen
    seat.press(LEAVE)
    assert ended(seat.pid)
