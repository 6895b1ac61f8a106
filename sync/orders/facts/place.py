"""Where a parcel goes: closed, staged, handed over, on the road."""

from __future__ import annotations

from sync.orders.facts.base import ParcelFact
from sync.orders.state import Mishap, Place


class ParcelClosed(ParcelFact, frozen=True, kw_only=True, tag="parcel-closed"):
    """The label on it was scanned."""

    tracking: str


class ParcelReopened(ParcelFact, frozen=True, kw_only=True, tag="parcel-reopened"):
    """The box was opened again."""


class ParcelStaged(ParcelFact, frozen=True, kw_only=True, tag="parcel-staged"):
    """It lies in a carrier's lane."""

    lane: str


class ParcelUnstaged(ParcelFact, frozen=True, kw_only=True, tag="parcel-unstaged"):
    """It was pulled from the lane."""


class ParcelManifested(ParcelFact, frozen=True, kw_only=True, tag="parcel-manifested"):
    """It is on the carrier's list."""

    manifest: str


class ParcelHandedOver(ParcelFact, frozen=True, kw_only=True, tag="parcel-handed-over"):
    """The carrier has it."""


class HandoverUndone(ParcelFact, frozen=True, kw_only=True, tag="handover-undone"):
    """The carrier has not."""

    back_to: Place


class ParcelScannedByCarrier(
    ParcelFact, frozen=True, kw_only=True, tag="parcel-scanned-by-carrier"
):
    """It is on its way."""


class ParcelDelivered(ParcelFact, frozen=True, kw_only=True, tag="parcel-delivered"):
    """The buyer has it."""


class MishapReported(ParcelFact, frozen=True, kw_only=True, tag="mishap-reported"):
    """It was lost or damaged."""

    mishap: Mishap
