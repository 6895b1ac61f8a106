"""The hub over HTTP, as a bench and as a person with curl see it."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import msgspec
import pytest
from openapi_spec_validator import validate
from starlette.types import Message, Scope

from sync.hub import benches
from sync.hub.app import CHUNK_BYTES, MOST_BYTES, Bounds, Hub, app
from sync.hub.bell import Bell
from sync.hub.engine import upsert
from sync.hub.schema import blob
from sync.orders import facts
from sync.protocol import chain
from sync.protocol.messages import (
    Acked,
    Enrol,
    Enrolled,
    Gap,
    Heartbeat,
    Kind,
    Page,
    Refusal,
    Reset,
)
from tests.builders import an_order
from tests.sync.hub.signed import Signed
from tests.sync.hub.test_entries import Hub as Books
from tests.sync.hub.world import Bench, opened


class Served:
    """A hub, and a client of it."""

    def __init__(self, folder: Path) -> None:
        self.books = Books.__new__(Books)
        self.books.store, self.safe, self.books.book = opened(folder)
        self.bell = Bell()
        self.hub = hub = Hub(self.books.store, self.books.book, self.safe, self.bell)
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app(hub), raise_app_exceptions=False),
            base_url="http://hub.test",
            timeout=60,
        )

    async def enrol(self, name: str = "b1") -> Enrolled:
        """Enrol a bench and speak as it from here on."""
        me = Signed(name)
        with self.books.store.write() as connection:
            code = benches.new_code(connection, name, time.time())
        said = Enrol(code=code, public_key=me.signer.public_key)
        answer = await self.client.post("/v1/enrol", content=msgspec.json.encode(said))
        assert answer.status_code == 201
        enrolled = msgspec.json.decode(answer.content, type=Enrolled)
        me.incarnation = enrolled.incarnation
        self.client.auth = me
        return enrolled

    async def page(self, after: str = "0.0", wait: float = 0) -> Page:
        """Read a page of the feed."""
        answer = await self.client.get("/v1/feed", params={"after": after, "wait": wait})
        assert answer.status_code == 200, answer.text
        return msgspec.json.decode(answer.content, type=Page)


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Served]:
    made = Served(tmp_path)
    yield made
    await made.client.aclose()
    made.books.store.close()


async def test_a_bench_enrols_reads_reports_and_reads_again(hub: Served) -> None:
    order = an_order()
    hub.books.add(order)
    enrolled = await hub.enrol()
    hub.books.allot()
    page = await hub.page()
    (change,) = page.changes
    assert change.order is not None
    bench = Bench(hub.books.store, hub.books.book, "b1", enrolled.incarnation)
    started = facts.PackStarted(shipment=change.shipment)
    claim = change.order.shipments[0].claim
    batch = bench.batch(chain.START, bench.numbered(order.id, claim, started))
    answer = await hub.client.post("/v1/entries", content=msgspec.json.encode(batch))
    assert msgspec.json.decode(answer.content, type=Acked).acked == 1
    again = await hub.page(page.next)
    assert again.changes[0].through == 1
    assert again.changes[0].order == hub.books.order(order.id)


async def test_a_long_poll_answers_as_soon_as_something_changes(hub: Served) -> None:
    await hub.enrol()
    hub.books.add(an_order())
    page = await hub.page()
    waiting = asyncio.create_task(hub.page(page.next, wait=30))
    assert not (await asyncio.wait({waiting}, timeout=0.05))[0]
    hub.books.allot()
    hub.bell.ring({"b1"})
    answered = await asyncio.wait_for(waiting, 25)
    assert len(answered.changes) == 1


async def test_a_change_that_another_process_wrote_is_found_by_looking(hub: Served) -> None:
    await hub.enrol()
    hub.books.add(an_order())
    page = await hub.page()
    hub.bell.look(hub.books.store)
    waiting = asyncio.create_task(hub.page(page.next, wait=30))
    assert not (await asyncio.wait({waiting}, timeout=0.05))[0]
    hub.books.allot()
    hub.bell.look(hub.books.store)
    assert len((await asyncio.wait_for(waiting, 25)).changes) == 1


async def test_a_poll_with_nothing_new_answers_in_time(hub: Served) -> None:
    await hub.enrol()
    page = await hub.page()
    answered = await hub.page(page.next, wait=0.05)
    assert (answered.changes, answered.next) == ((), page.next)
    assert not hub.bell._waiting


async def test_a_hub_that_shuts_down_lets_its_readers_go(hub: Served) -> None:
    await hub.enrol()
    page = await hub.page()
    waiting = asyncio.create_task(hub.page(page.next, wait=30))
    assert not (await asyncio.wait({waiting}, timeout=0.05))[0]
    hub.bell.close()
    assert (await asyncio.wait_for(waiting, 25)).changes == ()


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"after": "x"}, 400),
        ({"after": "1.0", "limit": "many"}, 400),
        ({"after": "1.0", "wait": "long"}, 400),
        ({"after": "7.0"}, 409),
        ({"after": "1.99"}, 409),
    ],
)
async def test_a_feed_request_that_means_nothing_is_told_so(
    hub: Served, query: dict[str, str], status: int
) -> None:
    await hub.enrol()
    answer = await hub.client.get("/v1/feed", params=query)
    assert answer.status_code == status
    if status == 409:
        assert msgspec.json.decode(answer.content, type=Reset).epoch == 1


@pytest.mark.parametrize("said", ["", "Packbench", "Packbench bench=b1", "Bearer \u00e9"])
async def test_who_does_not_sign_gets_nothing(hub: Served, said: str) -> None:
    for method, path in (
        ("GET", "/v1/feed"),
        ("POST", "/v1/entries"),
        ("GET", "/v1/blobs/0"),
        ("POST", "/v1/heartbeat"),
    ):
        answer = await hub.client.request(
            method, path, headers={b"Authorization": said.encode("latin-1")}
        )
        assert answer.status_code == 401


async def test_a_bench_cannot_report_for_another(hub: Served) -> None:
    enrolled = await hub.enrol()
    bench = Bench(hub.books.store, hub.books.book, "b2", enrolled.incarnation)
    answer = await hub.client.post(
        "/v1/entries", content=msgspec.json.encode(bench.batch(chain.START, []))
    )
    assert answer.status_code == 403


async def test_a_gap_is_a_409(hub: Served) -> None:
    enrolled = await hub.enrol()
    bench = Bench(hub.books.store, hub.books.book, "b1", enrolled.incarnation, seq=4)
    order = an_order()
    new = bench.numbered(order.id, None, facts.PackStarted(shipment=order.shipments[0].id))
    answer = await hub.client.post(
        "/v1/entries", content=msgspec.json.encode(bench.batch(chain.START, new))
    )
    assert answer.status_code == 409
    assert msgspec.json.decode(answer.content, type=Gap) == Gap(need=1)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'{"bench":1}'])
async def test_a_body_that_cannot_be_read_is_told_so(hub: Served, body: bytes) -> None:
    await hub.enrol()
    for path in ("/v1/entries", "/v1/heartbeat", "/v1/enrol"):
        answer = await hub.client.post(path, content=body)
        assert answer.status_code == 400
        assert answer.json()["error"]


async def test_a_body_that_is_too_large_is_not_taken_in(hub: Served) -> None:
    await hub.enrol()
    answer = await hub.client.post("/v1/entries", content=b" " * (MOST_BYTES + 1))
    assert answer.status_code == 413


async def test_a_code_is_good_once(hub: Served) -> None:
    answer = await hub.client.post(
        "/v1/enrol", content=msgspec.json.encode(Enrol(code="AAAAAAAAAA", public_key="0" * 64))
    )
    assert answer.status_code == 403
    assert "bench code" in answer.json()["error"]


async def test_label_bytes_are_given_as_they_were_bought_and_stored_sealed(hub: Served) -> None:
    await hub.enrol()
    data = b"^XA^FDLabel for Ada^FS^XZ"
    sha256 = hashlib.sha256(data).hexdigest()
    sealed = hub.safe.seal(data, f"blob {sha256}")
    assert b"Ada" not in sealed
    row = {"sha256": sha256, "order_id": "o", "sealed": sealed, "stored_at": 0.0}
    with hub.books.store.write() as connection:
        upsert(connection, blob, [row], "sha256")
    answer = await hub.client.get(f"/v1/blobs/{sha256}")
    assert answer.content == data
    assert "immutable" in answer.headers["cache-control"]
    assert (await hub.client.get("/v1/blobs/none")).status_code == 404


async def test_a_heartbeat_is_noted(hub: Served) -> None:
    await hub.enrol()
    said = Heartbeat(bench="b1", packer="P1", pending=3)
    answer = await hub.client.post("/v1/heartbeat", content=msgspec.json.encode(said))
    assert answer.status_code == 200
    with hub.books.store.read() as connection:
        (row,) = benches.listed(connection)
    assert msgspec.json.decode(row.heartbeat, type=Heartbeat) == said


async def test_health_readiness_metrics_and_description_are_there(hub: Served) -> None:
    await hub.enrol()
    hub.books.add(an_order())
    assert (await hub.client.get("/healthz")).text == "ok\n"
    assert (await hub.client.get("/readyz")).text == "ready\n"
    metrics = (await hub.client.get("/metrics")).text
    assert 'packbench_orders{channel="amazon-uk",state="ready"} 1' in metrics
    assert 'packbench_bench_feed_head{bench="b1"}' in metrics
    document = (await hub.client.get("/openapi.json")).json()
    validate(document)
    assert {"/v1/feed", "/v1/entries", "/v1/enrol"} <= document["paths"].keys()


async def test_a_hub_without_its_tables_is_not_ready(hub: Served) -> None:
    with hub.books.store.write() as connection:
        connection.exec_driver_sql("DROP TABLE meta")
    answer = await hub.client.get("/readyz")
    assert answer.status_code == 503


# -- those who send too slowly, too much, or take nothing


def scope_of(
    path: str, method: str = "POST", headers: tuple[tuple[bytes, bytes], ...] = ()
) -> Scope:
    """A request as a server gives it to the service."""
    return {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": list(headers),
        "client": ("10.0.0.7", 5000),
    }


@dataclass
class Sender:
    """The other side of one request: sends these pieces, and then, perhaps, nothing more."""

    pieces: Iterator[bytes]
    sent: int = 0
    got: list[Message] = field(default_factory=list)

    async def receive(self) -> Message:
        piece = next(self.pieces, None)
        if piece is None:
            await asyncio.Event().wait()
        self.sent += 1
        return {"type": "http.request", "body": piece, "more_body": True}

    async def send(self, message: Message) -> None:
        self.got.append(message)

    def refused(self) -> Refusal:
        body = b"".join(one.get("body", b"") for one in self.got)
        return msgspec.json.decode(body, type=Refusal)


async def test_a_body_that_trickles_in_is_not_waited_for(hub: Served) -> None:
    service = app(hub.hub, Bounds(body_seconds=0.05))
    slow = Sender(iter([b'{"code":']))
    await asyncio.wait_for(service(scope_of("/v1/enrol"), slow.receive, slow.send), 60)
    assert slow.refused().kind is Kind.UNREADABLE
    assert slow.got[0]["status"] == 400


async def test_a_body_without_end_is_not_taken_in(hub: Served) -> None:
    service = app(hub.hub)
    endless = Sender(itertools.repeat(b"x" * 65_536))
    await asyncio.wait_for(service(scope_of("/v1/entries"), endless.receive, endless.send), 60)
    assert endless.refused().kind is Kind.TOO_LARGE
    assert endless.sent == MOST_BYTES // 65_536 + 1


@pytest.mark.parametrize("said", [b"104857600", b"9" * 400])
async def test_of_a_hundred_megabytes_not_one_is_read(hub: Served, said: bytes) -> None:
    service = app(hub.hub)
    huge = Sender(itertools.repeat(b"x" * 65_536))
    scope = scope_of("/v1/entries", headers=((b"content-length", said),))
    await asyncio.wait_for(service(scope, huge.receive, huge.send), 60)
    assert huge.refused().kind is Kind.TOO_LARGE
    assert huge.sent == 0


async def test_a_client_that_never_reads_is_let_go_of(hub: Served) -> None:
    service = app(hub.hub, Bounds(chunk_seconds=0.05))
    taken = []

    async def send(message: Message) -> None:
        taken.append(message)
        if message["type"] == "http.response.body":
            await asyncio.Event().wait()

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    big = scope_of("/openapi.json", "GET")
    await asyncio.wait_for(service(big, receive, send), 60)
    assert len(taken[1]["body"]) <= CHUNK_BYTES


async def test_what_a_bench_leaves_unread_is_bounded(hub: Served) -> None:
    await hub.enrol()
    assert isinstance(hub.client.auth, Signed)
    service = app(hub.hub, Bounds(sending=2))
    go_on, all_begun = asyncio.Event(), asyncio.Event()
    begun: list[int] = []

    async def ask() -> None:
        request = httpx.Request("GET", "http://hub.test/v1/me")
        signed = next(hub.client.auth.auth_flow(request))  # type: ignore[union-attr]
        headers = tuple((n.lower(), v) for n, v in signed.headers.raw)

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                begun.append(message["status"])
                if len(begun) == 3:
                    all_begun.set()
                await go_on.wait()

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        await service(scope_of("/v1/me", "GET", headers), receive, send)

    async with asyncio.timeout(60):
        tasks = [asyncio.create_task(ask()) for _ in range(3)]
        await all_begun.wait()
        go_on.set()
        await asyncio.gather(*tasks)
    assert sorted(begun) == [200, 200, 429]


async def test_of_three_long_polls_of_a_bench_the_oldest_is_answered(hub: Served) -> None:
    await hub.enrol()
    page = await hub.page()
    first = asyncio.create_task(hub.page(page.next, wait=30))
    await waiting(hub, 1)
    others = [asyncio.create_task(hub.page(page.next, wait=30))]
    await waiting(hub, 2)
    others.append(asyncio.create_task(hub.page(page.next, wait=30)))
    assert (await asyncio.wait_for(first, 25)).changes == ()
    await waiting(hub, 2)
    assert not any(one.done() for one in others)
    hub.bell.close()
    await asyncio.gather(*others)


async def waiting(hub: Served, number: int) -> None:
    """Wait until so many long-polls wait."""
    async with asyncio.timeout(60):
        while len(hub.bell._waiting) != number:  # noqa: ASYNC110 -- nobody is told of it
            await asyncio.sleep(0.001)


async def test_a_long_poll_of_a_bench_that_is_shut_out_ends(hub: Served) -> None:
    await hub.enrol()
    page = await hub.page()
    params: dict[str, str | float] = {"after": page.next, "wait": 20}
    poll = asyncio.create_task(hub.client.get("/v1/feed", params=params))
    await waiting(hub, 1)
    with hub.books.store.write() as connection:
        benches.revoke(connection, "b1")
    hub.bell.ring({"b1"})
    assert (await asyncio.wait_for(poll, 60)).status_code == 401


async def test_a_hub_with_too_much_to_do_says_so_and_lives(hub: Served) -> None:
    await hub.enrol()
    service = app(hub.hub, Bounds(at_once=1, gate_seconds=0.05))
    transport = httpx.ASGITransport(service)
    async with httpx.AsyncClient(transport=transport, base_url="http://hub.test") as client:
        assert hub.client.auth is not None
        client.auth = hub.client.auth
        said = msgspec.json.encode(Heartbeat(bench="b1", pending=1))
        with hub.books.store.write():
            stuck = asyncio.create_task(client.post("/v1/heartbeat", content=said))
            assert not (await asyncio.wait({stuck}, timeout=0.05))[0]
            busy = await client.get("/v1/me")
            assert (await client.get("/healthz")).text == "ok\n"
        assert msgspec.json.decode(busy.content, type=Refusal).kind is Kind.BUSY
        assert (busy.status_code, busy.headers["retry-after"]) == (503, "1")
        assert (await stuck).status_code == 200
        assert (await client.get("/v1/me")).status_code == 200
