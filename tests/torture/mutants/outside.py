"""Which bugs are planted in labels, prints, and what marketplaces are told?"""

from __future__ import annotations

import itertools
import sys
from dataclasses import replace

from station.store import ledger as station_ledger
from sync.carriers import simpost
from sync.hub import ahead, allot, work
from tests.torture.mutants.swap import Own, Swaps


def novoid() -> Swaps:
    """A label that the first bench may have printed stays good when another bench packs it."""
    sound = ahead.taken_back
    return [
        (ahead, "taken_back", lambda shipment, why: sound(shipment, "")),
        (allot, "taken_back", lambda shipment, why: sound(shipment, "")),
    ]


def nogiveback() -> Swaps:
    """The label of what was cancelled is not given back."""
    sound = work.why_void

    def why_void(order: Own, shipment: Own, parcel: Own) -> str:
        found = sound(order, shipment, parcel)
        return "" if found == "the order was cancelled" else found

    return [(work, "why_void", why_void)]


def blindretry() -> Swaps:
    """A purchase whose answer was lost is made again, as a new one."""
    sound, numbers = simpost.buy, itertools.count()

    def buy(wanted: Own) -> Own:
        # Kept by the key: each try is another purchase.
        return sound(replace(wanted, key=f"{wanted.key}~{next(numbers)}"))

    return [(simpost, "buy", buy)]


def printunwritten() -> Swaps:
    """A label's first byte goes out before that stands on record."""

    def starting(self: Own, job: str, counter: int | None) -> bool:
        return self.next_job("zebra") is not None

    return [(station_ledger.StoreLedger, "starting", starting)]


def noverify() -> Swaps:
    """A parcel is told under another reference each time."""
    numbers = itertools.count(1)

    def reference(order: Own, shipment: Own, parcel: Own) -> str:
        return str(next(numbers))

    return [(work, "reference", reference)]


def confirmearly() -> Swaps:
    """A marketplace is told of a parcel when it is planned; both guards are off."""
    return [
        (work, "_reached", lambda parcel, at: True),
        (sys.modules["sync.orders.refusal"], "_of_confirmation", lambda parcel, fact: None),
    ]
