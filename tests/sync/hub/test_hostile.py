"""Clients that send without end, stop in the middle or never read, at a hub that is a process."""

from __future__ import annotations

import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import msgspec
import pytest

from sync.hub import benches
from sync.hub.allot import allot
from sync.protocol.messages import Enrol, Enrolled, Heartbeat, Kind, Refusal
from tests.builders import a_line, an_order
from tests.sync.hub.serving import Serving, serving
from tests.sync.hub.signed import Signed
from tests.sync.hub.world import opened

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="a process's memory is read from /proc"),
]

PIECE = b"x" * 65_536
HUNDRED_MEGABYTES = 100 * 1024 * 1024
MOST_GROWTH = 64 * 1024 * 1024
"""Of the process: less than what is sent to it, or left unread."""
ORDERS = 500


@pytest.fixture
def there(tmp_path: Path) -> Iterator[tuple[Serving, httpx.Client]]:
    """A hub with a bench that has much to read, and that bench."""
    store, _, book = opened(tmp_path)
    with store.write() as connection:
        for n in range(ORDERS):
            lines = tuple(a_line(f"l{m}") for m in range(8))
            book.add(connection, an_order(f"n-{n}", lines=lines), [], 0.0)
        code = benches.new_code(connection, "b1", time.time(), prefetch=ORDERS)
    me = Signed("b1")
    url = f"sqlite:///{tmp_path / 'hub.db'}"
    with serving(tmp_path, url, "--no-rounds") as hub, httpx.Client(timeout=60) as client:
        said = msgspec.json.encode(Enrol(code=code, public_key=me.signer.public_key))
        joined = client.post(f"{hub.url}/v1/enrol", content=said).content
        me.incarnation = msgspec.json.decode(joined, type=Enrolled).incarnation
        client.auth = me
        allot(store, book, time.time())
        yield hub, client
    store.close()


def is_well(hub: Serving, client: httpx.Client) -> None:
    """Make sure that a bench is served."""
    said = msgspec.json.encode(Heartbeat(bench="b1"))
    assert client.post(f"{hub.url}/v1/heartbeat", content=said).status_code == 200


def resident(hub: Serving) -> int:
    """Give how many bytes of memory a hub has."""
    return int(Path(f"/proc/{hub.pid}/statm").read_text("ascii").split()[1]) * 4096


def dialled(hub: Serving) -> socket.socket:
    parts = urlsplit(hub.url)
    assert parts.port
    return socket.create_connection(("127.0.0.1", parts.port), timeout=60)


@pytest.mark.parametrize("how", ["said before", "in chunks"])
def test_a_hundred_megabytes_are_refused_without_being_kept(
    there: tuple[Serving, httpx.Client], how: str
) -> None:
    hub, client = there
    is_well(hub, client)
    before = resident(hub)
    with dialled(hub) as wire:
        length = f"Content-Length: {HUNDRED_MEGABYTES}"
        said = length if how == "said before" else "Transfer-Encoding: chunked"
        wire.sendall(f"POST /v1/entries HTTP/1.1\r\nHost: hub\r\n{said}\r\n\r\n".encode())
        piece = PIECE if how == "said before" else b"10000\r\n" + PIECE + b"\r\n"
        # Who is refused in the middle may find the connection gone, or nobody who reads on.
        with suppress(ConnectionError, TimeoutError):
            wire.settimeout(2.0)
            for _ in range(HUNDRED_MEGABYTES // len(PIECE)):
                wire.sendall(piece)
        is_well(hub, client)
        got = b""
        wire.settimeout(60)
        with suppress(ConnectionError):
            while part := wire.recv(65_536):
                got += part
                if got.endswith(b"}"):
                    break
    assert b" 413 " in got.split(b"\r\n")[0]
    said_ = msgspec.json.decode(got.partition(b"\r\n\r\n")[2], type=Refusal)
    assert said_.kind is Kind.TOO_LARGE
    assert resident(hub) - before < MOST_GROWTH
    is_well(hub, client)


def test_a_request_that_ends_in_the_middle_is_nothing(
    there: tuple[Serving, httpx.Client],
) -> None:
    hub, client = there
    with ExitStack() as stack:
        for _ in range(20):
            wire = stack.enter_context(dialled(hub))
            wire.sendall(b"POST /v1/entries HTTP/1.1\r\nHost: hub\r\nContent-Length: 500\r\n\r\n{")
            wire.shutdown(socket.SHUT_WR)
        is_well(hub, client)
    assert client.get(f"{hub.url}/v1/me").json()["last_seq"] == 0
    assert "Traceback" not in hub.words()


def test_who_asks_for_pages_and_never_reads_costs_little_and_stops_nobody(
    there: tuple[Serving, httpx.Client],
) -> None:
    hub, client = there
    whole = client.get(f"{hub.url}/v1/feed", params={"after": "0.0", "limit": str(ORDERS)})
    assert len(whole.content) > 500_000
    before = resident(hub)
    with ExitStack() as stack:
        for _ in range(30):
            wire = stack.enter_context(dialled(hub))
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            asked = client.build_request(
                "GET", f"{hub.url}/v1/feed", params={"after": "0.0", "limit": str(ORDERS)}
            )
            assert isinstance(client.auth, Signed)
            signed = next(client.auth.auth_flow(asked))
            head = [f"GET {signed.url.raw_path.decode()} HTTP/1.1"]
            head += [f"{name}: {value}" for name, value in signed.headers.items()]
            wire.sendall(("\r\n".join(head) + "\r\n\r\n").encode())
        threading.Event().wait(0.5)  # what comes of it is memory: there is nothing to wait for
        statuses = {
            client.get(f"{hub.url}/healthz").status_code,
            client.get(f"{hub.url}/metrics").status_code,
        }
        assert statuses == {200}
        assert resident(hub) - before < MOST_GROWTH + 8 * len(whole.content)
    deadline = time.monotonic() + 60
    said = msgspec.json.encode(Heartbeat(bench="b1"))
    while client.post(f"{hub.url}/v1/heartbeat", content=said).status_code != 200:
        assert time.monotonic() < deadline  # its own share was used up; it is served again
        threading.Event().wait(0.05)
