"""What an order is: its lines, its shipments, their parcels, and the states these are in.

One order document a marketplace order. It carries its shipments (the part that one warehouse
sends; most orders have one), they carry their parcels. States are a shipment's; cancellation,
returns and holds stand beside the state, because all of them may overlap with it. A parcel has
three axes that advance independently: contents, label, print.

Nothing here changes: `sync.orders.lifecycle.apply` makes the next order from a fact.
Ids nest: order "amazon-uk:202-1", its shipment "amazon-uk:202-1#1", its parcel "…#1/1".

A document leaves out what is at its default: it is two thirds as long for the link and both disks,
and read in half the time. So a default means the same for ever: one that should be another needs a
field of another name. Nothing here can be part of a cycle, and `gc=False` keeps tens of thousands
of orders out of the collector's way.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from sync.orders.address import Address
from sync.orders.money import Money
from sync.orders.state import (
    Cancellation,
    Confirmation,
    Contents,
    HoldKind,
    LabelState,
    Mishap,
    Place,
    PrintState,
    Returning,
    Shortage,
    State,
)


class Line(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """One item of an order, as the marketplace sold it."""

    id: str
    """The marketplace's own id of the line; confirmations speak of it."""
    sku: str
    gtins: tuple[str, ...] = ()
    """Every GTIN that a piece may bear, 14 digits each."""
    name: str = ""
    quantity: int = 1
    price: Money | None = None
    """For one piece; None where the marketplace does not say."""
    grams: int = 0
    """Of one piece; 0 when nobody weighed it yet."""
    bin: str = ""
    """Where a picker finds it: zone-aisle-bin."""
    serial_required: bool = False
    instruction: str = ""
    """What the packer must know of this item ("fragile: two layers")."""


class ShipmentLine(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """How much of a line one shipment sends, and how far that has come."""

    line: str
    quantity: int
    picked: int = 0
    short: int = 0
    """Pieces that could not be found; they do not ship."""

    @property
    def due(self) -> int:
        """Pieces that must be in parcels."""
        return self.quantity - self.short


class Packed(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """So many pieces of a line in a parcel."""

    line: str
    quantity: int
    serials: tuple[str, ...] = ()


class Label(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A carrier's label for one parcel: what it says, and the hash of its bytes."""

    carrier: str
    service: str
    tracking: str
    sha256: str
    """Of the bytes as bought; the store keeps the bytes under it."""
    carrier_id: str = ""
    """What the carrier calls it, where that is not the tracking number; a void names it."""
    format: str = "zpl"
    grams: int = 0
    """The weight it was bought for."""
    tolerance_grams: int = 0
    """How far the parcel may weigh from that before the label must be replaced."""
    address: str = ""
    """`Address.digest` that it was bought for."""
    lane: str = ""
    """Where parcels with this label wait for their carrier."""
    cost: Money | None = None


class Parcel(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """One box that gets one carrier label."""

    id: str
    number: int
    packed: tuple[Packed, ...] = ()
    contents: Contents = Contents.PLANNED
    box: str = ""
    grams: int = 0
    label_state: LabelState = LabelState.NONE
    label: Label | None = None
    label_key: str = ""
    """The idempotency key of the last request; a new one only after a void or a refusal."""
    label_error: str = ""
    void_wanted: str = ""
    """Why the label must not be used any more; the hub gives it back to the carrier."""
    spoiled: tuple[str, ...] = ()
    """Tracking numbers of voided labels: such a label on a box is wrong for ever."""
    print_state: PrintState = PrintState.NONE
    print_job: str = ""
    copies: int = 0
    """Times the label came out of a printer."""
    closed: bool = False
    place: Place = Place.BENCH
    lane: str = ""
    manifest: str = ""
    mishap: Mishap = Mishap.NONE
    confirmation: Confirmation = Confirmation.NOT_DUE
    reference: str = ""
    """What we call this parcel to the marketplace; given once, before the first call."""
    confirmation_error: str = ""
    replaces: str = ""
    """The parcel whose contents this one ships again; "" for a first one."""

    @property
    def pieces(self) -> int:
        """How many pieces are in it."""
        return sum(packed.quantity for packed in self.packed)

    @property
    def label_usable(self) -> bool:
        """Whether a label is bought for it that may go on it."""
        return self.label_state is LabelState.BOUGHT and not self.void_wanted


class Hold(msgspec.Struct, frozen=True, gc=False):
    """A reason not to ship now."""

    kind: HoldKind
    why: str = ""


class Claim(msgspec.Struct, frozen=True, order=True, gc=False):
    """The right of one bench to work on a shipment; a later claim beats an earlier one."""

    epoch: int
    """The hub's: raised by every restore."""
    n: int
    """Raised by every assignment of this shipment."""

    def __str__(self) -> str:
        """As it goes over the wire: "3.2"."""
        return f"{self.epoch}.{self.n}"


class Shipment(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """The part of an order that one warehouse sends: the unit of claim, feed and work."""

    id: str
    lines: tuple[ShipmentLine, ...]
    state: State = State.READY
    warehouse: str = ""
    bench: str = ""
    claim: Claim | None = None
    wanted: str = ""
    """The bench that is to pack it, if the one that has it has not begun; "": no other."""
    tote: str = ""
    holds: tuple[Hold, ...] = ()
    cancellation: Cancellation = Cancellation.NONE
    returning: Returning = Returning.NONE
    parcels: tuple[Parcel, ...] = ()

    @property
    def shortage(self) -> Shortage:
        """What part of it is not there."""
        short = sum(line.short for line in self.lines)
        if not short:
            return Shortage.NONE
        whole = short == sum(line.quantity for line in self.lines)
        return Shortage.FULL if whole else Shortage.PARTIAL

    @property
    def stopped(self) -> bool:
        """Whether it must not be labelled, printed or handed over now."""
        called_off = self.cancellation in (Cancellation.REQUESTED, Cancellation.CANCELLED)
        return bool(self.holds) or called_off

    def packed(self, line: str) -> int:
        """How many pieces of the line are in parcels (shipping again counts nothing twice)."""
        return sum(
            packed.quantity
            for parcel in self.parcels
            if not parcel.replaces
            for packed in parcel.packed
            if packed.line == line
        )

    @property
    def complete(self) -> bool:
        """Whether every piece that is there lies in a parcel."""
        return all(self.packed(line.line) == line.due for line in self.lines)


class Order(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """What a buyer bought on a channel."""

    id: str
    """"channel:channel_order_id"."""
    channel: str
    channel_order_id: str
    marketplace: str = ""
    """Which marketplace the channel is an account on ("amazon")."""
    site: str = ""
    """Its country site as it names it; confirmations must repeat it ("A1F83G8C2ARO7P")."""
    version: int = 1
    """Raised by the hub with every change; a bench that acts on an old one is told."""
    placed_at: datetime | None = None
    changed_at: datetime | None = None
    """The marketplace's own clock of its last change."""
    ship_by: datetime | None = None
    deliver_by: datetime | None = None
    service: str = ""
    """standard | expedited | next_day …, as the marketplace promised the buyer."""
    payment: str = "paid"
    payment_method: str = ""
    total: Money | None = None
    lines: tuple[Line, ...] = ()
    shipments: tuple[Shipment, ...] = ()
    address: Address | None = None
    """None: gone or not yet known; `address_digest` still tells which one it was."""
    address_digest: str = ""
    gift_message: str = ""
    gift: bool = False
    note: str = ""
    """What the buyer wrote."""
    ioss: str = ""
    """The EU import scheme number that customs papers must bear."""

    def line(self, id: str) -> Line:
        """Return the line of that id. Raises KeyError."""
        for line in self.lines:
            if line.id == id:
                return line
        raise KeyError(f"{self.id} has no line {id}")

    def shipment(self, id: str) -> Shipment:
        """Return the shipment of that id. Raises KeyError."""
        for shipment in self.shipments:
            if shipment.id == id:
                return shipment
        raise KeyError(f"{self.id} has no shipment {id}")

    def parcel(self, id: str) -> Parcel:
        """Return the parcel of that id. Raises KeyError."""
        for parcel in self.shipment(shipment_of(id)).parcels:
            if parcel.id == id:
                return parcel
        raise KeyError(f"{self.id} has no parcel {id}")

    @property
    def state(self) -> State:
        """How far the order has come: as far as the last of its shipments."""
        order = list(State)
        if not self.shipments:
            return State.READY
        return min((shipment.state for shipment in self.shipments), key=order.index)


def shipment_id(order: str, number: int) -> str:
    """Name the order's nth shipment, from 1."""
    return f"{order}#{number}"


def parcel_id(shipment: str, number: int) -> str:
    """Name the shipment's nth parcel, from 1."""
    return f"{shipment}/{number}"


def shipment_of(parcel: str) -> str:
    """Name the shipment that a parcel belongs to.

    >>> shipment_of("amazon-uk:202-1#1/2")
    'amazon-uk:202-1#1'
    """
    return parcel.rpartition("/")[0]


def order_of(shipment: str) -> str:
    """Name the order that a shipment or a parcel belongs to.

    >>> order_of("amazon-uk:202-1#1/2")
    'amazon-uk:202-1'
    """
    return shipment.rpartition("#")[0]
