"""The simulated Amazon over HTTP: the order in which it checks, decides and answers.

As Amazon does: the token first (403), then the bucket (429), then the request. The header
x-amzn-RateLimit-Limit stands on 200, 204, 400 and 404 and is dropped from all else;
x-amzn-RequestId stands on every answer ("Usage plans and rate limits in the SP-API").
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl
from uuid import uuid4

import msgspec
from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sync.simulate import people
from sync.simulate.amazon import confirmation, search, tokens, wire
from sync.simulate.amazon.book import Book, Trade
from sync.simulate.amazon.place import ODDITIES
from sync.simulate.amazon.refusal import FAILED, OVER_QUOTA, Refusal, denied, invalid, missing
from sync.simulate.buckets import Bucket, Plan, full, take
from sync.simulate.chance import dice
from sync.simulate.faults import Faults
from sync.simulate.keep import Shelf
from sync.simulate.serve import Cut
from sync.simulate.service import Clock

PLANS = {
    "searchOrders": Plan(0.0056, 20),
    "getOrder": Plan(0.5, 30),
    "confirmShipment": Plan(2.0, 10),
}
"""Rate and burst as the Orders API models state them (2026-01-01 and v0)."""

LIMIT_SHOWN = frozenset({200, 204, 400, 404})

Decide = Callable[[Request, bytes], Response]


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast this Amazon's clock runs."""

    rate_scale: float = 1.0
    """Buckets fill so many times faster."""
    time_scale: float = 1.0
    """Tokens and pages grow old so many times faster, and the two minutes shrink."""
    token_seconds: float | None = None
    """How long an access token lives; None: Amazon's hour, in this clock."""
    slow_seconds: float = 3.0
    """How long the fault `slow` takes."""


@dataclass
class Amazon:
    """One seller's account on the simulated Amazon."""

    trade: Trade
    shelf: Shelf
    clock: Clock
    pace: Pace = field(default_factory=Pace)
    faults: Faults = field(default_factory=lambda: Faults(dice("no faults")))
    name: str = "amazon"

    def __post_init__(self) -> None:
        """Open the books."""
        self.book = Book(self.trade, self.shelf)
        self.owner = tokens.credentials(self.book.state.seed)
        self._seal = self.owner.client_secret.encode("ascii")[-32:]
        self._buckets: dict[str, Bucket] = {}
        self._dead: set[str] = set()

    def routes(self) -> list[BaseRoute]:
        """Give Amazon's paths."""
        return [
            Route("/auth/o2/token", self.token, methods=["POST"]),
            Route("/orders/2026-01-01/orders", self.search_orders, methods=["GET"]),
            Route("/orders/2026-01-01/orders/{order}", self.get_order, methods=["GET"]),
            Route(
                "/orders/v0/orders/{order}/shipmentConfirmation",
                self.confirm_shipment,
                methods=["POST"],
            ),
        ]

    async def token(self, request: Request) -> Response:
        """Trade a refresh token for an access token."""
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        if self.faults.strike("server_error", "token"):
            return _json({"error": "server_error", "error_description": "Try again"}, 500)
        life = self.pace.token_seconds or tokens.TOKEN_SECONDS / self.pace.time_scale
        given = tokens.grant(form, self.owner, self.clock(), seconds=life, nonce=uuid4().hex)
        status = given.status if isinstance(given, tokens.NotGiven) else 200
        said = {name: getattr(given, name) for name in _fields(given) if name != "status"}
        return _json(said, status, {"Cache-Control": "no-store"})

    async def search_orders(self, request: Request) -> Response:
        """Answer searchOrders."""
        return await self._answer(request, "searchOrders", self._search)

    async def get_order(self, request: Request) -> Response:
        """Answer getOrder."""
        return await self._answer(request, "getOrder", self._get)

    async def confirm_shipment(self, request: Request) -> Response:
        """Answer confirmShipment."""
        return await self._answer(request, "confirmShipment", self._confirm)

    async def _answer(self, request: Request, operation: str, decide: Decide) -> Response:
        body = await request.body()
        if self.faults.strike("slow", operation):
            await asyncio.sleep(self.pace.slow_seconds)
        self.book.catch_up(self.clock())
        refusal = self._stop(request, operation)
        answer = _refused(refusal) if refusal else decide(request, body)
        answer.headers["x-amzn-RequestId"] = str(uuid4())
        if answer.status_code in LIMIT_SHOWN:
            answer.headers["x-amzn-RateLimit-Limit"] = f"{self._plan(operation).rate:g}"
        return self._spoil(answer, request, operation)

    def _stop(self, request: Request, operation: str) -> Refusal | None:
        """Say why the request is not even looked at."""
        bearer = request.headers.get("x-amz-access-token")
        if bearer and self.faults.strike("token_expired", operation):
            self._dead.add(bearer)
        if bearer in self._dead:
            return denied("The access token you provided has expired.")
        refusal = tokens.refuse(bearer, self.owner, self.clock())
        if refusal is not None:
            return refusal
        if not self._may(operation) or self.faults.strike("throttle", operation):
            return OVER_QUOTA
        if self.faults.strike("server_error", operation):
            return FAILED
        return None

    def _spoil(self, answer: Response, request: Request, operation: str) -> Response:
        """Lose the answer, or half of it; what was done stays done."""
        if answer.status_code >= 400:
            return answer
        if request.method == "POST" and self.faults.strike("lost_answer", operation):
            return Cut(answer)
        if len(answer.body) > 1 and self.faults.strike("truncated_body", operation):
            return Cut(answer, sent=len(answer.body) // 2)
        return answer

    def _search(self, request: Request, body: bytes) -> Response:
        now = self.clock()
        for name in request.query_params:
            if len(request.query_params.getlist(name)) > 1:
                return _refused(invalid(f"{name} must be given once, comma-separated."))
        cursor = search.read(
            dict(request.query_params),
            now,
            horizon=self.book.horizon(now),
            time_scale=self.pace.time_scale,
            seal=self._seal,
        )
        if isinstance(cursor, Refusal):
            return _refused(cursor)
        page = self.book.search(cursor, now)
        following = page.following
        # One that wants everybody's next page sees this one again first, and only once.
        if (
            following
            and not cursor.repeated
            and self.faults.strike("duplicate_page", "searchOrders")
        ):
            following = replace(cursor, repeated=True)
        end = "lastUpdatedBefore" if cursor.search.by_change else "createdBefore"
        said: dict[str, Any] = {
            "orders": [wire.order(order, cursor.search.parts) for order in page.orders],
            end: wire.when(cursor.search.before),
        }
        if following:
            said["pagination"] = {"nextToken": search.write(following, self._seal)}
        return _json(said)

    def _get(self, request: Request, body: bytes) -> Response:
        id = request.path_params["order"]
        order = self.book.get(id)
        if order is None:
            return _refused(missing(id))
        parts = search.parts(dict(request.query_params))
        return _json({"order": wire.order(order, parts)})

    def _confirm(self, request: Request, body: bytes) -> Response:
        id = request.path_params["order"]
        order = self.book.get(id)
        if order is None:
            return _refused(missing(id))
        now = self.clock()
        told = confirmation.read(body, order.marketplace, now)
        if isinstance(told, Refusal):
            self.book.turn_down(id, "", "", told, now)
            return _refused(told)
        refusal = self.book.confirm(id, told)
        return _refused(refusal) if refusal else Response(status_code=204)

    def _plan(self, operation: str) -> Plan:
        return PLANS[operation].faster(self.pace.rate_scale)

    def _may(self, operation: str) -> bool:
        plan, now = self._plan(operation), self.clock()
        bucket = self._buckets.get(operation) or full(plan, now)
        may, self._buckets[operation] = take(plan, bucket, now)
        return may

    # What the control panel does.

    def books(self) -> dict[str, Any]:
        """Give the books."""
        self.book.catch_up(self.clock())
        return {**self.book.ledger(), "faults_struck": dict(self.faults.struck)}

    def credentials(self) -> dict[str, Any]:
        """Give what a seller enters to connect."""
        told: dict[str, Any] = msgspec.to_builtins(self.owner)
        return told

    def place(self, number: int, kind: str = "", *, waiting: bool = False) -> list[str]:
        """Place orders."""
        if kind and kind not in ODDITIES:
            raise ValueError(f"no order is {kind}; there are {', '.join(ODDITIES)}")
        self.book.catch_up(self.clock())
        return self.book.place(number, self.clock(), kind=kind, waiting=waiting)

    def act(self, order: str, verb: str) -> str | None:
        """Let something happen to an order."""
        now = self.clock()
        self.book.catch_up(now)
        found = self.book.get(order)
        if found is None:
            raise KeyError(order)
        match verb:
            case "cancel":
                refusal = self.book.cancel(order, "BUYER", now)
            case "request_cancel":
                refusal = self.book.request_cancel(order, "Ordered by mistake", now)
            case "pay":
                refusal = self.book.pay(order, now)
            case "address":
                country = found.address.country if found.address else "GB"
                moved = people.someone(dice(order, wire.when(now)), country)
                refusal = self.book.change_address(order, moved, now)
            case _:
                raise ValueError(f"nothing called {verb} can happen to an order")
        return refusal.message if refusal else None


def _refused(refusal: Refusal) -> Response:
    return _json(wire.errors(refusal), refusal.status)


def _json(said: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(said), status, headers, media_type="application/json")


def _fields(given: tokens.Given | tokens.NotGiven) -> tuple[str, ...]:
    if isinstance(given, tokens.Given):
        return given.__struct_fields__
    return ("error", "error_description")
