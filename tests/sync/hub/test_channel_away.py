"""A marketplace answers 429 or 503 for hours: it alone waits, and one sees for how long."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select
from starlette.types import ASGIApp, Receive, Scope, Send

from sync.hub import channels, metrics
from sync.hub.rounds import AFTER_FAILURE_SECONDS, LONGEST_AFTER_SECONDS
from sync.hub.schema import channel
from sync.orders import Confirmation
from tests.sync.hub.serving import until
from tests.sync.hub.world import World, world
from tests.sync.simulate.shop import BOARD, address


class Away:
    """A marketplace beside the others that turns everything down, at once or when it is let."""

    def __init__(self, outside: ASGIApp, status: int) -> None:
        self._outside, self._status = outside, status
        self.asked = 0
        self.answers = threading.Event()
        self.answers.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Turn one request down, or pass it on."""
        if not scope.get("path", "").startswith("/away"):
            await self._outside(scope, receive, send)
            return
        self.asked += 1
        await asyncio.to_thread(self.answers.wait)
        await send({"type": "http.response.start", "status": self._status, "headers": []})
        await send({"type": "http.response.body", "body": b""})


@contextmanager
def away(here: World, status: int) -> Iterator[Away]:
    """Add a channel `away` whose marketplace turns everything down."""
    outside = BOARD.app
    one = Away(outside, status)
    BOARD.app = one
    if here.contract:
        here.contract._beside = (*here.contract._beside, "/away")
    with here.store.write() as connection:
        channels.add_channel(
            connection,
            here.safe,
            market="amazon",
            name="away",
            credentials=here.amazon.credentials(),
            base_url=f"{address()}/away",
            token_url=f"{address()}/auth/o2/token",
            rate_scale=1e6,
        )
    try:
        yield one
    finally:
        one.answers.set()
        BOARD.app = outside


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made


def untold(here: World) -> dict[str, float]:
    """Read from the metrics how old the oldest work is that a channel has not been told of."""
    with here.store.read() as connection:
        text = metrics.text(connection, time.time() + 3600.0, {})
    found = re.findall(r'packbench_channel_untold_seconds\{channel="(\w+)"\} (\S+)', text)
    return {name: float(age) for name, age in found}


@pytest.mark.parametrize("status", [429, 503])
def test_a_channel_that_refuses_for_hours_is_read_less_and_less_often(
    here: World, status: int
) -> None:
    with away(here, status) as marketplace:
        waits = [here.rounds.pull_one("away") for _ in range(9)]
        assert waits[:4] == [AFTER_FAILURE_SECONDS * 2**n for n in range(4)]
        assert waits[-3:] == [LONGEST_AFTER_SECONDS] * 3
        assert marketplace.asked >= 9
        assert here.rounds.pull_one("uk") < AFTER_FAILURE_SECONDS
        with here.store.read() as connection:
            error = dict(connection.execute(select(channel.c.name, channel.c.error)).all())
        assert error["away"]
        assert not error["uk"]
        marketplace._status = 200  # what is no page of orders is refused as well
        assert here.rounds.pull_one("away") >= AFTER_FAILURE_SECONDS


@pytest.mark.slow
def test_a_marketplace_that_hangs_keeps_no_other_channel_waiting(here: World) -> None:
    with away(here, 503) as marketplace:
        marketplace.answers.clear()
        here.bench()
        here.rounds.start()
        try:
            until(lambda: marketplace.asked)
            ids = here.place(3)
            until(lambda: all(known(here, id) for id in ids))
            assert not marketplace.answers.is_set()
        finally:
            marketplace.answers.set()
            here.rounds.end()
    assert not any(thread.is_alive() for thread in here.rounds._threads)


def known(here: World, id: str) -> bool:
    with here.store.read() as connection:
        return here.book.get(connection, id) is not None


@pytest.mark.parametrize("fault", ["throttle", "server_error"])
def test_what_waits_for_a_marketplace_is_told_later_once_and_its_age_is_a_figure(
    here: World, fault: str
) -> None:
    bench = here.bench()
    (id,) = here.place()
    here.pull()
    here.go_round()
    bench.catch_up()
    assert untold(here) == {}
    bench.pack(here.order(id))
    here.arm(fault, times=1000, on="confirmShipment")
    for _ in range(3):
        here.due_now()
        here.rounds.confirm_all()
    assert here.parcel(id).confirmation is not Confirmation.ACCEPTED
    assert list(untold(here)) == ["uk"]
    assert 3600.0 <= untold(here)["uk"] < 3600.0 + 600.0
    here.amazon.faults.disarm()
    here.due_now()
    here.go_round()
    assert here.parcel(id).confirmation is Confirmation.ACCEPTED
    assert here.amazon_books()["confirmations"] == 1
    assert untold(here) == {}
