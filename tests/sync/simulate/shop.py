"""A simulated Amazon on a loopback port, with a clock of the test's own, for tests that shop."""

from __future__ import annotations

import atexit
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from starlette.types import ASGIApp, Receive, Scope, Send

from sync.simulate import panel, serve
from sync.simulate.amazon.book import Trade
from sync.simulate.amazon.place import Odds
from sync.simulate.amazon.routes import Amazon, Pace
from sync.simulate.baskets import Baskets
from sync.simulate.chance import dice
from sync.simulate.faults import Fault, Faults
from sync.simulate.keep import Shelf
from tests import data
from tests.contract import Contract, ContractTransport, contract_of_amazon

PARTS = "BUYER,RECIPIENT,FULFILLMENT,PACKAGES,CANCELLATION,PROCEEDS"
SEARCH = "/orders/2026-01-01/orders"
START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


class Switchboard:
    """The app that the one server of these tests serves now: starting one takes longer."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Put the request through."""
        await self.app(scope, receive, send)


BOARD = Switchboard()


@cache
def address() -> str:
    """Give the base URL of whatever is on the switchboard, for as long as the tests run."""
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(serve.running(BOARD))


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        """Say what time it is."""
        return self.now

    def pass_seconds(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)


@dataclass
class Shop:
    """What a test holds of it."""

    amazon: Amazon
    clock: Clock
    client: httpx.Client
    contract: Contract | None

    def log_in(self) -> dict[str, Any]:
        """Get an access token and use it from here on."""
        known = self.amazon.credentials()
        form = {name: known[name] for name in ("client_id", "client_secret", "refresh_token")}
        answer = self.client.post("/auth/o2/token", data={"grant_type": "refresh_token", **form})
        said: dict[str, Any] = answer.raise_for_status().json()
        self.client.headers["x-amz-access-token"] = said["access_token"]
        return said

    def search(self, **query: str | int) -> httpx.Response:
        """Ask searchOrders, for everything unless told otherwise."""
        if not {"createdAfter", "lastUpdatedAfter"} & query.keys():
            query["lastUpdatedAfter"] = "2020-01-01T00:00:00Z"
        return self.client.get(SEARCH, params={"includedData": PARTS, **query})

    def orders(self, **query: str | int) -> list[dict[str, Any]]:
        """Give the orders of a search, to the last page."""
        found: list[dict[str, Any]] = []
        page = self.search(**query).raise_for_status().json()
        found += page["orders"]
        while "pagination" in page:
            page = self.search(**query, paginationToken=page["pagination"]["nextToken"]).json()
            found += page["orders"]
        return found

    def order(self, id: str) -> dict[str, Any]:
        """Give one order."""
        answer = self.client.get(f"{SEARCH}/{id}", params={"includedData": PARTS})
        said: dict[str, Any] = answer.raise_for_status().json()["order"]
        return said

    def confirm(
        self,
        id: str,
        *,
        reference: object = "1",
        tracking: str = "CP123456785GB",
        pieces: int | None = None,
        items: Sequence[int] | None = None,
        **other: object,
    ) -> httpx.Response:
        """Confirm an order: all of it, or so many pieces of some items."""
        found = self.amazon.book.get(id)
        assert found is not None
        lines = found.items if items is None else [found.items[at] for at in items]
        detail: dict[str, object] = {
            "packageReferenceId": reference,
            "carrierCode": "Other",
            "carrierName": "Simulated Post",
            "shippingMethod": "standard",
            "trackingNumber": tracking,
            "shipDate": "2026-11-02T09:30:00Z",
            "orderItems": [
                {"orderItemId": item.id, "quantity": item.quantity if pieces is None else pieces}
                for item in lines
            ],
        }
        body = {"marketplaceId": found.marketplace, "packageDetail": {**detail, **other}}
        return self.client.post(f"/orders/v0/orders/{id}/shipmentConfirmation", json=body)

    def totals(self) -> dict[str, int]:
        """Give the totals of the books."""
        said: dict[str, int] = self.client.get("/simulate/books").json()["amazon"]["totals"]
        return said


@contextmanager
def shopping(
    *,
    orders: int = 0,
    seed: int = 1,
    faults: Sequence[Fault] = (),
    odds: dict[str, float] | None = None,
    per_hour: float = 0.0,
    lag: float = 0.0,
    pace: Pace | None = None,
    file: Path | None = None,
    clock: Clock | None = None,
) -> Iterator[Shop]:
    """Open a shop; every answer of Amazon's is checked against its model, where that is there."""
    clock = clock or Clock()
    with ExitStack() as stack:
        shelf = Shelf(file)
        stack.callback(shelf.close)
        amazon = Amazon(
            Trade(
                seed,
                Baskets(abroad=0.3),
                Odds(odds or {}, within=60.0),
                per_hour,
                timedelta(seconds=lag),
            ),
            shelf,
            clock,
            pace or Pace(),
            Faults(dice(seed, "faults"), faults),
        )
        amazon.place(orders, waiting=True)
        BOARD.app = panel.app([amazon], [amazon])
        there = data.find("specs", "amazon", "oas3_converted")
        contract = contract_of_amazon() if there else None
        wire: httpx.BaseTransport = httpx.HTTPTransport(verify=False)  # nothing here is encrypted
        if contract:
            wire = ContractTransport(wire, contract)
        client = stack.enter_context(httpx.Client(base_url=address(), transport=wire, timeout=60))
        shop = Shop(amazon, clock, client, contract)
        shop.log_in()
        yield shop
        assert contract is None or not contract.wrong_responses
