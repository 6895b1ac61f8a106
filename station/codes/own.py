"""What do our own barcodes say: badges, commands, orders, totes, boxes, bins, benches?

A prefix of five letters, then the name in A-Z and 0-9 alone: keyboard layouts move punctuation,
and Caps Lock turns letters over, so they are read in either case. Any other character of a name,
and Z itself, is written as Z and two hex digits for each of its UTF-8 bytes.

>>> write(OrderCode("202-1234567-1234567"))
'PKORD202Z2D1234567Z2D1234567'
>>> read("pkord202z2d1234567z2d1234567", "")
OrderCode(number='202-1234567-1234567')

Nothing else at a warehouse begins with these prefixes, because `reserved` refuses such names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from station.codes.code import (
    BadgeCode,
    BenchCode,
    BinCode,
    BoxCode,
    Code,
    CommandCode,
    Garbled,
    OrderCode,
    ToteCode,
)

Own = BadgeCode | BenchCode | BinCode | BoxCode | CommandCode | OrderCode | ToteCode

COMMAND = "PKCMD"
NAMED: Mapping[str, Callable[[str], Code]] = {
    "PKUSR": BadgeCode,
    "PKORD": OrderCode,
    "PKTOT": ToteCode,
    "PKBOX": BoxCode,
    "PKBIN": BinCode,
    "PKBEN": BenchCode,
}
PREFIXES = (COMMAND, *NAMED)
LONGEST_NAME = 80
"""Characters; three times that, as a Code 128, is the widest that a label can bear."""
_COMMAND = re.compile(r"([A-Z]{2,12})([1-9][0-9]{0,3})?")


def read(text: str, aim: str) -> Code | None:
    """Return what one of our own codes says; Garbled for half of one, or for two in one."""
    upper = text.strip().upper()
    prefix = upper[:5]
    if prefix not in PREFIXES:
        # The tail of one of ours, or a piece of something with one of ours behind it.
        return Garbled(text) if any(p in upper[1:] for p in PREFIXES) else None
    name = upper[5:]
    if any(p in name for p in PREFIXES):
        return Garbled(text)
    if prefix == COMMAND:
        command = _COMMAND.fullmatch(name)
        return CommandCode(command[1], int(command[2] or 0)) if command else Garbled(text)
    decoded = _decoded(name)
    return NAMED[prefix](decoded) if decoded else Garbled(text)


def write(code: Own) -> str:
    """Return the text to print for one of our own codes. Raises ValueError for an empty name."""
    match code:
        case CommandCode(name, n):
            return f"{COMMAND}{name}{n or ''}"
        case BadgeCode(name):
            return "PKUSR" + _encoded(name)
        case OrderCode(name):
            return "PKORD" + _encoded(name)
        case ToteCode(name):
            return "PKTOT" + _encoded(name)
        case BoxCode(name):
            return "PKBOX" + _encoded(name)
        case BinCode(name):
            return "PKBIN" + _encoded(name)
        case BenchCode(name):
            return "PKBEN" + _encoded(name)


def reserved(name: str) -> bool:
    """Whether a SKU, tote, bin or order number must not be called so: it would be read as ours.

    >>> reserved("pkcmd-mug"), reserved("MUG")
    (True, False)
    """
    return any(prefix in name.upper() for prefix in PREFIXES)


def _encoded(name: str) -> str:
    if not 0 < len(name) <= LONGEST_NAME:
        raise ValueError(f"a name of 1 to {LONGEST_NAME} characters is needed, not {name!r}")
    plain = "".join(map(_character, name))
    # "PK" inside a name must not look like the beginning of a second code.
    return plain.replace("PK", "Z50K")


def _character(character: str) -> str:
    if character.isascii() and (character.isdigit() or "A" <= character <= "Y"):
        return character
    return "".join(f"Z{byte:02X}" for byte in character.encode())


def _decoded(text: str) -> str | None:
    """Return the name; None for what `_encoded` cannot have written."""
    try:
        raw = re.sub(r"Z([0-9A-F]{2})", lambda m: chr(int(m[1], 16)), text).encode("latin-1")
        name = raw.decode("utf-8")
        return name if _encoded(name) == text else None
    except (UnicodeError, ValueError):
        return None
