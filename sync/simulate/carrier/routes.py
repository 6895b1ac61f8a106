"""Simpost over HTTP. This is a purchase.

    POST /labels
    Idempotency-Key: 202-1#1/1
    {"service": "standard", "grams": 850, "format": "zpl", "reference": "202-1#1/1",
     "to": {"name": "Zoë Krämer", "lines": ["Lindenallee 3"], "city": "Köln",
            "postcode": "50667", "country": "DE"}}

    201 {"label_id": "L00000001", "tracking": "CP000000015GB", "carrier": "simpost", …}

The same key again answers 200 with the same label.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sync.simulate.buckets import Plan, full, take
from sync.simulate.carrier import description, tariff
from sync.simulate.carrier.book import Book, Refused, Wanted, said
from sync.simulate.faults import Faults
from sync.simulate.serve import Cut
from sync.simulate.service import Clock

PLAN = Plan(20.0, 100)
"""Requests a second, and how many may be saved up."""

Decide = Callable[[Request, bytes], Response]


class Simpost:
    """The carrier."""

    name = "carrier"

    def __init__(
        self,
        book: Book,
        clock: Clock,
        faults: Faults,
        *,
        rate_scale: float = 1.0,
        slow_seconds: float = 3.0,
    ) -> None:
        self.book = book
        self.faults = faults
        self._clock = clock
        self._plan = PLAN.faster(rate_scale)
        self._bucket = full(self._plan, clock())
        self._slow_seconds = slow_seconds

    def routes(self) -> list[BaseRoute]:
        """Give the carrier's paths."""
        return [
            Route("/openapi.json", self.openapi, methods=["GET"]),
            Route("/services", self.services, methods=["GET"]),
            Route("/labels", self.labels, methods=["GET", "POST"]),
            Route("/labels/{label}", self.label, methods=["GET"]),
            Route("/labels/{label}/void", self.void, methods=["POST"]),
            Route("/manifests", self.manifests, methods=["POST"]),
        ]

    def books(self) -> dict[str, Any]:
        """Give the books."""
        return {**self.book.ledger(), "faults_struck": dict(self.faults.struck)}

    async def openapi(self, request: Request) -> Response:
        """Describe itself."""
        return _json(description.openapi())

    async def services(self, request: Request) -> Response:
        """List what it offers."""
        return await self._answer(request, "services", lambda *_: _json(_offer()))

    async def labels(self, request: Request) -> Response:
        """Sell a label, or find those that were sold."""
        if request.method == "POST":
            return await self._answer(request, "buy", self._buy)
        return await self._answer(request, "find", self._find)

    async def label(self, request: Request) -> Response:
        """Give one label."""
        return await self._answer(request, "get", self._get)

    async def void(self, request: Request) -> Response:
        """Take a label back."""
        return await self._answer(request, "void", self._void)

    async def manifests(self, request: Request) -> Response:
        """Take parcels along."""
        return await self._answer(request, "handOver", self._hand_over)

    async def _answer(self, request: Request, operation: str, decide: Decide) -> Response:
        body = await request.body()
        if self.faults.strike("slow", operation):
            await asyncio.sleep(self._slow_seconds)
        may, self._bucket = take(self._plan, self._bucket, self._clock())
        if not may or self.faults.strike("throttle", operation):
            busy = Refused(429, "too_many_requests", "Too many requests. Try again in a second.")
            return _refused(busy, {"Retry-After": "1"})
        if self.faults.strike("server_error", operation):
            return _refused(Refused(500, "internal", "Simpost has a problem. Try again."))
        answer = decide(request, body)
        if answer.status_code >= 400:
            return answer
        if request.method == "POST" and self.faults.strike("lost_answer", operation):
            return Cut(answer)
        if self.faults.strike("truncated_body", operation):
            return Cut(answer, sent=len(answer.body) // 2)
        return answer

    def _buy(self, request: Request, body: bytes) -> Response:
        key = request.headers.get("idempotency-key", "").strip()
        if not key:
            return _refused(Refused(400, "no_key", "A purchase needs an Idempotency-Key header."))
        try:
            wanted = msgspec.json.decode(body, type=Wanted)
        except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
            return _refused(_unreadable(wrong))
        label = self.book.buy(key, wanted, self._clock())
        if isinstance(label, Refused):
            return _refused(label)
        return _json(said(label), 201 if label.asked == 1 else 200)

    def _find(self, request: Request, body: bytes) -> Response:
        reference, key = (request.query_params.get(name) for name in ("reference", "key"))
        if key is not None:
            found = self.book.of_key(key)
        elif reference is not None:
            found = self.book.of_reference(reference)
        else:
            return _refused(Refused(400, "no_filter", "Say which labels: by reference or by key."))
        return _json({"labels": [said(label) for label in found]})

    def _get(self, request: Request, body: bytes) -> Response:
        id = request.path_params["label"]
        label = self.book.get(id)
        if label is None:
            return _refused(Refused(404, "unknown_label", f"There is no label {id}."))
        return _json(said(label))

    def _void(self, request: Request, body: bytes) -> Response:
        label = self.book.void(request.path_params["label"])
        return _refused(label) if isinstance(label, Refused) else _json(said(label))

    def _hand_over(self, request: Request, body: bytes) -> Response:
        try:
            ids = msgspec.json.decode(body, type=description.HandOver).labels
        except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
            return _refused(_unreadable(wrong))
        manifest = self.book.hand_over(ids)
        if isinstance(manifest, Refused):
            return _refused(manifest)
        return _json({"manifest_id": manifest, "labels": ids}, 201)


def _offer() -> dict[str, Any]:
    return {"services": msgspec.to_builtins(tariff.SERVICES)}


def _unreadable(wrong: Exception) -> Refused:
    return Refused(400, "unreadable", f"The request body cannot be read: {wrong}")


def _refused(refused: Refused, headers: dict[str, str] | None = None) -> Response:
    error = {"code": refused.code, "message": refused.sentence}
    return _json({"error": error}, refused.status, headers)


def _json(body: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(body), status, headers, media_type="application/json")
