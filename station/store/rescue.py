"""What becomes of a damaged file? It is moved aside, and what can be read goes into a new one.

The damaged file is never deleted, and never opened by SQLite again: it is read as a copy. The new
one is made beside it whole, and only then put in its place; whenever the power goes, the next start
finds the one or the other, or finishes the exchange. The queue comes back from the hub, from the
start of the feed; until it has, jobs of orders that are not here wait.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from msgspec.structs import replace

from station.session import Saved
from station.store import salvage
from station.store import schema as t
from station.store.engine import Wire, open_file
from station.store.opening import TAILS, finish_exchange, prepare, ready, sync_file
from station.store.salvage import Fields, Kept, Salvage
from sync.orders import facts
from sync.protocol import chain
from sync.protocol.cursor import START
from sync.protocol.messages import Rejoin

log = logging.getLogger(__name__)

_AGAIN = ("schema", "cursor", "acked", "generation", "swept", t.BASE, t.REJOIN)
"""Keys of `meta` that are written anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescued:
    """What came of a damaged file."""

    aside: Path
    """Where the damaged file is kept."""
    unsent: int
    """Entries that the hub may not have, and that are kept."""
    lost: int
    """Entries that were written, that the hub may not have, and that cannot be read."""
    certain: bool
    """Whether it is known that nothing else is missing."""


def rescue(path: Path) -> Rescued:
    """Put a new file in the place of a damaged one, with everything of it that can be read.

    Nobody may have the file open. Raises OSError and the driver's own where the disk takes no more;
    then the damaged file is still in its place.
    """
    making = path.with_name(f"{path.name}.making")
    for tail in ("", *TAILS):
        Path(f"{making}{tail}").unlink(missing_ok=True)
    with TemporaryDirectory(dir=path.parent, prefix=f"{path.name}.") as folder:
        copy = Path(folder) / path.name
        for tail in ("", "-wal"):
            with contextlib.suppress(FileNotFoundError):
                shutil.copyfile(f"{path}{tail}", f"{copy}{tail}")
        found = salvage.read(path, copy)
    _build(making, found)
    sync_file(making)
    making.replace(ready(path))
    sync_file(path.parent)
    aside = finish_exchange(path) or path
    log.error(
        "damaged file moved to %s: %d entries rescued, %d lost, chain joins: %s",
        aside.name,
        len(found.unsent),
        found.lost,
        found.joins,
    )
    return Rescued(aside=aside, unsent=len(found.unsent), lost=found.lost, certain=found.joins)


# -- the new file


def _build(path: Path, found: Salvage) -> None:
    wire = Wire(open_file(path, synchronous="FULL"))
    try:
        prepare(path, wire)
        with wire.transaction():
            _write_meta(wire, found)
            unsent = found.unsent
            if not found.joins:
                unsent = renumbered(found.acked, found.acked_hash, unsent)
            entries = [_entry_row(one, found.acked) for one in (*found.before, *unsent)]
            _insert(wire, "entries", entries)
            _insert(wire, "jobs", _jobs(found))
            blobs: list[Fields]
            blobs = [{"sha256": sha256, "data": data} for sha256, data in found.blobs.items()]
            _insert(wire, "blobs", blobs)
            if found.scan is not None:
                _insert(wire, "scans", [_put_down(found.scan)])
            for name, rows in found.whole.items():
                _insert(wire, name, rows)
        # Nothing may be left in a log: the file changes its name.
        wire.raw.execute("PRAGMA journal_mode=DELETE")
    finally:
        wire.close()


def renumbered(after: int, hash: str, entries: list[Kept]) -> list[Kept]:
    """Give the entries numbers and hashes that follow on that one; their ids stay.

    What the hub has already under another number, it knows by its id.
    """
    again: list[Kept] = []
    for seq, one in enumerate(entries, after + 1):
        if one.entry is None:
            raise ValueError(f"entry {one.seq} is none")
        hash = chain.link(hash, seq, one.entry)
        fields = (one.id, one.order_id, one.body, hash, one.boot, one.boottime, one.scan)
        again.append(Kept(seq, *fields))
    return again


def _write_meta(wire: Wire, found: Salvage) -> None:
    generation = found.meta.get("generation", "0")
    before = int(generation) if generation.isdecimal() and generation.isascii() else 0
    rows = {key: value for key, value in found.meta.items() if key not in _AGAIN}
    rows |= {
        "cursor": str(START),
        "acked": str(found.acked),
        t.BASE: _base(found),
        # They differ until the feed has been read to its end: orders that are missing may come.
        "generation": str(before + 1),
        "swept": str(before),
    }
    if not found.joins and "enrolled" in rows:
        rejoin = Rejoin(after=found.acked, hash=found.acked_hash)
        rows[t.REJOIN] = msgspec.json.encode(rejoin).decode()
    _insert(wire, "meta", [{"key": key, "value": value} for key, value in rows.items()])


def _base(found: Salvage) -> str:
    if not found.before:
        return f"{found.acked}.{found.acked_hash}"
    return f"{found.before[0].seq}.{found.before[0].hash}"


def _entry_row(one: Kept, acked: int) -> Fields:
    return {
        "seq": one.seq,
        "id": one.id,
        "order_id": one.order_id,
        "body": one.body,
        "hash": one.hash,
        "boot": one.boot,
        "boottime": one.boottime,
        "scan": one.scan,
        "verdict": "",
        "pending": one.seq > acked,
    }


def _jobs(found: Salvage) -> list[Fields]:
    """Jobs as they were; one that the journal saw begin and not end is not queued again."""
    flying: set[str] = set()
    for kept in (*found.before, *found.unsent):
        match kept.entry.fact if kept.entry else None:
            case facts.PrintStarted(job=job):
                flying.add(job)
            case facts.LabelNotPrinted(job=job) | facts.PrintWithdrawn(job=job):
                flying.discard(job)
            case _:
                pass
    return [
        {**job, "state": "sending"} if job["state"] == "queued" and job["id"] in flying else job
        for job in found.jobs
    ]


def _put_down(scan: Fields) -> Fields:
    """The last scan; its order is not here, so the packer stays and the order is put down."""
    body = scan["session"]
    session = msgspec.json.decode(body if isinstance(body, bytes) else b"", type=Saved)
    session = replace(
        session,
        flow="choose" if session.packer else "login",
        order_id="",
        shipment_id="",
        parcel_id="",
        said=None,
        latched=False,
        question=None,
        quantity=1,
        undo=(),
        pending=(),
    )
    return {**scan, "session": msgspec.json.encode(session)}


def _insert(wire: Wire, table: str, rows: list[Fields]) -> None:
    known = t.tables.tables.get(table)
    if known is None:
        return
    for row in rows:
        names = [column.name for column in known.columns if column.name in row]
        marks = ", ".join(f":{name}" for name in names)
        # A number may be there twice where pages of different age were read.
        wire.raw.execute(
            f"INSERT OR IGNORE INTO {table} ({', '.join(names)}) VALUES ({marks})",  # noqa: S608 -- our own names
            {name: row[name] for name in names},
        )
