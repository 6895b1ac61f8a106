"""What needs a person: troubles, one open at a time about one thing, with proposed actions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import msgspec
from sqlalchemy import Connection, Row, insert, select, update

from sync.hub.schema import trouble


class Kind(StrEnum):
    """What kind of trouble it is."""

    ADDRESS = "address"
    STATUS = "status"
    CANCEL = "cancel"
    TOO_LATE = "too_late"
    CHANGED = "changed"
    SHIPPED_ELSEWHERE = "shipped_elsewhere"
    UNREADABLE = "unreadable"
    LABEL = "label"
    VOID = "void"
    CONFIRMATION = "confirmation"
    ENTRY = "entry"
    KEPT = "kept"
    CHANNEL = "channel"
    FEED = "feed"
    BENCH = "bench"
    BACKUP = "backup"


ACTIONS: dict[Kind, tuple[str, ...]] = {
    Kind.ADDRESS: ("release", "cancel"),
    Kind.STATUS: ("release", "cancel"),
    Kind.CANCEL: ("cancel", "refuse"),
    Kind.TOO_LATE: ("done",),
    Kind.CHANGED: ("release", "cancel"),
    Kind.SHIPPED_ELSEWHERE: ("release", "cancel"),
    Kind.UNREADABLE: ("done",),
    Kind.LABEL: ("retry", "hold", "cancel"),
    Kind.VOID: ("done",),
    Kind.CONFIRMATION: ("retry", "done"),
    Kind.ENTRY: ("done",),
    Kind.KEPT: ("done",),
    Kind.CHANNEL: ("done",),
    Kind.FEED: ("done",),
    Kind.BENCH: ("done",),
    Kind.BACKUP: ("done",),
}
"""What a person may choose, the usual choice first."""


READ_AGAIN = frozenset({Kind.TOO_LATE, Kind.CHANGED, Kind.SHIPPED_ELSEWHERE, Kind.UNREADABLE})
"""What a marketplace goes on saying after it was dealt with here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One thing that a person must decide or know."""

    kind: Kind
    subject: str
    """Shipment, parcel, order, channel or bench."""
    sentence: str
    order: str = ""

    @property
    def key(self) -> str:
        """What it is about: of two troubles about one thing the first stays open."""
        return f"{self.kind}:{self.subject}"


def key(kind: Kind, subject: str) -> str:
    """Name what a trouble is about."""
    return f"{kind}:{subject}"


def open_(connection: Connection, found: Iterable[Trouble], now: float) -> None:
    """Open troubles; one that is open already gets the newer sentence."""
    for one in found:
        known = connection.execute(
            update(trouble)
            .where(trouble.c.key == one.key, trouble.c.resolved_at.is_(None))
            .values(sentence=one.sentence)
        )
        if known.rowcount or _decided(connection, one):
            continue
        row = {
            "key": one.key,
            "kind": one.kind.value,
            "order_id": one.order,
            "subject": one.subject,
            "sentence": one.sentence,
            "actions": msgspec.json.encode(ACTIONS[one.kind]).decode("ascii"),
            "opened_at": now,
            "resolved_by": "",
            "action": "",
        }
        connection.execute(insert(trouble).values(**row))


def _decided(connection: Connection, one: Trouble) -> bool:
    """Say whether a person has dealt with just that: reading it again does not bring it back."""
    if one.kind not in READ_AGAIN:
        return False
    found = connection.execute(
        select(trouble.c.id).where(
            trouble.c.key == one.key,
            trouble.c.sentence == one.sentence,
            trouble.c.resolved_at.is_not(None),
            trouble.c.resolved_by != "hub",
        )
    )
    return found.first() is not None


def solve(
    connection: Connection, keys: Sequence[str], now: float, *, by: str = "hub", action: str = ""
) -> None:
    """Close the open troubles about these things."""
    if keys:
        connection.execute(
            update(trouble)
            .where(trouble.c.key.in_(list(keys)), trouble.c.resolved_at.is_(None))
            .values(resolved_at=now, resolved_by=by, action=action or "solved itself")
        )


def close(connection: Connection, id: int, now: float, *, by: str, action: str) -> None:
    """Close one trouble by a person's choice."""
    connection.execute(
        update(trouble)
        .where(trouble.c.id == id, trouble.c.resolved_at.is_(None))
        .values(resolved_at=now, resolved_by=by, action=action)
    )


def listed(connection: Connection, *, all_: bool = False) -> Sequence[Row[tuple[object, ...]]]:
    """Give the troubles, oldest first; the open ones only, unless all are wanted."""
    statement = select(trouble).order_by(trouble.c.id)
    if not all_:
        statement = statement.where(trouble.c.resolved_at.is_(None))
    return connection.execute(statement).all()


def get(connection: Connection, id: int) -> Row[tuple[object, ...]] | None:
    """Give one trouble."""
    found = connection.execute(select(trouble).where(trouble.c.id == id))
    return found.one_or_none()
