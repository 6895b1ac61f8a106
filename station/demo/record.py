"""Which labels came out of a virtual printer? Reads its record as it grows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec

from station.demo.paper import Line, codes

_LINE = msgspec.json.Decoder(Line)


class Record:
    """The labels of one printer, up to the last `look`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._at = 0
        self.out: Counter[str] = Counter()
        """How often a label came out, by what its barcode says."""
        self.last = b""
        """The newest label: its bytes."""

    def look(self) -> bool:
        """Read what is new; say whether anything is."""
        new = False
        for label in self._new():
            new = True
            self.last = label
            self.out.update(set(codes(label)))
        return new

    def _new(self) -> Iterator[bytes]:
        try:
            with (self._folder / "printed.jsonl").open("rb") as file:
                file.seek(self._at)
                data = file.read()
        except FileNotFoundError:
            return
        # A line that the printer is still writing is read next time.
        whole = data[: data.rfind(b"\n") + 1]
        for line in whole.splitlines(keepends=True):
            yield (self._folder / _LINE.decode(line).file).read_bytes()
            self._at += len(line)


def labels(folder: Path) -> list[tuple[str, ...]]:
    """Return what the barcodes of every label say that ever came out of a printer."""
    return [codes(label) for label in Record(folder)._new()]
