"""What a marketplace and a carrier must offer: the contracts of `sync.markets` and `sync.carriers`.

Both are folders of modules that hold talks and decide; neither waits, stores or logs. They lie
here, apart, so that a marketplace can sell labels through the carrier's port.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from sync.orders import Address, Label, Money, Order, Parcel
from sync.talk import Request, Response, Talk


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
    partly_shipped: frozenset[str] = frozenset()
    """channel_order_ids of which it counts a part as shipped."""
    refused: Mapping[str, str] = field(default_factory=dict)
    """By channel_order_id (or "?"): what could not be read at all, and why."""
    remarks: tuple[str, ...] = ()
    """What is wrong with the account itself, in sentences (a role that it lacks)."""
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


@dataclass(frozen=True, slots=True)
class Granted:
    """An access token, and what came with it."""

    token: str
    seconds: float
    """How long it is good for, from now."""
    refresh_token: str = ""
    """The one to use from now on; "" where the old one stays."""


class Access(Protocol):
    """How a marketplace is reached and who it lets in. Pure: the hub keeps the credentials."""

    HOSTS: Mapping[str, str]
    """Base addresses by region; "" is the one for credentials that name none."""
    TOKEN_URL: str
    KEYS: frozenset[str]
    """What the credentials must name."""

    def sites(self, credentials: Mapping[str, object]) -> tuple[str, ...]:
        """Name the country sites that the account sells on."""

    def renewal(self, credentials: Mapping[str, object]) -> Request:
        """Ask for an access token; the path is relative to the token address."""

    def granted(self, answer: Response) -> Granted:
        """Read the access token. Raises sync.talk.Failed."""

    def dressed(self, request: Request, token: str) -> Request:
        """Put the token on a request."""


class Market(Protocol):
    """What a folder in `sync.markets` offers. Credentials are the hub's, not the adapter's."""

    RATES: Mapping[str, Rate]
    """By operation, as the marketplace documents them."""
    RATE_HEADER: str
    """The answer's header that tells the true rate a second, lower case; "" for none."""
    SETTLED: timedelta
    """How far in the past the end of a window must lie."""

    def fetch_orders(
        self, sites: tuple[str, ...], since: datetime, until: datetime
    ) -> Talk[Fetched]:
        """Ask for what changed in that window, to the last page."""

    def fetch_order(self, channel_order_id: str) -> Talk[Fetched]:
        """Ask for one order."""

    def confirm_shipment(self, order: Order, parcel: Parcel, shipped_at: datetime) -> Talk[Told]:
        """Tell the marketplace that a parcel ships. Safe to say twice: its reference is kept."""

    def look_up_shipment(self, order: Order, parcel: Parcel) -> Talk[Told]:
        """Find out whether it knows that a parcel ships, and tell it nothing.

        Rejected: it does not know.
        """


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
    given_back: bool = False
    """It was bought under this key, and given back since: it must go on no box."""


@dataclass(frozen=True, slots=True)
class Declined:
    """The carrier will not sell it, and why, for a person."""

    why: str


Purchase = Bought | Declined | Unsure
Voided = Accepted | Rejected | Unsure


class Carrier(Protocol):
    """What a folder in `sync.carriers` offers."""

    RATES: Mapping[str, Rate]
    """By operation, as the carrier documents them."""
    HOST: str
    """Its base address."""

    def buy(self, wanted: Wanted) -> Talk[Purchase]:
        """Buy one label. Safe to say twice with the same key."""

    def look_up(self, key: str) -> Talk[Purchase]:
        """Find out what came of an earlier purchase: Declined means that none took place.

        The label that is found may not say for which address: the hub has that on record.
        """

    def void(self, label: Label) -> Talk[Voided]:
        """Give a label back. Safe to say twice."""
