"""A client's end of a signed request, for tests that ask the hub over HTTP."""

from __future__ import annotations

import time
from collections.abc import Generator
from uuid import uuid4

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.client.signer import Signer, authorization
from sync.protocol import VERSION, VERSION_HEADER


class Signed(httpx.Auth):
    """Signs each request as a bench."""

    requires_request_body = True

    def __init__(self, bench: str = "b1", signer: Signer | None = None) -> None:
        self.bench = bench
        self.incarnation = 1
        self.signer = signer or Signer(Ed25519PrivateKey.generate())

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add what the hub wants to see."""
        target = request.url.raw_path.decode("ascii")
        request.headers[VERSION_HEADER] = str(VERSION)
        request.headers["Authorization"] = authorization(
            *(self.signer, self.bench, self.incarnation, time.time(), uuid4().hex),
            *(request.method, target, request.content),
        )
        yield request
