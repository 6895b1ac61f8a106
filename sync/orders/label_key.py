"""Under which key is a parcel's next label asked for? Bench and hub must say the same.

A carrier sells one label a key, however often it is asked. The key follows from the parcel, from
how many labels it has had and from the address, and from nothing else: a hub that was restored,
and a bench that was away, ask for the label that was bought already, and are given it.
"""

from __future__ import annotations

from sync.orders.order import Parcel
from sync.orders.state import LabelState

_DIGITS = 8
"""Of the address's digest: enough to tell the addresses of one order apart."""


def label_key(parcel: Parcel, address: str) -> str:
    """Give the idempotency key of the next request; `address`: the digest of where it goes.

    >>> label_key(Parcel(id="uk:1#1/1", number=1), "5fe0c1a2b3")
    'uk:1#1/1:1:5fe0c1a2'
    """
    return f"{parcel.id}:{_number(parcel)}:{address[:_DIGITS]}"


def _number(parcel: Parcel) -> int:
    had = len(parcel.spoiled) + (parcel.label is not None)
    used = _used(parcel)
    if parcel.label_state in (LabelState.VOIDED, LabelState.VOID_REFUSED):
        # Also where nobody ever saw the label that was given back: its key is spent.
        return max(had, used) + 1
    return max(had + 1, used)  # what a carrier refused to sell is asked for once more


def _used(parcel: Parcel) -> int:
    """Say which number the last request had; 0 for none, or for a key that somebody else made."""
    start = f"{parcel.id}:"
    if not parcel.label_key.startswith(start):
        return 0
    number = parcel.label_key.removeprefix(start).partition(":")[0]
    return int(number) if number.isascii() and number.isdecimal() else 0
