"""Which bugs are planted that show only where several hub processes share the books?"""

from __future__ import annotations

from weakref import WeakKeyDictionary

from sync.hub import book, feed, labels
from tests.torture.mutants.outside import blindretry
from tests.torture.mutants.swap import Own, Swaps


def hubcache() -> Swaps:
    """A hub process remembers orders, and does not see what another one has made of them."""
    sound, store = book.Book._some, book.Book._store
    remembered: WeakKeyDictionary[Own, dict[str, Own]] = WeakKeyDictionary()

    def some(self: Own, connection: Own, wanted: Own, lock: bool) -> Own:
        mine = remembered.setdefault(self, {})
        mine.update(sound(self, connection, [id for id in wanted if id not in mine], lock))
        return {id: mine[id] for id in wanted if id in mine}

    def keep(self: Own, connection: Own, before: Own, after: Own, *rest: Own) -> None:
        store(self, connection, before, after, *rest)
        remembered.setdefault(self, {})[after.id] = after

    return [(book.Book, "_some", some), (book.Book, "_store", keep)]


def hubcounter() -> Swaps:
    """A hub process counts a bench's feed by itself, from where it first found it."""
    sound = feed.put
    counted: WeakKeyDictionary[Own, dict[str, int]] = WeakKeyDictionary()

    def put(connection: Own, name: str, rows: Own, now: Own) -> None:
        mine = counted.setdefault(connection.connection.dbapi_connection, {})
        if name in mine:
            last = (mine[name], name)
            connection.exec_driver_sql("UPDATE bench SET feed_seq = ? WHERE name = ?", last)
        sound(connection, name, rows, now)
        mine[name] = feed.heads(connection).get(name, 0)

    return [(feed, "put", put)]


def bothbuy() -> Swaps:
    """Two hub processes are at one label, each under a key of its own; both guards are off."""
    (buy,) = blindretry()
    return [buy, (labels, "take", lambda *args: labels.Taken.FRESH)]
