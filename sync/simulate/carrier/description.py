"""How Simpost describes itself: an OpenAPI 3.1 document, written from the types it reads."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any, Literal

import msgspec

from sync.orders.learn import learn
from sync.orders.money import Money
from sync.simulate.carrier.book import Wanted
from sync.simulate.carrier.tariff import Service


class Label(msgspec.Struct, kw_only=True):
    """A label that was sold."""

    label_id: str
    key: str
    reference: str
    state: Literal["sold", "voided", "handed_over"]
    carrier: str
    service: str
    tracking: str
    lane: str
    grams: int
    tolerance_grams: int
    cost: Money
    bought_at: datetime
    format: Literal["zpl", "pdf"]
    data_b64: str
    sha256: str


class Labels(msgspec.Struct):
    """Labels that were found."""

    labels: list[Label]


class Services(msgspec.Struct):
    """What is offered."""

    services: list[Service]


class HandOver(msgspec.Struct):
    """Label ids of the parcels that are taken along."""

    labels: list[str]


class Manifest(msgspec.Struct):
    """What was taken along."""

    manifest_id: str
    labels: list[str]


class Fault(msgspec.Struct):
    """Why not: a code for programs, a sentence for people."""

    code: str
    message: str


class Refusal(msgspec.Struct):
    """The body of every answer that is not a success."""

    error: Fault


_TYPES = (Wanted, Label, Labels, Services, HandOver, Manifest, Refusal)


@cache
def openapi() -> dict[str, Any]:
    """Give the document."""
    _, components = msgspec.json.schema_components(
        _TYPES, ref_template="#/components/schemas/{name}"
    )
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Simpost, a simulated carrier", "version": "1"},
        "paths": {
            "/services": {"get": _operation("services", {200: "Services"})},
            "/labels": {
                "post": _operation(
                    "buy",
                    {201: "Label", 200: "Label", 409: "Refusal", 422: "Refusal"},
                    body="Wanted",
                    parameters=[_parameter("Idempotency-Key", "header", required=True)],
                ),
                "get": _operation(
                    "find",
                    {200: "Labels"},
                    parameters=[_parameter("reference", "query"), _parameter("key", "query")],
                ),
            },
            "/labels/{label}": {
                "get": _operation("get", {200: "Label", 404: "Refusal"}, parameters=[_LABEL])
            },
            "/labels/{label}/void": {
                "post": _operation(
                    "void",
                    {200: "Label", 404: "Refusal", 409: "Refusal"},
                    parameters=[_LABEL],
                )
            },
            "/manifests": {
                "post": _operation(
                    "handOver",
                    {201: "Manifest", 404: "Refusal", 409: "Refusal"},
                    body="HandOver",
                )
            },
        },
        "components": {"schemas": components},
    }
    # Defaults are still values of Python: a tuple is a list only once it was JSON.
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(document))
    return plain


def _operation(
    name: str,
    answers: dict[int, str],
    *,
    body: str = "",
    parameters: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    known = {**answers, 400: "Refusal", 429: "Refusal", 500: "Refusal"}
    operation: dict[str, Any] = {
        "operationId": name,
        "parameters": parameters or [],
        "responses": {
            str(status): {"description": type, "content": _content(type)}
            for status, type in sorted(known.items())
        },
    }
    if body:
        operation["requestBody"] = {"required": True, "content": _content(body)}
    return operation


def _content(type: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{type}"}}}


def _parameter(name: str, where: str, *, required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": where, "required": required, "schema": {"type": "string"}}


_LABEL = _parameter("label", "path", required=True)


learn(Label, Labels, Services, HandOver, Manifest, Fault, Refusal)
