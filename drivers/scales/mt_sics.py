"""MT-SICS, level 0: the line protocol of Mettler-Toledo balances, spoken by many others.

Source: Reference Manual MT-SICS Interface Commands (11780711), commands S and SI, "Format of
responses with weight value" and "Error messages". We send `SI CR LF`; the answer is one line:

    S S      1.234 kg       stable
    S D      1.234 kg       moving ("dynamic")
    S I                     not now: busy, for instance zeroing
    S +   S -               overload, underload
    S S Error 10b           a fault the balance found in itself

ended by CR LF. Other lines (ES, ET, EL, answers to other commands) are somebody else's.
"""

from __future__ import annotations

import re

from drivers.scales.reading import (
    GRAMS,
    LONGEST_BYTES,
    NoWeight,
    Reading,
    Why,
    in_grams,
    is_number,
)

ASK = b"SI\r\n"

_OTHER_UNIT = re.compile(rb"[A-Za-z%]{1,5}")
"""PCS and % of a balance that counts, ct, ozt, tl, mom …: "Units" in the manual."""
_NO_WEIGHT = {
    b"I": Why.MOVING,
    b"+": Why.TOO_HEAVY,
    b"-": Why.BELOW_ZERO,
}


class Reader:
    """Bytes in, readings out; a reply may arrive in any number of pieces."""

    def __init__(self) -> None:
        self._rest = b""

    def receive(self, data: bytes) -> list[Reading | NoWeight]:
        """Return the readings that `data` completes, oldest first."""
        *lines, rest = (self._rest + data).split(b"\n")
        # One byte more than allowed is kept, so that the line is too long however it is cut.
        self._rest = rest[: LONGEST_BYTES + 1]
        return [reading for line in lines if (reading := _parse(line)) is not None]


def _parse(line: bytes) -> Reading | NoWeight | None:
    if len(line) > LONGEST_BYTES:
        return None
    match line.split():
        case [b"S", b"S" | b"D", b"Error", *_]:
            return NoWeight(Why.OUT_OF_ORDER)
        case [b"S", b"S" | b"D" as how, number, unit]:
            name = unit.decode("ascii", errors="replace").lower()
            if name not in GRAMS and _OTHER_UNIT.fullmatch(unit) and is_number(number):
                return NoWeight(Why.WRONG_UNIT)
            grams = in_grams(number, name)
            return None if grams is None else Reading(grams, stable=how == b"S")
        case [b"S", sign] if sign in _NO_WEIGHT:
            return NoWeight(_NO_WEIGHT[sign])
        case _:
            return None
