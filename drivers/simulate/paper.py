"""What happens to a label between the printer's memory and the packer's hand.

The same for every language: a queue, a roll of media, a head that may be open, a counter. Nothing
here waits; the printer's motor (`label_printer`) calls `begin`, lets time pass, and calls `end`.

What bites, and is therefore simulated: the roll ends in the middle of a label. The half label comes
out spoiled, is not counted, and after refilling the printer prints it again by itself, unless it
was told not to (^JZN): then that label is lost, silently.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

Done = Callable[[], None]
"""Called when a label has come out, by whoever printed it."""


def nobody() -> None:
    """Tell nobody that a label came out."""


@dataclass(slots=True)
class _Job:
    data: bytes
    copies: int
    first_byte_at: float
    done: Done
    copy: int = 1


@dataclass(frozen=True, slots=True)
class Printed:
    """A whole label came out and was counted."""

    data: bytes
    copy: int
    odometer: int
    first_byte_at: float
    done: Done


@dataclass(frozen=True, slots=True)
class Spoiled:
    """Half a label came out and was not counted."""

    data: bytes
    copy: int
    first_byte_at: float
    lost: bool
    """True when the printer will not print it again by itself."""


class Paper:
    """The queue, the roll and the head of one printer."""

    def __init__(self, *, media: int | None = None, odometer: int = 0) -> None:
        self.media = media
        """Whole labels left on the roll; None for a roll without end."""
        self.odometer = odometer
        self.paper_out = media == 0
        self.head_open = False
        self.ribbon_out = False
        self.paused = False
        self.jammed = False
        self.too_hot = False
        self.label_waiting = False
        """Peel mode: a label hangs out, and the next waits until it is taken."""
        self.sensed_dots: int | None = None
        """How long the labels on the roll are, as the gap sensor has it; None: as the job says."""
        self.buffer_full = False
        self.silent_when_error = False
        """Answer no status question while a person is needed, as the ZPL manual says."""
        self.habits: set[str] = set()
        """What this printer does not do: `fault.HABITS`."""
        self.reprint = True
        """^JZ: print the spoiled label again. Yes, until told otherwise, and after power-on."""
        self._queue: deque[_Job] = deque()
        self._under_head: _Job | None = None

    @property
    def error(self) -> bool:
        """Does the printer wait for a person?"""
        open_or_empty = self.paper_out or self.head_open or self.ribbon_out
        return open_or_empty or self.jammed or self.too_hot

    @property
    def ready(self) -> bool:
        """Could a label begin now?"""
        stopped = self.error or self.paused or self.label_waiting or self._under_head
        return bool(self._queue) and not stopped

    @property
    def printing(self) -> bool:
        """Is a label under the head?"""
        return self._under_head is not None

    @property
    def queued(self) -> int:
        """Formats of which not every label has come out."""
        return len(self._queue)

    @property
    def waiting(self) -> int:
        """Formats behind the one that is being printed."""
        return max(len(self._queue) - 1, 0)

    @property
    def remaining(self) -> int:
        """Labels of the present format that have not come out yet."""
        return self._queue[0].copies if self._queue else 0

    def take(self, data: bytes, copies: int, first_byte_at: float, done: Done = nobody) -> None:
        """Queue a label."""
        self._queue.append(_Job(data, copies, first_byte_at, done))

    def begin(self) -> None:
        """Move the next label under the head; only when `ready`."""
        self._under_head = self._queue[0]

    def end(self) -> Printed | Spoiled:
        """Return what the label under the head has become; only when `printing`."""
        job = self._under_head
        assert job is not None
        self._under_head = None
        if job is not self._first():
            # The power went while it was under the head, and with it the memory of it.
            return Spoiled(job.data, job.copy, job.first_byte_at, lost=True)
        if self.media == 0:
            self.paper_out = True
        if self.error:
            if not self.reprint:
                self._count_off(job)
            return Spoiled(job.data, job.copy, job.first_byte_at, lost=not self.reprint)
        if self.media is not None:
            self.media -= 1
        self.odometer += 1
        out = Printed(job.data, job.copy, self.odometer, job.first_byte_at, job.done)
        self._count_off(job)
        return out

    def clear(self) -> None:
        """Forget all labels but the one under the head (~JA)."""
        self._queue.clear()
        if self._under_head is not None:
            self._under_head.copies = 1
            self._queue.append(self._under_head)

    def lose_power(self) -> None:
        """Forget all labels, the one under the head too, and what jobs had set."""
        self._queue.clear()
        self.reprint, self.paused = True, False

    def load(self, media: int | None) -> None:
        """Put in a roll of `media` labels."""
        self.media = media
        self.paper_out = media == 0

    def _first(self) -> _Job | None:
        return self._queue[0] if self._queue else None

    def _count_off(self, job: _Job) -> None:
        job.copies -= 1
        job.copy += 1
        if job.copies <= 0 and self._queue and self._queue[0] is job:
            self._queue.popleft()
