"""What is said about labels that came from outside and cannot be printed."""

from __future__ import annotations

from drivers.label_printers.unusable import Why
from station.session import Text
from station.wording import orders
from station.wording.text import text
from sync.orders import Hold


def unusable(flaw: Why) -> Text:
    """Why the label is none for its parcel, or not here."""
    return text(f"outside.{flaw.name.lower()}")


def is_held(hold: Hold) -> Text:
    """Why the shipment must not go now; of its label, if that is why."""
    why = Why.reason_is(hold.why)
    return orders.is_held(hold.kind) if why is None else unusable(why)
