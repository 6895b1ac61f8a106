"""A printer that exists in software: the port, the motor, the roll, and the book.

For people who try the bench without hardware, for training, and for tests, which break it on
purpose (`fault`). Many connections, one printer: all see the same queue and the same roll.
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from drivers.simulate import zpl
from drivers.simulate.book import Book, Label
from drivers.simulate.fault import FLAGS, HABITS, Fault, parsed
from drivers.simulate.paper import Paper, Printed
from drivers.simulate.personality import Personality
from drivers.simulate.server import Server


class VirtualPrinter:
    """A label or receipt printer on a TCP port of this machine."""

    def __init__(
        self,
        personality: Personality | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        record: Path | None = None,
        media: int | None = None,
        ms_per_label: float = 20.0,
        refill_after: float | None = None,
    ) -> None:
        """Make a printer of ZPL, unless told otherwise; `with` it, or `start` and `stop`.

        `media` labels are on a roll, None for no end; `refill_after` seconds after a roll ended
        somebody puts in the next one.
        """
        personality = personality or zpl.personality()
        self._book = Book(record, personality.suffix)
        self._paper = Paper(media=media, odometer=self._book.odometer)
        self._roll = media
        self._ms_per_label, self._refill_after = ms_per_label, refill_after
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._out_since = time.monotonic()
        self._motor = threading.Thread(target=self._run, name="printer motor", daemon=True)
        self.printed: list[Label] = []
        """The labels that came out whole since this printer was switched on."""
        self.spoiled = 0
        self._foreign = 0
        self._manners = personality.manners(self._paper)
        self._server = Server(
            host, port, self._manners, self._changed, lambda: self._paper.buffer_full
        )
        self.url = f"tcp://{self._server.host}:{self._server.port}"

    def start(self) -> None:
        """Switch on."""
        self._motor.start()
        self._server.start()

    def stop(self) -> None:
        """Pull the plug: connections are cut, labels not yet printed are forgotten."""
        self._stopping.set()
        with self._changed:
            self._changed.notify_all()
        self._server.stop()
        self._motor.join()

    def __enter__(self) -> VirtualPrinter:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def fault(self, text: str) -> None:
        """Let something go wrong, such as `drop-after=half`. Raises ValueError."""
        self.strike(parsed(text))

    def clear(self) -> None:
        """Mend everything but an empty roll."""
        self._server.clear()
        with self._changed:
            paper = self._paper
            for flag in FLAGS.values():
                setattr(paper, flag, False)
            paper.sensed_dots = None
            self._changed.notify_all()

    def unplug(self) -> None:
        """Pull the cable out of the printer; what it has taken in it prints."""
        self._server.unplug()

    def plug(self) -> None:
        """Put the cable back."""
        self._server.plug()

    def load(self, media: int | None = None) -> None:
        """Put in a new roll: of `media` labels, or as long as the first one was."""
        with self._changed:
            self._paper.load(self._roll if media is None else media)
            self._changed.notify_all()

    def wait_printed(self, count: int, timeout: float = 5.0) -> list[Label]:
        """Return the labels as soon as `count` have come out. Raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.printed) >= count, timeout):
                raise TimeoutError(f"{len(self.printed)} of {count} labels came out")
            return list(self.printed)

    def wait_until_it_waits(self, timeout: float = 5.0) -> None:
        """Return as soon as the printer waits for a person. Raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._paper.error, timeout):
                raise TimeoutError("the printer is in order")

    def state(self) -> dict[str, object]:
        """Return what a person would see in front of the printer."""
        with self._changed:
            paper = self._paper
            return {
                "printed": len(self.printed),
                "spoiled": self.spoiled,
                "odometer": paper.odometer,
                "media": paper.media,
                "queued": paper.queued,
                "paper_out": paper.paper_out,
                "head_open": paper.head_open,
                "ribbon_out": paper.ribbon_out,
                "paused": paper.paused,
                "jammed": paper.jammed,
                "label_waiting": paper.label_waiting,
                "unplugged": self._server.unplugged,
                "armed": [f"{fault.name}={fault.value}" for fault in self._server.armed],
            }

    def strike(self, fault: Fault) -> None:
        """Let `fault` happen."""
        with self._changed:
            paper = self._paper
            match fault.name:
                case "drop-after" | "stall" | "lost-reply":
                    self._server.arm(fault)
                case "paper-out-after":
                    paper.media = fault.count
                case "paper-out":
                    paper.load(0)
                    self._out_since = time.monotonic()
                case "media-length":
                    paper.sensed_dots = fault.count
                case "another-bench":
                    for _ in range(fault.count):
                        self._foreign += 1
                        paper.take(b"another bench %d" % self._foreign, 1, time.time())
                case "power-cycle":
                    self._server.lose_power(float(fault.value))
                    paper.lose_power()
                    self._manners.lose_power()
                case name if name in HABITS:
                    self._server.habits[name] = fault
                    paper.habits.add(name)
                case name:
                    setattr(paper, FLAGS[name], True)
            self._changed.notify_all()

    @property
    def off(self) -> bool:
        """Is the power away?"""
        return self._server.off

    def take_label(self) -> None:
        """Take the label that hangs out."""
        with self._changed:
            self._paper.label_waiting = False
            self._changed.notify_all()

    def _run(self) -> None:
        """Print, label by label, until the plug is pulled."""
        while True:
            with self._changed:
                while not self._paper.ready and not self._stopping.is_set():
                    self._changed.wait(self._refill_after if self._paper.paper_out else None)
                    self._refill_when_due()
                if self._stopping.is_set():
                    return
                self._paper.begin()
            if self._stopping.wait(self._ms_per_label / 1000):
                return
            with self._changed:
                self._come_out()
                self._changed.notify_all()

    def _come_out(self) -> None:
        # On record before any client can read the odometer: what was counted is in the book.
        out, now = self._paper.end(), datetime.now(UTC).isoformat()
        if isinstance(out, Printed):
            self.printed.append(self._book.print(out, now))
            out.done()
        else:
            self.spoiled += 1
            self._book.spoil(out, now)
            self._out_since = time.monotonic()

    def _refill_when_due(self) -> None:
        if self._refill_after is None or not self._paper.paper_out:
            return
        if time.monotonic() - self._out_since >= self._refill_after:
            self.load()
