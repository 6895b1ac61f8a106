"""Simpost, the simulated carrier: buys labels, finds out about them, gives them back.

Its description is its own /openapi.json. `POST /labels` with an Idempotency-Key sells: the same
key with the same body is the same label (201, then 200); with another body it is refused (409).
`GET /labels?key=` finds what a key bought, `POST /labels/{label_id}/void` gives it back, which
is as good twice as once.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode
from collections.abc import Mapping
from urllib.parse import quote

import msgspec

from sync.orders import Label, Money
from sync.orders.learn import learn
from sync.ports import Accepted, Bought, Declined, Purchase, Rate, Rejected, Unsure, Voided, Wanted
from sync.talk import Lost, Request, Response, Talk

RATES: Mapping[str, Rate] = {
    "buy": Rate(100, 20.0),
    "find": Rate(100, 20.0),
    "void": Rate(100, 20.0),
}
HOST = "http://127.0.0.1:9300"
"""Simulated, so it has no address of its own; `carrier add --base-url` says where it runs."""

SERVICES: Mapping[str, str] = {
    "expedited": "express",
    "express": "express",
    "next_day": "express",
    "priority": "express",
    "same_day": "express",
    "second_day": "express",
}
"""What was promised to the buyer, and which service keeps it; all else goes standard."""


class _Label(msgspec.Struct, frozen=True, kw_only=True):
    label_id: str
    tracking: str
    service: str
    carrier: str = "simpost"
    lane: str = ""
    state: str = "sold"
    grams: int = 0
    tolerance_grams: int = 0
    cost: Money | None = None
    format: str = "zpl"
    data_b64: str = ""


class _Labels(msgspec.Struct, frozen=True):
    labels: tuple[_Label, ...]


class _Said(msgspec.Struct, frozen=True):
    code: str = ""
    message: str = ""


class _Refusal(msgspec.Struct, frozen=True):
    error: _Said = _Said()


def buy(wanted: Wanted) -> Talk[Purchase]:
    """Buy one label. Safe to say twice with the same key."""
    body = {
        "service": SERVICES.get(wanted.service, "standard"),
        "to": msgspec.to_builtins(wanted.to),
        "grams": wanted.grams,
        "reference": wanted.parcel,
        "order": wanted.order,
        "format": wanted.format,
    }
    answer = yield Request(
        "POST",
        "/labels",
        "buy",
        body=msgspec.json.encode(body),
        headers={"content-type": "application/json", "idempotency-key": wanted.key},
    )
    return _purchase(answer, wanted.to.digest)


def look_up(key: str) -> Talk[Purchase]:
    """Find out what came of an earlier purchase: Declined means that none took place."""
    answer = yield Request("GET", "/labels", "find", {"key": key})
    if not isinstance(answer, Response) or answer.status != 200:
        return Unsure(_why(answer))
    try:
        found = msgspec.json.decode(answer.body, type=_Labels).labels
    except msgspec.DecodeError as wrong:
        return Unsure(f"Simpost's answer cannot be read: {wrong}")
    if not found:
        return Declined("no label was bought under this key")
    return _bought(found[0], "")


def void(label: Label) -> Talk[Voided]:
    """Give a label back. Safe to say twice."""
    path = f"/labels/{quote(label.carrier_id, safe='')}/void"
    answer = yield Request("POST", path, "void")
    if isinstance(answer, Response):
        if answer.status == 200:
            return Accepted()
        if answer.status in (404, 409, 422):
            return Rejected(_why(answer))
    return Unsure(_why(answer))


def _purchase(answer: Response | Lost, address: str) -> Purchase:
    if isinstance(answer, Response):
        if answer.status in (200, 201):
            try:
                return _bought(msgspec.json.decode(answer.body, type=_Label), address)
            except (msgspec.DecodeError, ValueError) as wrong:
                return Unsure(f"Simpost's answer cannot be read: {wrong}")
        if 400 <= answer.status < 500 and answer.status not in (401, 403, 408, 429):
            return Declined(_why(answer))
    return Unsure(_why(answer))


def _bought(said: _Label, address: str) -> Bought:
    data = b64decode(said.data_b64, validate=True)
    label = Label(
        carrier="Simpost",
        service=said.service,
        tracking=said.tracking,
        sha256=hashlib.sha256(data).hexdigest(),
        carrier_id=said.label_id,
        format=said.format,
        grams=said.grams,
        tolerance_grams=said.tolerance_grams,
        address=address,
        lane=said.lane,
        cost=said.cost,
    )
    return Bought(label, data, given_back=said.state == "voided")


def _why(answer: Response | Lost) -> str:
    if isinstance(answer, Lost):
        return answer.why
    try:
        said = msgspec.json.decode(answer.body, type=_Refusal).error.message
    except (msgspec.DecodeError, UnicodeDecodeError):
        said = ""
    return said or f"Simpost answered {answer.status}"


learn(_Labels, _Refusal)
