"""Scales: one module a protocol, `ASK` (what to send) and `Reader` (what comes back).

A scale answers when asked, a few times a second (`Listener(..., ask=ASK[name])`); the readings go
through one `settle.Settler`, which alone decides when a weight counts.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from drivers.scales import hid, mt_sics, nci, toledo_8217
from drivers.scales.reading import NoWeight, Reader, Reading, Why
from drivers.scales.settle import Frozen, NotEmptied, Settled, Settler

READERS: dict[str, Callable[[], Reader]] = {
    "mt-sics": mt_sics.Reader,
    "toledo-8217": toledo_8217.Reader,
    "toledo-8217-lb": partial(toledo_8217.Reader, "lb"),
    "nci": nci.Reader,
    "hid": hid.Reader,
}

ASK: dict[str, bytes] = {
    "mt-sics": mt_sics.ASK,
    "toledo-8217": toledo_8217.ASK,
    "toledo-8217-lb": toledo_8217.ASK,
    "nci": nci.ASK,
    "hid": hid.ASK,
}
"""What a scale is asked for its weight with; b"" for one that speaks unasked."""

__all__ = [
    "ASK",
    "READERS",
    "Frozen",
    "NoWeight",
    "NotEmptied",
    "Reader",
    "Reading",
    "Settled",
    "Settler",
    "Why",
]
