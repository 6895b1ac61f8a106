"""Which bugs are planted, to see whether they are caught?

Each row replaces a function of the product, in memory and for a while, by one that is broken in
just one way. This is the one place where the product is patched: that is its point. A mutant that
no seed catches says that the rig is weak, or that a second guard of the product masks the first;
where it is the second guard, the mutant takes both away and says so.
"""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import msgspec
from sqlalchemy import delete

from station import bench as station_bench
from station.store import intake, schema
from station.store import keep as station_keep
from station.store import ledger as station_ledger
from station.store.store import Store
from sync.carriers import simpost
from sync.client.replica import CaughtUp
from sync.hub import (
    ahead,
    allot,
    benches,
    book,
    entries,
    feed,
    joint,
    takeover,
    taking,
    verdicts,
    work,
)
from sync.orders import Reason, facts
from sync.protocol import bench_end
from sync.protocol.lanes import Lane
from sync.protocol.messages import Gap, Page, Verdict

Own: TypeAlias = Any
"""A function of the product, whatever it takes and gives."""
Swaps = list[tuple[object, str, Own]]
"""Where, the name of what is replaced, and by what."""


@contextmanager
def planted(name: str) -> Iterator[None]:
    """Plant a bug for a while; "" plants none."""
    with ExitStack() as stack:
        for where, what, broken in MUTANTS[name].swaps() if name else []:
            sound = getattr(where, what)
            stack.callback(setattr, where, what, sound)
            setattr(where, what, broken)
        yield


# -- the feed, and what a bench makes of it


def _noafter() -> Swaps:
    """A page is applied wherever the bench stands; both guards are off."""
    sound = station_keep.StoreKeep.take

    def take(self: Own, page: Own) -> Own:
        with self._store.turn(feed=True) as turn:
            turn.set("cursor", page.after)
        return sound(self, page)

    heard = bench_end._answered

    def answered(end: Own, input: Own, now: Own, chance: Own) -> Own:
        ask = input.to
        if ask.lane is Lane.FEED and input.status == 200:
            at = msgspec.json.decode(input.body, type=Page).after
            query = tuple((key, at if key == "after" else value) for key, value in ask.query)
            input = replace(input, to=replace(ask, query=query))
        return heard(end, input, now, chance)

    return [(station_keep.StoreKeep, "take", take), (bench_end, "_answered", answered)]


def _seqcursor() -> Swaps:
    """The next page is read from the head, whatever was left out of this one."""
    sound = feed.fed

    def fed(*args: Own) -> Own:
        found = sound(*args)
        if not isinstance(found, feed.Fed):
            return found
        return msgspec.structs.replace(found, next=found.head)

    return [(feed, "fed", fed)]


def _overlayloss() -> Swaps:
    """What was done here is forgotten when the hub's document comes."""

    def catch_up(confirmed: Own, through: int, pending: Own) -> CaughtUp:
        return CaughtUp(confirmed, (), ())

    return [(intake, "catch_up", catch_up)]


def _nosweep() -> Swaps:
    """Rows that a new reading of the feed does not name stay."""
    return [(intake, "sweep", lambda turn, generation: None)]


def _staleleave() -> Swaps:
    """A shipment that left the feed stays on the bench."""
    return [(intake, "_leave", lambda turn, shipment: None)]


def _purgeforgets() -> Swaps:
    """Tombstones are forgotten, and nobody is told to read from 0."""
    sound = feed.purge

    def purge(connection: Own, now: float) -> Own:
        known = connection.exec_driver_sql("SELECT name, purged_seq FROM bench").fetchall()
        done = sound(connection, now)
        for name, seq in known:
            connection.exec_driver_sql(
                "UPDATE bench SET purged_seq = ? WHERE name = ?", (seq, name)
            )
        return done

    return [(feed, "purge", purge)]


def _digestskips() -> Swaps:
    """What leaves a feed stays in its digest."""
    return [(feed, "_shares", lambda connection, name, rows: [])]


def _versionstuck() -> Swaps:
    """A change does not raise the order's version."""
    sound = book.Book.save

    def save(self: Own, connection: Own, before: Own, after: Own, *rest: Own, **more: Own) -> Own:
        quiet = before.version % 5 == 4  # now and then: at each change, nobody would get anything
        if quiet and after != before:
            self._store(connection, before, after, *rest, **more)
            return after
        return sound(self, connection, before, after, *rest, **more)

    return [(book.Book, "save", save)]


# -- entries


def _nodedup() -> Swaps:
    """An entry's id is not looked at: told again under a new incarnation, it counts twice."""
    return [(taking, "known_ids", lambda connection, ids: set())]


def _dropacked() -> Swaps:
    """A bench forgets what the hub has acknowledged."""
    sound = station_keep.StoreKeep.acked

    def acked(self: Own, answer: Own) -> None:
        sound(self, answer)
        with self._store.turn(feed=True) as turn:
            turn.sql.execute(delete(schema.entries).where(schema.entries.c.seq < answer.acked))

    return [(station_keep.StoreKeep, "acked", acked)]


def _norewind() -> Swaps:
    """A bench that the hub asks for earlier entries does not send them again."""
    return [(station_keep.StoreKeep, "rewind", lambda self, need: None)]


def _resetkeepsacked() -> Swaps:
    """After a reset a bench takes for granted that the hub still has what it acknowledged."""
    sound = station_keep.StoreKeep.reset

    def reset(self: Own, epoch: int) -> None:
        with self._store.turn() as turn:
            known = turn.get("acked", "0")
        sound(self, epoch)
        with self._store.turn() as turn:
            turn.set("acked", known)

    return [(station_keep.StoreKeep, "reset", reset)]


def _ackahead() -> Swaps:
    """The hub acknowledges one entry more than it has."""
    sound = entries.take

    def take(*args: Own) -> Own:
        answer = sound(*args)
        if isinstance(answer, Gap):
            return answer
        return msgspec.structs.replace(answer, acked=answer.acked + 1)

    return [(entries, "take", take)]


def _forkblind() -> Swaps:
    """A journal that another machine went on with is taken for the same."""
    sound = joint.problem

    def problem(*args: Own) -> Own:
        found = sound(*args)
        return None if found is not None and found.fork else found

    return [(entries, "problem", problem)]


def _sameincarnation() -> Swaps:
    """Enrolling again begins no new incarnation."""
    sound = benches._begin

    def begin(connection: Own, name: str, now: float, **more: Own) -> Own:
        made = sound(connection, name, now, **more)
        if made.incarnation == 1:
            return made
        connection.exec_driver_sql(
            "UPDATE bench SET incarnation = incarnation - 1 WHERE name = ?", (name,)
        )
        return msgspec.structs.replace(made, incarnation=made.incarnation - 1)

    return [(benches, "_begin", begin)]


def _loosescans() -> Swaps:
    """A scan does not wait for the disk."""
    sound = Store.turn

    def turn(self: Own, *, feed: bool = False) -> Own:
        return sound(self, feed=True)

    return [(Store, "turn", turn)]


# -- claims and leases


def _noepoch() -> Swaps:
    """Whoever works on a shipment is followed, whatever his claim."""
    return [(verdicts, "_fenced", lambda shipment, said: False)]


def _nodone() -> Swaps:
    """A box that is closed may be closed again."""
    sound = verdicts.judge

    def judge(order: Own, said: Own) -> Own:
        found = sound(order, said)
        twice = found.reason in (Reason.PARCEL_CLOSED, Reason.NOT_IN_THIS_STATE, Reason.OTHER_JOB)
        if isinstance(said.fact, facts.ParcelClosed) and twice:
            return verdicts.Judgement(Verdict.OK, "", order)
        return found

    return [(verdicts, "judge", judge)]


def _tokenreuse() -> Swaps:
    """A fencing token is a number without the hub's epoch; nor is what a bench knew adopted."""
    one: Callable[[Own], int] = lambda connection: 1  # noqa: E731
    return [
        (allot, "epoch", one),
        (takeover, "epoch", one),
        (verdicts, "adoptable", lambda order, said, epoch: None),
    ]


def _leaseforever() -> Swaps:
    """A bench begins on what it has, however long it has not heard of the hub."""
    return [(station_bench.Bench, "lease_over", lambda self: False)]


def _leasefromanswer() -> Swaps:
    """A lease is counted from when its answer came, and to its end."""
    return [
        (bench_end, "LEASE_MARGIN", -0.5),
        (bench_end, "LEASE_MARGIN_SECONDS", math.inf),
    ]


def _earlyexpiry() -> Swaps:
    """The hub takes leases to be over before they are."""
    sound = allot.expired
    return [(allot, "expired", lambda connection, book, now: sound(connection, book, now + 1e5))]


# -- labels, and what is printed


def _novoid() -> Swaps:
    """A label that the first bench may have printed stays good when another bench packs it."""
    sound = ahead.taken_back
    return [
        (ahead, "taken_back", lambda shipment, why: sound(shipment, "")),
        (allot, "taken_back", lambda shipment, why: sound(shipment, "")),
    ]


def _nogiveback() -> Swaps:
    """The label of what was cancelled is not given back."""
    sound = work.why_void

    def why_void(order: Own, shipment: Own, parcel: Own) -> str:
        found = sound(order, shipment, parcel)
        return "" if found == "the order was cancelled" else found

    return [(work, "why_void", why_void)]


def _blindretry() -> Swaps:
    """A purchase whose answer was lost is made again, as a new one."""
    sound, numbers = simpost.buy, itertools.count()

    def buy(wanted: Own) -> Own:
        # Kept by the key: each try is another purchase.
        return sound(replace(wanted, key=f"{wanted.key}~{next(numbers)}"))

    return [(simpost, "buy", buy)]


def _printunwritten() -> Swaps:
    """A label's first byte goes out before that stands on record."""

    def starting(self: Own, job: str, counter: int | None) -> bool:
        return self.next_job("zebra") is not None

    return [(station_ledger.StoreLedger, "starting", starting)]


# -- marketplaces


def _noverify() -> Swaps:
    """A parcel is told under another reference each time."""
    numbers = itertools.count(1)

    def reference(order: Own, shipment: Own, parcel: Own) -> str:
        return str(next(numbers))

    return [(work, "reference", reference)]


def _confirmearly() -> Swaps:
    """A marketplace is told of a parcel when it is planned; both guards are off."""
    return [
        (work, "_reached", lambda parcel, at: True),
        (sys.modules["sync.orders.refusal"], "_of_confirmation", lambda parcel, fact: None),
    ]


@dataclass(frozen=True, slots=True)
class Mutant:
    """A planted bug, and the weather in which it shows soonest."""

    swaps: Callable[[], Swaps]
    weather: Mapping[str, float]
    """As `World.bend` takes it: everything else is calm."""


MUTANTS: Mapping[str, Mutant] = {
    "noafter": Mutant(_noafter, {"mixing": 0.3, "taken over": 2}),
    "nodedup": Mutant(_nodedup, {"bench imaged": 6, "old disk image": 3, "bench cut off": 5}),
    "noepoch": Mutant(_noepoch, {"taken over": 5, "bench cut off": 4}),
    "seqcursor": Mutant(_seqcursor, {"taken over": 2}),
    "dropacked": Mutant(_dropacked, {"hub copied": 4, "hub restored": 4}),
    "blindretry": Mutant(_blindretry, {"outside": 0.3}),
    "noverify": Mutant(_noverify, {"outside": 0.2, "hub copied": 4, "hub restored": 4}),
    "overlayloss": Mutant(
        _overlayloss, {"bench cut off": 3, "address changed": 3, "order held": 3}
    ),
    "nodone": Mutant(_nodone, {"bench imaged": 5, "old disk image": 4}),
    "tokenreuse": Mutant(_tokenreuse, {"hub copied": 4, "hub restored": 4}),
    "leaseforever": Mutant(_leaseforever, {"bench cut off": 6, "lease": 1.5}),
    "leasefromanswer": Mutant(
        _leasefromanswer, {"bench cut off": 6, "straggling": 0.2, "lease": 1.5}
    ),
    "earlyexpiry": Mutant(_earlyexpiry, {"bench cut off": 3}),
    "novoid": Mutant(_novoid, {"taken over": 6, "bench cut off": 3}),
    "nogiveback": Mutant(_nogiveback, {"order cancelled": 5, "called off at the office": 5}),
    "printunwritten": Mutant(_printunwritten, {"bench crash": 5, "bench power cut": 5}),
    "purgeforgets": Mutant(
        _purgeforgets, {"bench cut off": 4, "taken over": 4, "order cancelled": 3}
    ),
    "nosweep": Mutant(_nosweep, {"taken over": 4, "hub copied": 4, "hub restored": 4}),
    "staleleave": Mutant(_staleleave, {"taken over": 4, "order cancelled": 3}),
    "digestskips": Mutant(_digestskips, {"taken over": 4, "order cancelled": 3}),
    "versionstuck": Mutant(_versionstuck, {"address changed": 3}),
    "norewind": Mutant(_norewind, {"hub copied": 4, "hub restored": 4}),
    "resetkeepsacked": Mutant(_resetkeepsacked, {"hub copied": 4, "hub restored": 4}),
    "ackahead": Mutant(_ackahead, {"bench cut off": 2}),
    "forkblind": Mutant(_forkblind, {"bench imaged": 5, "old disk image": 4}),
    "sameincarnation": Mutant(
        _sameincarnation, {"enrolled anew": 3, "disk cloned": 3, "new disk": 2}
    ),
    "loosescans": Mutant(_loosescans, {"bench power cut": 8}),
    "confirmearly": Mutant(_confirmearly, {"address changed": 1}),
}
"""By name: the ten of the protocol's first prototype, and those that it left out."""
