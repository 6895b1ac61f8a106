"""What the hub answers, without a socket and at moments of the test's choosing."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlencode

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.client.signer import Signer, authorization
from sync.hub import benches, quotas, troubles
from sync.hub.answers import MOST_BYTES, Answer, Asked, Hub, answer
from sync.hub.refused import STATUS
from sync.orders import facts
from sync.protocol import VERSION, chain
from sync.protocol.messages import (
    Acked,
    Beaten,
    Enrol,
    Enrolled,
    Gap,
    Heartbeat,
    Kind,
    Me,
    Page,
    Refusal,
    Rejoin,
    Reset,
)
from sync.protocol.signing import WINDOW_SECONDS
from tests.builders import an_order
from tests.sync.hub.world import Bench, opened

NOW = 1_800_000_000.0


@dataclass
class Machine:
    """A machine with a key, that asks the hub as a bench."""

    hub: Hub
    signer: Signer = field(default_factory=lambda: Signer(Ed25519PrivateKey.generate()))
    bench: str = "b1"
    incarnation: int = 0
    nonces: int = 0
    more: dict[str, str] = field(default_factory=lambda: {"packbench-version": str(VERSION)})

    def enrol(self, code: str = "", *, after: int = 0, hash: str = "") -> Enrolled:
        """Become a bench."""
        if not code:
            with self.hub.store.write() as connection:
                code = benches.new_code(connection, self.bench, NOW)
        said = Enrol(code=code, public_key=self.signer.public_key, after=after, hash=hash)
        got = self.open("POST", "/v1/enrol", msgspec.json.encode(said))
        assert got.status == 201, got.body
        enrolled = msgspec.json.decode(got.body, type=Enrolled)
        self.bench, self.incarnation = enrolled.bench, enrolled.incarnation
        return enrolled

    def open(self, method: str, path: str, body: bytes = b"", *, now: float = NOW) -> Answer:
        """Ask without saying who asks."""
        asked = Asked(method=method, path=path, target=path, body=body, peer="10.0.0.7")
        return answer(self.hub, asked, now)

    def asked(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        query: Mapping[str, str] | None = None,
        *,
        at: float = NOW,
    ) -> Asked:
        """Make a signed request."""
        self.nonces += 1
        target = f"{path}?{urlencode(query)}" if query else path
        signed = authorization(
            *(self.signer, self.bench, self.incarnation, at, f"n{self.nonces}"),
            *(method, target, body),
        )
        return Asked(
            method=method,
            path=path,
            target=target,
            query=query or {},
            headers={**self.more, "authorization": signed},
            body=body,
        )

    def ask(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        query: Mapping[str, str] | None = None,
        *,
        at: float = NOW,
        now: float = NOW,
    ) -> Answer:
        """Ask, signed."""
        return answer(self.hub, self.asked(method, path, body, query, at=at), now)

    def beat(self, now: float = NOW, **said: object) -> Beaten:
        """Say that it lives."""
        body = msgspec.json.encode({"bench": self.bench, **said})
        got = self.ask("POST", "/v1/heartbeat", body, at=now, now=now)
        assert got.status == 200, got.body
        return msgspec.json.decode(got.body, type=Beaten)


def kind(got: Answer) -> Kind:
    """Give why it was refused, and make sure that the status says the same."""
    said = msgspec.json.decode(got.body, type=Refusal)
    assert STATUS[said.kind] == got.status
    assert said.error
    assert said.server_time.timestamp() == pytest.approx(NOW, abs=1e6)
    return said.kind


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    store, safe, book = opened(tmp_path)
    yield Hub(store, book, safe)
    store.close()


@pytest.fixture
def machine(hub: Hub) -> Machine:
    made = Machine(hub)
    made.enrol()
    return made


def row(hub: Hub, name: str = "b1") -> dict[str, object]:
    """Give what the hub keeps of a bench."""
    with hub.store.read() as connection:
        return next(dict(one._mapping) for one in benches.listed(connection) if one.name == name)


# -- who asks


def test_a_bench_that_signs_is_answered(machine: Machine) -> None:
    got = machine.ask("GET", "/v1/feed", query={"after": "0.0", "wait": "0"})
    assert got.status == 200
    assert got.bench == "b1"
    assert msgspec.json.decode(got.body, type=Page).after == "0.0"


def test_who_says_nothing_or_nonsense_of_itself_is_refused(hub: Hub) -> None:
    for said in ("", "Packbench", "Packbench bench=b1", "Bearer x", "Packbench " + "x" * 5_000):
        for method, path in (("GET", "/v1/feed"), ("POST", "/v1/entries"), ("GET", "/v1/me")):
            asked = Asked(method=method, path=path, target=path, headers={"authorization": said})
            assert kind(answer(hub, asked, NOW)) is Kind.BAD_SIGNATURE


def test_another_machines_key_is_refused(machine: Machine, hub: Hub) -> None:
    thief = Machine(hub, bench="b1", incarnation=machine.incarnation)
    assert kind(thief.ask("GET", "/v1/me")) is Kind.BAD_SIGNATURE


def test_a_request_that_was_changed_on_its_way_is_refused(machine: Machine) -> None:
    sent = machine.asked("POST", "/v1/heartbeat", b'{"bench":"b1"}')
    changed = Asked(
        method="POST",
        path=sent.path,
        target=sent.target,
        headers=sent.headers,
        body=b'{"bench":"b1","pending":9}',
    )
    assert kind(answer(machine.hub, changed, NOW)) is Kind.BAD_SIGNATURE
    asked = machine.asked("GET", "/v1/feed", query={"after": "0.0"})
    moved = Asked(method="GET", path=asked.path, target="/v1/feed?after=9.9", headers=asked.headers)
    assert kind(answer(machine.hub, moved, NOW)) is Kind.BAD_SIGNATURE


def test_a_bench_that_nobody_knows_is_told_to_enrol(hub: Hub) -> None:
    for name in ("b9", "一号台", "a,b=c", "\0"):
        assert kind(Machine(hub, bench=name).ask("GET", "/v1/me")) is Kind.UNKNOWN_BENCH


def test_a_bench_may_be_called_anything(hub: Hub) -> None:
    for name in ("一号台", "a,b=c", "packing bench 1", "Ü"):
        machine = Machine(hub, bench=name)
        machine.enrol()
        assert machine.ask("GET", "/v1/me").status == 200


def test_a_machine_that_was_replaced_is_the_bench_no_more(machine: Machine, hub: Hub) -> None:
    Machine(hub).enrol()
    assert kind(machine.ask("GET", "/v1/me")) is Kind.UNKNOWN_BENCH
    again = Machine(hub, signer=machine.signer)
    again.enrol()
    assert kind(machine.ask("GET", "/v1/me")) is Kind.UNKNOWN_BENCH  # the same key, an older life


def test_a_bench_that_was_shut_out_is_out_at_once(machine: Machine, hub: Hub) -> None:
    assert machine.ask("GET", "/v1/me").status == 200
    with hub.store.write() as connection:
        assert benches.revoke(connection, "b1")
    assert kind(machine.ask("GET", "/v1/me")) is Kind.UNKNOWN_BENCH


@pytest.mark.parametrize("apart", [-3600.0, -91.0, 91.0, 3600.0, float("nan"), float("inf")])
def test_a_moment_too_far_away_is_told_the_hubs(machine: Machine, apart: float) -> None:
    got = machine.ask("GET", "/v1/me", at=NOW + apart)
    assert kind(got) is Kind.CLOCK
    assert msgspec.json.decode(got.body, type=Refusal).server_time.timestamp() == NOW
    assert machine.ask("GET", "/v1/me", at=NOW + 89.0).status == 200


def test_a_request_is_good_once_it_arrived_however_long_it_waits(machine: Machine) -> None:
    asked = machine.asked("GET", "/v1/feed", at=NOW - WINDOW_SECONDS + 1)
    later = NOW + 25.0
    assert kind(answer(machine.hub, asked, later)) is Kind.CLOCK
    assert answer(machine.hub, asked, later, arrived=NOW).status == 200


def test_a_replayed_request_changes_nothing(machine: Machine, hub: Hub) -> None:
    order = an_order()
    bench = Bench(hub.store, hub.book, "b1", machine.incarnation)
    started = facts.PackStarted(shipment=order.shipments[0].id)
    body = msgspec.json.encode(bench.batch(chain.START, bench.numbered(order.id, None, started)))
    sent = machine.asked("POST", "/v1/entries", body)
    first = msgspec.json.decode(answer(hub, sent, NOW).body, type=Acked)
    again = msgspec.json.decode(answer(hub, sent, NOW + 60).body, type=Acked)
    assert (first.acked, again.acked) == (1, 1)
    assert again.verdicts == first.verdicts  # what was overruled is said again
    assert row(hub)["last_seq"] == 1


# -- joining


def test_a_machine_that_is_enrolled_again_goes_on_with_its_numbers(
    machine: Machine, hub: Hub
) -> None:
    order = an_order()
    shipment = order.shipments[0].id
    bench = Bench(hub.store, hub.book, "b1", machine.incarnation)
    first = bench.numbered(order.id, None, facts.PackStarted(shipment=shipment))
    body = msgspec.json.encode(bench.batch(chain.START, first))
    assert machine.ask("POST", "/v1/entries", body).status == 200
    known = bench.hash
    rest = bench.numbered(order.id, None, facts.PackStarted(shipment=shipment))
    assert machine.enrol(after=1, hash=known).incarnation == 2
    bench.incarnation = 2
    got = machine.ask("POST", "/v1/entries", msgspec.json.encode(bench.batch(known, rest)))
    assert got.status == 200, got.body
    assert msgspec.json.decode(got.body, type=Acked).acked == 2
    me = msgspec.json.decode(machine.ask("GET", "/v1/me").body, type=Me)
    assert (me.bench, me.incarnation, me.last_seq, me.last_hash) == ("b1", 2, 2, bench.hash)
    assert me.lease_seconds == benches.LEASE_MINUTES * 60


def test_a_code_is_one_machines_and_its_answer_may_be_lost(hub: Hub) -> None:
    with hub.store.write() as connection:
        code = benches.new_code(connection, "b1", NOW)
    machine, other = Machine(hub), Machine(hub)
    first = machine.enrol(code)
    assert machine.enrol(code) == first
    body = msgspec.json.encode(Enrol(code=code, public_key=other.signer.public_key))
    assert kind(other.open("POST", "/v1/enrol", body)) is Kind.NOT_YOURS


def test_a_code_is_good_for_a_quarter_of_an_hour(hub: Hub) -> None:
    with hub.store.write() as connection:
        code = benches.new_code(connection, "b1", NOW - 15 * 60 - 1)
    body = msgspec.json.encode(Enrol(code=code, public_key="0" * 64))
    assert kind(Machine(hub).open("POST", "/v1/enrol", body)) is Kind.NOT_YOURS


def test_codes_cannot_be_tried_out(hub: Hub) -> None:
    with hub.store.write() as connection:
        code = benches.new_code(connection, "b1", NOW)
    machine = Machine(hub)

    def attempt(code: str, peer: str, now: float) -> Answer:
        body = msgspec.json.encode(Enrol(code=code, public_key=machine.signer.public_key))
        return answer(
            hub, Asked(method="POST", path="/v1/enrol", target="", body=body, peer=peer), now
        )

    for n in range(quotas.GUESSES):
        assert kind(attempt(f"WRONG{n}", "10.0.0.1", NOW + n)) is Kind.NOT_YOURS
    shut = attempt(code, "10.0.0.1", NOW + 10)
    assert kind(shut) is Kind.TOO_MANY  # also the right one
    assert shut.headers["Retry-After"] == "50"
    assert kind(attempt("WRONG", "10.0.0.2", NOW + 10)) is Kind.NOT_YOURS  # others may
    assert attempt(code, "10.0.0.1", NOW + 60.5).status == 201


def at_once(count: int, do: Callable[[int], Kind | None]) -> list[Kind | None]:
    """Let so many do it at the same time."""
    line = threading.Barrier(count)

    def one(n: int) -> Kind | None:
        line.wait(60)
        return do(n)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def test_a_floor_of_benches_enrols_at_once_from_one_address(hub: Hub) -> None:
    with hub.store.write() as connection:
        codes = [benches.new_code(connection, f"b{n}", NOW) for n in range(30)]

    def enrol(n: int) -> Kind | None:
        body = msgspec.json.encode(Enrol(code=codes[n], public_key="0" * 64))
        asked = Asked(method="POST", path="/v1/enrol", target="", body=body, peer="10.0.0.1")
        got = answer(hub, asked, NOW)
        return None if got.status == 201 else kind(got)

    assert at_once(30, enrol) == [None] * 30


def test_a_hundred_codes_at_once_are_a_hundred_guesses(hub: Hub) -> None:
    def guess(n: int) -> Kind:
        body = msgspec.json.encode(Enrol(code=f"WRONG{n}", public_key="0" * 64))
        asked = Asked(method="POST", path="/v1/enrol", target="", body=body, peer="10.0.0.1")
        return kind(answer(hub, asked, NOW))

    assert at_once(100, guess).count(Kind.NOT_YOURS) == quotas.GUESSES


def test_what_is_kept_of_wrong_codes_is_bounded_whoever_knocks(hub: Hub) -> None:
    machine = Machine(hub)
    body = msgspec.json.encode(Enrol(code="WRONG", public_key="0" * 64))
    kinds = []
    for n in range(quotas.GUESSES_OF_ALL + 20):
        asked = Asked(method="POST", path="/v1/enrol", target="", body=body, peer=f"10.1.0.{n}")
        kinds.append(kind(answer(machine.hub, asked, NOW)))
    assert kinds.count(Kind.NOT_YOURS) == quotas.GUESSES_OF_ALL
    assert len(hub.quotas._guesses) == quotas.GUESSES_OF_ALL


def test_a_bench_begins_anew_with_its_key_and_may_ask_twice(machine: Machine) -> None:
    body = msgspec.json.encode(Rejoin(after=7, hash="a" * 64))
    sent = machine.asked("POST", "/v1/rejoin", body)
    first = msgspec.json.decode(answer(machine.hub, sent, NOW).body, type=Enrolled)
    again = msgspec.json.decode(answer(machine.hub, sent, NOW + 1).body, type=Enrolled)
    assert (first.incarnation, again.incarnation) == (2, 2)
    kept = row(machine.hub)
    assert (kept["last_seq"], kept["last_hash"]) == (7, "a" * 64)
    assert kind(machine.ask("GET", "/v1/me")) is Kind.UNKNOWN_BENCH  # it is 2 now


def test_of_a_disk_and_its_copy_one_begins_anew(machine: Machine) -> None:
    copy = Machine(machine.hub, machine.signer, "b1", machine.incarnation)
    assert (
        machine.ask(
            "POST", "/v1/rejoin", msgspec.json.encode(Rejoin(after=3, hash="a" * 64))
        ).status
        == 201
    )
    late = copy.ask("POST", "/v1/rejoin", msgspec.json.encode(Rejoin(after=2, hash="b" * 64)))
    assert kind(late) is Kind.UNKNOWN_BENCH


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b'{"code":1}',
        b'{"code":"A"}',
        b'{"code":"A","public_key":"abc"}',
        b'{"code":"A","public_key":"%s","after":-1}' % (b"0" * 64),
        b'{"code":"A","public_key":"%s","after":99999999999999999999}' % (b"0" * 64),
        b'{"code":"A","public_key":"%s","hash":"zz"}' % (b"0" * 64),
        b"[" * 100_000,
    ],
)
def test_an_enrolment_that_cannot_be_read_is_no_guess(hub: Hub, body: bytes) -> None:
    for _ in range(quotas.GUESSES + 1):
        assert kind(Machine(hub).open("POST", "/v1/enrol", body)) is Kind.UNREADABLE


# -- versions


@pytest.mark.parametrize("said", ["", "one", "-1", "1.0", "١", "9" * 30])
def test_who_does_not_say_what_it_speaks_is_not_fed_but_heard(machine: Machine, said: str) -> None:
    machine.more = {"packbench-version": said} if said else {}
    assert kind(machine.ask("GET", "/v1/feed")) is Kind.UNREADABLE
    assert machine.beat().lease_seconds


def test_an_old_bench_is_not_fed_and_may_always_tell(machine: Machine, hub: Hub) -> None:
    machine.more = {"packbench-version": "0"}
    assert kind(machine.ask("GET", "/v1/feed")) is Kind.OUTDATED
    order = an_order()
    bench = Bench(hub.store, hub.book, "b1", machine.incarnation)
    new = bench.numbered(order.id, None, facts.PackStarted(shipment=order.shipments[0].id))
    body = msgspec.json.encode(bench.batch(chain.START, new))
    assert machine.ask("POST", "/v1/entries", body).status == 200
    machine.more = {"packbench-version": str(VERSION + 1)}
    assert machine.ask("GET", "/v1/feed").status == 200


# -- what cannot be meant


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"after": "x"}, 400),
        ({"after": "1.0", "limit": "many"}, 400),
        ({"after": "1.0", "limit": "0"}, 400),
        ({"after": "1.0", "limit": "9" * 5_000}, 400),
        ({"after": "1.0", "wait": "long"}, 400),
        ({"after": "1.0", "wait": "nan"}, 400),
        ({"after": "1.0", "wait": "1e9"}, 400),
        ({"after": "1.0", "wait": "-1"}, 400),
        ({"after": f"1.{'9' * 30}"}, 409),
        ({"after": "7.0"}, 409),
        ({"after": "1.99"}, 409),
    ],
)
def test_a_cursor_that_lies_is_told_so(
    machine: Machine, query: dict[str, str], status: int
) -> None:
    got = machine.ask("GET", "/v1/feed", query=query)
    assert got.status == status
    if status == 409:
        assert msgspec.json.decode(got.body, type=Reset).epoch == 1
    else:
        assert kind(got) is Kind.UNREADABLE


def test_a_bench_speaks_for_itself_alone(machine: Machine, hub: Hub) -> None:
    Machine(hub, bench="b2").enrol()
    bench = Bench(hub.store, hub.book, "b2", 1)
    body = msgspec.json.encode(bench.batch(chain.START, []))
    assert kind(machine.ask("POST", "/v1/entries", body)) is Kind.NOT_YOURS
    said = msgspec.json.encode(Heartbeat(bench="b2"))
    assert kind(machine.ask("POST", "/v1/heartbeat", said)) is Kind.NOT_YOURS
    assert row(hub, "b2")["heartbeat"] == b""


def test_a_batch_of_an_older_life_is_a_fork(machine: Machine, hub: Hub) -> None:
    machine.enrol()
    bench = Bench(hub.store, hub.book, "b1", 1)
    order = an_order()
    new = bench.numbered(order.id, None, facts.PackStarted(shipment=order.shipments[0].id))
    got = machine.ask("POST", "/v1/entries", msgspec.json.encode(bench.batch(chain.START, new)))
    assert got.status == 409
    assert msgspec.json.decode(got.body, type=Gap).fork


@pytest.mark.parametrize("cut", [1, 20, 200])
def test_a_truncated_batch_is_refused_whole(machine: Machine, hub: Hub, cut: int) -> None:
    bench = Bench(hub.store, hub.book, "b1", machine.incarnation)
    order = an_order()
    new = bench.numbered(order.id, None, facts.PackStarted(shipment=order.shipments[0].id))
    body = msgspec.json.encode(bench.batch(chain.START, new))[:-cut]
    assert kind(machine.ask("POST", "/v1/entries", body)) is Kind.UNREADABLE
    assert row(hub)["last_seq"] == 0


def test_too_much_at_once_is_refused(machine: Machine) -> None:
    huge = machine.ask("POST", "/v1/heartbeat", b" " * (MOST_BYTES + 1))
    assert kind(huge) is Kind.TOO_LARGE
    entries = [{"seq": n, "entry": {}, "hash": ""} for n in range(1, 502)]
    batch = {"bench": "b1", "incarnation": 1, "previous": "", "entries": entries}
    assert kind(machine.ask("POST", "/v1/entries", msgspec.json.encode(batch))) is Kind.TOO_LARGE


def test_what_is_not_there_or_asked_in_another_way_is_told_so(machine: Machine) -> None:
    for path in ("/", "/v2/feed", "/v1/feed/", "/v1/blobs", "/metrics/x"):
        assert kind(machine.open("GET", path)) is Kind.NOT_THERE
    for path in ("/v1/blobs/", "/v1/blobs/../hub.key", f"/v1/blobs/{'0' * 64}"):
        assert kind(machine.ask("GET", path)) is Kind.NOT_THERE
    got = machine.open("DELETE", "/v1/feed")
    assert kind(got) is Kind.NOT_ALLOWED
    assert got.headers["Allow"] == "GET"


def test_bytes_that_another_key_sealed_are_not_there(machine: Machine) -> None:
    from sync.hub.engine import upsert
    from sync.hub.schema import blob

    sha256 = hashlib.sha256(b"x").hexdigest()
    held = {"sha256": sha256, "order_id": "o", "sealed": b"?" * 40, "stored_at": 0.0}
    with machine.hub.store.write() as connection:
        upsert(connection, blob, [held], "sha256")
    assert kind(machine.ask("GET", f"/v1/blobs/{sha256}")) is Kind.NOT_THERE


# -- leases, heartbeats


def test_what_a_bench_says_renews_its_lease(machine: Machine, hub: Hub) -> None:
    whole = benches.LEASE_MINUTES * 60
    assert machine.beat(NOW + 10).lease_seconds == whole
    assert row(hub)["lease_until"] == NOW + 10 + whole
    bench = Bench(hub.store, hub.book, "b1", machine.incarnation)
    order = an_order()
    new = bench.numbered(order.id, None, facts.PackStarted(shipment=order.shipments[0].id))
    body = msgspec.json.encode(bench.batch(chain.START, new))
    got = machine.ask("POST", "/v1/entries", body, at=NOW + 50, now=NOW + 50)
    assert msgspec.json.decode(got.body, type=Acked).lease_seconds == whole
    assert row(hub)["lease_until"] == NOW + 50 + whole
    page = msgspec.json.decode(machine.ask("GET", "/v1/feed").body, type=Page)
    assert page.lease_seconds == 0


def test_whoever_gets_a_lease_is_told_where_his_feed_ends(machine: Machine, hub: Hub) -> None:
    page = msgspec.json.decode(machine.ask("GET", "/v1/feed").body, type=Page)
    assert machine.beat(NOW + 10).head == page.head
    assert machine.beat(NOW + 11).head == page.head, "also where nothing was written"
    body = msgspec.json.encode(Bench(hub.store, hub.book, "b1", machine.incarnation).batch("", []))
    got = machine.ask("POST", "/v1/entries", body, at=NOW + 50, now=NOW + 50)
    assert msgspec.json.decode(got.body, type=Acked).head == page.head


def test_a_lease_that_was_not_written_is_not_promised(machine: Machine, hub: Hub) -> None:
    first = machine.beat(NOW + 10, pending=1)
    soon = machine.beat(NOW + 11, pending=1)
    assert soon.lease_seconds == first.lease_seconds - 1
    assert row(hub)["lease_until"] == NOW + 10 + first.lease_seconds
    assert machine.beat(NOW + 11, pending=2).lease_seconds == first.lease_seconds  # news
    assert machine.beat(NOW + 14, pending=2).lease_seconds == first.lease_seconds


def test_a_bench_that_is_shut_out_holds_no_lease(machine: Machine, hub: Hub) -> None:
    machine.beat()
    with hub.store.write() as connection:
        benches.revoke(connection, "b1")
    assert row(hub)["lease_until"] == 0


def test_how_wrong_a_benchs_clock_is_is_known(machine: Machine, hub: Hub) -> None:
    machine.beat(NOW, at="2020-01-01T00:00:00Z")
    assert row(hub)["clock_offset"] == pytest.approx(NOW - 1_577_836_800)


def test_a_replica_that_was_not_the_hubs_is_a_trouble(machine: Machine, hub: Hub) -> None:
    def open_troubles() -> list[str]:
        with hub.store.read() as connection:
            return [one.sentence for one in troubles.listed(connection) if one.kind == "feed"]

    machine.beat(NOW, mismatches=0)
    assert not open_troubles()
    machine.beat(NOW + 3, mismatches=1)
    assert len(open_troubles()) == 1
    with hub.store.write() as connection:
        troubles.solve(connection, [troubles.key(troubles.Kind.FEED, "b1")], NOW + 4, by="eve")
    machine.beat(NOW + 6, mismatches=1)
    assert not open_troubles()  # it is not rising
    machine.beat(NOW + 9, mismatches=2)
    assert "2 times" in open_troubles()[0]
    metrics = machine.open("GET", "/metrics").body.decode()
    assert 'packbench_bench_mismatches{bench="b1"} 2' in metrics


# -- shares


def test_a_bench_that_asks_without_end_is_slowed_and_others_are_not(
    machine: Machine, hub: Hub
) -> None:
    other = Machine(hub, bench="b2")
    other.enrol()
    hub.quotas.ask("b1", NOW)
    hub.quotas._benches["b1"].tokens = 2.0
    assert [machine.ask("GET", "/v1/me").status for _ in range(3)] == [200, 200, 429]
    shut = machine.ask("GET", "/v1/me")
    assert kind(shut) is Kind.TOO_MANY
    assert shut.headers["Retry-After"] == "1"
    assert other.ask("GET", "/v1/me").status == 200
    assert machine.ask("GET", "/v1/me", now=NOW + 1).status == 200


def test_a_stranger_who_knocks_without_end_is_let_wait_and_benches_are_not(
    machine: Machine, hub: Hub
) -> None:
    thief = Machine(hub, bench="b1", incarnation=machine.incarnation)

    def knock(peer: str, now: float = NOW) -> Kind:
        return kind(answer(hub, replace(thief.asked("GET", "/v1/me"), peer=peer), now))

    assert knock("10.0.0.66") is Kind.BAD_SIGNATURE
    hub.quotas._forged["10.0.0.66"].tokens = 2.0
    kinds = [knock("10.0.0.66") for _ in range(3)]
    assert kinds == [Kind.BAD_SIGNATURE, Kind.BAD_SIGNATURE, Kind.TOO_MANY]
    theirs = replace(machine.asked("GET", "/v1/me"), peer="10.0.0.7")
    assert answer(hub, theirs, NOW).status == 200
    assert knock("10.0.0.66", NOW + 1.0) is Kind.BAD_SIGNATURE
    for n in range(quotas.MOST_ADDRESSES + 50):
        hub.quotas.forged(f"address {n}", NOW)
    assert len(hub.quotas._forged) == quotas.MOST_ADDRESSES


def test_a_stranger_behind_the_proxy_of_all_benches_does_not_stop_them(hub: Hub) -> None:
    for _ in range(int(quotas.FORGED_AT_ONCE) * 2):
        hub.quotas.forged("127.0.0.1", NOW)
    assert hub.quotas.stranger("127.0.0.1", NOW) == 0.0


def test_who_is_not_the_bench_cannot_use_up_its_share(machine: Machine, hub: Hub) -> None:
    hub.quotas.ask("b1", NOW)
    before = hub.quotas._benches["b1"].tokens
    thief = Machine(hub, bench="b1", incarnation=machine.incarnation)
    for _ in range(5):
        assert kind(thief.ask("GET", "/v1/me")) is Kind.BAD_SIGNATURE
    assert hub.quotas._benches["b1"].tokens == before


def test_a_new_bench_reads_a_hundred_thousand_orders_without_being_slowed() -> None:
    shares = quotas.Quotas()
    assert not any(shares.ask("b1", NOW) for _ in range(500))


def test_a_database_that_is_away_is_a_503(hub: Hub, machine: Machine) -> None:
    with hub.store.write() as connection:
        connection.exec_driver_sql("DROP TABLE bench")
    got = machine.ask("GET", "/v1/me")
    assert kind(got) is Kind.BUSY
    assert got.headers["Retry-After"] == "1"
    assert machine.open("GET", "/healthz").status == 200
