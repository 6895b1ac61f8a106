"""What a marketplace and a carrier must offer: the contracts of `sync.markets` and `sync.carriers`.

Both are folders of modules that hold talks and decide; neither waits, stores or logs. They lie
here, apart, so that a marketplace can sell labels through the carrier's port.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from sync.orders import Address, Label, Money, Order, Parcel
from sync.talk import Talk


@dataclass(frozen=True, slots=True)
class Rate:
    """A token bucket: so many calls at once, and so many more a second."""

    burst: int
    per_second: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """One round of reading a channel."""

    orders: tuple[Order, ...]
    """As the marketplace has them now; ids are without the channel until the hub adds it."""
    held: Mapping[str, str] = field(default_factory=dict)
    """By channel_order_id: why the order must be held (an unknown status, in our words)."""
    cancel_requested: frozenset[str] = frozenset()
    """channel_order_ids whose buyer asks to call it off."""
    cancelled: frozenset[str] = frozenset()
    """channel_order_ids that the marketplace called off."""
    shipped: frozenset[str] = frozenset()
    """channel_order_ids that the marketplace counts as shipped in full."""
    refused: Mapping[str, str] = field(default_factory=dict)
    """By channel_order_id (or "?"): what could not be read at all, and why."""
    until: datetime | None = None
    """Everything changed before this was seen; the next round starts a little earlier."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The marketplace took the confirmation, now or earlier."""

    answer: str = ""


@dataclass(frozen=True, slots=True)
class Rejected:
    """The marketplace refuses it, and saying it again will not help."""

    why: str


@dataclass(frozen=True, slots=True)
class Unsure:
    """No answer came and a look did not settle it: ask again later, in the same words."""

    why: str


Told = Accepted | Rejected | Unsure


class Market(Protocol):
    """What a folder in `sync.markets` offers. Credentials are the hub's, not the adapter's."""

    RATES: Mapping[str, Rate]
    """By operation, as the marketplace documents them."""

    def fetch_orders(
        self, sites: tuple[str, ...], since: datetime, until: datetime
    ) -> Talk[Fetched]:
        """Ask for what changed in that window, to the last page."""

    def fetch_order(self, channel_order_id: str) -> Talk[Fetched]:
        """Ask for one order."""

    def confirm_shipment(self, order: Order, parcel: Parcel, shipped_at: datetime) -> Talk[Told]:
        """Tell the marketplace that a parcel ships. Safe to say twice: its reference is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a label is bought for."""

    key: str
    """Idempotency key: the same key is the same label."""
    parcel: str
    order: str
    to: Address
    grams: int
    service: str
    pieces: int = 1
    value: Money | None = None
    format: str = "zpl"


@dataclass(frozen=True, slots=True)
class Bought:
    """A label and its bytes; `label.sha256` is theirs."""

    label: Label
    data: bytes


@dataclass(frozen=True, slots=True)
class Declined:
    """The carrier will not sell it, and why, for a person."""

    why: str


Purchase = Bought | Declined | Unsure
Voided = Accepted | Rejected | Unsure


class Carrier(Protocol):
    """What a folder in `sync.carriers` offers."""

    def buy(self, wanted: Wanted) -> Talk[Purchase]:
        """Buy one label. Safe to say twice with the same key."""

    def look_up(self, key: str) -> Talk[Purchase]:
        """Find out what came of an earlier purchase: Declined means that none took place."""

    def void(self, label: Label) -> Talk[Voided]:
        """Give a label back. Safe to say twice."""
