r"""What are these bytes that a carrier or a marketplace sent as a label?

Told from the bytes alone: names and content types lie. Shopee sends a ZIP with one PDF in it, and
in Taiwan a web page; a gateway that is down sends its own page or a JSON.

>>> sniff(b"\xef\xbb\xbf  ^XA^FO1,1^GB5,5^FS^XZ").kind
<Kind.ZPL: 'ZPL'>
"""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass
from enum import Enum
from io import BytesIO

from drivers.label_printers.unusable import Unusable, Why

MOST_BYTES = 20_000_000
"""Of a file, and of what a ZIP holds. A label has 5 to 300 kB; a scan of one has two MB."""
_MOST_MEMBERS = 50
_HEAD = 1024
"""ISO 32000-1, annex H: readers look for %PDF in the first 1024 bytes."""


class Kind(Enum):
    """What can be made a label of."""

    PDF = "PDF"
    PNG = "PNG"
    ZPL = "ZPL"


@dataclass(frozen=True, slots=True)
class Sniffed:
    """Bytes and what they are."""

    kind: Kind
    data: bytes
    """Out of the ZIP, if they came in one."""


def sniff(data: bytes) -> Sniffed:
    """Say what the bytes are, unpacked. Raises Unusable for what is no label."""
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        data = _unpacked(data)
    _bounded(len(data))
    kind = _kind(data)
    if kind is None:
        raise _no_label(data)
    return Sniffed(kind, data)


def _bounded(size: int) -> None:
    if size > MOST_BYTES:
        raise Unusable(
            Why.TOO_LARGE,
            f"this file has {size / 1e6:.0f} MB, and {MOST_BYTES // 1_000_000} MB is the most; "
            "ask for the label of one parcel, as ZPL or as a PDF without pictures",
        )


def _kind(data: bytes) -> Kind | None:
    # Case and a byte order mark in front do not matter; a web page may well quote %PDF.
    head = data[:_HEAD].removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith(b"%PDF") or (b"%PDF-" in head and not head.startswith(b"<")):
        return Kind.PDF
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return Kind.PNG
    if head[:1] not in (b"<", b"{", b"[") and b"^XA" in data.upper():
        return Kind.ZPL
    return None


def _no_label(data: bytes) -> Unusable:
    head = data[:_HEAD].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if not data.strip(b" \t\r\n\0"):
        return Unusable(Why.EMPTY, "this file is empty; have the label fetched again")
    if head.startswith((b"<!doctype html", b"<html")) or b"<html" in head:
        return Unusable(
            Why.WEB_PAGE,
            "this is a web page and no label; open it where it came from, print it there to a "
            "PDF, or log in again if it asks for that",
        )
    if head.startswith((b"{", b"[", b"<?xml", b"<")):
        return Unusable(Why.MESSAGE, "this is a message and no label; have it fetched again")
    return Unusable(Why.UNKNOWN, "this is no ZPL, PDF or PNG, nor a ZIP with one of them in it")


def _unpacked(data: bytes) -> bytes:
    """Give the one label of an archive; nothing is believed of the sizes that it states."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            inside = [one for one in archive.infolist() if not one.is_dir()]
            if len(inside) > _MOST_MEMBERS:
                raise _several(len(inside))
            if any(one.flag_bits & 1 for one in inside):
                raise Unusable(Why.LOCKED, "this ZIP is locked by a password; ask for it without")
            # A label may have company: a manifest, a note, what a Mac leaves behind.
            found = [read for read in _members(archive, inside) if _kind(read) is not None]
    except Unusable:
        raise
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, *_DAMAGED) as error:
        raise Unusable(Why.BROKEN, f"this ZIP cannot be read: {error}") from error
    if not found:
        raise Unusable(Why.NOTHING_INSIDE, "there is no ZPL, PDF or PNG in this ZIP")
    if len(found) > 1:
        raise _several(len(found))
    return found[0]


_DAMAGED = (EOFError, OSError, ValueError, RuntimeError, KeyError, IndexError)
"""What `zipfile` and the decompressors raise for bytes that are no archive."""


def _members(archive: zipfile.ZipFile, inside: list[zipfile.ZipInfo]) -> list[bytes]:
    left, read = MOST_BYTES, []
    for one in inside:
        with archive.open(one) as member:
            some = member.read(left + 1)
        _bounded(MOST_BYTES + 1 if len(some) > left else len(some))
        left -= len(some)
        read.append(some)
    return read


def _several(count: int) -> Unusable:
    return Unusable(
        Why.SEVERAL,
        f"this ZIP holds {count} files; a parcel's label is one: unpack it, or ask for one parcel",
    )
