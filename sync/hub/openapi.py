"""How does the hub describe itself? An OpenAPI 3.1 document, written from the types of the wire."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from sync.hub.joint import Sent
from sync.hub.refused import STATUS
from sync.protocol import OLDEST_FED, VERSION, VERSION_HEADER
from sync.protocol.messages import (
    Acked,
    Batch,
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

Json = dict[str, Any]  # an OpenAPI document; its shape is OpenAPI's

_TYPES = (
    *(Page, Reset, Batch, Acked, Gap, Heartbeat, Beaten, Enrol, Enrolled, Rejoin, Me, Refusal),
)
_ANYWHERE = (Kind.UNREADABLE, Kind.NOT_THERE, Kind.NOT_ALLOWED, Kind.TOO_LARGE, Kind.BUSY)
_SIGNED = (Kind.UNKNOWN_BENCH, Kind.BAD_SIGNATURE, Kind.CLOCK, Kind.TOO_MANY)
_WHY: dict[Kind, str] = {
    Kind.UNREADABLE: "the request is not what the protocol says",
    Kind.UNKNOWN_BENCH: "no such bench, or its incarnation is over, or it was shut out",
    Kind.BAD_SIGNATURE: "signed with another key, or changed on its way",
    Kind.CLOCK: "the request's moment is too far from the hub's",
    Kind.NOT_YOURS: "for another bench, or with a code that is no good",
    Kind.NOT_THERE: "there is no such thing here",
    Kind.NOT_ALLOWED: "asked in another way than it is answered",
    Kind.TOO_LARGE: "too much at once",
    Kind.OUTDATED: "this hub does not feed that version any more; it still takes entries",
    Kind.TOO_MANY: "more often than its share; Retry-After says when again",
    Kind.BUSY: "the hub or its database; Retry-After says when again",
}
_RETRY = (Kind.TOO_MANY, Kind.BUSY)


@cache
def document() -> Json:
    """Give the document."""
    _, components = msgspec.json.schema_components(
        _TYPES, ref_template="#/components/schemas/{name}"
    )
    _as_taken_in(components)
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
                    "description": "Packbench bench=…,inc=…,ts=…,nonce=…,sig=…: Ed25519, in hex,"
                    " over method, target, SHA-256 of the body, bench, incarnation, moment, nonce",
                }
            },
        },
    }
    # Defaults are still values of Python: a tuple is a list only once it was JSON.
    plain: Json = msgspec.json.decode(msgspec.json.encode(written))
    return plain


def _as_taken_in(components: Json) -> None:
    """Describe entries as the hub reads them: what it cannot read it stores with a verdict."""
    read = {field.name for field in msgspec.structs.fields(Sent)}
    assert read == set(components["Batch"]["properties"])
    components["Numbered"]["properties"]["entry"] = {
        "description": "An Entry; whatever else it is, it is stored, with the verdict `invalid`.",
        "anyOf": [{"$ref": "#/components/schemas/Entry"}, {}],
    }


def _paths() -> Json:
    return {
        "/v1/feed": {"get": _feed()},
        "/v1/entries": {
            "post": _operation(
                "postEntries",
                "What a bench reports, in order. Each entry is stored with a verdict.",
                {200: "Acked", 409: "Gap"},
                *(*_SIGNED, Kind.NOT_YOURS),
                body="Batch",
            )
        },
        "/v1/blobs/{sha256}": {"get": _blob()},
        "/v1/heartbeat": {
            "post": _operation(
                "postHeartbeat",
                "How a bench is.",
                {200: "Beaten"},
                *(*_SIGNED, Kind.NOT_YOURS),
                body="Heartbeat",
            )
        },
        "/v1/me": {
            "get": _operation("getMe", "What the hub knows of a bench.", {200: "Me"}, *_SIGNED)
        },
        "/v1/rejoin": {
            "post": _operation(
                "postRejoin",
                "A new incarnation for a key that is known.",
                {201: "Enrolled"},
                *_SIGNED,
                body="Rejoin",
            )
        },
        "/v1/enrol": {
            "post": _open(
                _operation(
                    "postEnrol",
                    "A one-time code and a public key for a place at the hub.",
                    {201: "Enrolled"},
                    *(Kind.NOT_YOURS, Kind.TOO_MANY),
                    body="Enrol",
                )
            )
        },
        "/v1/ca": {"get": _plain("getCa", "The hub's CA, if it has one of its own making.", _PEM)},
        "/healthz": {"get": _plain("healthz", "Whether the process answers.", "text/plain")},
        "/readyz": {"get": _readyz()},
        "/metrics": {"get": _plain("metrics", "The figures, for Prometheus.", "text/plain")},
    }


_PEM = "application/pem-certificate-chain"


def _feed() -> Json:
    cursor = {"type": "string", "pattern": r"^[0-9]{1,18}\.[0-9]{1,18}$", "default": "0.0"}
    wait = {"type": "number", "minimum": 0, "maximum": 30, "default": 0}
    limit = {"type": "integer", "minimum": 1, "maximum": 1000, "default": 500}
    feed = _operation(
        "getFeed",
        "A page of the bench's feed.",
        {200: "Page", 409: "Reset"},
        *(*_SIGNED, Kind.OUTDATED),
    )
    feed["parameters"] = [
        _query("after", cursor, "the cursor that was read to"),
        _query("wait", wait, "seconds to wait for a change"),
        _query("limit", limit, "rows at most"),
        {
            "name": VERSION_HEADER,
            "in": "header",
            "required": True,
            "schema": {"type": "integer", "minimum": OLDEST_FED, "maximum": 999_999_999},
            "description": "which version of this protocol the bench speaks",
        },
    ]
    return feed


def _blob() -> Json:
    blob = _operation("getBlob", "The bytes of a label, by their SHA-256.", {}, *_SIGNED)
    hash = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
    blob["parameters"] = [{"name": "sha256", "in": "path", "required": True, "schema": hash}]
    kind = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    blob["responses"]["200"] = {"description": "The bytes.", "content": kind}
    return blob


def _readyz() -> Json:
    ready = _plain("readyz", "Whether the process can work.", "text/plain")
    text = {"schema": {"type": "string"}}
    ready["responses"]["503"]["content"]["text/plain"] = text
    return ready


def _plain(name: str, summary: str, kind: str) -> Json:
    operation = _open(_operation(name, summary, {}))
    content = {kind: {"schema": {"type": "string"}}}
    operation["responses"]["200"] = {"description": "As it is.", "content": content}
    return operation


def _open(operation: Json) -> Json:
    return {**operation, "security": []}


def _operation(
    name: str, summary: str, answers: dict[int, str], *kinds: Kind, body: str = ""
) -> Json:
    responses = {
        str(status): {"description": kind, "content": _content(kind)}
        for status, kind in answers.items()
    }
    for kind in (*_ANYWHERE, *kinds):
        _refused(responses, kind)
    operation: Json = {
        "operationId": name,
        "summary": summary,
        "security": [{"bench": []}],
        "responses": dict(sorted(responses.items())),
    }
    if body:
        operation["requestBody"] = {"required": True, "content": _content(body)}
    return operation


def _refused(responses: Json, kind: Kind) -> None:
    status = str(STATUS[kind])
    said = f"{kind.value}: {_WHY[kind]}"
    if status in responses:
        responses[status]["description"] += f"; {said}"
        return
    responses[status] = {"description": said, "content": _content("Refusal")}
    if kind in _RETRY:
        seconds = {"schema": {"type": "integer", "minimum": 1}, "description": "seconds"}
        responses[status]["headers"] = {"Retry-After": seconds}
    if kind is Kind.NOT_ALLOWED:
        methods = {"schema": {"type": "string"}, "description": "how it is asked"}
        responses[status]["headers"] = {"Allow": methods}


def _query(name: str, schema: Json, description: str) -> Json:
    return {"name": name, "in": "query", "schema": schema, "description": description}


def _content(kind: str) -> Json:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{kind}"}}}
