"""Whether what goes over the wire is what the marketplace's own model says.

`ContractTransport` wraps an httpx transport and checks every request and every response against
the OpenAPI files of the test data; `Contract` collects what was wrong. The model is closed first:
a property or a query parameter that it does not name is a mistake, which OpenAPI alone lets pass.

    contract = contract_of_amazon()                       # skips where the models are absent
    client = httpx.Client(transport=ContractTransport(httpx.HTTPTransport(), contract), …)
    …
    assert contract.checked > 0 and not contract.violations
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import msgspec
from openapi_core import OpenAPI
from openapi_core.datatypes import RequestParameters
from werkzeug.datastructures import Headers, ImmutableMultiDict

from tests import data

AMAZON = ("orders_2026-01-01", "ordersV0")
HOST = "http://contract.test"


class Model:
    """One OpenAPI 3 file, with everything it does not name forbidden."""

    def __init__(self, document: dict[str, Any]) -> None:
        document = {**document, "servers": [{"url": HOST}]}
        _close(document)
        self._openapi = OpenAPI.from_dict(document)
        self._paths = [
            (_pattern(path), path, operations) for path, operations in document["paths"].items()
        ]

    def find(self, method: str, path: str) -> tuple[str, dict[str, Any]] | None:
        """Give the path pattern and the operation that a request is for."""
        for pattern, name, operations in self._paths:
            if pattern.fullmatch(path) and method.lower() in operations:
                return name, operations[method.lower()]
        return None

    def wrong_request(self, asked: Asked) -> list[str]:
        """Say what is wrong with a request."""
        found = self.find(asked.method, asked.path)
        assert found is not None
        named = {one["name"] for one in found[1].get("parameters", ()) if one["in"] == "query"}
        unknown = sorted(set(asked.parameters.query) - named)
        faults = [_why(fault) for fault in self._openapi.iter_request_errors(asked)]
        return faults + [f"the model names no query parameter {name}" for name in unknown]

    def wrong_response(self, asked: Asked, answered: Answered) -> list[str]:
        """Say what is wrong with a response."""
        return [_why(fault) for fault in self._openapi.iter_response_errors(asked, answered)]


class Asked:
    """A request, as openapi-core wants to see it."""

    def __init__(self, request: httpx.Request) -> None:
        self.host_url = HOST
        self.method = request.method.lower()
        self.path = request.url.path
        self.body: bytes | None = request.content or None
        self.content_type = request.headers.get("content-type", "").lower()
        query = ImmutableMultiDict(request.url.params.multi_items())
        headers = Headers(list(request.headers.items()))
        self.parameters = RequestParameters(query=query, header=headers)


class Answered:
    """A response, as openapi-core wants to see it."""

    def __init__(self, response: httpx.Response) -> None:
        self.status_code = response.status_code
        self.content_type = response.headers.get("content-type", "").lower()
        self.headers = Headers(list(response.headers.items()))
        self.data: bytes | None = response.content or None


class Contract:
    """Some models, and what was found wrong by them so far."""

    def __init__(self, models: tuple[Model, ...], *, beside: tuple[str, ...] = ()) -> None:
        self._models = models
        self._beside = beside
        self.wrong_requests: list[str] = []
        self.wrong_responses: list[str] = []
        self.checked: Counter[str] = Counter()
        """Requests by "method path-pattern status"."""

    @property
    def violations(self) -> list[str]:
        """Everything that was wrong, on either side."""
        return self.wrong_requests + self.wrong_responses

    def check(self, request: httpx.Request, response: httpx.Response | None) -> list[str]:
        """Check an exchange, or a request that got no answer; say what is new that is wrong."""
        path = request.url.path
        if path.startswith(self._beside):
            return []
        model = next((one for one in self._models if one.find(request.method, path)), None)
        if model is None:
            self.wrong_requests.append(f"{request.method} {path}: no model knows this path")
            return self.wrong_requests[-1:]
        asked = Asked(request)
        named, _ = model.find(request.method, path) or ("", {})
        status = response.status_code if response else "no answer"
        self.checked[f"{request.method} {named} {status}"] += 1
        here = f"{request.method} {request.url.raw_path.decode('ascii')}"
        wrong = [f"{here}: {why}" for why in model.wrong_request(asked)]
        self.wrong_requests += wrong
        if response is None:
            return wrong
        answers = model.wrong_response(asked, Answered(response))
        found = [f"{here} → {status}: {why}" for why in answers]
        self.wrong_responses += found
        return wrong + found


class ContractTransport(httpx.BaseTransport):
    """A transport that checks whatever passes through it."""

    def __init__(self, inner: httpx.BaseTransport, contract: Contract) -> None:
        self._inner = inner
        self._contract = contract

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Pass it on, then check both ways."""
        request.read()
        try:
            response = self._inner.handle_request(request)
            response.read()
        except httpx.TransportError:
            self._contract.check(request, None)
            raise
        self._contract.check(request, response)
        return response

    def close(self) -> None:
        """Close what it wraps."""
        self._inner.close()


class AsyncContractTransport(httpx.AsyncBaseTransport):
    """The same, for clients that wait."""

    def __init__(self, inner: httpx.AsyncBaseTransport, contract: Contract) -> None:
        self._inner = inner
        self._contract = contract

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass it on, then check both ways."""
        await request.aread()
        try:
            response = await self._inner.handle_async_request(request)
            await response.aread()
        except httpx.TransportError:
            self._contract.check(request, None)
            raise
        self._contract.check(request, response)
        return response

    async def aclose(self) -> None:
        """Close what it wraps."""
        await self._inner.aclose()


def contract_of_amazon() -> Contract:
    """Give a new contract with Amazon; skip the test where its models are absent."""
    folder = data.need("specs", "amazon", "oas3_converted")
    models = tuple(_model(folder / f"{name}.oas3.json") for name in AMAZON)
    return Contract(models, beside=("/auth/o2/token", "/simulate/"))


@cache
def _model(path: Path) -> Model:
    return Model(msgspec.json.decode(path.read_bytes()))


def _close(node: object) -> None:
    """Forbid, in every object schema that lists its properties, all others."""
    if isinstance(node, dict):
        if isinstance(node.get("properties"), dict) and "allOf" not in node:
            node.setdefault("additionalProperties", False)
        for value in node.values():
            _close(value)
    elif isinstance(node, list):
        for value in node:
            _close(value)


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{[^/]*\\\}", "[^/]+", re.escape(path)))


def _why(fault: Exception) -> str:
    """Say all of an openapi-core error: the schema errors hide in its cause."""
    cause = fault.__cause__
    inner = getattr(cause, "schema_errors", None) or getattr(fault, "schema_errors", None)
    where = [f"{'/'.join(map(str, one.absolute_path))}: {one.message}" for one in inner or ()]
    return "; ".join([str(fault), *where])
