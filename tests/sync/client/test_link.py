"""The loop that talks to the hub, against a hub that answers what the test wants."""

from __future__ import annotations

import hashlib
import math
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec
import pytest
import trustme
from sqlalchemy import select

from station.store import journal
from station.store import schema as t
from station.store.keep import StoreKeep
from station.store.store import Full, Store
from sync.client.boot import boottime
from sync.client.link import Link, LinkState, Offline, Online, Outdated, Unwelcome
from sync.client.signer import KEY, open_key
from sync.orders import Entry, Order, apply, facts, fold
from sync.protocol import VERSION, signing
from sync.protocol.cursor import Cursor
from sync.protocol.messages import (
    Acked,
    Batch,
    Beaten,
    Change,
    Enrolled,
    Gap,
    Heartbeat,
    Judged,
    Kind,
    Page,
    Refusal,
    Rejoin,
    Reset,
    Verdict,
)
from tests.builders import NOON, a_label, an_order, up_to_close

PATIENCE_SECONDS = 60.0
"""Long past what the first back-offs take, on a busy machine."""

Answer = tuple[int, bytes]


class Server(ThreadingHTTPServer):
    """A bench that stops cuts what hangs: that is no news."""

    def handle_error(self, request: object, client_address: object) -> None:
        pass


class Hub:
    """Answers every path by what stands in `answers`, and else as a hub with no news."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.answers: dict[str, Callable[[str, bytes], Answer | None]] = {}
        self.asked: list[str] = []
        self.headers: list[Message] = []
        self.hang_up = 0
        """So many POSTs are read, and the connection closed without an answer."""
        self.says: dict[str, str] = {}
        """Headers of every answer."""
        self._over = threading.Event()
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(b"")

            def do_POST(self) -> None:
                self._answer(self.rfile.read(int(self.headers.get("Content-Length", "0"))))

            def _answer(self, body: bytes) -> None:
                hub.headers.append(self.headers)
                if body and hub.hang_up:
                    hub.hang_up -= 1
                    hub.asked.append(self.path)
                    return
                status, data = hub.answer(self.path, body)
                self.send_response(status)
                for name, value in hub.says.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )
        self._thread.start()
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self._server.server_port}"

    def answer(self, path: str, body: bytes) -> Answer:
        self.asked.append(path.partition("?")[0])
        for start, answers in self.answers.items():
            if path.startswith(start) and (answer := answers(path, body)) is not None:
                return answer
        if path.startswith("/v1/feed"):
            self._over.wait(PATIENCE_SECONDS)  # the long-poll of a hub that has no news
            return 503, b""
        if path.startswith("/v1/entries"):
            return 200, accepted(msgspec.json.decode(body, type=Batch))
        if path.startswith("/v1/blobs"):
            return 404, b""
        return 200, msgspec.json.encode(Beaten(server_time=datetime.now(UTC)))

    def close(self) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def accepted(batch: Batch) -> bytes:
    verdicts = tuple(Judged(seq=one.seq, verdict=Verdict.OK) for one in batch.entries)
    answer = Acked(acked=batch.entries[-1].seq, verdicts=verdicts, server_time=NOON)
    return msgspec.json.encode(answer)


def page(*orders: Order, after: str = "0.0", epoch: int = 1, through: int = 0) -> bytes:
    changes = tuple(
        Change(seq=n, shipment=order.shipments[0].id, order=order, through=through)
        for n, order in enumerate(orders, 1)
    )
    end = f"{epoch}.{len(orders)}"
    told = Page(after=after, next=end, head=end, changes=changes, server_time=NOON)
    return msgspec.json.encode(told)


class Told:
    """What the lamp heard, and a way to wait for it."""

    def __init__(self) -> None:
        self.states: list[LinkState] = []
        self._changed = threading.Condition()

    def __call__(self, state: LinkState) -> None:
        with self._changed:
            self.states.append(state)
            self._changed.notify_all()

    def wait_for(self, kind: type[LinkState]) -> None:
        with self._changed:
            heard = self._changed.wait_for(
                lambda: any(isinstance(state, kind) for state in self.states), PATIENCE_SECONDS
            )
        assert heard, self.states


@pytest.fixture
def hub() -> Iterator[Hub]:
    hub = Hub()
    yield hub
    hub.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "bench.db")
    yield store
    store.close()


class KeepOfABadDisk(StoreKeep):
    """The bench's own file on a disk that is full at first."""

    full = 0

    def take(self, page: Page) -> int | None:
        if self.full:
            self.full -= 1
            raise Full("The disk takes no more. Make room.")
        return super().take(page)


@pytest.fixture
def keep(store: Store) -> KeepOfABadDisk:
    keep = KeepOfABadDisk(store, lambda: Heartbeat(bench="b1"))
    keep.enrol(Enrolled(bench="b1", incarnation=1, epoch=1, server_time=NOON))
    return keep


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def link(hub: Hub, keep: KeepOfABadDisk, told: Told, tmp_path: Path) -> Iterator[Link]:
    link = Link(hub.url, keep, lambda: open_key(tmp_path / KEY), told)
    yield link
    link.stop(timeout=PATIENCE_SECONDS)


def wait_until(store: Store, so: Callable[[], bool]) -> None:
    """Wait for the file to change until it is so."""
    changed = threading.Event()
    store.listen(lambda ids: changed.set())
    while not so():
        changed.clear()
        if so():
            return
        assert changed.wait(PATIENCE_SECONDS)


def claimed() -> Order:
    order = an_order()
    return apply(order, up_to_close(order)[0])


def labelled(number: str, sha256: str) -> Order:
    order = apply(an_order(number), up_to_close(an_order(number))[0])
    parcel = f"{order.shipments[0].id}/1"
    label = msgspec.structs.replace(a_label(order, f"RR{number}"), sha256=sha256)
    asked = facts.LabelRequested(parcel=parcel, key="k", grams=1, address=label.address)
    bought = facts.LabelBought(parcel=parcel, label=label)
    return fold(order, [facts.ParcelPlanned(parcel=parcel), asked, bought])


def wait_for_blob(store: Store, sha256: str) -> None:
    """Wait until a label's bytes are here; nobody is told of bytes that no job waits for."""
    wanted = select(t.blobs.c.data).where(t.blobs.c.sha256 == sha256)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        with store.turn() as turn:
            if turn.sql.execute(wanted).scalar() is not None:
                return
        threading.Event().wait(0.01)
    raise AssertionError(f"the bytes of {sha256} never came")


def once(answer: Answer) -> Callable[[str, bytes], Answer | None]:
    left = [answer]
    return lambda path, body: left.pop() if left else None


def now(store: Store, id: str) -> Order | None:
    with store.turn() as turn:
        return turn.order(id)


def write(store: Store, order: Order, *happened: facts.Fact) -> None:
    with store.turn() as turn:
        start = journal.last_link(turn)[0]
        entries = [
            Entry(id=f"e{start + n}", order=order.id, at=NOON, bench="b1", fact=fact)
            for n, fact in enumerate(happened, 1)
        ]
        journal.write_entries(turn, entries)


def test_a_full_disk_does_not_end_the_feed(
    hub: Hub, keep: KeepOfABadDisk, store: Store, told: Told, link: Link
) -> None:
    keep.full = 2
    order = claimed()
    hub.answers["/v1/feed?after=0.0"] = lambda path, body: (200, page(order))
    link.start()
    wait_until(store, lambda: now(store, order.id) == order)
    told.wait_for(Offline)


def test_one_damaged_label_does_not_keep_the_others_from_coming(
    hub: Hub, store: Store, link: Link
) -> None:
    good = hashlib.sha256(b"good").hexdigest()
    orders = [labelled(f"n{n}", sha256) for n, sha256 in enumerate(("0" * 64, good, "f" * 64))]
    hub.answers["/v1/feed?after=0.0"] = once((200, page(*orders)))
    hub.answers[f"/v1/blobs/{good}"] = lambda path, body: (200, b"good")
    hub.answers["/v1/blobs/"] = lambda path, body: (200, b"damaged")
    link.start()
    wait_for_blob(store, good)


def test_a_hub_that_asks_again_and_again_for_the_same_entry_is_not_run_over(
    hub: Hub, store: Store, told: Told, link: Link
) -> None:
    order = claimed()
    hub.answers["/v1/feed?after=0.0"] = once((200, page(order)))
    gap = msgspec.json.encode(Gap(need=1))
    hub.answers["/v1/entries"] = lambda path, body: (409, gap)
    link.start()
    wait_until(store, lambda: now(store, order.id) is not None)
    write(store, order, facts.PackStarted(shipment=order.shipments[0].id))
    link.wake()
    told.wait_for(Unwelcome)
    assert hub.asked.count("/v1/entries") < 20


@pytest.mark.parametrize("url", ["http://hub:eighty", "hub.example", "ftp://hub"])
def test_an_address_that_is_none_is_said_to_the_lamp(
    keep: KeepOfABadDisk, told: Told, tmp_path: Path, url: str
) -> None:
    link = Link(url, keep, lambda: open_key(tmp_path / KEY), told)
    link.start()
    told.wait_for(Unwelcome)
    link.stop()


def test_a_hub_that_was_put_back_does_not_give_out_packed_orders_as_unpacked(
    hub: Hub, keep: KeepOfABadDisk, store: Store, link: Link
) -> None:
    order = claimed()
    keep.take(msgspec.json.decode(page(order), type=Page))
    packed = up_to_close(order)[1:]
    write(store, order, *packed)
    count = len(packed)
    verdicts = tuple(Judged(seq=n, verdict=Verdict.OK) for n in range(1, count + 1))
    keep.acked(Acked(acked=count, verdicts=verdicts, server_time=NOON))
    closed = fold(order, packed)
    later = msgspec.json.decode(page(closed, after="1.1", through=count), type=Page)
    keep.take(msgspec.structs.replace(later, next="1.2", head="1.2"))
    assert now(store, order.id) == closed

    # The hub is put back to where it knew the order, and nothing that happened to it.
    restored = msgspec.json.encode(Reset(epoch=2, reason="restored"))
    hub.answers["/v1/feed?after=1.2"] = lambda path, body: (409, restored)
    hub.answers["/v1/feed?after=2.0"] = lambda path, body: (
        200,
        page(order, after="2.0", epoch=2),
    )
    sent: list[int] = []
    all_there = threading.Event()

    def take(path: str, body: bytes) -> Answer | None:
        batch = msgspec.json.decode(body, type=Batch)
        if batch.entries[0].seq > len(sent) + 1:
            return 409, msgspec.json.encode(Gap(need=len(sent) + 1))
        sent.extend(one.seq for one in batch.entries if one.seq > len(sent))
        if len(sent) == count:
            all_there.set()
        return None

    hub.answers["/v1/entries"] = take
    link.start()
    wait_until(store, lambda: keep.cursor() == Cursor(2, 1))
    assert now(store, order.id) == closed, "the box is closed, whatever the hub forgot"
    assert all_there.wait(PATIENCE_SECONDS), "the hub is told again"


def test_the_lamp_says_when_the_hub_answers(hub: Hub, told: Told, link: Link) -> None:
    link.start()
    told.wait_for(Online)


def test_a_key_that_is_none_is_said_to_the_lamp(
    hub: Hub, keep: KeepOfABadDisk, told: Told, tmp_path: Path
) -> None:
    (tmp_path / KEY).write_bytes(b"short")
    link = Link(hub.url, keep, lambda: open_key(tmp_path / KEY), told)
    link.start()
    told.wait_for(Unwelcome)
    link.stop()
    assert not hub.asked


def wait_for_asked(hub: Hub, path: str, times: int) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while hub.asked.count(path) < times:
        assert time.monotonic() < deadline, hub.asked
        threading.Event().wait(0.01)


def test_requests_are_signed_in_the_hubs_time_whatever_the_clock_here_says(
    hub: Hub, tmp_path: Path, link: Link
) -> None:
    ahead = datetime.now(UTC) + timedelta(days=400)
    turned_down = Refusal(kind=Kind.CLOCK, error="the clock", server_time=ahead)
    first = once((401, msgspec.json.encode(turned_down)))
    beaten = Beaten(server_time=ahead)
    hub.answers["/v1/heartbeat"] = lambda path, body: (
        first(path, body)
        or (
            200,
            msgspec.json.encode(beaten),
        )
    )
    link.start()
    wait_for_asked(hub, "/v1/heartbeat", 2)
    claims = [signing.read(one["Authorization"])[0] for one in hub.headers if one["Content-Length"]]
    assert claims[0].bench == "b1"
    assert claims[1].at - claims[0].at > 399 * 86_400
    assert claims[1].nonce != claims[0].nonce


def test_the_signature_covers_the_query_and_says_which_version_speaks(
    hub: Hub, tmp_path: Path, link: Link
) -> None:
    link.start()
    wait_for_asked(hub, "/v1/feed", 1)
    wait_for_asked(hub, "/v1/heartbeat", 1)
    feed = next(one for one in hub.headers if not one["Content-Length"])
    claimed, signature = signing.read(feed["Authorization"])
    words = signing.words(claimed, "GET", "/v1/feed?after=0.0&wait=25&limit=1000", b"")
    assert open_key(tmp_path / KEY).sign(words) == signature
    assert feed["Packbench-Version"] == str(VERSION)


def test_a_post_whose_connection_dropped_goes_again_with_a_signature_of_its_own(
    hub: Hub, keep: KeepOfABadDisk, store: Store, told: Told, link: Link
) -> None:
    order = claimed()
    keep.take(msgspec.json.decode(page(order), type=Page))
    write(store, order, facts.PackStarted(shipment=order.shipments[0].id))
    hub.hang_up = 3
    link.start()
    told.wait_for(Offline)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while keep.batch(1) is not None:
        assert time.monotonic() < deadline
        threading.Event().wait(0.01)
    nonces = [signing.read(one["Authorization"])[0].nonce for one in hub.headers]
    assert len(set(nonces)) == len(nonces)


def test_a_hub_too_new_to_feed_this_bench_still_takes_what_happened(
    hub: Hub, keep: KeepOfABadDisk, store: Store, told: Told, link: Link
) -> None:
    order = claimed()
    keep.take(msgspec.json.decode(page(order), type=Page))
    write(store, order, facts.PackStarted(shipment=order.shipments[0].id))
    old = Refusal(kind=Kind.OUTDATED, error="too old", server_time=datetime.now(UTC))
    hub.answers["/v1/feed"] = lambda path, body: (426, msgspec.json.encode(old))
    link.start()
    told.wait_for(Outdated)
    wait_for_asked(hub, "/v1/entries", 1)


def threads_of_links() -> set[threading.Thread]:
    return {one for one in threading.enumerate() if one.name.startswith("link-")}


def test_a_request_that_hangs_does_not_keep_the_bench_from_stopping(hub: Hub, link: Link) -> None:
    others = threads_of_links()  # of tests before this one, in the same process
    link.start()
    wait_for_asked(hub, "/v1/feed", 1)
    link.stop(timeout=PATIENCE_SECONDS)
    assert threads_of_links() <= others


def test_a_lease_is_kept_on_the_clock_of_this_start(
    hub: Hub, keep: KeepOfABadDisk, store: Store, told: Told, link: Link
) -> None:
    asked = boottime()
    beaten = Beaten(lease_seconds=3_600.0, server_time=datetime.now(UTC))
    hub.answers["/v1/heartbeat"] = lambda path, body: (200, msgspec.json.encode(beaten))
    assert keep.lease() == math.inf
    link.start()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while keep.lease() == math.inf:
        assert time.monotonic() < deadline
        threading.Event().wait(0.01)
    assert asked + 3_500 < keep.lease() < boottime() + 3_600
    again = StoreKeep(store, lambda: Heartbeat(bench="b1"))
    assert again.lease() == pytest.approx(keep.lease(), abs=120)


def test_a_journal_that_goes_on_after_a_gap_joins_anew_before_its_entries_go_up(
    hub: Hub, keep: KeepOfABadDisk, store: Store, link: Link
) -> None:
    order = claimed()
    keep.take(msgspec.json.decode(page(order), type=Page))
    write(store, order, facts.PackStarted(shipment=order.shipments[0].id))
    with store.turn() as turn:
        turn.set(t.REJOIN, msgspec.json.encode(Rejoin(after=0, hash="")).decode())
    joined = Enrolled(bench="b1", incarnation=2, epoch=1, server_time=datetime.now(UTC))
    hub.answers["/v1/rejoin"] = lambda path, body: (201, msgspec.json.encode(joined))
    link.start()
    wait_for_asked(hub, "/v1/entries", 1)
    posts = [path for path in hub.asked if path in ("/v1/rejoin", "/v1/entries")]
    assert posts == ["/v1/rejoin", "/v1/entries"]
    claims = [signing.read(one["Authorization"])[0] for one in hub.headers]
    assert 2 in {one.incarnation for one in claims}
    assert keep.enrolled() == joined


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls_hub(authority: trustme.CA) -> Iterator[Hub]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    hub = Hub(context)
    yield hub
    hub.close()


def test_only_a_hub_whose_certificate_was_pinned_is_talked_to_and_what_hangs_is_cut(
    tls_hub: Hub, authority: trustme.CA, keep: KeepOfABadDisk, told: Told, tmp_path: Path
) -> None:
    pinned, others = tmp_path / "ca.pem", threads_of_links()
    for ca, knows in ((trustme.CA(), False), (authority, True)):
        ca.cert_pem.write_to_path(pinned)
        link = Link(tls_hub.url, keep, lambda: open_key(tmp_path / KEY), told, ca=pinned)
        link.start()
        if knows:
            wait_for_asked(tls_hub, "/v1/feed", 1)
        else:
            told.wait_for(Offline)
        link.stop(timeout=PATIENCE_SECONDS)
        assert threads_of_links() <= others
        assert bool(tls_hub.asked) is knows


def test_another_process_of_the_hub_is_asked_when_one_dies_and_the_lamp_stays(
    hub: Hub, keep: KeepOfABadDisk, told: Told, link: Link
) -> None:
    other, dead = Hub(), threading.Event()
    beaten = Beaten(hubs=(hub.url, other.url), server_time=datetime.now(UTC))

    def dies(path: str, body: bytes) -> Answer | None:
        dead.wait(PATIENCE_SECONDS)
        raise ConnectionAbortedError("killed")

    hub.answers["/v1/feed"] = dies
    hub.answers["/v1/heartbeat"] = lambda path, body: (200, msgspec.json.encode(beaten))
    try:
        link.start()
        wait_for_asked(hub, "/v1/feed", 1)
        wait_for_asked(hub, "/v1/heartbeat", 2)  # the first one's answer is kept by then
        assert keep.hubs() == (hub.url, other.url)
        dead.set()
        wait_for_asked(other, "/v1/feed", 1)
        assert not [state for state in told.states if isinstance(state, Offline)]
    finally:
        dead.set()
        other.close()


def test_an_answer_that_was_damaged_on_its_way_is_taken_for_none(
    hub: Hub, told: Told, link: Link
) -> None:
    hub.says["Content-Digest"] = "sha-256=:bm90IHRoZSBkaWdlc3Qgb2YgdGhpcyBhbnN3ZXIgYXQ=:"
    link.start()
    told.wait_for(Offline)
    hub.says.clear()
    told.wait_for(Online)
