"""A hub that only feeds: so many changes a second to one bench, over HTTP.

    python -m tests.bench.hub DATABASE --rate 50

It speaks `sync.protocol` and stands where a hub would, a process of its own, and prints its URL.
Its changes are of real orders of that file, far back in the queue: a new version, promised a
second later. Entries are acknowledged, labels it has none. The real hub is not asked to hold a
hundred thousand orders here: what is measured is the bench, and what it costs it to be fed.
"""

from __future__ import annotations

import sys
import threading
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import msgspec
from sqlalchemy import select

from station.store import schema as t
from station.store.store import Store
from sync.orders import Order
from sync.protocol import cursor
from sync.protocol.cursor import Cursor
from sync.protocol.messages import Acked, Batch, Change, Judged, Page, Verdict

_FED = 2000
"""Orders from the end of the queue that change, one after the other."""


class Feed:
    """Changes that fall due as time goes by."""

    def __init__(self, orders: list[Order], start: Cursor, rate: float) -> None:
        self._orders, self._start, self._rate = orders, start, rate
        self._lock = threading.Lock()
        self._began: float | None = None

    def page(self, after: Cursor, wait: float, limit: int) -> Page:
        """Give what is new since then, as soon as anything is."""
        with self._lock:
            if self._began is None:
                self._began = time.monotonic()
        ends = time.monotonic() + wait
        while (head := self._due()) <= after.seq and time.monotonic() < ends:
            # The next change falls due at a known moment: nothing can be waited for but the clock.
            time.sleep(1 / self._rate / 4)
        last = min(head, after.seq + limit)
        return Page(
            after=str(after),
            next=str(Cursor(after.epoch, last)),
            head=str(Cursor(after.epoch, head)),
            changes=tuple(self._change(seq) for seq in range(after.seq + 1, last + 1)),
            server_time=datetime.now(UTC),
        )

    def _due(self) -> int:
        began = self._began or time.monotonic()
        return self._start.seq + int((time.monotonic() - began) * self._rate)

    def _change(self, seq: int) -> Change:
        turn, at = divmod(seq - self._start.seq, len(self._orders))
        order = self._orders[at]
        by = order.ship_by + timedelta(seconds=1 + turn) if order.ship_by else None
        changed = msgspec.structs.replace(order, version=order.version + 1 + turn, ship_by=by)
        return Change(seq=seq, shipment=order.shipments[0].id, order=changed, through=0)


def read(path: Path) -> tuple[list[Order], Cursor]:
    """Read which orders are to change, and where the bench has read to."""
    with closing(Store(path)) as store, store.turn(feed=True) as turn:
        rows = (
            select(t.NOW)
            .join(t.shipments, t.shipments.c.order_id == t.orders.c.id)
            .order_by(t.shipments.c.urgency.desc())
            .limit(_FED)
        )
        bodies = turn.sql.execute(rows).scalars().all()
        orders = [msgspec.json.decode(body, type=Order) for body in bodies]
        return orders, cursor.read(turn.get("cursor"))


def handler(feed: Feed) -> type[BaseHTTPRequestHandler]:
    """Give the class that answers for that feed."""

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            if asked.path != "/v1/feed":
                self._send(404, b"")
                return
            query = {name: values[0] for name, values in parse_qs(asked.query).items()}
            after = cursor.read(query["after"])
            page = feed.page(after, float(query["wait"]), int(query["limit"]))
            self._send(200, msgspec.json.encode(page))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == "/v1/entries":
                body = msgspec.json.encode(_acknowledge(msgspec.json.decode(body, type=Batch)))
            self._send(200, body)

        def _send(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Answer


def _acknowledge(batch: Batch) -> Acked:
    return Acked(
        acked=batch.entries[-1].seq,
        verdicts=tuple(Judged(seq=one.seq, verdict=Verdict.OK) for one in batch.entries),
        server_time=datetime.now(UTC),
    )


def main(path: Path, rate: float) -> None:
    """Serve until killed."""
    orders, start = read(path)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(Feed(orders, start, rate)))
    sys.stdout.write(f"http://127.0.0.1:{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[3]))
