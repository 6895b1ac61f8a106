"""Who may ask: Login with Amazon, refresh token in, access token out. Pure.

SP-API "Connecting to the Selling Partner API", step 1: `POST /auth/o2/token` with a form of
grant_type=refresh_token, refresh_token, client_id, client_secret. The answer:

    {"access_token":"Atza|…","refresh_token":"Atzr|…","token_type":"bearer","expires_in":3600}

An access token here carries its own end under a seal, so a restart of the simulation does not
log anybody out.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b

import msgspec

from sync.orders.learn import learn
from sync.simulate.amazon import sites
from sync.simulate.amazon.refusal import Refusal, denied
from sync.simulate.chance import dice

TOKEN_SECONDS = 3600
"""How long an access token lives."""


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """What a seller's application holds: the file that `channel add amazon` reads."""

    client_id: str
    client_secret: str
    refresh_token: str
    marketplace_ids: tuple[str, ...]
    seller_id: str
    region: str


class Given(msgspec.Struct, frozen=True):
    """The answer to a good request for a token."""

    access_token: str
    refresh_token: str
    token_type: str
    expires_in: int


@dataclass(frozen=True, slots=True)
class NotGiven:
    """The answer to a bad one: RFC 6749, section 5.2."""

    status: int
    error: str
    error_description: str


def credentials(seed: int) -> Credentials:
    """Make up the seller's credentials; the same seed has the same."""
    throw = dice(seed, "credentials")
    return Credentials(
        client_id=f"amzn1.application-oa2-client.{throw.randbytes(16).hex()}",
        client_secret=f"amzn1.oa2-cs.v1.{throw.randbytes(32).hex()}",
        refresh_token=f"Atzr|{throw.randbytes(48).hex()}",
        marketplace_ids=tuple(site.id for site in sites.SITES),
        seller_id="A"
        + "".join(throw.choice("0123456789ABCDEFGHJKLMNPQRSTUVWXYZ") for _ in range(13)),
        region="eu",
    )


def grant(
    form: Mapping[str, str], owner: Credentials, now: datetime, *, seconds: float, nonce: str
) -> Given | NotGiven:
    """Answer a request for an access token."""
    kind = form.get("grant_type")
    if kind is None:
        return NotGiven(400, "invalid_request", "The request is missing a required parameter")
    if kind != "refresh_token":
        return NotGiven(400, "unsupported_grant_type", "The grant type is not supported")
    known = (owner.client_id, owner.client_secret)
    if (form.get("client_id"), form.get("client_secret")) != known:
        return NotGiven(401, "invalid_client", "Client authentication failed")
    if form.get("refresh_token") != owner.refresh_token:
        return NotGiven(400, "invalid_grant", "The request has an invalid grant parameter")
    return Given(
        _token(owner, now.timestamp() + seconds, nonce),
        owner.refresh_token,
        "bearer",
        max(1, int(seconds)),
    )


def refuse(token: str | None, owner: Credentials, now: datetime) -> Refusal | None:
    """Say why an access token opens nothing; None when it does."""
    if not token:
        return denied("Access token is missing in the request header.")
    end = _end(token, owner)
    if end is None:
        return denied("The access token you provided is revoked, malformed or invalid.")
    if now >= end:
        return denied("The access token you provided has expired.")
    return None


def _token(owner: Credentials, end: float, nonce: str) -> str:
    body = msgspec.json.encode((end, nonce))
    return "Atza|" + base64.urlsafe_b64encode(_sealed(body, owner) + body).decode("ascii")


def _end(token: str, owner: Credentials) -> datetime | None:
    try:
        raw = base64.urlsafe_b64decode(token.removeprefix("Atza|").encode("ascii"))
        body = raw[_SEAL_BYTES:]
        if raw[:_SEAL_BYTES] != _sealed(body, owner):
            return None
        end, _ = msgspec.json.decode(body, type=tuple[float, str])
        return datetime.fromtimestamp(end, UTC)
    except (binascii.Error, UnicodeError, msgspec.DecodeError):
        return None


_SEAL_BYTES = 32


def _sealed(body: bytes, owner: Credentials) -> bytes:
    key = owner.client_secret.encode("ascii")[-32:]
    return blake2b(body, key=key, digest_size=_SEAL_BYTES).digest()


learn(Credentials, Given)
