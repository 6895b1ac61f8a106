"""What must hold, whatever was killed: counted at the ends, by what lies on disks and in books."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, create_engine, select
from sqlalchemy.engine import Row

from station.config import DATABASE
from station.demo import count
from station.demo.count import Ends, Sold
from station.demo.record import labels
from station.store import schema as bench_tables
from sync.hub import schema as hub_tables
from sync.orders import Entry, Order

try:  # as the bench itself: an older library may harm a file in WAL mode
    import pysqlite3.dbapi2 as sqlite
except ImportError:
    import sqlite3 as sqlite

_ENTRY = msgspec.json.Decoder(Entry)


@dataclass(frozen=True, slots=True)
class Journal:
    """A bench's own, as it lies on its disk."""

    bench: str
    entries: tuple[tuple[int, str, bytes], ...]
    """Number, hash, body."""
    scans: int


def journal(bench: str, home: Path) -> Journal:
    """Read a bench's journal beside the bench itself."""
    engine = create_engine(
        "sqlite://", module=sqlite, creator=lambda: sqlite.connect(home / DATABASE, timeout=10.0)
    )
    t = bench_tables.entries.c
    try:
        with engine.connect() as connection:
            rows = connection.execute(select(t.seq, t.hash, t.body).order_by(t.seq)).all()
            scans = connection.execute(
                select(bench_tables.scans.c.seq).where(bench_tables.scans.c.text != "")
            ).all()
    finally:
        engine.dispose()
    return Journal(bench, tuple((row.seq, row.hash, bytes(row.body)) for row in rows), len(scans))


def behind(connection: Connection, journals: Iterable[Journal]) -> dict[str, int]:
    """Say how many entries of each bench the hub has not got."""
    return {one.bench: len(one.entries) - len(_stored(connection, one.bench)) for one in journals}


def stored(connection: Connection, bench: str) -> int:
    """Count the entries that the hub has of a bench."""
    return len(_stored(connection, bench))


def _stored(connection: Connection, bench: str) -> Sequence[Row[int, str, str, str]]:
    t = hub_tables.entry.c
    return connection.execute(
        select(t.seq, t.hash, t.id, t.verdict).where(t.bench == bench).order_by(t.seq)
    ).all()


Stored = Sequence[Row[int, str, str, str]]
"""What the hub has of a bench: number, hash, id and verdict of each entry."""


def at_the_hub(connection: Connection, benches: Iterable[str]) -> dict[str, Stored]:
    """Read what the hub has; before the journals, which must have all of it then."""
    return {name: _stored(connection, name) for name in benches}


def broken(
    there: Mapping[str, Stored], journals: Sequence[Journal], printed: Sequence[tuple[str, ...]]
) -> list[str]:
    """Name what is broken at any moment, in the middle of work."""
    found = []
    ids: Counter[str] = Counter()
    for one in journals:
        stored = there[one.bench]
        numbers = [row.seq for row in stored]
        if numbers != list(range(1, len(numbers) + 1)):
            found.append(f"the hub's entries of {one.bench} are not dense")
        ours = {seq: hash for seq, hash, _ in one.entries}
        if [seq for seq, _, _ in one.entries] != list(range(1, len(ours) + 1)):
            found.append(f"the journal of {one.bench} is not dense")
        for row in stored:
            if ours.get(row.seq) != row.hash:
                found.append(f"entry {row.seq} of {one.bench} is not the one at the hub")
        ids.update(row.id for row in stored if row.verdict != "dup")
    found += [f"entry {id} is at the hub {n} times" for id, n in ids.items() if n > 1]
    entries = [_ENTRY.decode(body) for one in journals for _, _, body in one.entries]
    out = Counter(code for codes in printed for code in set(codes))
    known = {code for code in out if code.startswith("SP")}
    twice = count.duplicates(out, known, entries)
    found += [f"label {tracking} came out {n} times too often" for tracking, n in twice.items()]
    return found


def report(
    journals: Sequence[Journal],
    printed: Sequence[tuple[str, ...]],
    sold: dict[str, Sold],
    orders: Sequence[Order],
    restarts: int,
    seconds: float,
) -> count.Report:
    """Add up what came of it all, as the demo does."""
    return count.report(
        Ends(
            sold=sold,
            orders=orders,
            printed=printed,
            journal=[_ENTRY.decode(body) for one in journals for _, _, body in one.entries],
            scans=sum(one.scans for one in journals),
            restarts=restarts,
            timings=(),
            seconds=seconds,
        )
    )


def at_the_end(made: count.Report, market: dict[str, Any], carrier: dict[str, Any]) -> list[str]:
    """Name what is broken once everything has come to rest."""
    found = list(count.broken_promises(made))
    twice = market["totals"]["confirmed_twice"]
    if twice:
        found.append(f"{twice} parcels were told to the marketplace twice")
    found += [f"a label for {one} was bought twice" for one in carrier["double_purchases"]]
    return found


def left_over(sold: dict[str, Sold], orders: Sequence[Order]) -> list[str]:
    """Say of each order that came to no end how it stands."""
    outcome = count.outcomes(sold, orders)
    said = []
    for order in orders:
        if outcome.get(order.channel_order_id) != "unconfirmed":
            continue
        for one in order.shipments:
            boxes = ", ".join(
                f"{box.id} {box.contents} label {box.label_state} print {box.print_state} "
                f"{'closed ' if box.closed else ''}told {box.confirmation}"
                for box in one.parcels
            )
            held = ", ".join(f"{hold.kind}: {hold.why}" for hold in one.holds)
            said.append(f"{one.id} {one.state} at {one.bench or 'no bench'} [{held}] {boxes}")
    return said


def printed_on(records: Iterable[Path]) -> list[tuple[str, ...]]:
    """Read what the barcodes of every label say that came out anywhere."""
    return [codes for record in records if record.is_dir() for codes in labels(record)]
