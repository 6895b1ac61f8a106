"""Who moves the virtual scanner and scale of a bench? A thread that acts on what it sees.

With `hands = "robot"` it makes the robot's moves, one after the other: the next one only after
the bench has heard the last. With `hands = "keys"` it makes the move that a key asks for. Moves
go to the devices' control addresses, so that they come in by the same wires as real ones.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

from station import codes
from station.demo import paper, robot, words
from station.demo.around import Around
from station.demo.breaking import Breaking
from station.demo.device import Device
from station.demo.record import Record
from station.demo.robot import Lift, Move, Scan, Seen, Wait, Weigh
from station.double_read import Reading, double_read
from station.in_view import IN_VIEW_SECONDS
from station.session import Session
from sync.orders import Order

FELL = "hands.log"
"""Beside the printer's record: why the hands of a bench stopped, if they did."""
LOOK_SECONDS = 0.05
"""Printer and scale do not tell us when they are done: how often we look."""
PULL_SECONDS = 2 * IN_VIEW_SECONDS
"""From one scan to the next: sooner than any hand, and late enough that the bench does not take two
codes for one picture."""
HEARD_SECONDS = 3.0
"""How long a scan may take until the bench has heard it; then it is taken for lost."""


class Hands:
    """What `hook.Hook` promises."""

    def __init__(self, around: Around, repaint: Callable[[], None]) -> None:
        self._around = around
        self._repaint = repaint
        self._throw = Random(around.seed)  # noqa: S311  # a game, not a secret
        self._record = Record(Path(around.record))
        self._scanner, self._scale = Device(around.scanner), Device(around.scale)
        self._printer = Device(around.printer)
        self._changed = threading.Condition()
        self._session: Session | None = None
        self._waiting: Sequence[Order] = ()
        self._since = time.monotonic()
        self._fired = ""
        """The scan that the bench has not heard yet."""
        self._fired_at = 0.0
        self._last: Reading | None = None
        self._on_scale: int | None = None
        self._lifted_at = time.monotonic()
        self._out: tuple[str, ...] = ()
        """What the label says that has just come out; gone with the next scan."""
        self._asked: list[str] = []
        self._news = False
        self._closing = False
        self._breaking = Breaking(around, repaint)
        self._asked_leaf: Breaking | None = None
        self._thread = threading.Thread(target=self._run, name="hands", daemon=True)
        self._thread.start()

    @property
    def notice(self) -> str:
        """Which keys fire the scanner, and which label came out last."""
        if self._around.hands != "keys":
            return ""
        session = self._session
        return words.notice(session.language if session else "en", self._out)

    def saw(self, session: Session, heard: str = "", waiting: Sequence[Order] = ()) -> None:
        """Take note of what is on the screen now."""
        with self._changed:
            self._session, self._waiting = session, waiting
            self._since = time.monotonic()
            if heard:
                self._out = ()
            if heard and heard == self._fired:
                self._fired = ""
            self._news = True
            self._changed.notify_all()

    def pressed(self, key: str) -> bool:
        """Make the move that the key asks for, or show what can be broken."""
        if self._around.hands != "keys":
            return False
        if key == words.BREAK_KEY:
            self._asked_leaf = self._breaking
            self._breaking.look()
            return True
        if key not in words.KEYS:
            return False
        with self._changed:
            self._asked.append(words.KEYS[key])
            self._news = True
            self._changed.notify_all()
        return True

    @property
    def leaf(self) -> Breaking | None:
        """The menu of what can be broken, if it has just been asked for."""
        asked, self._asked_leaf = self._asked_leaf, None
        return asked

    def close(self) -> None:
        """Stop moving."""
        self._breaking.close()
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join(HEARD_SECONDS)

    def _run(self) -> None:
        try:
            self._work()
        finally:
            # Nobody sees what a thread says under a terminal app; the supervisor reads this.
            if sys.exception() is not None:
                fell = Path(self._around.record).with_name(FELL)
                fell.write_text(traceback.format_exc(), "utf-8")
            for device in (self._scanner, self._scale, self._printer):
                device.close()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._news or self._closing, LOOK_SECONDS)
                self._news = False
                if self._closing:
                    break
                session, waiting = self._session, self._waiting
            if self._record.look() and self._around.hands == "keys":
                self._out = paper.summary(self._record.last)
                self._repaint()
            if session is None:
                continue
            # A device that is being replugged: the next look finds it again.
            with contextlib.suppress(OSError):
                self._act(session, waiting)

    def _act(self, session: Session, waiting: Sequence[Order]) -> None:
        if self._around.hands == "robot":
            if not self._deaf():
                seen = self._seen(session, waiting)
                self._make(robot.next_move(seen, self._throw, self._around.mistakes))
            return
        with self._changed:
            asked, self._asked = self._asked, []
        for what in asked:
            move = self._asked_move(what, self._seen(session, waiting))
            self._make(move)
            if isinstance(move, Lift):
                # Nobody thinks of taking a parcel off the scale as a move of its own.
                self._make(self._asked_move(what, self._seen(session, waiting)))

    def _asked_move(self, what: str, seen: Seen) -> Move:
        match what:
            case "wrong":
                return robot.wrong_scan(seen)
            case "badge":
                return robot.badge(seen)
            case "undo":
                return robot.command("UNDO")
            case _:
                return robot.next_move(seen, self._throw, 0.0)

    def _deaf(self) -> bool:
        """Has the bench still to hear the last scan?"""
        with self._changed:
            if self._fired and time.monotonic() - self._fired_at > HEARD_SECONDS:
                self._fired = ""
            return bool(self._fired)

    def _seen(self, session: Session, waiting: Sequence[Order]) -> Seen:
        if self._on_scale is None:
            self._on_scale = int(self._scale.tell("state")["grams"])
        # Asked for only when it matters: each question takes time that a scan could have.
        printing = session.question is not None and self._prints()
        return Seen(
            session=session,
            badge=self._around.badge,
            waiting=waiting,
            out=self._record.out,
            printing=printing,
            on_scale=self._on_scale,
            empty=time.monotonic() - self._lifted_at,
            idle=time.monotonic() - self._since,
        )

    def _prints(self) -> bool:
        """Has the printer something to do, or does it wait for paper?"""
        state = self._printer.tell("state")
        return bool(state["queued"]) or bool(state["paper_out"])

    def _make(self, move: Move) -> None:
        match move:
            case Scan(text):
                self._fire(text)
            case Weigh(grams):
                self._scale.tell(f"put {grams}")
                self._on_scale = grams
                self._since = time.monotonic()
            case Lift():
                self._scale.tell("lift")
                self._on_scale = 0
                self._since = self._lifted_at = time.monotonic()
            case Wait():
                pass

    def _fire(self, text: str) -> None:
        """Pull the trigger; but not so soon again that the bench takes it for a held one."""
        reading = Reading(text, "", time.monotonic())
        if double_read(self._last, reading, codes.read(text)):
            return
        self._last = reading
        with self._changed:
            soonest = self._fired_at + PULL_SECONDS
            self._changed.wait_for(lambda: self._closing, max(0.0, soonest - time.monotonic()))
            self._fired, self._fired_at = text, time.monotonic()
        self._scanner.tell(f"scan {text}")
