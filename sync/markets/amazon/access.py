"""How one gets into the Selling Partner API: hosts, Login with Amazon, the token's header.

"Connecting to the Selling Partner API": POST https://api.amazon.com/auth/o2/token with a form of
grant_type, refresh_token, client_id and client_secret; the access token is good for an hour and
goes into the header x-amz-access-token. Nothing is signed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlencode

import msgspec

from sync.orders.learn import learn
from sync.ports import Granted
from sync.talk import Failed, Request, Response

HOSTS: Mapping[str, str] = {
    "": "https://sellingpartnerapi-na.amazon.com",
    "na": "https://sellingpartnerapi-na.amazon.com",
    "eu": "https://sellingpartnerapi-eu.amazon.com",
    "fe": "https://sellingpartnerapi-fe.amazon.com",
}
TOKEN_URL = "https://api.amazon.com/auth/o2/token"  # noqa: S105 -- an address, no secret
KEYS = frozenset({"client_id", "client_secret", "refresh_token", "marketplace_ids"})
AGENT = "Packbench/0.1 (Language=Python)"
"""Amazon asks every client to name itself."""


class _Token(msgspec.Struct, frozen=True):
    access_token: str
    expires_in: float = 3600.0
    refresh_token: str = ""


class _Refused(msgspec.Struct, frozen=True):
    error: str = ""
    error_description: str = ""


def sites(credentials: Mapping[str, object]) -> tuple[str, ...]:
    """Name the marketplace ids that the account sells on."""
    named = credentials.get("marketplace_ids")
    return tuple(str(site) for site in named) if isinstance(named, list) else ()


def renewal(credentials: Mapping[str, object]) -> Request:
    """Ask for an access token; the path is relative to the token address."""
    form = {
        "grant_type": "refresh_token",
        "refresh_token": str(credentials["refresh_token"]),
        "client_id": str(credentials["client_id"]),
        "client_secret": str(credentials["client_secret"]),
    }
    return Request(
        "POST",
        "",
        "token",
        body=urlencode(form).encode("ascii"),
        headers={"content-type": "application/x-www-form-urlencoded;charset=UTF-8"},
    )


def granted(answer: Response) -> Granted:
    """Read the access token. Raises Failed."""
    if answer.status == 200:
        try:
            token = msgspec.json.decode(answer.body, type=_Token)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise Failed("Login with Amazon gave no access token", again=True) from None
        return Granted(token.access_token, token.expires_in, token.refresh_token)
    try:
        said = msgspec.json.decode(answer.body, type=_Refused)
    except (msgspec.DecodeError, UnicodeDecodeError):
        said = _Refused()
    why = " ".join(text for text in (said.error, said.error_description) if text)
    raise Failed(
        f"Login with Amazon refuses these credentials ({answer.status} {why}): "
        "check client_id, client_secret and refresh_token",
        again=answer.status >= 500,
    )


def dressed(request: Request, token: str) -> Request:
    """Put the token on a request."""
    headers = {**request.headers, "x-amz-access-token": token, "user-agent": AGENT}
    return replace(request, headers=headers)


learn(_Token, _Refused)
