"""A bench far behind: the next page is on its way while one is stored."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import msgspec

from station.store.keep import StoreKeep
from station.store.store import Full, Store
from sync.client.link import Link
from sync.client.signer import KEY, open_key
from sync.protocol import cursor
from sync.protocol.messages import Change, Enrolled, Heartbeat, Page
from tests.builders import NOON
from tests.sync.client.test_link import PATIENCE_SECONDS, Hub, labelled

PAGES = 4


class Feed:
    """A hub's feed of one order a page; it notes what it is asked."""

    def __init__(self) -> None:
        self.after: list[str] = []
        self.asked = threading.Condition()

    def __call__(self, path: str, body: bytes) -> tuple[int, bytes] | None:
        after = parse_qs(urlsplit(path).query)["after"][0]
        with self.asked:
            self.after.append(after)
            self.asked.notify_all()
        seq = cursor.read(after).seq
        if seq == PAGES:
            return None  # no news
        order = labelled(f"{seq}", "0" * 64)
        change = Change(seq=seq + 1, shipment=order.shipments[0].id, order=order, through=0)
        page = Page(
            after=after,
            next=f"1.{seq + 1}",
            head=f"1.{PAGES}",
            changes=(change,),
            server_time=NOON,
        )
        return 200, msgspec.json.encode(page)

    def wait_for(self, after: str) -> bool:
        with self.asked:
            return self.asked.wait_for(lambda: after in self.after, PATIENCE_SECONDS)


class Waits(StoreKeep):
    """Stores a page only when the one that follows has been asked for; once the disk is full."""

    def __init__(self, store: Store, feed: Feed, full_at: str = "") -> None:
        super().__init__(store, lambda: Heartbeat(bench="b1"))
        self._feed, self._full_at = feed, full_at
        self.met = True
        self.done = threading.Event()

    def take(self, page: Page) -> int | None:
        if page.next != page.head:
            self.met = self.met and self._feed.wait_for(page.next)
        if page.after == self._full_at:
            self._full_at = ""
            raise Full("The disk takes no more. Make room.")
        taken = super().take(page)
        if page.next == page.head:
            self.done.set()
        return taken


def caught_up(folder: Path, full_at: str = "") -> tuple[Feed, Waits, int]:
    """Let a bench catch up with a feed; give what was asked, and how many orders are here."""
    feed = Feed()
    with ExitStack() as stack:
        hub = Hub()
        stack.callback(hub.close)
        hub.answers["/v1/feed"] = feed
        store = Store(folder / "bench.db")
        stack.callback(store.close)
        keep = Waits(store, feed, full_at)
        keep.enrol(Enrolled(bench="b1", incarnation=1, epoch=1, server_time=NOON))
        link = Link(hub.url, keep, lambda: open_key(folder / KEY), lambda state: None)
        stack.callback(link.stop)
        link.start()
        assert keep.done.wait(PATIENCE_SECONDS)
        with store.turn() as turn:
            (count,) = turn.sql.exec_driver_sql("SELECT count(*) FROM orders").one()
    return feed, keep, count


def test_the_next_page_is_asked_for_before_one_is_stored(tmp_path: Path) -> None:
    feed, keep, count = caught_up(tmp_path)
    assert keep.met
    assert feed.after[:PAGES] == ["0.0", "1.1", "1.2", "1.3"], "and none of them twice"
    assert count == PAGES


def test_a_page_that_was_not_stored_is_read_again_whatever_was_asked_for_since(
    tmp_path: Path,
) -> None:
    feed, _, count = caught_up(tmp_path, full_at="1.1")
    assert feed.after[:4] == ["0.0", "1.1", "1.2", "1.1"]
    assert count == PAGES
