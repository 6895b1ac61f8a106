"""What is said when the life of an order allows no such thing now?"""

from __future__ import annotations

from station.session import Text
from station.wording.text import text
from sync.orders import Reason


def impossible(reason: Reason) -> tuple[Text, Text]:
    """Why it cannot be, and what to do."""
    return text(f"reason.{reason.value}"), text(f"reason_then.{_ADVICE.get(reason, 'look')}")


_ADVICE = {
    Reason.CANCELLED: "aside",
    Reason.CANCEL_REQUESTED: "aside",
    Reason.HELD: "aside",
    Reason.HANDED_OVER: "aside",
    Reason.UNKNOWN_SHIPMENT: "aside",
    Reason.UNKNOWN_PARCEL: "aside",
    Reason.SPOILED_LABEL: "label",
    Reason.OTHER_LABEL: "label",
    Reason.NOT_PRINTED: "wait",
    Reason.NO_LABEL: "wait",
    Reason.ADDRESS_CHANGED: "label",
    Reason.WEIGHT_CHANGED: "label",
    Reason.SERIAL_TWICE: "serial",
    Reason.SERIAL_MISSING: "serial",
    Reason.TOO_MANY: "count",
    Reason.NOT_SO_MANY: "count",
}
"""What to do; for all the others, to look at the next line."""
ADVICE = ("look", "aside", "label", "wait", "serial", "count")
