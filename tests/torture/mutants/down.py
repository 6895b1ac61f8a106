"""Which bugs are planted in the feed, and in what a bench makes of it?"""

from __future__ import annotations

from dataclasses import replace

import msgspec

from station.store import intake
from station.store import keep as station_keep
from sync.client.replica import CaughtUp
from sync.hub import book, feed
from sync.protocol import bench_end
from sync.protocol.lanes import Lane
from sync.protocol.messages import Page
from tests.torture.mutants.swap import Own, Swaps


def noafter() -> Swaps:
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


def seqcursor() -> Swaps:
    """The next page is read from the head, whatever was left out of this one."""
    sound = feed.fed

    def fed(*args: Own) -> Own:
        found = sound(*args)
        if not isinstance(found, feed.Fed):
            return found
        return msgspec.structs.replace(found, next=found.head)

    return [(feed, "fed", fed)]


def overlayloss() -> Swaps:
    """What was done here is forgotten when the hub's document comes."""

    def catch_up(confirmed: Own, through: int, pending: Own) -> CaughtUp:
        return CaughtUp(confirmed, (), ())

    return [(intake, "catch_up", catch_up)]


def nosweep() -> Swaps:
    """Rows that a new reading of the feed does not name stay."""
    return [(intake, "sweep", lambda turn, generation: None)]


def staleleave() -> Swaps:
    """A shipment that left the feed stays on the bench."""
    return [(intake, "_leave", lambda turn, shipment: None)]


def purgeforgets() -> Swaps:
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


def digestskips() -> Swaps:
    """What leaves a feed stays in its digest."""
    return [(feed, "_shares", lambda connection, name, rows: [])]


def versionstuck() -> Swaps:
    """A change does not raise the order's version."""
    sound = book.Book.save

    def save(self: Own, connection: Own, before: Own, after: Own, *rest: Own, **more: Own) -> Own:
        quiet = before.version % 5 == 4  # now and then: at each change, nobody would get anything
        if quiet and after != before:
            self._store(connection, before, after, *rest, **more)
            return after
        return sound(self, connection, before, after, *rest, **more)

    return [(book.Book, "save", save)]
