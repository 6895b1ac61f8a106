"""Which rows can still be read in a damaged SQLite file? Its pages one by one, and its log's.

SQLite gives up a table at the first page that it cannot follow, and the whole file where the first
page is broken. Here every leaf is read by itself, wherever it lies: what its own bytes say. Whether
that is true, whoever asks must find out: a row may be older than another one of the same number.

The format is SQLite's "Database File Format" (sqlite.org/fileformat2.html): sections 1.3 (the
header), 1.6 (pages), 2.1 (records) and 4 (the write-ahead log).
"""

from __future__ import annotations

import mmap
import re
import struct
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

Value = None | int | float | str | bytes
Buffer = bytes | mmap.mmap

_LEAF = 0x0D
"""A leaf page of a table (SQLite's Database File Format, 1.6)."""
_FILE_HEADER, _LOG_HEADER, _FRAME_HEADER = 100, 32, 24
_USUAL_PAGE = 4096
"""Bytes, where the header does not say."""
_INTEGERS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
"""Bytes by serial type."""
_KINDS = {0: "N", 7: "F"}
_MOST_BYTES = 64 << 20
"""A length beyond it is taken for a damaged one."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of some table: which one, only its shape tells."""

    rowid: int
    shape: str
    """A letter a column: N for NULL, I for an integer, F, T for text, B for bytes."""
    values: tuple[Value, ...]
    pages: tuple[int, ...]
    """Where it lies, the leaf first: numbers in the file; of a page of the log, less than 0."""


class Unreadable(Exception):
    """These bytes are no row."""


def rows(path: Path, shapes: re.Pattern[str]) -> Iterator[Row]:
    """Give every readable row of a shape that is asked for, of the file and of its log.

    A page belongs to one table: one whose first readable row has another shape is passed over.
    """
    with ExitStack() as stack:
        image = _Image(_mapped(stack, path), _mapped(stack, Path(f"{path}-wal")))
        for number, page in image.leaves():
            yield from _of_page(image, number, page, shapes)


def _mapped(stack: ExitStack, path: Path) -> Buffer:
    if not path.is_file() or path.stat().st_size == 0:
        return b""
    file = stack.enter_context(path.open("rb"))
    return stack.enter_context(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


class _Image:
    """The file's pages, and those that its log has newer."""

    def __init__(self, file: Buffer, log: Buffer) -> None:
        self.size = _page_size(file, log)
        self.usable = self.size - (file[20] if len(file) > _FILE_HEADER and file[20] < 32 else 0)
        self._file, self._log = file, log
        self._newer: dict[int, int] = {}
        self._frames = range(_LOG_HEADER, len(log), _FRAME_HEADER + self.size)
        salts = log[16:24]
        for at in self._frames:
            if log[at + 8 : at + 16] == salts:
                self._newer[int.from_bytes(log[at : at + 4], "big")] = at + _FRAME_HEADER

    def page(self, number: int) -> bytes:
        """The page as it was last written. Raises Unreadable."""
        at = self._newer.get(number)
        page = self._in_file(number) if at is None else self._log[at : at + self.size]
        if len(page) < self.usable:
            raise Unreadable
        return page

    def _in_file(self, number: int) -> bytes:
        return self._file[(number - 1) * self.size : number * self.size] if number > 0 else b""

    def leaves(self) -> Iterator[tuple[int, bytes]]:
        """Leaves of tables: the file's, then all that stand in the log."""
        for number in range(1, len(self._file) // self.size + 1):
            if self._file[(number - 1) * self.size + (_FILE_HEADER if number == 1 else 0)] == _LEAF:
                yield number, self._in_file(number)
        for frame, at in enumerate(self._frames, 1):
            page = self._log[at + _FRAME_HEADER : at + _FRAME_HEADER + self.size]
            if len(page) == self.size and page[0] == _LEAF:
                yield -frame, page


def _page_size(file: Buffer, log: Buffer) -> int:
    said = [int.from_bytes(file[16:18], "big"), int.from_bytes(log[8:12], "big")]
    for size in said:
        size = 65536 if size == 1 else size
        if 512 <= size <= 65536 and size & (size - 1) == 0:
            return size
    return _USUAL_PAGE


def _of_page(image: _Image, number: int, page: bytes, shapes: re.Pattern[str]) -> Iterator[Row]:
    start = _FILE_HEADER if number == 1 else 0
    count = int.from_bytes(page[start + 3 : start + 5], "big")
    known = False
    for at in range(start + 8, min(start + 8 + 2 * count, len(page) - 1), 2):
        try:
            rowid, payload, pages = _cell(image, page, int.from_bytes(page[at : at + 2], "big"))
            types, begin = _types(payload)
            shape = "".join(_kind(one) for one in types)
            if shapes.fullmatch(shape):
                known = True
                yield Row(rowid, shape, _values(payload, types, begin), (number, *pages))
            elif not known:
                return
        except (Unreadable, IndexError, struct.error, UnicodeDecodeError):
            known = True  # what the page holds is not known from this one
            continue


def _cell(image: _Image, page: bytes, at: int) -> tuple[int, bytes, list[int]]:
    """A cell's rowid, its record, and the numbers of the pages that it goes on in."""
    length, at = _varint(page, at)
    rowid, at = _varint(page, at)
    if not 0 < length < _MOST_BYTES:
        raise Unreadable
    local = _local(length, image.usable)
    payload = page[at : at + local]
    if local == length:
        return rowid, payload, []
    following = int.from_bytes(page[at + local : at + local + 4], "big")
    parts, pages, missing = [payload], [], length - local
    while missing > 0:
        more = image.page(following)
        pages.append(following)
        parts.append(more[4 : min(4 + missing, image.usable)])
        missing -= len(parts[-1])
        following = int.from_bytes(more[:4], "big")
    return rowid, b"".join(parts), pages


def _local(length: int, usable: int) -> int:
    """How much of a record lies on the leaf itself: section 1.6, "table b-tree leaf cell"."""
    most, least = usable - 35, (usable - 12) * 32 // 255 - 23
    if length <= most:
        return length
    fitting = least + (length - least) % (usable - 4)
    return fitting if fitting <= most else least


def _types(payload: bytes) -> tuple[list[int], int]:
    """The serial types of a record, and where its values begin."""
    size, at = _varint(payload, 0)
    if not at < size <= len(payload):
        raise Unreadable
    types = []
    while at < size:
        one, at = _varint(payload, at)
        types.append(one)
    return types, size


def _kind(serial: int) -> str:
    if serial >= 12:
        return "T" if serial % 2 else "B"
    return _KINDS.get(serial, "I")


def _values(payload: bytes, types: list[int], at: int) -> tuple[Value, ...]:
    values: list[Value] = []
    for serial in types:
        size = _size(serial)
        piece = payload[at : at + size]
        if len(piece) < size:
            raise Unreadable
        values.append(_value(serial, piece))
        at += size
    return tuple(values)


def _size(serial: int) -> int:
    if serial >= 12:
        return (serial - 12) // 2
    return 8 if serial == 7 else _INTEGERS.get(serial, 0)


def _value(serial: int, piece: bytes) -> Value:
    match serial:
        case 0:
            return None
        case 7:
            value: float = struct.unpack(">d", piece)[0]
            return value
        case 8 | 9:
            return serial - 8
        case 10 | 11:
            raise Unreadable
        case _ if serial >= 12:
            return piece.decode() if serial % 2 else piece
        case _:
            return int.from_bytes(piece, "big", signed=True)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of one to nine bytes, seven bits each and eight in the ninth; and where it ends."""
    value = 0
    for end in range(at, at + 8):
        byte = data[end]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, end + 1
    value = value << 8 | data[at + 8]
    return value - (1 << 64) if value >= 1 << 63 else value, at + 9
