"""What happens to a label: intent first, then the call, then the outcome."""

from __future__ import annotations

from sync.orders.facts.base import ParcelFact
from sync.orders.order import Label


class LabelRequested(ParcelFact, frozen=True, kw_only=True, tag="label-requested"):
    """A carrier is about to be asked for a label."""

    key: str
    """Idempotency key: the same key is the same label, however often it is sent."""
    grams: int
    address: str
    """`Address.digest` it is for."""


class LabelBought(ParcelFact, frozen=True, kw_only=True, tag="label-bought"):
    """The carrier sold it; the bytes are stored under its hash."""

    label: Label


class LabelFailed(ParcelFact, frozen=True, kw_only=True, tag="label-failed"):
    """The carrier refused."""

    why: str


class LabelUncertain(ParcelFact, frozen=True, kw_only=True, tag="label-uncertain"):
    """The answer was lost, or what is known of the label may be out of date."""

    why: str = ""


class VoidRequested(ParcelFact, frozen=True, kw_only=True, tag="void-requested"):
    """The label must not be used: it is to be given back."""

    why: str


class LabelVoided(ParcelFact, frozen=True, kw_only=True, tag="label-voided"):
    """The carrier took it back."""


class VoidRefused(ParcelFact, frozen=True, kw_only=True, tag="void-refused"):
    """The carrier did not take it back."""

    why: str = ""
