"""NCI (Weigh-Tronix SCP-01): the protocol of NCI, Salter Brecknell and Avery parcel scales.

Source: NCI General Serial Communications Protocol SCP-01; Salter Brecknell 7800 User's Manual,
"NCI Serial Communications Protocol"; status bits as in the DIVA Service Manual, "Scale status
command". We send `W CR`, and get

    0A 20 30 31 2E 32 33 6B 67 0D 0A 30 30 0D 03    LF " 01.23kg" CR LF "00" CR ETX    at rest
    0A 53 31 30 0D 03                               LF "S10" CR ETX                    moving

Some write an S before the status bytes, some do not. Status byte 1: bit 0 in motion, 1 at zero,
2 RAM error, 3 EEPROM error, 4 and 5 always 1, 6 always 0. Byte 2: 0 under capacity, 1 over
capacity, 2 ROM error, 3 calibration lost, 6 another byte follows. Bit 7 is parity.
"""

from __future__ import annotations

import re

from drivers.scales.reading import GRAMS, LONGEST_BYTES, NoWeight, Reading, Why, in_grams

ASK = b"W\r"

ETX = b"\x03"
_ANSWER = re.compile(
    # Every part is bounded, so that no answer is longer than what is kept of the past.
    rb"(?:\n {0,8}(?P<number>-? {0,8}[0-9]{0,8}\.?[0-9]{1,6})"
    rb" {0,4}(?P<unit>[A-Za-z]{1,2}) {0,4}\r)?"
    rb"\nS?(?P<one>[\x30-\x3f])(?P<two>[\x30-\x3f\x70-\x7f])[\x30-\x3f\x70-\x7f]{0,2}\r"
)
_MOVING, _AT_ZERO, _MEMORY = 1, 2, 4 | 8
_UNDER, _OVER, _CALIBRATION = 1, 2, 4 | 8


class Reader:
    """Bytes in, readings out; a reply may arrive in any number of pieces."""

    def __init__(self) -> None:
        self._rest = b""

    def receive(self, data: bytes) -> list[Reading | NoWeight]:
        """Return the readings that `data` completes, oldest first."""
        # Parity is not always stripped on the way: bit 7 says nothing here.
        *answers, rest = (self._rest + bytes(byte & 0x7F for byte in data)).split(ETX)
        # The answer ends at ETX, so it is the end of what is kept that counts.
        self._rest = rest[-LONGEST_BYTES:]
        return [reading for answer in answers if (reading := _parse(answer)) is not None]


def _parse(answer: bytes) -> Reading | NoWeight | None:
    # Noise may stand before the answer; the last one that ends right here is the answer.
    for start in range(len(answer)):
        if answer[start] == 0x0A and (found := _ANSWER.fullmatch(answer, start)):
            return _weighed(found)
    return None


def _weighed(found: re.Match[bytes]) -> Reading | NoWeight | None:
    one, two = found["one"][0], found["two"][0]
    if one & _MEMORY or two & _CALIBRATION:
        return NoWeight(Why.OUT_OF_ORDER)
    if two & _OVER:
        return NoWeight(Why.TOO_HEAVY)
    if found["number"] is not None:
        unit = found["unit"].decode("ascii").lower()
        if unit not in GRAMS:
            return NoWeight(Why.WRONG_UNIT)
        grams = in_grams(found["number"], unit)
        return None if grams is None else Reading(grams, stable=not one & _MOVING)
    if one & _MOVING:
        return NoWeight(Why.MOVING)
    if two & _UNDER:
        return NoWeight(Why.BELOW_ZERO)
    return Reading(0, stable=True) if one & _AT_ZERO else NoWeight(Why.MOVING)
