"""What is asked of Simpost, and what becomes of its answers."""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode

import pytest

from sync.carriers import CARRIERS, simpost
from sync.orders import Label, Money
from sync.ports import Accepted, Bought, Declined, Purchase, Rejected, Unsure, Voided, Wanted
from sync.talk import Lost, Response
from tests.builders import ADA
from tests.sync.markets.test_amazon_talks import hold

ZPL = b"^XA^XZ"
WANTED = Wanted(key="k1", parcel="uk:1#1/1", order="1", to=ADA, grams=410, service="next_day")


def sold(**more: object) -> dict[str, object]:
    """A label as Simpost writes it."""
    return {
        "label_id": "L00000001",
        "key": "k1",
        "tracking": "EE000000015GB",
        "carrier": "simpost",
        "service": "express",
        "lane": "X1",
        "grams": 410,
        "tolerance_grams": 25,
        "cost": {"minor": 795, "currency": "GBP"},
        "format": "zpl",
        "data_b64": b64encode(ZPL).decode(),
        **more,
    }


def said(status: int, body: object) -> Response:
    return Response(status, json.dumps(body).encode())


def refused(status: int, sentence: str) -> Response:
    return said(status, {"error": {"code": "no", "message": sentence}})


def test_a_label_is_bought_under_its_key() -> None:
    bought, (asked,) = hold(simpost.buy(WANTED), [said(201, sold())])
    assert asked.headers["idempotency-key"] == "k1"
    assert json.loads(asked.body)["service"] == "express"
    assert json.loads(asked.body)["reference"] == "uk:1#1/1"
    assert bought == Bought(
        Label(
            carrier="Simpost",
            service="express",
            tracking="EE000000015GB",
            sha256=hashlib.sha256(ZPL).hexdigest(),
            carrier_id="L00000001",
            grams=410,
            tolerance_grams=25,
            address=ADA.digest,
            lane="X1",
            cost=Money(795, "GBP"),
        ),
        ZPL,
    )


@pytest.mark.parametrize(
    ("answer", "came"),
    [
        (said(200, sold()), Bought),
        (refused(422, "The address lacks a postcode."), Declined),
        (refused(409, "This key bought another label."), Declined),
        (refused(401, "Who are you?"), Unsure),
        (refused(429, "Later."), Unsure),
        (Response(500), Unsure),
        (Response(201, b"<html>"), Unsure),
        (said(201, sold(data_b64="no base64!")), Unsure),
        (Lost("gone"), Unsure),
    ],
)
def test_every_answer_to_a_purchase_has_a_meaning(
    answer: Response | Lost, came: type[Purchase]
) -> None:
    assert isinstance(hold(simpost.buy(WANTED), [answer])[0], came)


@pytest.mark.parametrize(
    ("answer", "came"),
    [
        (said(200, {"labels": [sold()]}), Bought),
        (said(200, {"labels": []}), Declined),
        (Response(200, b"{}"), Unsure),
        (Response(500), Unsure),
        (Lost("gone"), Unsure),
    ],
)
def test_every_answer_to_a_look_up_has_a_meaning(
    answer: Response | Lost, came: type[Purchase]
) -> None:
    found, (asked,) = hold(simpost.look_up("k1"), [answer])
    assert asked.query == {"key": "k1"}
    assert isinstance(found, came)


@pytest.mark.parametrize(
    ("answer", "came"),
    [
        (said(200, sold(state="voided")), Accepted),
        (refused(409, "It was handed over."), Rejected),
        (refused(404, "There is no such label."), Rejected),
        (Response(503), Unsure),
        (Lost("gone"), Unsure),
    ],
)
def test_every_answer_to_a_void_has_a_meaning(answer: Response | Lost, came: type[Voided]) -> None:
    label = Label(
        carrier="Simpost", service="standard", tracking="CP1", sha256="", carrier_id="L00000001"
    )
    voided, (asked,) = hold(simpost.void(label), [answer])
    assert asked.path == "/labels/L00000001/void"
    assert isinstance(voided, came)


def test_what_is_declined_says_why_in_the_carriers_words() -> None:
    declined, _ = hold(simpost.buy(WANTED), [refused(422, "The address lacks a postcode.")])
    assert declined == Declined("The address lacks a postcode.")


@pytest.mark.parametrize("name", CARRIERS)
def test_every_carrier_has_its_limits_and_its_host(name: str) -> None:
    assert CARRIERS[name].RATES
    assert CARRIERS[name].HOST
