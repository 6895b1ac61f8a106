"""What is known of one printer: who it is, and what it can tell and draw?

Found by asking (`station.spool.probe`) and by a test label; kept on the bench's disk. Printers that
speak ZPL in emulation know half of it: what a printer has not answered is not asked for again.
"""

from __future__ import annotations

from typing import Literal

import msgspec


class Capability(msgspec.Struct, frozen=True, kw_only=True):
    """One printer, as it was when it was last asked."""

    url: str
    """Where it was met."""
    language: str
    model: str = ""
    firmware: str = ""
    serial: str = ""
    """device.unique_id; "" where it does not say."""
    dots_per_mm: int = 0
    """0 where it does not say."""
    answers: bool = True
    """It answers how it is."""
    variables: bool = False
    """It answers getvar."""
    odometer: bool = False
    """It counts the labels that came out."""
    errors: bool = False
    """It answers ~HQES."""
    acknowledges: bool = False
    """It answered ^HV: found by a test label."""
    graphics: Literal["z64", "acs", "hex"] = "z64"
    """What it draws, found by a test label."""


def another(known: Capability, found: Capability) -> bool:
    """Whether that is another printer at the same address. A new address was given by a person.

    >>> one = Capability(url="tcp://a", language="zpl", model="ZD421", serial="1")
    >>> another(one, msgspec.structs.replace(one, serial="2", firmware="V93"))
    True
    >>> another(one, msgspec.structs.replace(one, url="tcp://b", serial="2"))
    False
    """
    if known.url != found.url:
        return False
    if known.serial and found.serial:
        return known.serial != found.serial
    return bool(known.model and found.model and known.model != found.model)


def learnt(known: Capability | None, found: Capability) -> Capability:
    """Return what is known now. What the same printer could do, it can: an answer may get lost."""
    if known is None or known.url != found.url or another(known, found):
        return found
    return msgspec.structs.replace(
        found,
        serial=found.serial or known.serial,
        variables=found.variables or known.variables,
        odometer=found.odometer or known.odometer,
        errors=found.errors or known.errors,
        acknowledges=known.acknowledges,
        graphics=known.graphics,
    )
