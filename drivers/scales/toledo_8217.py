"""Toledo 8217: the protocol of Mettler-Toledo's checkout and parcel scales, and of many clones.

Source: Mettler-Toledo Viva Service Manual, "8217 protocol"; DIVA Service Manual 6.1.4, "Weight
data" and "Status byte format". 9600 baud, 7 bits, even parity. We send `W`, and get

    02 30 31 2E 32 33 34 0D       STX 01.234 CR      a weight at rest; N before CR if a tare is set
    02 3F 61 0D                   STX ? a CR         no weight; the status byte says why

The unit is not sent: it is what the scale is set to, so it is part of the name in our list.
Bits of the status byte: 0 in motion, 1 over capacity, 2 under zero, 3 not zeroed at start,
4 at zero, 5 net, 6 always 1, 7 parity.
"""

from __future__ import annotations

import re

from drivers.scales.reading import LONGEST_BYTES, NoWeight, Reading, Why, in_grams

ASK = b"W"

STX = b"\x02"
_WEIGHT = re.compile(rb"\s*([0-9]+\.?[0-9]*)N?")
_MOVING, _OVER, _UNDER, _NOT_ZEROED, _AT_ZERO = 1, 2, 4, 8, 16


class Reader:
    """Bytes in, readings out; a reply may arrive in any number of pieces."""

    def __init__(self, unit: str = "kg") -> None:
        self._unit = unit
        self._rest = b""

    def receive(self, data: bytes) -> list[Reading | NoWeight]:
        """Return the readings that `data` completes, oldest first."""
        # Parity is not always stripped on the way: bit 7 says nothing here.
        *answers, rest = (self._rest + bytes(byte & 0x7F for byte in data)).split(b"\r")
        self._rest = rest[: LONGEST_BYTES + 1]
        return [reading for answer in answers if (reading := self._parse(answer)) is not None]

    def _parse(self, answer: bytes) -> Reading | NoWeight | None:
        _noise, stx, body = answer.rpartition(STX)
        if not stx or len(answer) > LONGEST_BYTES:
            return None
        if body[:1] == b"?" and len(body) == 2:
            return _status(body[1])
        if weight := _WEIGHT.fullmatch(body):
            grams = in_grams(weight[1], self._unit)
            return None if grams is None else Reading(grams, stable=True)
        return None


def _status(bits: int) -> Reading | NoWeight:
    """Return what the status says, what needs a person first."""
    if bits & _NOT_ZEROED:
        return NoWeight(Why.OUT_OF_ORDER)
    if bits & _OVER:
        return NoWeight(Why.TOO_HEAVY)
    if bits & _MOVING:
        return NoWeight(Why.MOVING)
    if bits & _UNDER:
        return NoWeight(Why.BELOW_ZERO)
    # Some answer an empty pan by its status alone.
    return Reading(0, stable=True) if bits & _AT_ZERO else NoWeight(Why.MOVING)
