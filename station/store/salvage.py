"""What of a damaged file may be believed? Entries that their chain vouches for, jobs, the session.

First SQLite itself is asked, table by table; what it cannot reach is looked for page by page. An
entry never changes once it is written, so any copy of it will do if its hash is right. A job's
state does change: it is believed only where SQLite finds its table whole, else a person is asked.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import msgspec

from station.session import Saved
from station.store import pages
from station.store import schema as t
from station.store.engine import sqlite
from sync.orders import Entry
from sync.protocol import chain

_ENTRY = msgspec.json.Decoder(Entry)
_SAVED = msgspec.json.Decoder(Saved)
_HASH = re.compile("[0-9a-f]{64}")
_SHAPES = re.compile(
    "NTTBT(?:T[IF]ITI|ITI)[TIF]*"  # entries, of this version and the one before
    "|NTTTB"  # scans
    "|TITTTTTTI[IN]T"  # jobs
    "|TT"  # meta
    "|T[BN]"  # blobs; items and packers come from the hub
)
_JOB = tuple(column.name for column in t.jobs.columns)
_OPEN = ("queued", "sending", "sent", "uncertain")
_SETTLED = ("printed", "dropped")
_WHOLE = ("packers", "items", "notices")
"""Tables that are brought over as far as SQLite reads them: the hub says them again, or a packer
is told once more."""

Fields = dict[str, object]


@dataclass(frozen=True)  # no slots: it remembers what it says
class Kept:
    """An entry that was read, and not looked at yet."""

    seq: int
    id: str
    order_id: str
    body: bytes
    hash: str
    boot: str
    boottime: float
    scan: int

    @cached_property
    def entry(self) -> Entry | None:
        """What it says, if its bytes are those of an entry and are about what its row is."""
        try:
            entry = _ENTRY.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None
        return entry if (entry.id, entry.order) == (self.id, self.order_id) else None

    @property
    def as_written(self) -> bool:
        """Whether nothing stands in it that an entry has not: a damaged name reads as no field."""
        return self.entry is not None and msgspec.json.encode(self.entry) == self.body


@dataclass(slots=True)
class Salvage:
    """What a damaged file still said."""

    meta: dict[str, str] = field(default_factory=dict)
    acked: int = 0
    acked_hash: str = chain.START
    before: list[Kept] = field(default_factory=list)
    """Acknowledged entries that hang together up to `acked`, oldest first."""
    unsent: list[Kept] = field(default_factory=list)
    """What the hub may not have, oldest first; between them some may be missing."""
    lost: int = 0
    """Numbers beyond `acked` that were written and cannot be read."""
    joins: bool = True
    """Whether nothing is missing, so that the chain goes on where it was."""
    jobs: list[Fields] = field(default_factory=list)
    blobs: dict[str, bytes] = field(default_factory=dict)
    scan: Fields | None = None
    """The last scan, with where the bench stood."""
    whole: dict[str, list[Fields]] = field(default_factory=dict)


def read(path: Path, copy: Path) -> Salvage:
    """Read what can be read. SQLite opens the copy alone: it throws logs away."""
    found = _Found()
    with contextlib.suppress(sqlite.Error):
        _ask(copy, found)
    for row in pages.rows(path, _SHAPES):
        found.take(row)
    return _judged(found)


class _Found:
    """Everything that was read, from wherever."""

    def __init__(self) -> None:
        self.meta: dict[str, str] = {}
        self.entries: dict[int, set[Kept]] = defaultdict(set)
        self.entries_whole = False
        self.jobs: dict[str, Fields] = {}
        self.blobs: dict[str, bytes] = {}
        self.scans: dict[int, Fields] = {}
        self.whole: dict[str, list[Fields]] = {}

    def take(self, row: pages.Row) -> None:
        """Sort in what a page says; what SQLite said goes before it."""
        match row.shape, row.values:
            case "TT", (str(key), str(value)):
                if key == "acked" and value.isdecimal() and value.isascii():
                    # Told too little, the bench sends again what the hub has.
                    known = self.meta.get(key, "0")
                    self.meta[key] = max(known, value, key=int) if known.isdecimal() else value
                else:
                    self.meta.setdefault(key, value)
            case "TB", (str(sha256), bytes(data)):
                self.blob(sha256, data)
            case "NTTTB", (_, *rest):
                self.scan(dict(zip(_SCAN, (row.rowid, *rest), strict=True)))
            case shape, values if shape.startswith("TIT"):
                job = dict(zip(_JOB, values, strict=True))
                self.jobs.setdefault(str(job["id"]), _doubtful(job))
            case shape, values if shape.startswith("NTTBT"):
                self.entry(_kept(row.rowid, shape, values))

    def entry(self, kept: Kept | None) -> None:
        """One more copy of an entry."""
        if kept is not None and kept.seq > 0:
            self.entries[kept.seq].add(kept)

    def blob(self, sha256: str, data: bytes) -> None:
        """Bytes are what their hash says, or nothing."""
        if sha256 not in self.blobs and hashlib.sha256(data).hexdigest() == sha256:
            self.blobs[sha256] = data

    def scan(self, row: Fields) -> None:
        """The later one counts, if it can be read."""
        seq, session = row["seq"], row["session"]
        if isinstance(seq, int) and isinstance(session, bytes) and _session(session) is not None:
            self.scans.setdefault(seq, row)


_SCAN = ("seq", "at", "text", "source", "session")


def _session(body: bytes) -> Saved | None:
    try:
        return _SAVED.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _doubtful(job: Mapping[str, object]) -> Fields:
    """A job that may have gone further than its row says: only an end is an end.

    It is taken to have begun, and without a count: the spool makes of that what it makes of a label
    that a crash cut short, and asks the packer.
    """
    if job["state"] in _SETTLED:
        return dict(job)
    return {**job, "state": "sending", "counter_before": None}


def _kept(seq: int, shape: str, values: Sequence[pages.Value]) -> Kept | None:
    _, id, order_id, body, hash, *rest = values
    if shape.startswith("NTTBTT"):
        boot, boottime, scan = rest[:3]
    else:
        scan, (boot, boottime) = rest[0], (*rest[3:5], "", 0.0)[:2] if len(rest) > 4 else ("", 0.0)
    match id, order_id, body, hash, boot, boottime, scan:
        case (str(), str(), bytes(), str(), str(), int() | float(), int()):
            return Kept(seq, id, order_id, body, hash, boot, float(boottime), scan)
        case _:
            return None


# -- what SQLite says itself


def _ask(path: Path, found: _Found) -> None:
    with closing(sqlite.connect(str(path), isolation_level=None)) as file:
        file.text_factory = lambda raw: raw.decode("utf-8", "replace")
        for row in _rows(file, "meta"):
            found.meta[str(row["key"])] = str(row["value"])
        found.entries_whole = _hangs_together(file, "entries")
        for row in _rows(file, "entries"):
            found.entry(_named(row))
        trusted = _hangs_together(file, "jobs")
        for row in _rows(file, "jobs"):
            job = {name: row[name] for name in _JOB}
            sure = trusted and row["state"] in (*_OPEN, *_SETTLED)
            found.jobs[str(row["id"])] = job if sure else _doubtful(job)
        for row in _rows(file, "blobs"):
            if isinstance(row["data"], bytes):
                found.blob(str(row["sha256"]), row["data"])
        for row in _rows(file, "scans", "ORDER BY seq DESC LIMIT 20"):
            found.scan(row)
        for name in _WHOLE:
            found.whole[name] = list(_rows(file, name))


def _rows(file: sqlite.Connection, table: str, order: str = "") -> Iterator[Fields]:
    """Rows as far as SQLite follows them; then, from the other end, those that it reaches there."""
    for way in (order,) if order else ("", "ORDER BY rowid DESC"):
        try:
            told = file.execute(f"SELECT * FROM {table} {way}")  # noqa: S608 -- our own names
            names = [column[0] for column in told.description]
            for row in told:
                yield dict(zip(names, row, strict=True))
        except sqlite.Error:
            continue
        return


def _hangs_together(file: sqlite.Connection, table: str) -> bool:
    try:
        told = file.execute(f"PRAGMA quick_check({table})").fetchall()
    except sqlite.Error:
        return False
    return bool(told == [("ok",)])


def _named(row: Fields) -> Kept | None:
    match row:
        case {
            "seq": int(seq),
            "id": str(id),
            "order_id": str(order_id),
            "body": bytes(body),
            "hash": str(hash),
            "scan": int(scan),
        }:
            boot, boottime = row.get("boot", ""), row.get("boottime", 0.0)
            seconds = float(boottime) if isinstance(boottime, int | float) else 0.0
            return Kept(seq, id, order_id, body, hash, str(boot), seconds, scan)
        case _:
            return None


# -- what of it holds


def _judged(found: _Found) -> Salvage:
    chosen = _chosen(found.entries)
    known = found.meta.get("acked", "")
    last = max(found.entries, default=0)
    acked = int(known) if known.isdecimal() and known.isascii() else min(chosen, default=1) - 1
    base, _, said = found.meta.get("base", "").partition(".")
    said = said if base == str(acked) else ""
    at = chosen.get(acked)
    unsent = [chosen[seq] for seq in sorted(chosen) if seq > acked]
    lost = max(0, last - acked) - len(unsent)
    hash = at.hash if at else (said if _HASH.fullmatch(said) else chain.START)
    joins = (
        lost == 0
        and found.entries_whole
        and bool(known)
        and (not unsent or _link(hash, unsent[0]) == unsent[0].hash)
        and (acked == 0 or hash != chain.START)
    )
    return Salvage(
        meta=found.meta,
        acked=acked,
        acked_hash=hash,
        before=_below(chosen, acked),
        unsent=unsent,
        lost=lost,
        joins=joins,
        jobs=list(found.jobs.values()),
        blobs=found.blobs,
        scan=found.scans[max(found.scans)] if found.scans else None,
        whole=found.whole,
    )


def _chosen(entries: dict[int, set[Kept]]) -> dict[int, Kept]:
    """The copy of each entry that may be believed; none of those that may not."""
    chosen: dict[int, Kept] = {}
    sure: str | None = chain.START
    """The hash before, where it is beyond doubt."""
    for seq in sorted(entries):
        before = chosen.get(seq - 1)
        if seq != 1 and before is None:
            sure = None
        following = entries.get(seq + 1, set())
        # One before it that cannot be believed may have kept its hash, which tells of this one.
        told = {hurt.hash for hurt in entries.get(seq - 1, ()) if _HASH.fullmatch(hurt.hash)}
        copies = [one for one in entries[seq] if one.entry and _HASH.fullmatch(one.hash)]
        for one in copies:
            if sure is not None and _link(sure, one) == one.hash:
                break
            if sure is None and any(_link(hash, one) == one.hash for hash in told):
                break
            # Where nothing before it tells of it, the entry after it vouches for its hash at least.
            if sure is None and not told and _vouched(one, following):
                break
        else:
            # Both its neighbours are damaged, or its own hash is: its row agrees with itself.
            alone = sure is None and not told and len(copies) == 1 and copies[0].as_written
            sure = None
            if alone:
                chosen[seq] = copies[0]
            continue
        chosen[seq], sure = one, one.hash
    return chosen


def _vouched(one: Kept, following: set[Kept]) -> bool:
    return one.as_written and any(_link(one.hash, next) == next.hash for next in following)


def _link(previous: str, kept: Kept) -> str:
    entry = kept.entry
    return "" if entry is None else chain.link(previous, kept.seq, entry)


def _below(chosen: dict[int, Kept], acked: int) -> list[Kept]:
    run: list[Kept] = []
    seq = acked
    while (one := chosen.get(seq)) is not None:
        if run and _link(one.hash, run[-1]) != run[-1].hash:
            break
        run.append(one)
        seq -= 1
    return run[::-1]
