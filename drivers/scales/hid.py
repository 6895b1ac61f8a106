"""USB HID point-of-sale scales: Dymo M10 and M25, Stamps.com, Fairbanks and others.

Source: USB HID Point of Sale Usage Tables 1.02, chapter 4 (usage page 8D). The scale sends a report
a few times a second, unasked; through hidraw it comes with its number in front:

    03 04 02 00 52 03     report 3, stable, grams, times 10 to the 0, 0x0352: 850 g
    03 04 0B FF 34 19     stable, ounces, times 10 to the -1, 0x1934: 645.2 oz
    03 05 02 00 0C 00     under zero

Reports that do not begin with 3 (attributes, capacity) and such as no scale sends are passed over.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from drivers.scales.reading import GRAMS, HEAVIEST_GRAMS, NoWeight, Reading, Why

ASK = b""
"""It speaks unasked."""

DATA_REPORT = 3
_REPORT_BYTES = 6
_FAULT, _ZERO, _MOVING, _STABLE, _UNDER, _OVER, _CALIBRATE, _REZERO = range(1, 9)
_UNITS = {2: "g", 3: "kg", 11: "oz", 12: "lb"}
_KNOWN_UNITS = range(1, 13)
"""Milligrams, carats, taels, grains, tons and troy ounces are no unit for a parcel."""
_EXPONENTS = range(-6, 1)
"""No scale counts in tens of grams. And a report that is looked for one byte too early has a unit
or a status in this place, which are never 0: so noise cannot put us out of step for long."""

_NO_WEIGHT = {
    _FAULT: Why.OUT_OF_ORDER,
    _UNDER: Why.BELOW_ZERO,
    _OVER: Why.TOO_HEAVY,
    _CALIBRATE: Why.OUT_OF_ORDER,
    _REZERO: Why.OUT_OF_ORDER,
}


class Reader:
    """Reports in, readings out; a report may arrive in any number of pieces."""

    def __init__(self) -> None:
        self._rest = b""

    def receive(self, data: bytes) -> list[Reading | NoWeight]:
        """Return the readings that `data` completes, oldest first."""
        self._rest += data
        said: list[Reading | NoWeight] = []
        at = 0
        while len(self._rest) - at >= _REPORT_BYTES:
            reading = _parse(self._rest[at : at + _REPORT_BYTES])
            # Nothing marks the beginning of a report: behind noise, look at the next byte.
            at += 1 if reading is None else _REPORT_BYTES
            if reading is not None:
                said.append(reading)
        self._rest = self._rest[at:]
        return said


def _parse(report: bytes) -> Reading | NoWeight | None:
    number, status, unit, exponent = report[0], report[1], report[2], report[3]
    power = exponent - 256 if exponent > 127 else exponent
    if number != DATA_REPORT or not _FAULT <= status <= _REZERO:
        return None
    if unit not in _KNOWN_UNITS or power not in _EXPONENTS:
        return None
    if status in _NO_WEIGHT:
        return NoWeight(_NO_WEIGHT[status])
    weight = int.from_bytes(report[4:6], "little")
    if unit not in _UNITS:
        # An empty pan is empty in any unit.
        return Reading(0, stable=True) if status == _ZERO else NoWeight(Why.WRONG_UNIT)
    grams = Decimal(weight).scaleb(power) * GRAMS[_UNITS[unit]]
    if grams > HEAVIEST_GRAMS:
        return None
    return Reading(int(grams.quantize(Decimal(1), ROUND_HALF_UP)), stable=status != _MOVING)
