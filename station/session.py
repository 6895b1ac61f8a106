"""What the bench is in the middle of: one frozen value, all that a flow knows.

The app keeps the one current Session, puts the fresh order into it before each step, and stores
`saved(session)` with every scan, in the same transaction: after a crash the bench stands where
it stood, and what is on screen can always be worked out from the journal.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import msgspec

from station.notice import Notice
from station.prompt import Tone
from sync.orders import Order, Parcel, Shipment
from sync.orders.box import KINDS
from sync.orders.facts import Fact
from sync.protocol.messages import Packer


class Text(msgspec.Struct, frozen=True):
    """A sentence before it has a language: a key of the catalogues and what goes in its gaps."""

    key: str
    args: dict[str, str] = {}


NOTHING = Text("")


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What the banner says, before it has a language."""

    word: Text
    tone: Tone
    what: Text = NOTHING
    then: Text = NOTHING


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """Something only the packer can answer; until then nothing else is accepted."""

    kind: str
    """Which question: the flow that asked knows ("did-it-come-out", "serial", "why-copy")."""
    about: dict[str, str] = {}
    """What the answer needs to know (job, line, gtin)."""


class Undo(msgspec.Struct, frozen=True):
    """What takes back one scan: compensating facts in the order they are to happen."""

    facts: tuple[Fact, ...]
    flow: str
    """Where the bench goes back to."""
    name: str = ""
    """What is taken back, for the sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Where one bench stands."""

    bench: str
    language: str = "en"
    packer: Packer | None = None
    flow: str = "login"
    order: Order | None = None
    """The order that is open here, as it is now. In `choose`, the one that was closed last: UNDO
    may reopen it until another is opened."""
    shipment_id: str = ""
    parcel_id: str = ""
    said: Said | None = None
    latched: bool = False
    """After a wrong scan: red, and only an acknowledgement counts."""
    question: Question | None = None
    quantity: int = 1
    """How many pieces the next scan counts (QTY-n)."""
    undo: tuple[Undo, ...] = ()
    """Newest last; emptied when the order is put down."""
    done: int = 0
    """Parcels this packer closed since the login."""
    pending: tuple[str, ...] = ()
    """Inputs that wait for something (a label, a settled scale): the flow's own notes."""
    waiting: tuple[Order, ...] = ()
    """While no order is open: the next ones of the queue, for the screen alone."""
    help_page: int = 0
    """0: no help on the screen."""
    devices: bool = False
    """This very step asked for the devices. Not stored: after a start nobody asks any more."""
    notices: tuple[Notice, ...] = ()
    """What the hub decided about work done here, and nobody has acknowledged; oldest first."""
    noticed: int = 0
    """The number of the notice on the screen; 0: none is."""
    lease_over: bool = False
    """The bench was without the hub for so long that others may have got what it has not begun."""
    settings: Settings = field(default_factory=lambda: Settings())

    @property
    def idle(self) -> bool:
        """Whether nothing is open. The order that was closed last may still be in `order`."""
        return self.flow in ("login", "choose")

    @property
    def shipment(self) -> Shipment | None:
        """The open shipment."""
        if self.order is None or not self.shipment_id:
            return None
        return next((s for s in self.order.shipments if s.id == self.shipment_id), None)

    @property
    def parcel(self) -> Parcel | None:
        """The open parcel."""
        shipment = self.shipment
        if shipment is None or not self.parcel_id:
            return None
        return next((p for p in shipment.parcels if p.id == self.parcel_id), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What station.toml says of how this bench works."""

    scale: bool = True
    """Without one the expected weight counts."""
    slip: bool = True
    """Whether a packing slip goes into every shipment."""
    ask_box: bool = False
    """Whether the packer scans the box; else the proposed one is taken."""
    boxes: tuple[tuple[str, int], ...] = tuple(KINDS)
    """Kinds of box and their empty weight in grams, smallest first."""
    weight_tolerance_percent: int = 10
    weight_tolerance_grams: int = 50
    """The larger of the two is how far a parcel may weigh from what is expected."""


class Saved(msgspec.Struct, frozen=True, kw_only=True):
    """A session as it is stored: the order by its id, the rest as it is."""

    language: str
    packer: Packer | None
    flow: str
    order_id: str
    shipment_id: str
    parcel_id: str
    said: Said | None
    latched: bool
    question: Question | None
    quantity: int
    undo: tuple[Undo, ...]
    done: int
    pending: tuple[str, ...]
    help_page: int = 0
    noticed: int = 0


def saved(session: Session) -> Saved:
    """Return what is to be stored of a session."""
    return Saved(
        language=session.language,
        packer=session.packer,
        flow=session.flow,
        order_id=session.order.id if session.order else "",
        shipment_id=session.shipment_id,
        parcel_id=session.parcel_id,
        said=session.said,
        latched=session.latched,
        question=session.question,
        quantity=session.quantity,
        undo=session.undo,
        done=session.done,
        pending=session.pending,
        help_page=session.help_page,
        noticed=session.noticed,
    )


def restored(fresh: Session, kept: Saved, order: Order | None) -> Session:
    """Return the stored session on top of a fresh one, with the order that it names."""
    return replace(
        fresh,
        language=kept.language,
        packer=kept.packer,
        flow=kept.flow,
        order=order,
        shipment_id=kept.shipment_id if order else "",
        parcel_id=kept.parcel_id if order else "",
        said=kept.said,
        latched=kept.latched,
        question=kept.question,
        quantity=kept.quantity,
        undo=kept.undo,
        done=kept.done,
        pending=kept.pending,
        help_page=kept.help_page,
        noticed=kept.noticed,
    )
