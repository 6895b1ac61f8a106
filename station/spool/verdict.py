"""Did the label come out? Decided from what the printer says, never from what we hope.

TCP success proves nothing: a printer that never reads takes 2.9 MB without an error. What counts,
in this order: its word for this very label (^HV); its own odometer, read before and after; half a
label that it confesses to hold; else a person, or the closing scan. After paper-out the printer
prints the spoiled label again by itself (^JZ), so trouble is waited out and nothing is sent again
on a guess.

`decide` says it for a label in flight, `prepare` whether the next may go. No clock in here: for
how long something has been so comes as an argument (`Steady`, which a `Watch` works out).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Literal, get_args

from drivers.label_printers.zpl_status import Status

Needs = Literal[
    "",
    "paper",
    "ribbon",
    "head",
    "jam",
    "hot",
    "pause",
    "take",
    "silent",
    "language",
    "unreachable",
    "swapped",
    "resolution",
]
NEEDS: tuple[Needs, ...] = get_args(Needs)
"""What a printer can need from a person; "" for nothing."""
MEDIA = "media"
"""A note beside a lamp that is well: labels on the roll are of another length than the job's."""
SHARED = "shared"
"""Another note: the counter moves when nothing of ours is printed."""

ACKNOWLEDGED = "acknowledged"
"""Evidence: the printer said of this very label that it came out."""
ODOMETER = "odometer"
"""Evidence: the printer's own count of labels."""
HALF = "half a label"
"""Evidence: the printer held half of it, and forgot it when told to."""
NO_BYTE = "no byte was sent"
ACCEPTED = "accepted"
"""Evidence for a paper: the printer took it and has nothing left to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait for what, in seconds."""

    connect: float = 2.0
    """A printer on the same network answers in milliseconds; one that wakes up, within a second."""
    write: float = 0.5
    """One try to hand over bytes; what is left is tried again, until the wire is cut."""
    answer: float = 1.0
    """For one status question; on loopback it takes 0.1 ms, on a busy printer tens."""
    first_look: float = 0.05
    longest_look: float = 0.25
    """Between two questions about a label in flight, growing; a label takes one to two seconds."""
    idle: float = 2.0
    """Between two questions while nothing is to be done: the lamp is at most so old."""
    troubled: float = 0.5
    """The same while a person is needed: printing goes on soon after the lid is closed."""
    silent: float = 2.0
    """Connected and without an answer for so long means that a person should look."""
    steady: float = 2.0
    """An idle printer that stays so for that long has nothing of ours left, also not in its network
    buffer or under its head; more than any firmware takes from the last byte to the first dot."""
    unsure: float = 10.0
    """A well printer whose counter cannot be read for so long will not be able to say."""
    ask: float = 90.0
    """A printer silent or away for so long: let a person decide. Changing a roll takes a minute."""
    tries: int = 8
    """So often a label is sent, each time proven not to have come out; then a person is asked."""
    stranger: float = 15.0
    """Between two questions to a printer that has never answered one: it may print them."""
    moved: int = 3
    """So often the counter moved with nothing of ours printed: somebody else prints here. Once is
    the feed key."""
    swallowed: int = 2
    """The same for a label that was taken whole by a printer in order, and did not come out."""


class Way(Enum):
    """How the bytes of a label in flight went."""

    WHOLE = "whole"
    """All were handed over, and the wire that they went over is still up. What is answered on it
    comes after the label, so a late answer is true all the same."""
    CUT = "cut"
    """The other end dropped the wire after the first byte; nothing more will arrive over it."""
    UNKNOWN = "unknown"
    """The bench was switched off or restarted in the middle."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a printer said when it was asked once."""

    status: Status | None = None
    """None: no answer."""
    counter: int | None = None
    """The odometer, asked after the status. None: no answer, or no such thing."""
    acknowledged: frozenset[str] = frozenset()
    """Tokens of labels that came out, as the printer said on this wire."""
    connected: bool = True
    why: Needs = "unreachable"
    """What is wrong where it is not connected: we let go of a printer that is not the right one."""


_LENGTH = re.compile(rb"\^LL(\d{1,5})", re.IGNORECASE)

AWAY = Heard(connected=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Steady:
    """For how long, in seconds, the printer has been as it is."""

    same: float = 0.0
    """It has given the same answers."""
    mute: float = 0.0
    """It has given none, though it could be reached."""
    away: float = 0.0
    """It could not be reached."""


class Watch:
    """Works out for how long a printer has been as it is."""

    def __init__(self) -> None:
        self._last: Heard | None = None
        self._same_since = 0.0
        self._mute_since: float | None = None
        self._away_since: float | None = None

    def see(self, heard: Heard, asked_at: float, at: float) -> Steady:
        """Take what was heard at a time, to a question of a time before."""
        if heard != self._last:
            self._last, self._same_since = heard, at
        self._mute_since = _since(
            self._mute_since, asked_at, so=heard.connected and heard.status is None
        )
        self._away_since = _since(self._away_since, asked_at, so=not heard.connected)
        return Steady(
            same=at - self._same_since,
            mute=0.0 if self._mute_since is None else at - self._mute_since,
            away=0.0 if self._away_since is None else at - self._away_since,
        )


def _since(since: float | None, at: float, *, so: bool) -> float | None:
    if not so:
        return None
    return at if since is None else since


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """A label that left us, as far as we know."""

    way: Way
    before: int | None
    """The odometer before the first byte; None when the printer has none."""
    token: str = ""
    """What the printer says when the label came out; "" where it was not asked to."""
    formats: int = 1
    """How many labels are in the job, at most."""
    accepted: bool = False
    """Since then the printer said, on the same wire, that it is in order and has nothing to do."""
    half: bool = False
    """Since then the printer held half a label, and was told to forget it."""
    proof: bool = True
    """False for papers: one that was taken is good enough, one that is missed is asked for."""
    asked: bool = True
    """False for a printer that cannot be asked anything."""


@dataclass(frozen=True, slots=True)
class Printed:
    """It came out."""

    evidence: str


@dataclass(frozen=True, slots=True)
class NotPrinted:
    """It did not come out and will not: it may be sent again."""

    evidence: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Ask again later."""

    needs: Needs | None = None
    """Whether a person should come; None when this look does not say."""


@dataclass(frozen=True, slots=True)
class ForgetHalf:
    """Tell the printer to forget the half label that it holds, then look again."""


@dataclass(frozen=True, slots=True)
class Uncertain:
    """Nobody can know; a person decides."""

    why: str


@dataclass(frozen=True, slots=True)
class Ready:
    """The next label may go out."""

    counter: int | None
    """The odometer now, None when the printer has none."""


Verdict = Printed | NotPrinted | Wait | ForgetHalf | Uncertain


def decide(flight: Flight, heard: Heard, steady: Steady, patience: Patience) -> Verdict:
    """Say what has become of the label in flight."""
    if not flight.asked:
        return _without_answers(flight)
    if flight.token and flight.token in heard.acknowledged:
        return Printed(ACKNOWLEDGED)
    moved = _moved(flight, heard)
    if moved is not None and moved < 0:
        return Uncertain("the printer's counter went back: is it another printer?")
    status = heard.status
    if moved is not None and moved >= flight.formats and (status is None or status.idle):
        return Printed(ODOMETER)
    if status is None:
        return _unanswered(heard, steady, patience)
    if status.needs_person:
        return Wait(needs_of(status))
    if status.partial_format:
        # On a wire that is up, the rest may be on its way; a label without an end also looks so.
        long_enough = patience.unsure if flight.way is Way.WHOLE else patience.steady
        return ForgetHalf() if steady.same >= long_enough else Wait("")
    if not status.idle:
        return Wait("")
    return _idle(flight, heard, moved, steady, patience)


def accepts(flight: Flight, heard: Heard) -> bool:
    """Whether the printer has, as far as it says, done what there was to do."""
    status = heard.status
    if flight.way is not Way.WHOLE or status is None:
        return flight.accepted
    return flight.accepted or (status.idle and not status.needs_person)


def prepare(
    heard: Heard, steady: Steady, patience: Patience, *, counts: bool
) -> Ready | Wait | ForgetHalf:
    """Say whether a label may go out now. A sick printer is sent nothing.

    `counts`: the printer is known to have a counter, so one must be read first.
    """
    status = heard.status
    if status is None:
        waiting = _unanswered(heard, steady, patience)
        return waiting if isinstance(waiting, Wait) else Wait("silent")
    if status.needs_person:
        return Wait(needs_of(status))
    if status.partial_format:
        return ForgetHalf() if steady.same >= patience.steady else Wait("")
    if status.label_waiting:
        return Wait("take")
    if not status.idle:
        return Wait("")
    if counts and heard.counter is None and steady.same < patience.unsure:
        return Wait("")
    return Ready(heard.counter)


def needs_of(status: Status) -> Needs:
    """Name what a person has to do first: an open head also looks like paper out."""
    if status.head_open:
        return "head"
    if status.jammed:
        return "jam"
    if status.paper_out:
        return "paper"
    if status.ribbon_out:
        return "ribbon"
    if status.too_hot:
        return "hot"
    return "pause" if status.paused else ""


def media_off(status: Status, data: bytes) -> bool:
    """Whether the labels on the roll are of another length than the job's, by more than 5 %."""
    said = _LENGTH.findall(data)
    if not said or not status.length_dots:
        return False
    wanted = int(said[-1])
    return abs(wanted - status.length_dots) * 20 > wanted


def _without_answers(flight: Flight) -> Verdict:
    if flight.way is not Way.WHOLE:
        return Uncertain("the wire was cut, and this printer cannot be asked")
    return Wait("") if flight.proof else Printed(ACCEPTED)


def _moved(flight: Flight, heard: Heard) -> int | None:
    if flight.before is None or heard.counter is None:
        return None
    return heard.counter - flight.before


def _unanswered(heard: Heard, steady: Steady, patience: Patience) -> Wait | Uncertain:
    if not heard.connected:
        if steady.away >= patience.ask:
            return Uncertain("the printer cannot be reached")
        return Wait(heard.why)
    if steady.mute >= patience.ask:
        return Uncertain("the printer does not answer")
    return Wait("silent" if steady.mute >= patience.silent else None)


def _idle(
    flight: Flight, heard: Heard, moved: int | None, steady: Steady, patience: Patience
) -> Verdict:
    """Decide for a printer in order that has nothing left to do."""
    if flight.half and flight.formats == 1 and not moved:
        return NotPrinted(HALF)
    if flight.before is None and flight.token and flight.way is Way.WHOLE:
        # What it says of a label comes over the same wire, before this status did.
        if steady.same >= patience.unsure:
            return Uncertain("the printer is done, and did not say that the label came out")
        return Wait("")
    if flight.before is None:
        if flight.way is not Way.WHOLE and not flight.accepted:
            return Uncertain("the wire was cut, and this printer does not count its labels")
        # The closing scan is the evidence.
        return Wait("") if flight.proof else Printed(ACCEPTED)
    if moved is None:
        if steady.same >= patience.unsure:
            return Uncertain("the printer's counter cannot be read any more")
        return Wait("")
    if steady.same < patience.steady:
        return Wait("")
    if moved == 0:
        return NotPrinted(ODOMETER)
    # Some labels of several: the others were settings, or they are missing.
    if flight.way is Way.WHOLE:
        return Printed(ODOMETER)
    return Uncertain("some labels of the job came out, and some may not have")
