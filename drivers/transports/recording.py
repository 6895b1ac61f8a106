r"""What does a recorded session with a device look like? A file of lines, each of them JSON.

    {"device":"Honeywell 1950g","firmware":"CK000123AAA","who":"Ada","date":"2026-11-30","of":"…"}
    {"what":"up","at":0.0}
    {"what":"said","at":0.101,"bytes":"SI\r\n"}
    {"what":"heard","at":0.118,"bytes":"S S      1.234 kg\r\n"}
    {"what":"down","at":9.2,"why":"unplugged"}

Bytes are written as the characters of the same number (ISO 8859-1), `at` is seconds since the file
was begun. What we said, when it was longer than a question, is kept as its length and SHA-256: a
label has somebody's address on it. What was heard is kept whole; read it before you give it away.
"""

from __future__ import annotations

import hashlib

import msgspec

QUESTION_BYTES = 64
"""No question to a device is longer; a label always is."""
LARGEST_BYTES = 10_000_000
"""Of a recording: one that somebody forgot must not fill the bench's disk."""


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """Whose session it is: the first line."""

    device: str = ""
    firmware: str = ""
    who: str = ""
    date: str = ""
    of: str = ""
    """The address of the wire."""


class Up(msgspec.Struct, frozen=True, tag_field="what", tag="up"):
    """The wire was connected."""

    at: float


class Down(msgspec.Struct, frozen=True, tag_field="what", tag="down"):
    """The wire failed, or could not be connected."""

    at: float
    why: str


class Heard(msgspec.Struct, frozen=True, tag_field="what", tag="heard"):
    """The device said something."""

    at: float
    bytes: str


class Said(msgspec.Struct, frozen=True, tag_field="what", tag="said"):
    """We said something."""

    at: float
    bytes: str = ""
    """"" where it was longer than a question."""
    length: int = 0
    sha256: str = ""


Event = Up | Down | Heard | Said


class BadRecording(ValueError):
    """The file is no recording; the message says which line."""


def said(data: bytes, at: float) -> Said:
    """Return what is kept of something that we said."""
    digest = "" if len(data) <= QUESTION_BYTES else hashlib.sha256(data).hexdigest()
    return Said(at, "" if digest else data.decode("latin-1"), len(data), digest)


def same(recorded: Said, data: bytes) -> bool:
    """Say whether `data` is what was said when it was recorded."""
    now = said(data, recorded.at)
    return (now.bytes, now.length, now.sha256) == (
        recorded.bytes,
        recorded.length or len(recorded.bytes),
        recorded.sha256,
    )


def line(of: Header | Event) -> bytes:
    """Return a line of the file."""
    return msgspec.json.encode(of) + b"\n"


def read(data: bytes) -> tuple[Header, list[Event]]:
    """Return what a recording holds. Raises BadRecording."""
    header, events = Header(), []
    for number, text in enumerate(data[: LARGEST_BYTES + 1024].splitlines(), 1):
        try:
            if number == 1:
                header = msgspec.json.decode(text, type=Header)
            else:
                events.append(msgspec.json.decode(text, type=Event))
        except (msgspec.DecodeError, UnicodeDecodeError) as e:
            if number > 1 and not data.endswith(b"\n") and number == data.count(b"\n") + 1:
                break  # the plug was pulled while it was written
            raise BadRecording(f"line {number}: {e}") from e
        if number > 1 and isinstance(events[-1], Heard | Said) and not _is_wire(events[-1].bytes):
            raise BadRecording(f"line {number}: characters that are no bytes")
    return header, events


def _is_wire(text: str) -> bool:
    return all(ord(character) < 256 for character in text)
