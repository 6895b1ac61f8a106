"""How the hub describes itself: an OpenAPI 3.1 document, written from the types of the wire."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from sync.protocol import VERSION
from sync.protocol.messages import Acked, Batch, Enrol, Enrolled, Gap, Heartbeat, Page, Reset

Json = dict[str, Any]  # an OpenAPI document; its shape is OpenAPI's

_TYPES = (Page, Reset, Batch, Acked, Gap, Heartbeat, Enrol, Enrolled)


class Refusal(msgspec.Struct):
    """Why not, in a sentence."""

    error: str


class Noted(msgspec.Struct):
    """It was noted; and what time it is at the hub."""

    server_time: str


@cache
def document() -> Json:
    """Give the document."""
    _, components = msgspec.json.schema_components(
        (*_TYPES, Refusal, Noted), ref_template="#/components/schemas/{name}"
    )
    written = {
        "openapi": "3.1.0",
        "info": {
            "title": "Packbench hub",
            "version": str(VERSION),
            "description": "Orders down, what happened to them up: two one-way logs.",
        },
        "paths": _paths(),
        "components": {
            "schemas": components,
            "securitySchemes": {
                "bench": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "Bench <token>, as enrolment gave it",
                }
            },
        },
    }
    # Defaults are still values of Python: a tuple is a list only once it was JSON.
    plain: Json = msgspec.json.decode(msgspec.json.encode(written))
    return plain


def _paths() -> Json:
    cursor = {"type": "string", "pattern": r"^\d+\.\d+$", "default": "0.0"}
    text = {"text/plain": {"schema": {"type": "string"}}}
    plain = {"200": {"description": "As text.", "content": text}}
    asked = [
        _query("after", cursor, "the cursor that was read to"),
        _query("wait", {"type": "number", "maximum": 30}, "seconds to wait for a change"),
        _query("limit", {"type": "integer", "maximum": 1000}, "rows at most"),
    ]
    hash = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
    bytes_ = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    blob = _operation("getBlob", "The bytes of a label, by their SHA-256.", {404: "Refusal"})
    blob["parameters"] = [{"name": "sha256", "in": "path", "required": True, "schema": hash}]
    blob["responses"]["200"] = {"description": "The bytes.", "content": bytes_}
    feed = _operation("getFeed", "A page of the bench's feed.", {200: "Page", 409: "Reset"})
    feed["parameters"] = asked
    return {
        "/v1/feed": {"get": feed},
        "/v1/entries": {
            "post": _operation(
                "postEntries",
                "What a bench reports, in order. Each entry is stored with a verdict.",
                {200: "Acked", 409: "Gap", 413: "Refusal"},
                body="Batch",
            )
        },
        "/v1/blobs/{sha256}": {"get": blob},
        "/v1/heartbeat": {
            "post": _operation("postHeartbeat", "How a bench is.", {200: "Noted"}, body="Heartbeat")
        },
        "/v1/enrol": {
            "post": {
                **_operation(
                    "postEnrol",
                    "A one-time code for a bench's token.",
                    {201: "Enrolled", 403: "Refusal"},
                    body="Enrol",
                ),
                "security": [],
            }
        },
        **{
            path: {"get": {"operationId": name, "security": [], "responses": plain}}
            for path, name in (
                ("/healthz", "healthz"),
                ("/readyz", "readyz"),
                ("/metrics", "metrics"),
            )
        },
    }


def _operation(name: str, summary: str, answers: dict[int, str], *, body: str = "") -> Json:
    known = {**answers, 400: "Refusal", 401: "Refusal", 503: "Refusal"}
    operation: Json = {
        "operationId": name,
        "summary": summary,
        "security": [{"bench": []}],
        "responses": {
            str(status): {"description": kind, "content": _content(kind)}
            for status, kind in sorted(known.items())
        },
    }
    if body:
        operation["requestBody"] = {"required": True, "content": _content(body)}
    return operation


def _query(name: str, schema: Json, description: str) -> Json:
    return {"name": name, "in": "query", "schema": schema, "description": description}


def _content(kind: str) -> Json:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{kind}"}}}
