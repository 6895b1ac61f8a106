"""Who carries out what the bench's end of the link decides? Three threads around one machine.

One waits at the feed, one sends entries as they are written and fetches bytes that orders name,
one tells the hub that the bench lives. What each does next, and what an answer means, is said by
`sync.protocol.bench_end`; here are only its clock, its wire and the bench's store. A scan waits
for none of them.
"""

from __future__ import annotations

import logging
import random
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlencode
from uuid import uuid4

import msgspec

from sync.client.boot import boottime
from sync.client.enrolment import enrol
from sync.client.hubs import Hubs
from sync.client.keep import Keep
from sync.client.signer import Signer, authorization
from sync.client.wire import Away, NoAddress, Wire
from sync.protocol import VERSION, bench_end, reading
from sync.protocol.bench_end import End, step
from sync.protocol.cursor import read
from sync.protocol.lanes import (
    Answered,
    Ask,
    BeatDue,
    Effect,
    FeedDue,
    HoldLease,
    Input,
    Joined,
    KnowHubs,
    Lane,
    LinkState,
    Lost,
    Moment,
    Offline,
    Online,
    Outdated,
    Resend,
    Rest,
    Send,
    Settle,
    StartOver,
    StoreBytes,
    Stumbled,
    Take,
    Tell,
    Took,
    Unwelcome,
    UpDue,
    Wake,
)
from sync.protocol.messages import Enrolled
from sync.protocol.reading import Unread

log = logging.getLogger(__name__)

_READ_SECONDS = {
    Lane.FEED: bench_end.WAIT_SECONDS + 10.0,
    Lane.UP: 30.0,
    Lane.BEAT: 10.0,
}
"""How long the hub may be silent: beside the wait that was asked for, as long as it may take to
judge a whole batch while fifty other benches send theirs."""
_UNFIT_SECONDS = 15.0
"""Between two looks whether a bench without key or address has got them."""


class Link:
    """Keeps one bench in step with the hub until stopped."""

    def __init__(
        self,
        url: str,
        keep: Keep,
        signer: Callable[[], Signer],
        told: Callable[[LinkState], None],
        *,
        ca: Path | None = None,
    ) -> None:
        """Prepare; `start` begins.

        `signer` opens the bench's key, in a thread of the link; it may raise ValueError with a
        sentence. `told` is called there at each change: it must only pass things on. `ca` is who
        must have signed the hub's certificate; None: whom the system trusts.
        """
        self._hubs, self._ca = Hubs(url), ca
        self._keep = keep
        self._open_signer, self._opening = signer, threading.Lock()
        self._signer: Signer | None = None
        self._me: Enrolled | None = None
        self._told = told
        self._stopping = threading.Event()
        self._machine = threading.Lock()
        self._end = End()
        self._lanes = {lane: _Lane(lane) for lane in Lane}
        self._threads = [
            threading.Thread(
                target=self._forever, args=(lane,), name=f"link-{lane.lane}", daemon=True
            )
            for lane in self._lanes.values()
        ]

    def start(self) -> None:
        """Begin to talk to the hub."""
        self._hubs.know(self._keep.hubs())
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """Something was written that the hub should have."""
        self._lanes[Lane.UP].write()

    def stop(self, timeout: float = 2.0) -> None:
        """Stop, and cut what hangs."""
        self._stopping.set()
        for lane in self._lanes.values():
            lane.end()
        deadline = time.monotonic() + timeout
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(0.0, deadline - time.monotonic()))

    # -- a lane's thread

    def _forever(self, lane: _Lane) -> None:
        while not self._stopping.is_set():
            url = self._hubs.present
            try:
                wire = Wire(url, self._ca)
            except (NoAddress, OSError) as e:
                self._unfit(lane, str(e))
                continue
            lane.wire = wire
            try:
                while not self._stopping.is_set() and url == self._hubs.present:
                    self._round(lane)
                    lane.rest()
            finally:
                if lane.ahead is not None:
                    lane.ahead.wait()
                    lane.ahead = None
                wire.close()

    def _unfit(self, lane: _Lane, why: str) -> None:
        self._told(Unwelcome(why))
        lane.rest_for(_UNFIT_SECONDS, wakes=False)
        lane.rest()

    def _round(self, lane: _Lane) -> None:
        """Do one round; the thread outlives whatever went wrong."""
        lane.rest_for(bench_end.LONGEST_PAUSE_SECONDS, wakes=False)
        try:
            why = self._who(lane)
            if why:
                self._unfit(lane, why)
                return
            due = self._due(lane.lane)
            self._carry_out(lane, self._step(due))
        except Exception as e:  # noqa: BLE001 -- a full disk or our mistake must not end the link
            # By class and place alone: what went wrong may quote an address.
            at = " < ".join(f"{f.name}:{f.lineno}" for f in traceback.extract_tb(e.__traceback__))
            log.error("link-%s failed: %s at %s", lane.lane, type(e).__name__, at)
            for effect in self._step(Stumbled(lane.lane, type(e).__name__)):
                self._carry_out_one(lane, effect)

    def _who(self, lane: _Lane) -> str:
        """Look who this bench is; why it is nobody, or "". Each look costs a scan that waits."""
        if self._me is None or lane.lane is Lane.BEAT:
            self._me = self._keep.enrolled()
        if self._me is None:
            return "this bench is not enrolled: packbench enrol HUB-URL CODE"
        with self._opening:
            try:
                self._signer = self._signer or self._open_signer()
            except (ValueError, OSError) as e:
                return str(e)
        return ""

    def _due(self, lane: Lane) -> Input:
        match lane:
            case Lane.FEED:
                return FeedDue(self._keep.cursor())
            case Lane.UP:
                batch = self._keep.batch(self._end.batch)
                rejoin = None if batch is not None else self._keep.rejoin()
                return UpDue(batch, tuple(self._keep.wanted_blobs()), rejoin)
            case Lane.BEAT:
                return BeatDue(self._keep.heartbeat())

    def _step(self, input: Input) -> tuple[Effect, ...]:
        with self._machine:
            now = Moment(boottime(), datetime.now(UTC))
            # Chance only spreads the knocks; nothing is decided by it.
            self._end, effects = step(self._end, input, now, _CHANCE)
        return effects

    # -- effects

    def _carry_out(self, lane: _Lane, effects: tuple[Effect, ...]) -> None:
        for effect in effects:
            self._carry_out_one(lane, effect)

    def _carry_out_one(self, lane: _Lane, effect: Effect) -> None:
        match effect:
            case Send(ask=ask):
                self._carry_out(lane, self._step(self._read(lane, self._ask(lane, ask))))
            case Take(page=page, quick=quick):
                digest = self._keep.take(page)
                took = Took(page, digest, quick, self._keep.wants_bytes())
                self._carry_out(lane, self._step(took))
            case StartOver(epoch=epoch):
                self._keep.reset(epoch)
            case Settle(answer=answer):
                self._keep.acked(answer)
            case Joined(enrolled=enrolled):
                self._keep.rejoined(enrolled)
                self._me = enrolled
            case Resend(need=need):
                self._keep.rewind(need)
            case StoreBytes(sha256=sha256, data=data):
                self._keep.put_blob(sha256, data)
            case HoldLease(until=until):
                self._keep.hold_lease(until)
            case KnowHubs(addresses=addresses):
                self._keep.know_hubs(addresses)
                self._hubs.know(addresses)
            case Tell(state=state):
                self._told(state)
            case Wake(lane=other):
                self._lanes[other].wake()
            case Rest(lane=other, seconds=seconds, wakes=wakes):
                self._lanes[other].rest_for(seconds, wakes=wakes)

    def _read(self, lane: _Lane, answer: Answered | Lost) -> Answered | Lost:
        """Read a page as the store likes it best; the one that follows comes meanwhile.

        Not in a thread of its own: two that read and store at once hinder each other more than one
        waits for the disk (50,000 orders: 75 us of one against 62).
        """
        if lane.lane is not Lane.FEED or isinstance(answer, Lost) or answer.status != HTTPStatus.OK:
            return answer
        try:
            told = reading.unread(answer.body)
            self._read_on(lane, told)
            return replace(answer, page=self._keep.read(told))
        except (msgspec.DecodeError, UnicodeDecodeError, ValueError):
            return answer  # what to say of it is decided where every answer is

    def _read_on(self, lane: _Lane, page: Unread) -> None:
        """Ask for the page that follows while this one is read and stored, if one does."""
        if page.next == page.head or lane.ahead is not None:
            return
        for effect in self._step(FeedDue(read(page.next), ahead=True)):
            if isinstance(effect, Send):
                lane.ahead = _Ahead(effect.ask, partial(self._sent, lane, effect.ask))

    def _ask(self, lane: _Lane, ask: Ask) -> Answered | Lost:
        ahead, lane.ahead = lane.ahead, None
        if ahead is not None:
            found = ahead.wait()
            # A page that was not stored must be read again, and not the one that follows it.
            if (ahead.ask.path, ahead.ask.query) == (ask.path, ask.query):
                return found
        return self._sent(lane, ask)

    def _sent(self, lane: _Lane, ask: Ask) -> Answered | Lost:
        target = f"{ask.path}?{urlencode(ask.query)}" if ask.query else ask.path
        headers = {"Packbench-Version": str(VERSION)}
        headers["Authorization"] = self._authorization(ask, target)
        assert lane.wire is not None
        try:
            heard = lane.wire.ask(ask.method, target, ask.body, headers, _READ_SECONDS[ask.lane])
        except Away as e:
            self._hubs.away(lane.wire.url)
            return Lost(ask, str(e))
        return Answered(ask, heard.status, heard.body, heard.retry_after)

    def _authorization(self, ask: Ask, target: str) -> str:
        me, signer = self._me, self._signer
        assert me is not None
        assert signer is not None
        at = time.time() + self._end.offset
        return authorization(
            signer, me.bench, me.incarnation, at, uuid4().hex, ask.method, target, ask.body
        )


_CHANCE = random.Random()  # noqa: S311 -- see _step


class _Ahead:
    """A request that is on its way while its lane stores the answer to the one before."""

    def __init__(self, ask: Ask, sent: Callable[[], Answered | Lost]) -> None:
        """Begin; nobody else may use the lane's wire until `wait` has returned."""
        self.ask = ask
        self._sent = sent
        self._found: Answered | Lost = Lost(ask, "it was not sent")
        self._thread = threading.Thread(target=self._run, name="link-ahead", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._found = self._sent()
        except (OSError, ValueError, RuntimeError) as e:
            self._found = Lost(self.ask, type(e).__name__)

    def wait(self) -> Answered | Lost:
        """Give what came of it."""
        self._thread.join()
        return self._found


class _Lane:
    """One thread's wire and its rest."""

    def __init__(self, lane: Lane) -> None:
        self.lane = lane
        self.wire: Wire | None = None
        self.ahead: _Ahead | None = None
        self._bell = threading.Condition()
        self._until, self._wakes = 0.0, False
        self._woken = self._written = self._over = False

    def rest_for(self, seconds: float, *, wakes: bool) -> None:
        """Say how long the next rest is; `wakes`: unless something is written meanwhile."""
        with self._bell:
            self._until, self._wakes = time.monotonic() + seconds, wakes

    def rest(self) -> None:
        """Rest; what was written or woken since the last rest counts."""
        with self._bell:
            while not (self._over or self._woken or (self._wakes and self._written)):
                left = self._until - time.monotonic()
                if left <= 0:
                    break
                self._bell.wait(left)
            self._woken = self._written = False

    def wake(self) -> None:
        """End the rest that is, or the next."""
        with self._bell:
            self._woken = True
            self._bell.notify_all()

    def write(self) -> None:
        """End a rest that may be ended so."""
        with self._bell:
            self._written = True
            self._bell.notify_all()

    def end(self) -> None:
        """End all rests, and cut what hangs."""
        with self._bell:
            self._over = True
            self._bell.notify_all()
        if self.wire is not None:
            self.wire.cut()


__all__ = ["Link", "LinkState", "Offline", "Online", "Outdated", "Unwelcome", "enrol"]
