"""What is there to count? Reads printers' records and benches' files, when the work is done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from station.demo.benches import Place
from station.demo.count import Ends, Sold, Timing
from station.demo.record import labels
from sync.orders import Entry, Order

_ENTRY = msgspec.json.Decoder(Entry)


def gather(
    places: Sequence[Place],
    *,
    sold: dict[str, Sold],
    orders: Sequence[Order],
    restarts: int,
    seconds: float,
) -> Ends:
    """Collect everything that is counted."""
    read = [_read(place) for place in places]
    return Ends(
        sold=sold,
        orders=orders,
        printed=[codes for place in places for codes in labels(place.record)],
        journal=[entry for entries, _ in read for entry in entries],
        scans=sum(scans for _, scans in read),
        restarts=restarts,
        timings=[timing for place in places for timing in _timings(place.timings)],
        seconds=seconds,
    )


def labels_out(places: Sequence[Place]) -> int:
    """Return how many labels have come out of all printers so far."""
    return sum(_lines(place.record / "printed.jsonl") for place in places)


def owed(place: Place) -> int:
    """Return how many entries of a bench the hub has not acknowledged."""
    # The demo's own process loads the database only here, when there is one.
    from station.store import journal
    from station.store.store import Store

    store = Store(place.store)
    try:
        with store.turn(feed=True) as turn:
            return journal.owed(turn)
    finally:
        store.close()


def _read(place: Place) -> tuple[list[Entry], int]:
    from sqlalchemy import func, select  # as above

    from station.store import schema as t
    from station.store.store import Store

    store = Store(place.store)
    try:
        with store.turn(feed=True) as turn:
            bodies = turn.sql.execute(select(t.entries.c.body).order_by(t.entries.c.seq)).scalars()
            entries = [_ENTRY.decode(body) for body in bodies]
            scanned = select(func.count()).where(t.scans.c.text != "")
            return entries, int(turn.sql.execute(scanned).scalar_one())
    finally:
        store.close()


def _timings(path: Path) -> Iterator[Timing]:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return
    for line in data.splitlines():
        # A killed bench leaves half a line.
        if line.endswith(b"}"):
            yield msgspec.json.decode(line, type=Timing)


def _lines(path: Path) -> int:
    try:
        return path.read_bytes().count(b"\n")
    except FileNotFoundError:
        return 0
