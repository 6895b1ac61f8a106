"""What does the packer see? One frozen value per screenful, made by flows, painted by widgets.

A flow never touches a widget: it says what is to be seen, and the one working screen shows it.
Every string here is already in the packer's language; nothing here is markup.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Literal


class Tone(Enum):
    """How a verdict is meant. Each has its own colour and its own shape (widgets/look.py)."""

    NEUTRAL = "neutral"
    GOOD = "good"
    BAD = "bad"
    ASK = "ask"
    DONE = "done"
    STOP = "stop"
    ASLEEP = "asleep"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the big banner says about the last scan."""

    word: str
    """At most 9 letters or 4 Chinese characters; longer words are drawn smaller."""
    tone: Tone
    line1: str = ""
    """What happened."""
    line2: str = ""
    """What to do now."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the order as the packer sees it."""

    mark: str
    """One cell: what state the line is in, as a shape."""
    sku: str
    name: str
    bin: str
    need: int
    done: int
    current: bool = False
    """The line the last scan or the next step is about: highlighted and always in view."""
    quiet: bool = False
    """It cannot be begun now: drawn so that it does not ask for anything."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key and what it does here, as the footer shows it."""

    key: str
    """Textual's name: f1, f10, enter."""
    label: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """Everything below the banner."""

    title: str
    """What the bench is in the middle of: an order's number, a tote, "no order open"."""
    instruction: str
    """The next thing to do, always in view."""
    rows: tuple[Row, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    """Label and value beside the title: carrier, ship by, buyer's country. Label may be ""."""
    parcel: tuple[tuple[str, str], ...] = ()
    """Label and value in the right panel: box, weight, label."""
    notice: str = ""
    """A warning that must be read: a gift, an instruction, blind shipping."""
    progress: tuple[int, int] | None = None
    """Pieces done and pieces asked. None hides the bar."""
    keys: tuple[Key, ...] = ()
    lane: str = ""
    """Where this parcel waits for its carrier; drawn large in the right panel."""


LampState = Literal["ok", "busy", "warn", "bad", "off", "unknown"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing on a page: a device, a step, something that can be chosen."""

    what: str
    """What it is, or how it is, in one sentence."""
    name: str = ""
    kind: str = ""
    state: LampState | None = None
    """Drawn as a lamp; None for none."""
    last: str = ""
    """What it said last, and when."""
    do: str = ""
    """The one thing to do about it; "" where there is nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A screenful of things of which one is chosen; shown over the working screen."""

    title: str
    entries: tuple[Entry, ...] = ()
    chosen: int = -1
    """Place of the one that a key would act on; -1 for none."""
    notice: str = ""
    """What came of the last key."""
    drawn: tuple[str, ...] = ()
    """Rows of half blocks at the right or below: a barcode to scan from the screen."""
    instruction: str = ""
    keys: tuple[Key, ...] = ()


@dataclass(frozen=True, slots=True)
class Lamp:
    """How one device or the hub is."""

    name: str
    state: LampState
    text: str = ""


@dataclass(frozen=True, slots=True)
class StatusLine:
    """The top row."""

    mode: str
    bench: str
    packer: str
    done: str
    """What this packer did today, as a sentence: "41 packed"."""
    lamps: tuple[Lamp, ...]
    clock: str


@dataclass(frozen=True, slots=True)
class Headings:
    """The few words that the working screen itself puts between the values."""

    sku: str = "SKU"
    name: str = "Item"
    bin: str = "Bin"
    need: str = "Need"
    done: str = "Done"
    parcel: str = "PARCEL"
    lane: str = "LANE"
    next: str = "NEXT"
    above: str = "{n} above"
    """Rows out of view; {n} is their number."""
    below: str = "{n} below"
