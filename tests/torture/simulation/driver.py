"""Who carries out what the bench's end of the link decides, in virtual time?

What `sync.client.link` is to the product: the machine is `sync.protocol.bench_end` in both. A lane
asks one thing at a time; its rests and its answers are events.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from station.store.store import StoreError
from sync.client.signer import authorization
from sync.protocol import VERSION, VERSION_HEADER
from sync.protocol.bench_end import End, step
from sync.protocol.lanes import (
    Answered,
    Ask,
    BeatDue,
    Effect,
    FeedDue,
    HoldLease,
    Input,
    Joined,
    Lane,
    Lost,
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
from tests.torture.simulation.net import Asked, Said
from tests.torture.simulation.signers import signer

if TYPE_CHECKING:
    from tests.torture.simulation.machine import Process

ROWS = 4
"""Of a page: the benches here have few orders, and pages must not hold all of them."""
STRETCHED = {Lane.BEAT: 10.0, Lane.FEED: 20.0, Lane.UP: 8.0}
"""How many times longer a lane rests here than it asks for: a machine may be slow, and most of a
day would be heartbeats."""


class Driver:
    """One program's end of the link."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._machine = process.machine
        self._world = process.machine.world
        self.end_ = End()
        self.unwelcome_since: float | None = None
        self._over = False
        self._turn = dict.fromkeys(Lane, 0)
        """Raised with each rest and each request: what belongs to an older one counts no more."""
        self._asking = dict.fromkeys(Lane, False)
        self._wakes = dict.fromkeys(Lane, False)
        self._woken = dict.fromkeys(Lane, False)

    def begin(self) -> None:
        """Begin to talk to the hub."""
        for lane in Lane:
            self._rest(lane, self._world.chance.uniform(0.0, 1.0), wakes=False)

    def end(self) -> None:
        """The program is no more."""
        self._over = True

    def write(self) -> None:
        """Something was written that the hub should have."""
        lag = self._world.chance.uniform(0.0, self._world.lag_seconds)
        self._world.agenda.after(lag, self._written)

    def _written(self) -> None:
        if not self._over and (self._asking[Lane.UP] or self._wakes[Lane.UP]):
            self._wake(Lane.UP)

    # -- a lane

    def _rest(self, lane: Lane, seconds: float, *, wakes: bool) -> None:
        self._turn[lane] += 1
        turn = self._turn[lane]
        self._asking[lane], self._wakes[lane] = False, wakes
        if self._woken[lane]:
            seconds, self._woken[lane] = 0.0, False
        seconds *= STRETCHED[lane] * self._machine.slow
        self._world.agenda.after(seconds + 0.01, lambda: self._due(lane, turn))

    def _wake(self, lane: Lane) -> None:
        if self._asking[lane]:
            self._woken[lane] = True
        else:
            self._rest(lane, 0.0, wakes=False)

    def _due(self, lane: Lane, turn: int) -> None:
        if self._over or turn != self._turn[lane]:
            return
        if self._process.me is None:
            self._rest(lane, 15.0, wakes=False)
            return
        self._do(lane, lambda: self._input(lane))

    def _input(self, lane: Lane) -> Input:
        keep = self._process.keep
        match lane:
            case Lane.FEED:
                return FeedDue(keep.cursor())
            case Lane.UP:
                # In an order of our own: the store draws lots, and not from our seed.
                wanted = sorted(keep.wanted_blobs())
                self._world.chance.shuffle(wanted)
                batch = keep.batch(self.end_.batch)
                return UpDue(batch, tuple(wanted), None if batch else keep.rejoin())
            case Lane.BEAT:
                return BeatDue(keep.heartbeat())

    def _do(self, lane: Lane, input: Callable[[], Input]) -> None:
        """Take an input in; whatever goes wrong at the bench, the lane goes on."""

        def work(process: Process) -> None:
            try:
                self._carry_out(self._step(input()))
            except (StoreError, ValueError) as e:
                self._machine.disk.make_sure_closed()
                self._carry_out(self._step(Stumbled(lane, type(e).__name__)))

        self._machine.within(work)

    def _step(self, input: Input) -> tuple[Effect, ...]:
        self.end_, effects = step(self.end_, input, self._machine.moment(), self._world.chance)
        return effects

    def _carry_out(self, effects: tuple[Effect, ...]) -> None:
        keep = self._process.keep
        for effect in effects:
            match effect:
                case Send(ask=ask):
                    self._send(ask)
                case Take(page=page, quick=quick):
                    before = self._world.rules.about_to_take(self._machine, page)
                    digest = keep.take(page)
                    self._world.rules.took(self._machine, page, before, digest)
                    self._carry_out(self._step(Took(page, digest, quick)))
                case StartOver(epoch=epoch):
                    self._world.trace(f"{self._machine.name}: reads its feed from 0")
                    keep.reset(epoch)
                case Settle(answer=answer):
                    keep.acked(answer)
                case Joined(enrolled=enrolled):
                    keep.rejoined(enrolled)
                    self._process.me = enrolled
                    self._world.rules.enrolled_anew(enrolled.bench)
                case Resend(need=need):
                    keep.rewind(need)
                case StoreBytes(sha256=sha256, data=data):
                    keep.put_blob(sha256, data)
                    self._machine.printer.wake()
                case HoldLease(until=until):
                    keep.hold_lease(until)
                case Tell(state=state):
                    self._told(state)
                case Wake(lane=lane):
                    self._wake(lane)
                case Rest(lane=lane, seconds=seconds, wakes=wakes):
                    self._rest(lane, seconds, wakes=wakes)

    def _told(self, state: object) -> None:
        if not isinstance(state, Unwelcome):
            self.unwelcome_since = None
        elif self.unwelcome_since is None:
            self._world.trace(f"{self._machine.name}: unwelcome: {state.why}")
            self.unwelcome_since = self._world.agenda.now

    # -- the wire

    def _send(self, ask: Ask) -> None:
        self._turn[ask.lane] += 1
        self._asking[ask.lane] = True
        turn = self._turn[ask.lane]

        def current() -> bool:
            return not self._over and turn == self._turn[ask.lane]

        def answered(said: Said) -> None:
            if current():
                heard = Answered(ask, said.status, said.body, said.retry_after)
                self._do(ask.lane, lambda: heard)

        def lost(why: str) -> None:
            if current():
                self._do(ask.lane, lambda: Lost(ask, why))

        self._world.net.ask(self._machine.name, self._asked(ask), self._world.serve, answered, lost)

    def _asked(self, ask: Ask) -> Asked:
        me = self._process.me
        assert me is not None  # `_due` looked
        query = [(name, str(ROWS) if name == "limit" else value) for name, value in ask.query]
        target = f"{ask.path}?{urlencode(query)}" if query else ask.path
        at = self._machine.wall().timestamp() + self.end_.offset
        nonce = str(self._world.new_number())
        said = authorization(
            signer(self._machine.key),
            me.bench,
            me.incarnation,
            at,
            nonce,
            ask.method,
            target,
            ask.body,
        )
        headers = {VERSION_HEADER.lower(): str(VERSION), "authorization": said}
        return Asked(method=ask.method, target=target, headers=headers, body=ask.body)
