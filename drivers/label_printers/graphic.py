"""How do dots travel inside ZPL?

ZPL II Programming Guide, ^GF and "ZB64/Z64 encoding": `^GFA,bytes,bytes,bytes per row,data`.
Z64 is a twentieth of plain hex on the wire; printers that print nothing from it (some clones
do) take the older compression, ACS.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from typing import Literal

from drivers.label_printers.label import Bitmap

Encoding = Literal["z64", "acs", "hex"]
"""What a printer understands, found out by a test print when it is set up."""

# Alternative Data Compression Scheme: a letter before a digit says how often it stands there.
_ONES = " GHIJKLMNOPQRSTUVWXY"
_TWENTIES = " ghijklmnopqrstuvwxyz"


def gf(bitmap: Bitmap, encoding: Encoding = "z64") -> str:
    """Return the ^GF command that draws the bitmap at the field's origin."""
    total = len(bitmap.data)
    head = f"^GFA,{total},{total},{bitmap.row_bytes},"
    if encoding == "z64":
        packed = base64.b64encode(_deflated(bitmap.data))
        # CRC-16/XMODEM over the letters, always four digits: five print nothing on a ZD230.
        return f"{head}:Z64:{packed.decode('ascii')}:{binascii.crc_hqx(packed, 0):04X}"
    if encoding == "acs":
        return head + acs(bitmap)
    return head + bitmap.data.hex().upper()


def _deflated(data: bytes) -> bytes:
    """Deflate it: level 9 takes twice as long as level 8 and saves not one byte in a thousand."""
    packer = zlib.compressobj(8, zlib.DEFLATED, zlib.MAX_WBITS, 9)
    return packer.compress(data) + packer.flush()


def acs(bitmap: Bitmap) -> str:
    """Return the rows with repetitions counted; a row like the one above is a colon."""
    packed: list[str] = []
    before = ""
    for at in range(0, len(bitmap.data), bitmap.row_bytes):
        row = bitmap.data[at : at + bitmap.row_bytes].hex().upper()
        packed.append(":" if row == before else _row(row))
        before = row
    return "".join(packed)


def _row(row: str) -> str:
    filled = row.rstrip("0")
    if not filled:
        return ","
    if len(filled) < len(row):  # a comma: the rest of the row is white
        return re.sub(r"(.)\1{2,}", _counted, filled) + ","
    filled = row.rstrip("F")
    tail = "!" if len(filled) < len(row) else ""  # an exclamation mark: the rest is black
    return re.sub(r"(.)\1{2,}", _counted, filled) + tail


def _counted(run: re.Match[str]) -> str:
    left = len(run[0])
    counts = ""
    while left:
        step = min(left, 419)
        counts += f"{_TWENTIES[step // 20]}{_ONES[step % 20]}{run[1]}".replace(" ", "")
        left -= step
    return counts
