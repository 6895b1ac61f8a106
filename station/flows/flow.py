"""What goes into a flow and what comes out.

A flow is a module with `step(session, input) -> Step` and `prompt(session) -> Prompt`. It
decides; the app carries out, in this order: the facts, the print jobs and the session go to disk
in one transaction; then the spool is woken; then the screen is painted. A flow never waits, never
asks a clock, never looks anything up: what a code stands for comes with the input.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from station.codes.code import Code
from station.prompt import Prompt
from station.session import Session
from sync.orders import Order
from sync.orders.facts import Fact
from sync.protocol.messages import Item, Packer


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the bench knows of a scanned code, looked up before the flow is asked."""

    order: Order | None = None
    """The order that the code names: by its number, its tote, or its label's tracking number."""
    shipment_id: str = ""
    parcel_id: str = ""
    """Set when it was a tracking number."""
    needing: Order | None = None
    """For a piece: the order here that needs it and that nobody began; one-piece orders first,
    then the most urgent."""
    item: Item | None = None
    """For a piece: what it is, also when no order wants it."""
    packer: Packer | None = None
    """For a badge: whose it is."""


@dataclass(frozen=True, slots=True)
class Scanned:
    """Input: a code was scanned, or typed and sent with Enter."""

    code: Code
    raw: str
    """Exactly what the scanner said, for questions whose answer is any text (a serial)."""
    known: Known = Known()


@dataclass(frozen=True, slots=True)
class Commanded:
    """Input: a command by its key; a command's card comes as `Scanned(CommandCode)`."""

    name: str


@dataclass(frozen=True, slots=True)
class Weighed:
    """Input: the scale came to rest on a parcel."""

    grams: int


@dataclass(frozen=True, slots=True)
class NotZeroed:
    """Input: a weight came to rest, but the pan had not been empty since the last parcel."""

    grams: int


@dataclass(frozen=True, slots=True)
class Unweighed:
    """Input: the scale gives no weight, and goes on giving none."""

    why: str
    """too heavy | below zero | out of order | wrong unit | frozen."""


@dataclass(frozen=True, slots=True)
class Refreshed:
    """Input: the open order changed under the packer: the feed or the spool had news of it.

    `session.order` is the order as it is now; `before` as the packer saw it.
    """

    before: Order | None


@dataclass(frozen=True, slots=True)
class PrinterTrouble:
    """Input: the label printer needs a hand; "" means that it is well again."""

    printer: str
    needs: str
    """One of station.spool's NEEDS, "" when it is well."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Input: the disk refused what the last step wanted to keep; nothing of it happened."""

    why: str


@dataclass(frozen=True, slots=True)
class Noticed:
    """Input: the hub decided something about work that was done here; see `session.notices`."""


@dataclass(frozen=True, slots=True)
class LateScans:
    """Input: a scanner was out of range and sends what it kept; all of it is on record."""

    count: int
    first: str


Input = (
    Scanned
    | Commanded
    | Weighed
    | NotZeroed
    | Unweighed
    | Refreshed
    | PrinterTrouble
    | Refused
    | Noticed
    | LateScans
)


@dataclass(frozen=True, slots=True)
class Print:
    """Effect: print one of our own papers for an order (never the carrier's label)."""

    layout: str
    order_id: str
    parcel_id: str = ""


@dataclass(frozen=True, slots=True)
class PrintLabel:
    """Effect: hand the label's bytes to the spool. Comes with its PrintQueued fact."""

    parcel_id: str
    job: str
    sha256: str
    copy: int


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """Effect: a packer has seen the notice of that number."""

    notice: int


@dataclass(frozen=True, slots=True)
class TakeLate:
    """Effect: the late scans that were asked about are to be taken now, in order."""


Effect = Fact | Print | PrintLabel | Acknowledged | TakeLate
"""A fact among the effects is to be put on record."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a flow made of an input."""

    session: Session
    effects: tuple[Effect, ...] = ()


class Flow(Protocol):
    """What a module beside this file offers."""

    def step(self, session: Session, input: Input) -> Step:
        """Say what to do about what just happened. Has an answer for every input, always."""

    def prompt(self, session: Session) -> Prompt:
        """Say what the packer sees now, in the session's language."""
