"""Hubs whose machines' clocks differ go by one: their database's."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import httpx
import msgspec
import pytest
from sqlalchemy import select

from sync.hub import benches
from sync.hub.engine import open_store
from sync.hub.schema import bench
from sync.hub.upkeep import TASKS
from sync.orders import State
from sync.protocol.messages import Beaten, Enrol, Enrolled, Heartbeat
from tests.sync.hub.serving import serving
from tests.sync.hub.signed import Signed
from tests.sync.hub.world import world

WRONG_SECONDS = 600.0
"""More than a signature may be off, and longer than the shortest lease."""


def set_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set this process's clock wrong."""
    right = time.time
    monkeypatch.setattr(time, "time", lambda: right() + WRONG_SECONDS)


def test_a_clock_that_was_never_set_is_the_machines(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'hub.db'}")
    assert store.set_clock() == 0.0
    assert abs(store.now() - time.time()) < 30
    store.close()


@pytest.mark.slow
def test_a_hub_goes_by_its_databases_clock_and_knows_how_far_off_its_own_is(
    postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, right = open_store(postgresql), time.time
    set_wrong(monkeypatch)
    assert abs(store.set_clock() + WRONG_SECONDS) < 30
    assert abs(store.now() - right()) < 30
    monkeypatch.setattr(time, "time", lambda: 0.0)  # and nobody can set it meanwhile
    assert abs(store.now() - right()) < 30
    store.close()


@pytest.mark.slow
def test_a_hub_that_is_fast_does_not_take_work_whose_lease_runs(
    tmp_path: Path, postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with world(tmp_path, postgresql) as here:
        made = here.bench()
        (id,) = here.place()
        here.pull()
        here.go_round()
        with here.store.write() as connection:
            benches.renew(connection, "b1", time.time())
            lease = bench.update().values(lease_until=time.time() + 60.0)
            connection.execute(lease)
        here.bench("b2")
        here.store.set_clock()
        set_wrong(monkeypatch)
        here.go_round()
        assert here.rounds._keep(TASKS["leases"]) == 0
        made.catch_up()
        assert here.shipment(id).state is State.ALLOCATED
        assert list(made.orders) == [f"{id}#1"]


@pytest.mark.slow
def test_two_hubs_ten_minutes_apart_agree_on_signatures_and_leases(
    tmp_path: Path, postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fast = tmp_path / "fast"
    fast.mkdir()
    (fast / "sitecustomize.py").write_text(
        f"import time\nright = time.time\ntime.time = lambda: right() + {WRONG_SECONDS}\n"
    )
    with world(tmp_path, postgresql) as here:
        with here.store.write() as connection:
            code = benches.new_code(connection, "b1", time.time(), lease_minutes=5)
        me = Signed("b1")
        with serving(tmp_path, postgresql, "--no-rounds") as right:
            monkeypatch.setenv("PYTHONPATH", str(fast))
            with serving(tmp_path, postgresql, "--no-rounds") as wrong, httpx.Client() as client:
                body = msgspec.json.encode(Enrol(code=code, public_key=me.signer.public_key))
                joined = client.post(f"{wrong.url}/v1/enrol", content=body, timeout=60)
                me.incarnation = msgspec.json.decode(joined.content, type=Enrolled).incarnation
                client.auth = me
                for hub in (right, wrong, right, wrong):
                    said = msgspec.json.encode(Heartbeat(bench="b1", packer=hub.url))
                    got = client.post(f"{hub.url}/v1/heartbeat", content=said, timeout=60)
                    assert got.status_code == 200, got.text
                    beaten = msgspec.json.decode(got.content, type=Beaten)
                    assert abs(beaten.server_time.timestamp() - time.time()) < 60
                    with here.store.read() as connection:
                        until = connection.execute(select(bench.c.lease_until)).scalar_one()
                    assert abs(until - time.time() - 300) < 60
                wrong.send(signal.SIGTERM)
                assert wrong.wait() == 0
        assert "s off the database's" in wrong.words()
