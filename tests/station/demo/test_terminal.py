"""Somebody packs an order in the demo with the keys that README names."""

import os
import pty
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pyte
import pytest

from station.codes import read
from station.codes.code import Tracking
from station.demo.breaking import THINGS
from station.demo.record import labels
from tests.station.demo.test_process import ended

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
READY_SECONDS, ANSWER_SECONDS = 200.0, 60.0
NEXT, WRONG, LEAVE, BREAK = b"\x0e", b"\x18", b"\x11", b"\x14"
UP, DOWN, ENTER = b"\x1b[A", b"\x1b[B", b"\r"


class Seat:
    """A newcomer in front of a terminal of 100 x 32."""

    def __init__(self, folder: Path, orders: int) -> None:
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            environ = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "32"}
            arguments = ["demo", "--orders", str(orders), "--seed", "3", "--keep", str(folder)]
            os.execve(sys.executable, [sys.executable, "-m", "station.cli", *arguments], environ)
        os.set_blocking(self._terminal, False)
        self._screen = pyte.Screen(100, 32)
        self._stream = pyte.ByteStream(self._screen)

    def press(self, key: bytes) -> None:
        os.write(self._terminal, key)

    def sees(self, *texts: str, seconds: float = ANSWER_SECONDS) -> bool:
        """Look until one of the texts is there."""
        return self.looks(lambda: any(text in self.screen for text in texts), seconds)

    def looks(self, so: Callable[[], bool], seconds: float = ANSWER_SECONDS) -> bool:
        """Look until it is so."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                self._stream.feed(os.read(self._terminal, 65536))
            except BlockingIOError:
                time.sleep(0.02)
            except OSError:
                return False
            if so():
                return True
        return False

    @property
    def screen(self) -> str:
        return "\n".join(self._screen.display)

    @property
    def chosen(self) -> int:
        """Which row of the menu is chosen; -1 while that cannot be seen."""
        rows = [row for row in self._screen.display if row[2:3] in ("●", "✖")]
        return next((at for at, row in enumerate(rows) if row.startswith("▶")), -1)

    def press_until(self, key: bytes, *texts: str, most: int = 80) -> None:
        for _ in range(most):
            self.press(key)
            if self.sees(*texts, seconds=0.7):
                return
        raise AssertionError(self.screen)

    def break_or_mend(self, thing: str, then: str) -> None:
        """Choose it in the menu, and wait until it is seen."""
        if not self.sees("BREAK THINGS", seconds=0.5):
            self.press(BREAK)
            assert self.sees("BREAK THINGS"), self.screen
        assert self.looks(lambda: self.chosen >= 0), self.screen
        while (at := self.chosen) != THINGS.index(thing):
            self.press(DOWN if at < THINGS.index(thing) else UP)
            # Keys that come faster than fingers are a scanner's.
            assert self.looks(lambda at=at: self.chosen not in (at, -1)), self.screen  # type: ignore[misc]
        self.press(ENTER)
        assert self.sees(then), self.screen


@pytest.fixture
def sit_down(tmp_path: Path) -> Iterator[Callable[[int], Seat]]:
    sitting: list[Seat] = []

    def take_a_seat(orders: int) -> Seat:
        sitting.append(Seat(tmp_path, orders))
        return sitting[-1]

    yield take_a_seat
    for one in sitting:
        if not ended(one.pid):
            os.kill(one.pid, 15)
        os.waitpid(one.pid, 0)


def test_a_newcomer_packs_an_order_with_one_key_and_leaves(
    sit_down: Callable[[int], Seat],
) -> None:
    seat = sit_down(4)
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


def test_whatever_a_person_breaks_every_label_comes_out_once(
    sit_down: Callable[[int], Seat], tmp_path: Path
) -> None:
    seat = sit_down(6)
    assert seat.sees("Ctrl+N right scan", seconds=READY_SECONDS), seat.screen
    seat.press_until(NEXT, "Scan an order, a tote, or any piece")

    seat.break_or_mend("paper", "load a roll")
    seat.press_until(NEXT, "prints soon", "Wait")
    seat.break_or_mend("paper", "Pull the paper out")
    seat.press_until(NEXT, "1 packed")

    seat.break_or_mend("cable", "check its cable")
    seat.press_until(NEXT, "prints soon", "Wait")
    seat.break_or_mend("cable", "Cut the printer's cable")
    seat.press_until(NEXT, "2 packed")

    seat.break_or_mend("hub", "The hub is gone")
    seat.break_or_mend("kill", "The bench dies at the next label")
    seat.press_until(NEXT, "3 packed")
    seat.break_or_mend("hub", "Cut the hub")
    seat.press(LEAVE)
    assert seat.sees("leave"), seat.screen
    seat.press(LEAVE)
    assert ended(seat.pid)

    out = Counter(
        code
        for label in labels(tmp_path / "bench-1" / "printed")
        for code in label
        if isinstance(read(code), Tracking)
    )
    assert len(out) == 3
    assert set(out.values()) == {1}
