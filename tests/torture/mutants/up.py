"""Which bugs are planted in how entries go up?"""

from __future__ import annotations

import msgspec
from sqlalchemy import delete

from station.store import keep as station_keep
from station.store import schema
from station.store.store import Store
from sync.hub import benches, entries, joint, taking
from sync.protocol.messages import Gap
from tests.torture.mutants.swap import Own, Swaps


def nodedup() -> Swaps:
    """An entry's id is not looked at: told again under a new incarnation, it counts twice."""
    return [(taking, "known_ids", lambda connection, ids: set())]


def dropacked() -> Swaps:
    """A bench forgets what the hub has acknowledged."""
    sound = station_keep.StoreKeep.acked

    def acked(self: Own, answer: Own) -> None:
        sound(self, answer)
        with self._store.turn(feed=True) as turn:
            turn.sql.execute(delete(schema.entries).where(schema.entries.c.seq < answer.acked))

    return [(station_keep.StoreKeep, "acked", acked)]


def norewind() -> Swaps:
    """A bench that the hub asks for earlier entries does not send them again."""
    return [(station_keep.StoreKeep, "rewind", lambda self, need: None)]


def resetkeepsacked() -> Swaps:
    """After a reset a bench takes for granted that the hub still has what it acknowledged."""
    sound = station_keep.StoreKeep.reset

    def reset(self: Own, epoch: int) -> None:
        with self._store.turn() as turn:
            known = turn.get("acked", "0")
        sound(self, epoch)
        with self._store.turn() as turn:
            turn.set("acked", known)

    return [(station_keep.StoreKeep, "reset", reset)]


def ackahead() -> Swaps:
    """The hub acknowledges one entry more than it has."""
    sound = entries.take

    def take(*args: Own) -> Own:
        answer = sound(*args)
        if isinstance(answer, Gap):
            return answer
        return msgspec.structs.replace(answer, acked=answer.acked + 1)

    return [(entries, "take", take)]


def forkblind() -> Swaps:
    """A journal that another machine went on with is taken for the same."""
    sound = joint.problem

    def problem(*args: Own) -> Own:
        found = sound(*args)
        return None if found is not None and found.fork else found

    return [(entries, "problem", problem)]


def sameincarnation() -> Swaps:
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


def loosescans() -> Swaps:
    """A scan does not wait for the disk."""
    sound = Store.turn

    def turn(self: Own, *, feed: bool = False) -> Own:
        return sound(self, feed=True)

    return [(Store, "turn", turn)]
