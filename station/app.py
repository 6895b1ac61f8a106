"""The app: hears, asks the bench, paints, sounds. It decides nothing and stores nothing.

The way of a scan: `on_event` (station.input) → `scanned` → `Bench.scan`, which looks up, decides
and stores in one transaction → the verdict is painted → everything else. Devices, link and spool
post messages from their threads; a message is one hop and carries a value.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol

from textual.app import App
from textual.message import Message
from textual.timer import Timer

from drivers.scanners import Answer
from station import codes, commands, flows, wording
from station.bench import Bench
from station.flows.expected import expected
from station.flows.flow import Commanded, Input
from station.in_view import IN_VIEW_SECONDS, Heard, InView, Sorted
from station.input import FloorApp, RawScan
from station.over import Leaf, Over
from station.prompt import Headings, Lamp, StatusLine, Tone, Verdict
from station.screens.working import WorkingScreen
from station.session import Session
from station.sound import CUES, Silence, Sound
from station.store import queue
from station.store.notices import NOTICED
from station.terminal import clean, watch_terminal
from station.wedge import Broken
from station.widgets.look import Look
from sync.orders import Order

QUIT_KEYS = ("ctrl+q", "ctrl+c")
QUIT_SECONDS = 3.0
"""Leaving takes the key twice in so many seconds: one stray byte of a scanner never leaves."""
QUEUE_SECONDS = 0.5
"""The list of what waits is painted at most so often, however busy the feed is."""
_TICK_SECONDS = 1.0
_WAITING = 12
"""Orders of the queue that are shown while none is open."""


class Happened(Message):
    """A device, the spool or the link has something for the bench."""

    def __init__(self, input: Input) -> None:
        super().__init__()
        self.input = input


class GarbledScan(Message):
    """A scanner on a wire sent half a code."""

    def __init__(self, text: str, source: str) -> None:
        super().__init__()
        self.text = text
        self.source = source


class OldScans(Message):
    """A scanner sent what it had kept while it was out of range."""

    def __init__(self, texts: Sequence[str], source: str) -> None:
        super().__init__()
        self.texts = texts
        self.source = source


class OrdersChanged(Message):
    """Orders changed in the store, by another hand than the app's."""

    def __init__(self, ids: frozenset[str]) -> None:
        super().__init__()
        self.ids = ids

    def can_replace(self, message: Message) -> bool:
        """Only the last of a burst is looked at: it looks at the store, not at the ids alone."""
        return isinstance(message, OrdersChanged) and message.ids == self.ids


class LampChanged(Message):
    """A device or the hub is well, or is not."""

    def __init__(self, lamp: Lamp) -> None:
        super().__init__()
        self.lamp = lamp


class Hook(Protocol):
    """What the demo plays a packer's hands with; `station.demo.hook` has it in full."""

    @property
    def notice(self) -> str:
        """A line for the packer."""

    def saw(self, session: Session, heard: str = "", waiting: Sequence[Order] = ()) -> None:
        """Take note of what is on the screen now."""

    @property
    def leaf(self) -> Leaf | None:
        """A page that a key has just asked for."""

    def pressed(self, key: str) -> bool:
        """Say whether a key without a command meant something."""


@dataclass(slots=True)
class Around:
    """What the app starts when its first screen stands, and stops when it ends."""

    start: Callable[[App[int]], None] = lambda app: None
    stop: Callable[[], None] = lambda: None
    sound: Callable[[App[int]], Sound] = lambda app: Silence()
    hook: Callable[[Callable[[], None]], Hook] | None = None
    answer: Callable[[str, Answer], None] = lambda source, answer: None
    """Has the scanner that said something beep about it; never waits."""
    devices: Leaf | None = None
    """What the DEVICES card shows."""
    heard: Callable[[RawScan], None] = lambda scan: None
    """Hears each scan before the bench does: the devices' page says what came last."""
    timed: Callable[[float], None] = lambda milliseconds: None
    """Hears, after each scan, how long it took until its verdict was on the screen."""
    look: Look = field(default_factory=Look)


class BenchApp(FloorApp):
    """One bench on one terminal."""

    CSS_PATH = Path(__file__).with_name("station.tcss")
    TITLE = "Packbench"

    def __init__(self, bench: Bench, around: Around) -> None:
        super().__init__()
        self.bench = bench
        self.around = around
        self.working = WorkingScreen(_in(around.look, bench.session), _asleep(bench.session))
        self._lamps: dict[str, Lamp] = {}
        self._own = threading.get_ident()
        self._said = bench.session.said
        self._verdict = Verdict("", flows.verdict(bench.session).tone)
        self._language = bench.session.language
        self._waiting: tuple[Order, ...] = ()
        self._order_was_open = True
        self._lease_over = False
        self._queue_timer: Timer | None = None
        self._quit_asked = float("-inf")
        self._in_view = InView()
        self._sound: Sound = Silence()
        self._hook: Hook | None = None
        self._asked = bench.session
        """The last step that asked for the devices: shown once, however often it is painted."""
        self._over = Over(self)

    def get_default_screen(self) -> WorkingScreen:
        """The one screen."""
        return self.working

    def on_mount(self) -> None:
        """Show where the bench stands, then start what surrounds it."""
        self._own = threading.get_ident()
        self._sound = self.around.sound(self)
        self.bench.store.listen(self._changed)
        watch_terminal(self)
        self.set_interval(_TICK_SECONDS, self._tick)
        self.call_after_refresh(self._begin)
        self._show(self.bench.session)

    def _begin(self) -> None:
        self.around.start(self)
        if self.around.hook is not None:
            self._hook = self.around.hook(self._repaint_soon)
        self._show(self.bench.resume())
        self._queue_changed()

    def on_unmount(self) -> None:
        """Stop what surrounds the bench."""
        self.around.stop()

    # -- what is heard

    async def scanned(self, raw: RawScan) -> None:
        """A whole code came in; it counts, whatever page is open."""
        self._over.close()
        self.around.heard(raw)
        self._show(self.bench.scan(raw.text, raw.source, raw.at), heard=raw.text, at=raw.at)
        self._answer(raw.source, ignored=self.bench.twice)

    async def from_wire(self, raw: RawScan) -> None:
        """A scan from a wire: alone, or one of several codes in view."""
        code = codes.read(raw.text)
        wanted = expected(self.bench.session, code, raw.text)
        await self._sort(self._in_view.hear(Heard(raw.text, raw.source, raw.at), wanted=wanted))
        if self._in_view.waits:
            self.set_timer(IN_VIEW_SECONDS, self._view_over)

    async def _view_over(self) -> None:
        await self._sort(self._in_view.expire())

    async def _sort(self, heard: tuple[Sorted, ...]) -> None:
        for one in heard:
            scan = one.scan
            if one.meant:
                await self.scanned(RawScan(scan.text, scan.source, scan.at))
            else:
                self.bench.ignore(scan.text, scan.source)
                self._answer(scan.source, ignored=True)

    async def broken(self, broken: Broken) -> None:
        """Half a code came in."""
        self._over.close()
        self._show(self.bench.garbled(broken.text, "wedge"))

    async def pressed(self, key: str) -> None:
        """A person pressed a key."""
        if self._over.pressed(key):
            self._refresh_page()
            return
        command = commands.of_key(key)
        if command is not None:
            self._over.close()
            self._show(self.bench.put(Commanded(command.name)))
        elif key in QUIT_KEYS:
            self._leave()
        elif self._hook is not None and self._hook.pressed(key):
            leaf = self._hook.leaf
            if leaf is not None:
                self._open(leaf)
            self._repaint()

    def typing(self, line: str) -> None:
        """The line typed by hand."""
        self.working.typing(clean(line))
        self._over.typing(clean(line))

    def on_garbled_scan(self, message: GarbledScan) -> None:
        """Half a code came in by a wire."""
        self._over.close()
        self._show(self.bench.garbled(message.text, message.source))
        self._answer(message.source)

    def on_old_scans(self, message: OldScans) -> None:
        """Scans of some time ago: kept, and asked about."""
        self._show(self.bench.late(message.texts, message.source))
        self._answer(message.source, ignored=True)

    def _answer(self, source: str, *, ignored: bool = False) -> None:
        """Behind the verdict: a scanner that waits for its answer must get one in any case."""
        wrong = self._verdict.tone in (Tone.BAD, Tone.STOP)
        told = Answer.BAD if wrong else Answer.GOOD
        self.around.answer(source, Answer.IGNORED if ignored else told)

    def on_happened(self, message: Happened) -> None:
        """A device, the spool or the link has something."""
        self._show(self.bench.put(message.input))

    def on_orders_changed(self, message: OrdersChanged) -> None:
        """The open order may have changed, or the hub have decided something; the queue grown."""
        order = self.bench.session.order
        if NOTICED in message.ids or (order is not None and order.id in message.ids):
            self._show(self.bench.refresh())
        if self.bench.session.idle and self._queue_timer is None:
            self._queue_timer = self.set_timer(QUEUE_SECONDS, self._queue_changed)

    def _queue_changed(self) -> None:
        self._queue_timer = None
        if self.bench.session.idle:
            self._waiting = queue.waiting(self.bench.store, _WAITING)
            self._repaint()

    def on_lamp_changed(self, message: LampChanged) -> None:
        """A lamp changed."""
        self._lamps[message.lamp.name] = message.lamp
        self._tick()

    def _changed(self, ids: frozenset[str]) -> None:
        if threading.get_ident() != self._own:
            self.post_message(OrdersChanged(ids))

    def _leave(self) -> None:
        now = time.monotonic()
        if now - self._quit_asked < QUIT_SECONDS:
            self.exit(0)
            return
        self._quit_asked = now
        self._over.close()
        self.working.typing(wording.render(wording.press_again_to_leave(), self._language))

    # -- what is shown

    def _show(self, session: Session, heard: str = "", at: float | None = None) -> None:
        """The verdict first; the rest, and the demo's hands, when it is on the screen."""
        if session.devices and session is not self._asked and self.around.devices is not None:
            self._asked = session
            self._open(self.around.devices)
        if session.language != self._language:
            self._language = session.language
            self.working.asleep = _asleep(session)
            self.working.dress(_in(self.working.look, session))
            self._said = None
        if session.said is not self._said or session.said is None:
            self._said = session.said
            self._verdict = flows.verdict(session)
            if self._verdict.tone is not Tone.NEUTRAL:
                self._over.close()  # it would be said under the page, where nobody sees it
            cue = CUES[self._verdict.tone]
            if cue is not None:
                self._sound.play(cue)
        # Looking for the next orders and wording the list take a third of the time to the verdict.
        self.working.answer(self._verdict)
        if session.idle:
            if self._order_was_open:
                self._waiting = queue.waiting(self.bench.store, _WAITING)
            self._lease_over = self.bench.lease_over()
            session = replace(session, waiting=self._waiting, lease_over=self._lease_over)
        self._order_was_open = not session.idle
        prompt = flows.prompt(session, datetime.now().astimezone())
        if self._hook is not None and self._hook.notice:
            prompt = replace(prompt, notice=prompt.notice or self._hook.notice)
        self.working.show(self._verdict, prompt, self._status(session))
        self.call_after_refresh(self._painted, session, heard, at)

    def _painted(self, session: Session, heard: str, at: float | None) -> None:
        if at is not None:
            self.around.timed((time.monotonic() - at) * 1000)
        if self._hook is not None:
            self._hook.saw(session, heard, self._waiting if session.idle else ())

    def _repaint_soon(self) -> None:
        self.call_later(self._repaint)

    def _repaint(self) -> None:
        self._show(self.bench.session)
        self._refresh_page()

    def _tick(self) -> None:
        if self.bench.session.idle and self.bench.lease_over() != self._lease_over:
            self._repaint()
        self.working.tick(self._status(self.bench.session))
        self._refresh_page()

    def _open(self, leaf: Leaf) -> None:
        self._over.open(leaf, self.working.look, self.working.asleep)
        self._refresh_page()

    def _refresh_page(self) -> None:
        session = self.bench.session
        self._over.refresh(session.language, self._status(session))

    def _status(self, session: Session) -> StatusLine:
        language = session.language
        return StatusLine(
            mode=wording.render(wording.mode(session.flow), language),
            bench=session.bench,
            packer=clean(session.packer.name) if session.packer else "",
            done=wording.render(wording.packed_today(session.done), language),
            lamps=tuple(self._lamps.values()),
            clock=datetime.now().astimezone().strftime("%H:%M"),
        )


def _in(look: Look, session: Session) -> Look:
    """The look with its few words in the session's language."""
    return replace(look, headings=Headings(**wording.headings(session.language)))


def _asleep(session: Session) -> Verdict:
    return wording.asleep(session.language)
