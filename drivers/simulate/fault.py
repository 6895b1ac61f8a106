"""What can go wrong with a virtual device, by name.

Faults of the wire are armed once each and hit the next connection that gives them the chance;
faults of the printer last until `clear`; habits, which some printers have, for good.
"""

from __future__ import annotations

from dataclasses import dataclass

NAMES = {
    "drop-after": "reset the connection after N bytes, or at half|last|label: half of a label, all"
    " but its last byte, the whole of it",
    "stall": "stop reading a connection after N bytes, until cleared; N:SECONDS goes on by itself",
    "lost-reply": "swallow the next N answers (1)",
    "silent-when-error": "answer no ~H question while paper, ribbon or head stop the printer",
    "mute": "answer nothing at all",
    "one-byte-replies": "send each answer byte by byte, a packet each",
    "slow-reader": "take N bytes a second (20000)",
    "reset-on-close": "answer a closed connection with a reset",
    "no-odometer": "have no counter to read (ZPL)",
    "no-sgd": "answer no getvar, as printers that emulate ZPL (ZPL)",
    "no-acknowledge": "answer no ^HV (ZPL)",
    "no-errors": "answer no ~HQES (ZPL)",
    "another-bench": "N labels of another bench come out (1)",
    "power-cycle": "the power goes for SECONDS (0.2): connections and queue are lost",
    "buffer-full": "take no more bytes until cleared",
    "paper-out-after": "the roll ends after N labels, in the middle of the next",
    "paper-out": "the roll has ended",
    "head-open": "the head is open",
    "ribbon-out": "the ribbon has ended",
    "paused": "someone pressed Pause",
    "jam": "a label is wrapped around the roller",
    "too-hot": "the head is too hot to print",
    "label-waiting": "peel mode: a label hangs out and wants to be taken",
    "media-length": "labels on the roll are N dots long, whatever the job says",
}

FLAGS = {
    "head-open": "head_open",
    "ribbon-out": "ribbon_out",
    "paused": "paused",
    "jam": "jammed",
    "too-hot": "too_hot",
    "label-waiting": "label_waiting",
    "buffer-full": "buffer_full",
    "silent-when-error": "silent_when_error",
}
"""Faults of the printer that `paper.Paper` has a word for."""
HABITS = (
    "mute",
    "one-byte-replies",
    "slow-reader",
    "reset-on-close",
    "no-odometer",
    "no-sgd",
    "no-acknowledge",
    "no-errors",
)
"""What is so from the beginning with some printers: `clear` leaves it."""
ZPL_ONLY = ("silent-when-error", "no-odometer", "no-sgd", "no-acknowledge", "no-errors")

PLACES = ("half", "last", "label")
"""Where in a label a connection can be dropped, for who does not know its length."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault and its argument, as in `drop-after=120`."""

    name: str
    value: str = ""

    @property
    def count(self) -> int:
        """The number in the argument; 0 for a word."""
        head = self.value.partition(":")[0]
        return int(head) if head.isdigit() else 0

    @property
    def seconds(self) -> float | None:
        """The time in the argument, None for until cleared."""
        _, colon, tail = self.value.partition(":")
        return float(tail) if colon else None


def parsed(text: str) -> Fault:
    """Return the fault that `text` names. Raises ValueError with a sentence.

    >>> parsed("drop_after=half"), parsed("lost-reply")
    (Fault(name='drop-after', value='half'), Fault(name='lost-reply', value='1'))
    """
    name, _, value = text.strip().partition("=")
    name = name.replace("_", "-").lower()
    if name not in NAMES:
        raise ValueError(f"no fault is called {name!r}; there are {', '.join(NAMES)}")
    number, colon, seconds = value.partition(":")
    match name:
        case "drop-after":
            value = value or "half"
            fits = value in PLACES or value.isdigit()
        case "stall":
            value = value or "0"
            fits = (not number or number.isdigit()) and (not colon or _positive(seconds))
        case "lost-reply" | "another-bench":
            value = value or "1"
            fits = value.isdigit()
        case "slow-reader":
            value = value or "20000"
            fits = value.isdigit() and int(value) > 0
        case "power-cycle":
            value = value or "0.2"
            fits = _positive(value)
        case "paper-out-after" | "media-length":
            fits = value.isdigit()
        case _:
            fits = not value
    if not fits:
        raise ValueError(f"{text!r}: {name} is to {NAMES[name]}")
    return Fault(name, value)


def _positive(seconds: str) -> bool:
    return seconds.replace(".", "", 1).isdigit()
