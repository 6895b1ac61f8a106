"""How does the bench keep hearing its scanners and scales? A thread a wire, kept alive here.

Bytes go through the device's reader (`drivers.scanners`, `drivers.scales`) in its own thread, and
what they mean is posted: `post(name, said)`. A wire that is cut is tried again for good; a thread
that ends, which only a mistake of ours can cause, is started again. The lamp says how it is.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Protocol

from drivers import scales, scanners
from drivers.scales import Frozen, NotEmptied, NoWeight, Reading, Settled, Settler, Why
from drivers.scanners import Answer, Batch, Garbled, Gate, Scan
from drivers.scanners.batch import GAP_SECONDS
from drivers.transports import (
    BadAddress,
    Down,
    Ended,
    LinkState,
    Listener,
    Occupied,
    Transport,
    Up,
    open_transport,
)
from drivers.transports.listener import QUIET_SECONDS
from station.config import Scale, Scanner

log = logging.getLogger(__name__)

Weighing = Settled | NotEmptied | Frozen | NoWeight
"""What a scale can say. Only `Settled` counts; `NoWeight` is said when it goes on for a while."""
Said = Scan | Garbled | Batch | Weighing
"""What a device can say. A `Batch` is scans of some time ago."""
Post = Callable[[str, Said], None]
"""Told the device's name and what it said, in the device's thread: it must only pass things on."""
OnLamp = Callable[[str, str, str], None]
"""Told a device's name, its state (ok | busy | bad | off) and why in one word, at each change."""

ASK_SECONDS = 0.1
"""Between two questions to a scale: three readings at rest make a weight, 0.3 s after it rests."""
SILENT_SECONDS = 1.5
"""A scale that is connected and has not answered for so long wants to be looked at."""
SET_WRONG = 3
"""So many garbled codes in a row are no accident: the wrong baud rate, no Enter after each code."""
HELPLESS_READINGS = 5
"""So many answers without a weight, half a second of them, are no hand on the pan any more."""
RESTART_SECONDS = 1.0
"""Before a thread that ended is started again: a mistake that repeats must not eat the bench."""

_WORDS = {
    Why.TOO_HEAVY: ("bad", "too heavy"),
    Why.BELOW_ZERO: ("bad", "below zero"),
    Why.OUT_OF_ORDER: ("bad", "out of order"),
    Why.WRONG_UNIT: ("bad", "wrong unit"),
}


class Devices:
    """Every scanner and scale of a bench."""

    def __init__(
        self,
        scanners: Mapping[str, Scanner],
        scales: Mapping[str, Scale],
        post: Post,
        on_lamp: OnLamp,
    ) -> None:
        """Prepare to hear them; `start` begins."""
        ears: dict[str, tuple[str, _Ear]] = {
            name: (one.url, _ScannerEar(one)) for name, one in scanners.items()
        }
        ears |= {name: (one.url, _ScaleEar(one.protocol)) for name, one in scales.items()}
        self._wires = [_Wire(name, url, ear, post, on_lamp) for name, (url, ear) in ears.items()]
        self._stopping = threading.Event()
        self._watch = threading.Thread(target=self._watch_silence, name="silence", daemon=True)

    def start(self) -> None:
        """Begin to listen to all of them."""
        for wire in self._wires:
            wire.start()
        if self._wires:
            self._watch.start()

    def stop(self) -> None:
        """End every thread and let go of the wires."""
        self._stopping.set()
        for wire in self._wires:
            wire.stop()
        if self._watch.ident is not None:
            self._watch.join()

    def answer(self, name: str, answer: Answer) -> None:
        """Have the scanner of that name beep, if it can. From any thread; never waits."""
        for wire in self._wires:
            if wire.name == name:
                wire.answer(answer)

    def _watch_silence(self) -> None:
        while not self._stopping.wait(SILENT_SECONDS / 3):
            for wire in self._wires:
                wire.miss(time.monotonic() - SILENT_SECONDS)


class _Ear(Protocol):
    """What bytes of one device mean."""

    ask: bytes
    speaks: bool
    """It is heard again and again while it is well."""
    answers: Mapping[Answer, bytes]
    """What it is told about what it said; empty where it hears nothing."""
    lamp: tuple[str, str]
    """State and word, as of the last bytes."""
    pauses: tuple[float, ...]
    """After which silences `quiet` is to be called."""

    def connected(self, at: float) -> None:
        """The wire is new: what came over the old one is no beginning of anything."""

    def heard(self, data: bytes, at: float) -> Iterable[Said]:
        """Return what `data` completes."""

    def quiet(self, at: float) -> Iterable[Said]:
        """Return what the silence until `at` ends."""


class _ScannerEar:
    ask = b""
    speaks = False
    pauses: tuple[float, ...] = (GAP_SECONDS, QUIET_SECONDS)

    def __init__(self, scanner: Scanner) -> None:
        model = scanners.FEEDBACKS[scanner.feedback]
        self.answers: Mapping[Answer, bytes] = {
            answer: model.of(answer) for answer in Answer if model.of(answer)
        }
        self._reader = scanners.READERS[scanner.framing]()
        self._gate = Gate(memory=scanner.memory)
        self._was_up = False
        self._garbled = 0
        self.lamp = ("ok", "")

    def connected(self, at: float) -> None:
        if self._was_up:
            self._gate.connected(at)
        self._was_up = True
        # The reader stays: half a code from before the cut is to be told as garbled, not forgotten.
        self.lamp = ("ok", "")

    def heard(self, data: bytes, at: float) -> list[Scan | Garbled | Batch]:
        return self._through(self._reader.receive(data, at))

    def quiet(self, at: float) -> list[Scan | Garbled | Batch]:
        return [*self._gate.idle(at), *self._through(self._reader.idle(at))]

    def _judge(self, one: Scan | Garbled) -> None:
        """One half code is a cable that moved; one after another is a scanner that is set wrong."""
        self._garbled = 0 if isinstance(one, Scan) else self._garbled + 1
        self.lamp = ("warn", "check its set-up") if self._garbled >= SET_WRONG else ("ok", "")

    def _through(self, read: list[Scan | Garbled]) -> list[Scan | Garbled | Batch]:
        said: list[Scan | Garbled | Batch] = []
        for one in read:
            self._judge(one)
            match one:
                case Scan():
                    said += self._gate.receive(one)
                case Garbled():
                    said.append(one)
        return said


class _ScaleEar:
    speaks = True
    pauses: tuple[float, ...] = (QUIET_SECONDS,)
    answers: Mapping[Answer, bytes] = MappingProxyType({})

    def __init__(self, protocol: str) -> None:
        self.ask = scales.ASK[protocol]
        self._make = scales.READERS[protocol]
        self._reader = self._make()
        # Outlives the wire: a parcel that still lies there after a cut is no news.
        self._settler = Settler()
        self._helpless = 0
        self.lamp = ("busy", "")

    def connected(self, at: float) -> None:
        self._reader = self._make()
        self.lamp = ("busy", "")

    def heard(self, data: bytes, at: float) -> list[Weighing]:
        said: list[Weighing] = []
        for reading in self._reader.receive(data):
            settled = self._settler.receive(reading, at)
            if settled is not None:
                said.append(settled)
            match reading:
                case NoWeight(why=Why.MOVING):
                    self._helpless = 0
                    self.lamp = ("ok", "")
                case NoWeight(why):
                    self._helpless += 1
                    self.lamp = _WORDS[why]
                    if self._helpless == HELPLESS_READINGS:
                        said.append(reading)
                case Reading():
                    self._helpless = 0
                    self.lamp = ("warn", "frozen") if self._settler.frozen else ("ok", "")
        return said

    def quiet(self, at: float) -> list[Weighing]:
        return []


class _Wire:
    """One device: its listener, started again when it ends."""

    def __init__(self, name: str, url: str, ear: _Ear, post: Post, on_lamp: OnLamp) -> None:
        self.name, self._url, self._ear = name, url, ear
        self._post, self._on_lamp = post, on_lamp
        self._stopping = threading.Event()
        self._starting = threading.Lock()
        self._listener: Listener | None = None
        self._showing = threading.RLock()
        self._shown: tuple[str, str] | None = None
        self._heard_at: float | None = None
        """When it was last heard, or connected; None while it is not."""

    def start(self) -> None:
        try:
            wire = open_transport(self._url)
        except BadAddress as e:
            # Trying again cannot help; the other devices go on.
            log.error("%s: %s", self.name, e)
            self._show("bad", "address")
            return
        self._listen(wire)

    def miss(self, since: float) -> None:
        """Say so if a device that speaks all the time has not been heard since then."""
        with self._showing:
            heard_at = self._heard_at
            if self._ear.speaks and heard_at is not None and heard_at < since:
                self._show("bad", "silent")

    def answer(self, answer: Answer) -> None:
        listener = self._listener
        if listener is not None and (beep := self._ear.answers.get(answer)):
            listener.say(beep)

    def stop(self) -> None:
        self._stopping.set()
        with self._starting:
            listener = self._listener
        if listener is not None:
            listener.stop()

    def _listen(self, wire: Transport) -> None:
        with self._starting:
            if self._stopping.is_set():
                return
            self._listener = Listener(
                wire,
                self._heard,
                self._changed,
                on_quiet=self._quiet,
                ask=self._ear.ask,
                ask_every=ASK_SECONDS,
                answered=bool(self._ear.answers),
                pauses=self._ear.pauses,
            )
            self._listener.start()

    def _heard(self, data: bytes, at: float) -> None:
        self._heard_at = at
        self._pass_on(lambda: self._ear.heard(data, at))

    def _quiet(self, at: float) -> None:
        self._pass_on(lambda: self._ear.quiet(at))

    def _pass_on(self, hear: Callable[[], Iterable[Said]]) -> None:
        try:
            for said in hear():
                self._post(self.name, said)
            self._show(*self._ear.lamp)
        except Exception:
            # One bad reading must not make the bench deaf; whoever looks at the lamp calls.
            log.exception("%s: what it said was lost", self.name)
            self._show("bad", "mistake")

    def _changed(self, state: LinkState) -> None:
        match state:
            case Up():
                log.info("%s: connected", self.name)
                self._heard_at = time.monotonic()
                self._ear.connected(self._heard_at)
                self._show(*self._ear.lamp)
            case Down(error):
                log.warning("%s: %s", self.name, error)
                self._heard_at = None
                occupied = isinstance(error, Occupied)
                self._show(*(("bad", "occupied") if occupied else ("off", "unplugged")))
            case Ended():
                self._ended()

    def _ended(self) -> None:
        if self._stopping.is_set():
            self._show("off", "")
            return
        log.error("%s: its thread ended; starting it again", self.name)
        self._show("bad", "mistake")
        # This is the last thing that the old thread does.
        if not self._stopping.wait(RESTART_SECONDS):
            self.start()

    def _show(self, state: str, word: str) -> None:
        # The watch over silence shows too: what it saw must not be painted over what came since.
        with self._showing:
            if (state, word) != self._shown:
                self._shown = (state, word)
                self._on_lamp(self.name, state, word)
