"""The hub over HTTP, as a bench and as a person with curl see it."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import msgspec
import pytest
from openapi_spec_validator import validate

from sync.hub import benches
from sync.hub.app import MOST_BYTES, Hub, app
from sync.hub.bell import Bell
from sync.hub.engine import upsert
from sync.hub.schema import blob
from sync.orders import facts
from sync.protocol import chain
from sync.protocol.messages import Acked, Enrol, Enrolled, Gap, Heartbeat, Page, Reset
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
        hub = Hub(self.books.store, self.books.book, self.safe, self.bell)
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app(hub), raise_app_exceptions=False),
            base_url="http://hub.test",
            timeout=20,
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
    waiting = asyncio.create_task(hub.page(page.next, wait=20))
    assert not (await asyncio.wait({waiting}, timeout=0.05))[0]
    hub.books.allot()
    hub.bell.ring({"b1"})
    answered = await asyncio.wait_for(waiting, 10)
    assert len(answered.changes) == 1


async def test_a_change_that_another_process_wrote_is_found_by_looking(hub: Served) -> None:
    await hub.enrol()
    hub.books.add(an_order())
    page = await hub.page()
    hub.bell.look(hub.books.store)
    waiting = asyncio.create_task(hub.page(page.next, wait=20))
    assert not (await asyncio.wait({waiting}, timeout=0.05))[0]
    hub.books.allot()
    hub.bell.look(hub.books.store)
    assert len((await asyncio.wait_for(waiting, 10)).changes) == 1


async def test_a_poll_with_nothing_new_answers_in_time(hub: Served) -> None:
    await hub.enrol()
    page = await hub.page()
    answered = await hub.page(page.next, wait=0.05)
    assert (answered.changes, answered.next) == ((), page.next)
    assert not hub.bell._waiting


async def test_a_hub_that_shuts_down_lets_its_readers_go(hub: Served) -> None:
    await hub.enrol()
    page = await hub.page()
    waiting = asyncio.create_task(hub.page(page.next, wait=20))
    assert not (await asyncio.wait({waiting}, timeout=0.05))[0]
    hub.bell.close()
    assert (await asyncio.wait_for(waiting, 5)).changes == ()


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
