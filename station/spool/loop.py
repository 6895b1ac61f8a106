"""What does a printer's thread do all day? One thread a printer, one label in flight.

Each turn does one thing — rest, begin a job, hand over bytes, or look what became of them — and
says how long it may be until the next; `wake` cuts that short. `verdict` decides, the ledger
remembers: whatever goes wrong here, the thread forgets what it knew and goes on from the ledger,
as after a power cut.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import replace

from drivers.transports import Cut
from station.spool import flown as f
from station.spool import verdict as v
from station.spool.contact import Contact
from station.spool.flown import Flown
from station.spool.lamp import Lamp, OnLamp
from station.spool.ledger import Job, JobKind, JobState, Ledger
from station.spool.line import Printer
from station.spool.pace import Pace

log = logging.getLogger(__name__)

_MISHAP_SECONDS = 1.0
"""After a mistake of ours, or a full disk: nothing is printed that cannot be put on record."""
_IN_FLIGHT = (JobState.SENDING, JobState.SENT)


class PrinterLoop:
    """Serves one printer until stopped."""

    def __init__(
        self, printer: Printer, ledger: Ledger, on_lamp: OnLamp, patience: v.Patience
    ) -> None:
        """Prepare; `start` begins. The callback runs in the printer's thread."""
        self._printer, self._ledger = printer, ledger
        self._lamp = Lamp(printer.name, ledger, on_lamp)
        self._patience = patience
        self._contact = Contact(printer, ledger, patience)
        self._line = self._contact.line
        self._woken, self._stopping = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"spool:{printer.name}", daemon=True)
        self._flight: Flown | None = None
        self._ready: v.Ready | None = None
        """The printer was in order and idle when last looked at, and this was its counter."""
        self._watch = v.Watch()
        self._pace = Pace()
        self._doubt: tuple[str, int] | None = None
        """The job that became uncertain here, and the counter before it."""
        self._swallowed: tuple[str, int] = ("", 0)
        self._reread_at = self._look_at = 0.0
        self._refused = ""

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Say that the ledger may have news."""
        self._woken.set()

    def stop(self) -> None:
        """End the thread; what is in flight stays so in the ledger."""
        self._stopping.set()
        self._woken.set()
        if self._thread.ident is not None:
            self._thread.join()

    # -- the turns

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                pause = self._turn()
            except Exception as e:
                # The thread must outlive a full disk and our own mistakes; lamp and log say why.
                log.exception("printer %s: starting over", self._printer.name)
                self._forget()
                self._lamp.show("bad", str(e))
                self._stopping.wait(_MISHAP_SECONDS)
                continue
            if pause > 0:
                self._woken.wait(pause)
        self._line.drop()

    def _turn(self) -> float:
        """Do one thing, and return how many seconds there is nothing to do."""
        in_flight = self._flight
        if in_flight is not None and not self._due():
            return self._follow(in_flight)
        job = self._read_ledger()
        if self._flight is not None:
            return self._follow(self._flight)
        if job is None or job.state is JobState.UNCERTAIN:
            return self._rest()
        if job.state in _IN_FLIGHT:
            return self._resume(job)
        return self._begin(job)

    def _due(self) -> bool:
        """Whether the ledger is to be read again while a label is in flight."""
        return self._woken.is_set() or time.monotonic() >= self._reread_at

    def _read_ledger(self) -> Job | None:
        self._woken.clear()
        job = self._ledger.next_job(self._printer.name)
        self._reread_at = time.monotonic() + self._patience.idle
        flown = self._flight
        if flown is not None and (
            job is None or job.id != flown.job.id or job.state not in _IN_FLIGHT
        ):
            # The closing scan or a person was faster than the counter.
            self._land()
        return job

    def _rest(self) -> float:
        """Keep the lamp true while there is nothing to print."""
        now = time.monotonic()
        if now < self._look_at:
            return self._look_at - now
        if not self._asks:
            self._lamp.show("ok")
            return self._patience.idle
        return self._look_ahead()

    def _resume(self, job: Job) -> float:
        """Take up what was in flight when the bench stopped."""
        self._flight = f.resumed(job, asked=self._asks)
        return 0.0

    def _begin(self, job: Job) -> float:
        """Start a job if the printer is in order; the first byte follows the ledger's yes."""
        ready = self._ready if self._line.quiet else None
        if ready is None:
            pause = self._look_ahead()
            ready = self._ready
            if ready is None:
                return pause
        counter, self._ready = ready.counter, None
        if not self._ledger.starting(job.id, counter):
            # Asked about again and again, a job that must wait would keep us from resting.
            again, self._refused = job.id == self._refused, job.id
            self._ready = ready
            return self._patience.idle if again else 0.0
        self._watch = v.Watch()
        if self._came_out_after_all(job, counter):
            self._ledger.printed(job.id, v.ODOMETER)
            return 0.0
        self._contact.printing()
        able = self._contact.acknowledges
        flown = f.begun(job, counter, asked=self._asks, acknowledged=able)
        self._flight = flown
        return self._hand_over(flown)

    def _came_out_after_all(self, job: Job, counter: int | None) -> bool:
        """Whether a label of which a person said no came out since; only the first look counts."""
        doubt, self._doubt = self._doubt, None
        return (
            doubt is not None and counter is not None and doubt[0] == job.id and counter > doubt[1]
        )

    def _hand_over(self, flown: Flown) -> float:
        before = flown.offset
        try:
            flown.offset = self._line.hand_over(flown.data, flown.offset)
        except Cut as e:
            self._line.drop()
            if flown.offset + e.sent == 0:
                return self._not_printed(flown, v.NO_BYTE)
            log.warning("printer %s: cut in %s: %s", self._printer.name, flown.job.id, e)
            self._cut(flown)
            return 0.0
        now = time.monotonic()
        if flown.offset > before:
            flown.moved_at = now
        if not flown.whole:
            return self._stalled(flown, now - flown.moved_at)
        flown.sent_at = now
        self._ledger.sent(flown.job.id)
        self._lamp.show("busy")
        if not self._asks:
            # Whether it still is there cannot be asked: the next label gets a wire of its own.
            self._line.drop()
        flown.pause = self._patience.first_look
        return self._until_next_look(flown)

    def _stalled(self, flown: Flown, seconds: float) -> float:
        """Wait on the same wire: over another one the rest could arrive twice."""
        if seconds >= self._patience.ask:
            return self._uncertain(flown, "the printer takes no more bytes")
        if seconds >= self._patience.silent:
            self._lamp.say("silent")
        return 0.0

    def _follow(self, flown: Flown) -> float:
        """Look what has become of the label in flight."""
        if flown.flight.way is v.Way.WHOLE and not flown.whole:
            return self._hand_over(flown)
        asked_at = time.monotonic()
        heard = self._hear(flown) if self._asks else v.Heard()
        if heard is None:
            return self._patience.first_look
        steady = self._watch.see(heard, asked_at, time.monotonic())
        accepted = v.accepts(flown.flight, heard)
        flown.flight = replace(flown.flight, accepted=accepted, asked=self._asks)
        match v.decide(flown.flight, heard, steady, self._patience):
            case v.Printed(evidence):
                return self._printed(flown, evidence, heard)
            case v.NotPrinted(evidence):
                return self._not_printed(flown, evidence)
            case v.Uncertain(why):
                return self._uncertain(flown, why)
            case v.ForgetHalf():
                flown.flight = replace(flown.flight, half=True)
                return self._forget_half()
            case v.Wait(needs):
                flown.looked_at = asked_at
                return self._wait(flown, needs)

    def _wait(self, flown: Flown, needs: v.Needs | None) -> float:
        if needs is not None:
            self._say(needs, busy=True)
        if self._lamp.needs:
            # How long it took will say nothing of the next one.
            flown.sent_at = 0.0
            return self._troubled()
        flight = flown.flight
        if flight.before is None and not flight.token and (flight.accepted or not self._asks):
            # Only the closing scan can end this, and it wakes us.
            return self._patience.idle
        longest = self._patience.longest_look
        flown.pause = min(max(flown.pause * 1.5, self._patience.first_look), longest)
        return self._until_next_look(flown)

    def _until_next_look(self, flown: Flown) -> float:
        if not flown.sent_at:
            return flown.pause
        return self._pace.pause(flown.gone, flown.pause, self._patience.longest_look)

    # -- what became of it

    def _printed(self, flown: Flown, evidence: str, heard: v.Heard) -> float:
        if flown.sent_at:
            self._pace.learn(flown.not_before, flown.gone)
        self._ledger.printed(flown.job.id, evidence)
        self._land()
        self._look_at = 0.0
        if heard.status is not None and flown.job.kind is JobKind.LABEL:
            self._note(v.MEDIA, so=v.media_off(heard.status, flown.job.data))
        match v.prepare(heard, v.Steady(), self._patience, counts=self._line.counts):
            case v.Ready() as ready:
                # Read after this label, so before the next: it need not be asked for again.
                self._ready = ready
                self._mind_others(ready.counter)
                self._lamp.say("")
                self._look_at = time.monotonic() + self._patience.idle
            case _:
                pass
        return 0.0

    def _not_printed(self, flown: Flown, evidence: str) -> float:
        """Have it sent again; a person is asked when that has not helped for a while."""
        job = flown.job
        if flown.flight.way is v.Way.WHOLE and evidence != v.NO_BYTE:
            id, times = self._swallowed
            self._swallowed = (job.id, times + 1 if id == job.id else 1)
            if self._swallowed[1] >= self._patience.swallowed:
                return self._uncertain(flown, "the printer takes it and prints nothing")
        if job.attempts + 1 >= self._patience.tries:
            return self._uncertain(flown, "it was tried again and again")
        log.warning("printer %s: %s did not come out: %s", self._printer.name, job.id, evidence)
        self._ledger.not_printed(job.id, evidence)
        self._land()
        return 0.0 if job.attempts == 0 else self._patience.first_look

    def _uncertain(self, flown: Flown, why: str) -> float:
        log.warning("printer %s: %s is uncertain: %s", self._printer.name, flown.job.id, why)
        self._ledger.uncertain(flown.job.id, why)
        before = flown.flight.before
        self._doubt = None if before is None else (flown.job.id, before)
        self._land()
        return 0.0

    def _land(self) -> None:
        """Nothing is in flight any more."""
        flown, self._flight = self._flight, None
        if flown is not None and not flown.whole:
            # The next label must not follow half of this one.
            self._line.drop()
        self._ready, self._watch = None, v.Watch()

    # -- the wire

    def _look_ahead(self) -> float:
        """Find out whether a label may go out; `_ready` says so afterwards."""
        self._ready = None
        asked_at = time.monotonic()
        heard = self._hear(None) if self._asks else self._contact.reach()
        if heard is None:
            return self._patience.first_look
        now = time.monotonic()
        steady = self._watch.see(heard, asked_at, now)
        counts = self._line.counts
        prepared = (
            v.prepare(heard, steady, self._patience, counts=counts)
            if self._asks or not heard.connected
            else v.Ready(None)
        )
        match prepared:
            case v.Ready():
                return self._be_ready(prepared, now)
            case v.Wait(needs):
                if needs is not None:
                    self._say(needs)
                pause = self._troubled() if self._lamp.needs else self._patience.longest_look
                self._look_at = now + pause
                return pause
            case v.ForgetHalf():
                return self._forget_half()

    def _be_ready(self, ready: v.Ready, now: float) -> float:
        if self._line.counts and ready.counter is None:
            log.warning("printer %s does not count its labels", self._printer.name)
            self._line.give_up_counting()
            return 0.0
        if not self._line.quiet:
            # An answer to an old question could be taken for one about the next label.
            self._line.drop()
            return 0.0
        self._mind_others(ready.counter)
        self._ready = replace(ready, counter=ready.counter if self._line.counts else None)
        self._lamp.say("")
        self._look_at = now + self._patience.idle
        return self._patience.idle

    def _mind_others(self, counter: int | None) -> None:
        """Notice when the counter moves with nothing of ours printed."""
        if self._contact.at_rest(counter) and self._line.counts:
            log.warning("printer %s: somebody else prints on it", self._printer.name)
            self._line.distrust_counter()
            self._note(v.SHARED, so=True)

    def _hear(self, flown: Flown | None) -> v.Heard | None:
        """Ask the printer; None when the wire broke, which is for the next turn to look into."""
        if flown is not None and not self._line.up:
            self._cut(flown)
        heard = self._contact.hear()
        if flown is not None and heard is None:
            self._cut(flown)
        return heard

    def _forget_half(self) -> float:
        self._watch = v.Watch()
        self._contact.forget_half()
        return self._patience.first_look

    def _cut(self, flown: Flown) -> None:
        """The wire that the label went over is no more."""
        if flown.flight.way is v.Way.WHOLE:
            flown.flight = replace(flown.flight, way=v.Way.CUT)
            flown.offset = len(flown.data)
            self._watch = v.Watch()

    # -- what is said

    @property
    def _asks(self) -> bool:
        return self._contact.asks

    def _say(self, needs: v.Needs, *, busy: bool = False) -> None:
        # Loading and closing it is worth a look, but it may be that it speaks another language.
        stranger = needs == "silent" and self._contact.known is None
        self._lamp.say("language" if stranger else needs, busy=busy)

    def _troubled(self) -> float:
        """How long until the next look at a printer that needs a person."""
        match self._lamp.needs:
            case "language":
                return self._patience.stranger
            case "swapped" | "resolution":
                return self._patience.idle
            case _:
                return self._patience.troubled

    def _note(self, note: str, *, so: bool) -> None:
        if so:
            self._lamp.note = note
        elif self._lamp.note == note:
            self._lamp.note = ""

    def _forget(self) -> None:
        self._line.drop()
        self._flight = self._ready = None
        self._watch = v.Watch()
