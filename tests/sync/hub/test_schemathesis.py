"""The whole API, asked what its description does not say: every refusal typed, nothing breaks."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import msgspec
import pytest
import schemathesis
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode, Response
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    content_type_conformance,
    negative_data_rejection,
    positive_data_acceptance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sync.client.signer import Signer, authorization
from sync.hub import benches, openapi
from sync.hub.answers import Hub
from sync.hub.app import app
from sync.hub.refused import STATUS
from sync.protocol.messages import Enrol, Refusal
from tests.builders import an_order
from tests.sync.hub.world import opened

pytestmark = pytest.mark.slow

EXAMPLES = 10
"""Of each operation and each way of asking."""
OPERATIONS = [
    (path, method.upper(), operation)
    for path, methods in openapi.document()["paths"].items()
    for method, operation in methods.items()
]
ALL = [one[:2] for one in OPERATIONS]
TAKING = [one[:2] for one in OPERATIONS if {"parameters", "requestBody"} & one[2].keys()]
"""Those that can be asked with something wrong in it."""
UNSIGNED = copy.deepcopy(openapi.document())
"""What `Asking` signs, a client need not."""
for path, method, _ in OPERATIONS:
    del UNSIGNED["paths"][path][method.lower()]["security"]
del UNSIGNED["components"]["securitySchemes"]
DIALECT = ("Invalid RFC3339", "got `float`")
"""Where JSON Schema is wider than we are: leap seconds, and 1.0 for an integer."""
UNHURRIED = settings(
    max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
CHECKS: list[Any] = [  # schemathesis has no name for what they are
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    allow_header_conformance,
    unsupported_method,
]


class Asking:
    """Stands before the hub and signs what goes by, as the bench or as somebody else."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.service: ASGIApp = app(hub)
        self.signer = Signer(Ed25519PrivateKey.generate())
        self.incarnation = 0
        self.header: str | None = None
        """Sent instead of a signature; None: it is signed well."""
        self.join()

    def join(self) -> None:
        """Be the bench again: somebody who asks at random may rejoin."""
        now = time.time()
        with self.hub.store.write() as connection:
            code = benches.new_code(connection, "b1", now)
            said = Enrol(code=code, public_key=self.signer.public_key)
            enrolled = benches.enrol(connection, said, now)
        assert enrolled is not None
        self.incarnation = enrolled.incarnation

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.service(scope, receive, send)
            return
        if scope["path"] == "/openapi.json":
            await JSONResponse(UNSIGNED)(scope, receive, send)
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        self.hub.quotas._guesses.clear()
        self.hub.quotas._benches.clear()
        known = {b"authorization"}
        headers = [(n, v) for n, v in scope["headers"] if n.lower() not in known]
        said = self._signed(scope, body) if self.header is None else self.header
        headers.append((b"authorization", said.encode("latin-1")))

        async def whole() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        await self.service({**scope, "headers": headers}, whole, send)

    def _signed(self, scope: Scope, body: bytes) -> str:
        raw, query = scope.get("raw_path") or scope["path"].encode(), scope["query_string"]
        target = raw.decode("latin-1") + (f"?{query.decode('latin-1')}" if query else "")
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        with self.hub.store.read() as connection:
            (row,) = benches.listed(connection)
        return authorization(
            *(self.signer, "b1", row.incarnation, time.time(), uuid4().hex),
            *(method, target, body),
        )


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    store, safe, book = opened(tmp_path_factory.mktemp("hub"))
    with store.write() as connection:
        book.add(connection, an_order(), [], time.time())
    yield Asking(Hub(store, book, safe))
    store.close()


def cases(asking: Asking, path: str, method: str, mode: GenerationMode) -> st.SearchStrategy[Any]:
    schema = schemathesis.openapi.from_asgi("/openapi.json", asking)
    found: st.SearchStrategy[Any] = schema[path][method].as_strategy(generation_mode=mode)
    return found


def answered(case: Case[Any], checks: list[Any]) -> Response:
    """Ask; give the answer, which keeps every promise of the description."""
    if path_waits(case):
        case.query = {**case.query, "wait": "0"}
    response = case.call()
    case.validate_response(response, checks=checks)
    if response.status_code >= 400 and response.status_code != 409:
        said = msgspec.json.decode(response.content, type=Refusal)
        assert STATUS[said.kind] == response.status_code
        assert said.error
    return response


def path_waits(case: Case[Any]) -> bool:
    """A feed with nothing new would be waited for."""
    return case.operation.path == "/v1/feed" and "wait" in (case.query or {})


@pytest.mark.parametrize(("path", "method"), ALL)
def test_what_a_bench_may_ask_is_answered_as_described(
    asking: Asking, path: str, method: str
) -> None:
    asking.header = None

    @UNHURRIED
    @given(case=cases(asking, path, method, GenerationMode.POSITIVE))
    def ask(case: Case[Any]) -> None:
        response = answered(case, CHECKS)
        if not (response.status_code == 400 and any(one in response.text for one in DIALECT)):
            case.validate_response(response, checks=[positive_data_acceptance])

    ask()


@pytest.mark.parametrize(("path", "method"), TAKING)
def test_what_a_bench_may_not_ask_is_refused_as_described(
    asking: Asking, path: str, method: str
) -> None:
    asking.header = None

    @UNHURRIED
    @given(case=cases(asking, path, method, GenerationMode.NEGATIVE))
    def ask(case: Case[Any]) -> None:
        response = answered(case, CHECKS)
        # A newer bench may ask with a parameter that we do not know: it is let be. And schemathesis
        # does not take a 426 for a refusal.
        unknown = (case.query or {}).keys() - {"after", "wait", "limit"}
        if response.status_code != 426 and not (response.status_code < 400 and unknown):
            case.validate_response(response, checks=[negative_data_rejection])

    ask()


GARBAGE = st.one_of(
    st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"]), max_size=200),
    st.builds(
        "Packbench bench={},inc={},ts={},nonce={},sig={}".format,
        st.sampled_from(["b1", "b2", "%00", "%ff", "", "b1%0a"]),
        st.one_of(st.integers().map(str), st.sampled_from(["", "x", "9" * 800])),
        st.one_of(st.floats().map(str), st.sampled_from(["", "x", "1e400"])),
        st.text("0123456789abcdef", max_size=20),
        st.one_of(st.binary(max_size=80).map(bytes.hex), st.sampled_from(["", "zz", "0"])),
    ),
)


@pytest.mark.parametrize(("path", "method"), ALL)
def test_who_is_not_the_bench_is_refused_whatever_he_asks(
    asking: Asking, path: str, method: str
) -> None:
    signed = openapi.document()["paths"][path][method.lower()]["security"]

    @UNHURRIED
    @given(case=cases(asking, path, method, GenerationMode.POSITIVE), said=GARBAGE)
    def ask(case: Case[Any], said: str) -> None:
        asking.header = said
        response = answered(case, CHECKS)
        if signed:
            assert response.status_code in (401, 404, 413)

    ask()
