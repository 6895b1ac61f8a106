"""Has the disk room for what is written? What the hub says of it, and how it finds out."""

from __future__ import annotations

from sqlalchemy import delete
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from sync.hub.engine import Store, full, upsert
from sync.hub.refused import Refused
from sync.hub.schema import meta
from sync.protocol.messages import Kind

SENTENCE = "the hub's disk takes no more: make room there, and it goes on by itself"
AGAIN_SECONDS = 5.0
"""When whoever was refused for it may come again: somebody has to delete something first."""
BUSY_SECONDS = 1.0
"""When whoever met a database that is busy or away may come again."""
ROOM = "room"
"""The name in `meta` of what is written to see whether it can be."""
ROOM_BYTES = 1 << 20
"""More than a batch of 500 entries, which has 300 kB and is written three times over."""


def there_is(store: Store) -> bool:
    """Say whether the disk takes what is written; tried out only after it did not.

    What fits into the pages that the file has may go through while a batch does not. So there is
    room again when a good piece was written, and not because something was.
    """
    if not store.refused:
        return True
    try:
        with store.write() as connection:
            upsert(connection, meta, [{"name": ROOM, "value": "x" * ROOM_BYTES}], "name")
        with store.write() as connection:
            connection.execute(delete(meta).where(meta.c.name == ROOM))
    except DBAPIError:
        return False
    store.refused = False
    return True


def undone(wrong: SQLAlchemyError) -> Refused:
    """Say why nothing was done, and when to try again."""
    if isinstance(wrong, DBAPIError) and full(wrong):
        return Refused(Kind.BUSY, SENTENCE, retry_seconds=AGAIN_SECONDS)
    sentence = "the database is busy or away: try again"
    return Refused(Kind.BUSY, sentence, retry_seconds=BUSY_SECONDS)
