r"""How does a ZPL printer tell that this very label came out?

ZPL II Programming Guide, ^FN, ^HV "Host Verification": the printer sends the data of a numbered
field back, with L once for each label that has come out. The field lies below the end of the
longest label, so that not one of the carrier's dots is another one.

>>> asked(b"^XA^FO9,9^FDone^FS^XZ", "7f")
b'^XA^FO9,9^FDone^FS^FO0,31999^A0N,20,20^FN9997^FD7f^FS^HV9997,2,[PB ,],L^FS^XZ'
"""

from __future__ import annotations

import hashlib

_NUMBER = 9997
"""Of the field; carriers' templates count from 1."""
_BELOW = 31_999
"""Dots from the top: ^FO takes no more than 32,000."""


def token(job: str, attempt: int) -> str:
    """Return what a job's label bears: no name, nothing that ZPL could take for a command."""
    return hashlib.sha256(f"{job} {attempt}".encode()).hexdigest()[:16]


def askable(data: bytes) -> bool:
    """Whether the job is one format that prints: of two labels one answer says too little."""
    upper = data.upper()
    return upper.count(b"^XZ") == 1 and b"^DF" not in upper


def asked(data: bytes, token: str) -> bytes:
    """Return the job with the question in it; only when `askable`."""
    at = data.upper().rindex(b"^XZ")
    field = f"^FO0,{_BELOW}^A0N,20,20^FN{_NUMBER}^FD{token}^FS"
    return data[:at] + f"{field}^HV{_NUMBER},{len(token)},[PB ,],L^FS".encode("ascii") + data[at:]
