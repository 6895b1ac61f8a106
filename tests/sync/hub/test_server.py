"""The hub on real sockets: TLS, pins, and clients that take their time."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest
import trustme

from station import doctor
from station.enrolment import join
from station.store.heard import Heard
from station.store.store import Store
from sync.client.enrolment import enrol
from sync.client.pinned import ca_of, pin_of
from sync.client.signer import CA, KEY, authorization, open_key
from sync.client.wire import Away, Wire
from sync.hub import benches, server, tls, wire
from sync.hub.answers import Hub
from sync.hub.app import app
from sync.hub.cli import main
from sync.hub.server import Server, Shown
from sync.protocol import VERSION, VERSION_HEADER, whole
from sync.protocol.messages import Kind, Refusal
from tests.sync.hub.world import opened

PATIENCE_SECONDS = 60.0


@dataclass
class Running:
    """A hub that listens."""

    url: str
    hub: Hub
    server: Server

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        parts = urlsplit(self.url)
        assert parts.port
        return "127.0.0.1", parts.port

    def code(self, name: str = "b1") -> str:
        """Give a code for a bench."""
        with self.hub.store.write() as connection:
            return benches.new_code(connection, name, time.time())

    def later(self, seconds: float) -> None:
        """Let the server believe that so much time has passed."""
        for one in list(self.server.server_state.connections):
            assert isinstance(one, wire.Wire)
            for at in (0.0, seconds):
                one.loop.call_soon_threadsafe(one.tick, time.monotonic() + at)


@contextmanager
def running(folder: Path, shown: Shown | None = None, ca: bytes = b"") -> Iterator[Running]:
    store, safe, book = opened(folder)
    hub = Hub(store, book, safe, ca=ca)
    urls: list[str] = []
    listens = threading.Event()

    def listening(url: str, port: int) -> None:
        urls.append(url)
        listens.set()

    server = Server(app(hub), "127.0.0.1", 0, hub.bell, listening, shown)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        assert listens.wait(PATIENCE_SECONDS)
        yield Running(urls[0], hub, server)
    finally:
        server.should_exit = True
        thread.join(PATIENCE_SECONDS)
        store.close()


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path) as made:
        yield made


@pytest.fixture
def private(tmp_path: Path) -> Iterator[Running]:
    """A hub with a CA of its own making."""
    home = tmp_path / "hub"
    home.mkdir()
    made = tls.authority(home)
    shown = Shown(tls.serve_with(home, tls.names_of_here("127.0.0.1")), pin=made.pin)
    with running(tmp_path, shown, made.pem) as there:
        yield there


@pytest.fixture
def home(tmp_path: Path) -> Path:
    made = tmp_path / "bench"
    made.mkdir()
    return made


def joined(home: Path, hub: Running, **trust: object) -> None:
    """Join the hub as a bench of that home."""
    store = Store(home / "bench.db")
    try:
        join(home, store, hub.url, hub.code(), "here", **trust)  # type: ignore[arg-type]
    finally:
        store.close()


def test_a_bench_joins_by_a_pin_and_believes_that_hub_alone(home: Path, private: Running) -> None:
    pin = tls.authority(home.parent / "hub").pin
    joined(home, private, pin=":".join([pin[at : at + 2].upper() for at in range(0, 64, 2)]))
    signer = open_key(home / KEY)
    there = Wire(private.url, home / CA)
    try:
        signed = authorization(signer, "b1", 1, time.time(), "n", "GET", "/v1/me", b"")
        headers = {"Authorization": signed, VERSION_HEADER: str(VERSION)}
        assert there.ask("GET", "/v1/me", b"", headers, 10.0).status == 200
    finally:
        there.close()
    system = Wire(private.url)
    try:
        with pytest.raises(Away, match="certificate"):
            system.ask("GET", "/healthz", b"", {}, 10.0)
    finally:
        system.close()


def test_a_hub_that_the_pin_is_not_of_gets_no_code(home: Path, private: Running) -> None:
    with pytest.raises(ValueError, match="somebody between"):
        joined(home, private, pin="0" * 64)
    assert not (home / CA).exists()
    with private.hub.store.read() as connection:
        (row,) = benches.listed(connection)
    assert row.incarnation == 0


def test_a_hub_of_the_same_name_with_another_ca_is_not_believed(
    home: Path, private: Running, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "ca.pem").write_bytes(tls.authority(other).pem)
    with pytest.raises(ValueError, match="does not answer"):
        joined(home, private, ca=other / "ca.pem")


def test_a_bench_joins_by_the_file_of_a_ca(home: Path, tmp_path: Path) -> None:
    bought = trustme.CA()
    bought.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    certificate = bought.issue_cert("127.0.0.1")
    certificate.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    for pem in certificate.cert_chain_pems:
        pem.write_to_path(str(tmp_path / "cert.pem"), append=True)
    with running(tmp_path, Shown(tmp_path / "cert.pem", tmp_path / "key.pem")) as hub:
        assert hub.url.startswith("https://")
        joined(home, hub, ca=tmp_path / "ca.pem")
        with pytest.raises(ValueError, match="does not show its certificate"):
            ca_of(hub.url, "0" * 64)  # it made none itself
    assert (home / CA).read_bytes() == (tmp_path / "ca.pem").read_bytes()


def test_an_old_tls_is_refused_and_the_hub_lives(private: Running) -> None:
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    with socket.create_connection(private.address, timeout=60) as raw, pytest.raises(OSError):  # noqa: PT011 -- SSLError or a reset
        old.wrap_socket(raw)
    with socket.create_connection(private.address, timeout=60) as raw:
        raw.sendall(b"GET /healthz HTTP/1.1\r\n\r\n")
        with suppress(ConnectionResetError):
            assert b"200" not in raw.recv(1_000)
    assert ca_of(private.url, pin_of(private.hub.ca)) == private.hub.ca


def test_of_a_home_the_ca_is_made_once_and_is_secret(tmp_path: Path) -> None:
    first = tls.authority(tmp_path)
    assert tls.authority(tmp_path).pin == first.pin == pin_of(first.pem)
    for name in (tls.CA_FILE, tls.serve_with(tmp_path, ["localhost"]).name):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    assert b"PRIVATE" not in first.pem
    assert tls.found(tmp_path / "elsewhere") is None


def talk(hub: Running, sent: bytes, then: Callable[[], None] | None = None) -> bytes:
    """Send something, let something happen, and read until the hub hangs up."""
    with socket.create_connection(hub.address, timeout=PATIENCE_SECONDS) as raw:
        raw.sendall(sent)
        if then is not None:
            taken_in(hub)
            then()
        got = b""
        # What the hub had not read when it hung up comes back as a reset.
        with suppress(ConnectionResetError):
            while piece := raw.recv(65_536):
                got += piece
        return got


def taken_in(hub: Running, number: int = 1) -> None:
    """Wait until the hub has so many connections."""
    ends = time.monotonic() + PATIENCE_SECONDS
    while len(hub.server.server_state.connections) < number and time.monotonic() < ends:
        threading.Event().wait(0.001)


def test_half_a_head_is_not_waited_for_for_ever(plain: Running) -> None:
    assert talk(plain, b"GET /healthz HT", lambda: plain.later(wire.HEAD_SECONDS + 1)) == b""


def test_who_says_nothing_is_let_go_of(plain: Running) -> None:
    assert talk(plain, b"", lambda: plain.later(wire.HEAD_SECONDS + 1)) == b""


def test_a_head_without_end_is_refused(plain: Running) -> None:
    sent = b"GET /healthz HTTP/1.1\r\nX: " + b"x" * (2 * wire.HEAD_BYTES)
    assert refusal_in(talk(plain, sent)) == (400, Kind.UNREADABLE)


def refusal_in(got: bytes) -> tuple[int, Kind]:
    """Read an answer that must be a refusal as every other: whole, and typed."""
    head, _, body = got.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (one.partition(": ") for one in lines)}
    assert headers["content-type"] == "application/json"
    assert int(headers["content-length"]) == len(body)
    assert whole.HEADER.lower() in headers
    assert whole.intact(headers[whole.HEADER.lower()], body)
    said = msgspec.json.decode(body, type=Refusal)
    assert said.error
    return int(status.split(" ")[1]), said.kind


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /healthz HTTP/1.1\r\nHost hub\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 TLS to a hub without\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: hub\r\nContent-Length: many\r\n\r\n",
        b"POST /v1/enrol HTTP/1.1\r\nHost: hub\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"POST /v1/enrol HTTP/1.1\r\nHost: hub\r\nTransfer-Encoding: gzip\r\n\r\n",
    ],
    ids=["a header without colon", "TLS", "a length that is none", "chunks", "a coding"],
)
def test_what_is_no_http_is_refused_as_everything_else_is(plain: Running, sent: bytes) -> None:
    assert refusal_in(talk(plain, sent)) == (400, Kind.UNREADABLE)


def test_garbage_behind_a_request_costs_only_its_own_connection(plain: Running) -> None:
    one = b"GET /healthz HTTP/1.1\r\nHost: hub\r\n\r\n"
    first, _, rest = talk(plain, one + b"garbage without end\r\n\r\n").partition(b"ok\n")
    assert b" 200 " in first
    assert refusal_in(rest) == (400, Kind.UNREADABLE)
    assert talk(plain, one.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")).endswith(b"ok\n")


def test_a_hub_with_too_many_connected_says_so_and_how_long_to_wait(
    plain: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "CONNECTIONS", 2)
    asks = b"GET /v1/me HTTP/1.1\r\nHost: hub\r\n\r\n"
    with (
        socket.create_connection(plain.address, timeout=PATIENCE_SECONDS),
        socket.create_connection(plain.address, timeout=PATIENCE_SECONDS) as second,
    ):
        taken_in(plain, 2)
        got = talk(plain, asks)
        assert refusal_in(got) == (503, Kind.BUSY)
        assert b"retry-after: 5" in got.lower()
        # Whether it lives is another question, and whoever is there already is not asked to go.
        alive = asks.replace(b"/v1/me", b"/healthz").replace(b"Host", b"Connection: close\r\nHost")
        assert talk(plain, alive).endswith(b"ok\n")
        second.sendall(asks)
        assert b" 401 " in second.recv(65_536)
    assert b" 200 " in talk(plain, alive)


def test_a_connection_that_works_is_left_alone(plain: Running) -> None:
    one = b"GET /healthz HTTP/1.1\r\nHost: hub\r\n\r\n"
    with socket.create_connection(plain.address, timeout=PATIENCE_SECONDS) as raw:
        for later in range(3):
            raw.sendall(one)
            got = b""
            while not got.endswith(b"ok\n"):
                got += raw.recv(65_536)
            assert b" 200 " in got
            (there,) = plain.server.server_state.connections
            assert isinstance(there, wire.Wire)
            there.loop.call_soon_threadsafe(there.tick, time.monotonic() + later * 1e6)


def test_an_address_that_is_no_hub_says_so(home: Path) -> None:
    with pytest.raises(ValueError, match="https"):
        ca_of("http://127.0.0.1:1", "0" * 64)
    with pytest.raises(ValueError, match="does not show"):
        ca_of("https://127.0.0.1:1", "0" * 64)
    with pytest.raises(ValueError, match="does not answer"):
        enrol("http://127.0.0.1:1", "CODE", "here", public_key="0" * 64)


def test_the_doctor_knows_whether_the_hub_knows_this_machine(home: Path, private: Running) -> None:
    joined(home, private, pin=tls.authority(home.parent / "hub").pin)
    findings = {one.name: one for one in doctor.hub(private.url, home)}
    assert findings["hub"].ok
    assert findings["clock"].ok
    assert findings["identity"].found == "bench b1; the hub has 0 of its entries"
    with private.hub.store.write() as connection:
        benches.revoke(connection, "b1")
    findings = {one.name: one for one in doctor.hub(private.url, home)}
    assert not findings["identity"].ok
    assert "packbench enrol" in findings["identity"].do
    (home / KEY).unlink()
    findings = {one.name: one for one in doctor.hub(private.url, home)}
    assert "is not there" in findings["identity"].found
    assert not (home / KEY).exists()  # it changes nothing


def test_a_hub_that_does_not_take_us_does_not_cost_us_the_one_that_did(
    home: Path, private: Running, tmp_path: Path
) -> None:
    joined(home, private, pin=tls.authority(home.parent / "hub").pin)
    believed = (home / CA).read_bytes()
    (tmp_path / "other.pem").write_bytes(tls.authority(tmp_path / "other").pem)
    with pytest.raises(ValueError, match="does not answer"):
        joined(home, private, ca=tmp_path / "other.pem")
    assert (home / CA).read_bytes() == believed
    joined(home, private)  # it is known by now
    with running(home) as plain:
        joined(home, plain)
    assert not (home / CA).exists()


def test_a_port_that_is_taken_is_one_sentence_and_status_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PACKBENCH_HOME", str(tmp_path))
    assert main(["init"]) == 0
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert main(["serve", "--no-rounds", "--port", port]) == 1
    said = capsys.readouterr()
    assert f"cannot listen on 127.0.0.1:{port}: stop what listens there" in said.err
    assert said.out == ""


def test_a_bench_that_joined_and_starts_with_the_hub_away_knows_for_how_long(
    home: Path, plain: Running
) -> None:
    joined(home, plain)
    store = Store(home / "bench.db")
    ago = Heard(store).ago()
    store.close()
    assert ago is not None
    assert ago < PATIENCE_SECONDS
