"""What the marketplace was told of a parcel."""

from __future__ import annotations

from sync.orders.facts.base import ParcelFact
from sync.orders.state import ConfirmAt


class ConfirmationQueued(ParcelFact, frozen=True, kw_only=True, tag="confirmation-queued"):
    """The marketplace is to be told that it ships."""

    at: ConfirmAt
    """The channel's rule; refused while the parcel has not come that far."""
    reference: str
    """What the parcel is called there, for ever."""


class ConfirmationSent(ParcelFact, frozen=True, kw_only=True, tag="confirmation-sent"):
    """The call is about to be made."""


class ConfirmationUncertain(ParcelFact, frozen=True, kw_only=True, tag="confirmation-uncertain"):
    """The answer was lost."""

    why: str = ""


class ConfirmationAccepted(ParcelFact, frozen=True, kw_only=True, tag="confirmation-accepted"):
    """The marketplace knows."""

    answer: str = ""


class ConfirmationRejected(ParcelFact, frozen=True, kw_only=True, tag="confirmation-rejected"):
    """The marketplace refused."""

    why: str
