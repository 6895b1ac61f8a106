"""The states that shipments and parcels are in, and what may stand beside them."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """How far a shipment has come."""

    PENDING_PAYMENT = "pending_payment"
    READY = "ready"
    ALLOCATED = "allocated"
    PICKING = "picking"
    PACKING = "packing"
    PACKED = "packed"
    STAGED = "staged"
    HANDED_OVER = "handed_over"
    IN_TRANSIT = "in_transit"
    DELIVERED = "delivered"
    COMPLETED = "completed"


class HoldKind(StrEnum):
    """Why a shipment must not go now; each kind has its role that may release it."""

    FRAUD = "fraud"
    ADDRESS = "address"
    PAYMENT = "payment"
    STOCK = "stock"
    OPERATOR = "operator"
    UNKNOWN = "unknown"
    """The marketplace gave a status that we do not know: never packed until someone looked."""


class Shortage(StrEnum):
    """What part of a shipment is not there."""

    NONE = "none"
    PARTIAL = "partial"
    FULL = "full"


class Cancellation(StrEnum):
    """Whether the buyer or the seller called it off."""

    NONE = "none"
    REQUESTED = "requested"
    CANCELLED = "cancelled"
    REFUSED = "refused"


class Returning(StrEnum):
    """Whether it comes back."""

    NONE = "none"
    RETURNING = "returning"
    RETURNED = "returned"
    REFUNDED = "refunded"


class Contents(StrEnum):
    """What is in the box."""

    PLANNED = "planned"
    OPEN = "open"
    CHECKED = "checked"
    BOXED = "boxed"
    WEIGHED = "weighed"


class LabelState(StrEnum):
    """What the carrier was asked for."""

    NONE = "none"
    REQUESTED = "requested"
    BOUGHT = "bought"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    """The answer was lost, or the hub's disk: only a look-up or a void leaves this state."""
    VOIDED = "voided"
    VOID_REFUSED = "void_refused"


class PrintState(StrEnum):
    """What the label printer was given."""

    NONE = "none"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    PRINTED = "printed"
    UNCERTAIN = "uncertain"
    """It may or may not have come out: counter, acknowledgement or a person decides."""


class Place(StrEnum):
    """Where a closed parcel is."""

    BENCH = "bench"
    STAGED = "staged"
    MANIFESTED = "manifested"
    HANDED_OVER = "handed_over"
    IN_TRANSIT = "in_transit"
    DELIVERED = "delivered"


class Mishap(StrEnum):
    """What went wrong with a parcel on its way, if anything."""

    NONE = "none"
    LOST = "lost"
    DAMAGED = "damaged"


class Confirmation(StrEnum):
    """What the marketplace was told about a parcel."""

    NOT_DUE = "not_due"
    QUEUED = "queued"
    SENT = "sent"
    UNCERTAIN = "uncertain"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class ConfirmAt(StrEnum):
    """When a channel wants to be told that a parcel ships."""

    ARRANGE = "arrange"
    CLOSED = "closed"
    HANDOVER = "handover"
    FIRST_SCAN = "first_scan"
