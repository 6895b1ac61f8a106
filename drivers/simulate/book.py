"""What came out of a virtual printer, kept so that labels are counted at the printer.

In the folder: `000001.zpl`, … one file a label, and `printed.jsonl`, one line a whole label:

    {"n": 1, "file": "000001.zpl", "sha256": "…", "copy": 1, "odometer": 1, "time": "…", …}

`sha256` is that of the bytes of the label, from ^XA to ^XZ. Half labels are in `spoiled.jsonl`.
The last line of `printed.jsonl` is also the printer's odometer: a label is counted in the very
write that records it, so a killed printer never disagrees with its book.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from drivers.simulate.paper import Printed, Spoiled

PRINTED, SPOILED = "printed.jsonl", "spoiled.jsonl"


@dataclass(frozen=True, slots=True)
class Label:
    """A label that came out whole."""

    n: int
    """1 for the first label that this printer ever printed."""
    data: bytes
    sha256: str
    copy: int
    odometer: int


class Book:
    """Keeps what came out; on disk when it has a folder."""

    def __init__(self, folder: Path | None, suffix: str) -> None:
        """Open the book; what a dead printer was in the middle of writing is struck out."""
        self._folder, self._suffix = folder, suffix
        self.odometer = 0
        self._written = 0
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            self._resume(folder / PRINTED)

    def print(self, out: Printed, time: str) -> Label:
        """Record a label that came out, and count it."""
        self._written += 1
        self.odometer = out.odometer
        digest = hashlib.sha256(out.data).hexdigest()
        label = Label(self._written, out.data, digest, out.copy, out.odometer)
        name = f"{label.n:06}.{self._suffix}"
        if self._folder is not None:
            _write_through(self._folder / name, out.data, os.O_TRUNC)
        self._note(
            PRINTED,
            {
                "n": label.n,
                "file": name,
                "sha256": digest,
                "copy": out.copy,
                "odometer": out.odometer,
                "time": time,
                "first_byte_at": out.first_byte_at,
            },
        )
        return label

    def spoil(self, out: Spoiled, time: str) -> None:
        """Record half a label."""
        digest = hashlib.sha256(out.data).hexdigest()
        self._note(SPOILED, {"sha256": digest, "copy": out.copy, "lost": out.lost, "time": time})

    def _note(self, name: str, fields: dict[str, object]) -> None:
        if self._folder is not None:
            _write_through(self._folder / name, json.dumps(fields).encode() + b"\n", os.O_APPEND)

    def _resume(self, path: Path) -> None:
        if not path.exists():
            return
        whole = path.read_bytes()
        kept = whole[: whole.rfind(b"\n") + 1]
        if len(kept) < len(whole):
            os.truncate(path, len(kept))
        if kept:
            last = json.loads(kept.splitlines()[-1])
            self._written, self.odometer = last["n"], last["odometer"]


def _write_through(path: Path, data: bytes, how: int) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | how, 0o644)
    try:
        os.write(file, data)
        os.fsync(file)
    finally:
        os.close(file)
