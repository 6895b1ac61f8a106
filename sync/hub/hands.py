"""Which parcels are worked on now, and which next, so that no channel waits for another?

Our columns say what is due; here it is handed out. Each channel has a few hands in this process.
What is due and has a hand is begun at once; what has found none for a while goes on the queue,
where another hub's hands may find it, if there is another hub. Whatever happens to a piece, its
parcel stays due until somebody has done it: every look at what is due is the reconciler of the
one before.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from sqlalchemy import Connection, func, select

from sync.hub.durable import AT_ONCE, LANE_AT_ONCE, Durable, Piece
from sync.hub.engine import Store
from sync.hub.process import living
from sync.hub.schema import orders, parcel
from sync.hub.setup import epoch

WORK = {"label": parcel.c.label_work, "confirm": parcel.c.confirm_work}
"""The column that says whether there is anything to do, by kind of piece."""
LOOKED_AT = 100
"""Due parcels that are looked at, as long as that is all of them; else so many of each channel."""
QUEUED_AT_ONCE = 16
"""Parcels of one channel on the queue: more would only grow old there."""
HURRY_SECONDS = 2.0
"""How long a piece waits for a hand of this process before it goes on the queue."""
ELSEWHERE_SECONDS = 60.0
"""When a piece that was given away and is still due is looked after: the reconciler's time."""


@dataclass(slots=True)
class _Out:
    """A piece that was handed out."""

    piece: Piece
    at: float
    here: bool
    """Whether it was begun in this process, or waits on the queue."""
    begun: bool = False


@dataclass(slots=True)
class Hands:
    """The hands of this process."""

    store: Store
    durable: Durable
    now: Callable[[], float] = time.time
    tick: Callable[[], float] = time.monotonic
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _landed: threading.Condition = field(init=False)
    _out: dict[tuple[str, str], _Out] = field(default_factory=dict)
    _seen: dict[tuple[str, str], float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make what the end is waited on."""
        self._landed = threading.Condition(self._lock)

    def give(self, kind: str) -> int:
        """Hand out what is due and can be begun now; give how many pieces."""
        at = self.tick()
        with self.store.read() as connection:
            found = due(connection, kind, self.now())
            shared = len(living(connection)) > 1
        with self._lock:
            self._tidy(kind, found, at)
            here, queue = self._choose(found, at, shared=shared)
        if not here and not queue:
            return 0
        goes_on = self.durable.begun([one.ticket for one in (*here, *queue)])
        for pieces, begin in ((here, self.durable.start), (queue, self.durable.enqueue)):
            for one in pieces:
                self._begin(one, goes_on.get(one.ticket), begin)
        return len(here) + len(queue)

    def _begin(self, piece: Piece, goes_on: bool | None, begin: Callable[[Piece], None]) -> None:
        """Begin a piece. One that has ended and is due again needs a new ticket."""
        if goes_on:
            with self._lock:
                self._out[piece.kind, piece.parcel].here = False
            return
        if goes_on is False:
            again = f"{piece.ticket}:r{int(self.now())}"
            piece = Piece(piece.kind, piece.parcel, piece.lane, again)
        try:
            begin(piece)
        except BaseException:
            self.landed(piece.kind, piece.parcel)
            raise

    def began(self, kind: str, parcel: str) -> None:
        """Note that a piece is being worked on here."""
        with self._lock:
            out = self._out.get((kind, parcel))
            if out is not None:
                out.begun = out.here = True

    def landed(self, kind: str, parcel: str) -> None:
        """Note that a piece is done with here."""
        with self._lock:
            self._out.pop((kind, parcel), None)
            self._landed.notify_all()

    def rest(self, seconds: float) -> bool:
        """Wait until nothing is worked on here; False: something still is."""
        with self._landed:
            return self._landed.wait_for(
                lambda: not any(out.begun for out in self._out.values()), seconds
            )

    def _tidy(self, kind: str, found: Iterable[Piece], at: float) -> None:
        """Forget what was given away long ago, and what is not due any more."""
        late = [
            key
            for key, out in self._out.items()
            if not out.begun and at - out.at > ELSEWHERE_SECONDS
        ]
        for key in late:
            del self._out[key]
        still = {(kind, one.parcel) for one in found}
        for key in [key for key in self._seen if key[0] == kind and key not in still]:
            del self._seen[key]

    def _choose(
        self, found: Iterable[Piece], at: float, *, shared: bool
    ) -> tuple[list[Piece], list[Piece]]:
        here = Counter(out.piece.lane for out in self._out.values() if out.here)
        away = Counter(out.piece.lane for out in self._out.values() if not out.here)
        chosen: list[Piece] = []
        queued: list[Piece] = []
        for one in found:
            key = (one.kind, one.parcel)
            if key in self._out:
                continue
            seen = self._seen.setdefault(key, at)
            if here[one.lane] < LANE_AT_ONCE and here.total() < AT_ONCE:
                here[one.lane] += 1
                chosen.append(one)
            elif shared and at - seen > HURRY_SECONDS and away[one.lane] < QUEUED_AT_ONCE:
                away[one.lane] += 1
                queued.append(one)
            else:
                continue
            self._out[key] = _Out(one, at, here=one in chosen)
        return chosen, queued


def due(connection: Connection, kind: str, now: float) -> list[Piece]:
    """Give what is due: all of it, or the first of each channel where there is much."""
    work = WORK[kind]
    wanted = (
        select(parcel.c.id, parcel.c.due_at, orders.c.version, orders.c.channel)
        .join(orders, orders.c.id == parcel.c.order_id)
        .where(work.is_(True), parcel.c.due_at <= now)
    )
    first = wanted.order_by(parcel.c.due_at, parcel.c.id).limit(LOOKED_AT)
    rows = connection.execute(first).all()
    if len(rows) == LOOKED_AT:
        place = func.row_number().over(
            partition_by=orders.c.channel, order_by=(parcel.c.due_at, parcel.c.id)
        )
        ranked = wanted.add_columns(place.label("place")).subquery()
        rows = connection.execute(
            select(ranked).where(ranked.c.place <= LOOKED_AT).order_by(ranked.c.place)
        ).all()
    mine = epoch(connection)
    return [_piece(kind, mine, *row[:4]) for row in rows]


def _piece(kind: str, mine: int, id: str, due_at: float, version: int, channel: str) -> Piece:
    # Each taking up moves `due_at`, each outcome the version: what is done again is another piece.
    ticket = f"{kind}:{id}:{mine}.{version}.{due_at:.3f}"
    return Piece(kind, id, channel, ticket)
