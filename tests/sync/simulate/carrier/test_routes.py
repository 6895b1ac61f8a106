"""The simulated carrier as a client meets it, every exchange held against its own description."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from drivers.label_printers import readback
from sync.simulate import panel
from sync.simulate.carrier import description, tracking
from sync.simulate.carrier.book import Book
from sync.simulate.carrier.routes import Simpost
from sync.simulate.chance import dice
from sync.simulate.faults import Fault, Faults
from sync.simulate.keep import Shelf
from sync.simulate.people import someone
from tests.contract import Contract, ContractTransport, Model
from tests.sync.simulate.shop import BOARD, Clock, address

TO: dict[str, Any] = {
    "name": "Zoë Krämer",
    "lines": ["Lindenallee 3"],
    "city": "Köln",
    "postcode": "50667",
    "country": "DE",
}


@cache
def _model() -> Model:
    return Model(description.openapi())


@contextmanager
def posting(
    faults: Sequence[Fault] = (), file: Path | None = None
) -> Iterator[tuple[httpx.Client, Contract]]:
    with closing(Shelf(file)) as shelf:
        book = Book(shelf, seed=1)
        clock = Clock()
        simpost = Simpost(book, clock, Faults(dice(1), faults), slow_seconds=0.01)
        BOARD.app = panel.app([simpost])
        contract = Contract((_model(),), beside=("/simulate/",))
        wire = ContractTransport(httpx.HTTPTransport(verify=False), contract)
        with httpx.Client(base_url=address(), transport=wire, timeout=60) as client:
            yield client, contract
        assert not contract.wrong_responses


def buy(client: httpx.Client, key: str = "k1", **change: object) -> httpx.Response:
    body = {"service": "standard", "to": TO, "grams": 850, "reference": "202-1#1/1", **change}
    return client.post("/labels", json=body, headers={"Idempotency-Key": key})


def totals(client: httpx.Client) -> dict[str, int]:
    said: dict[str, int] = client.get("/simulate/books").json()["carrier"]["totals"]
    return said


def test_a_label_is_sold_with_a_price_a_number_and_its_bytes() -> None:
    with posting() as (client, contract):
        answer = buy(client)
        label = answer.json()
        assert answer.status_code == 201
        data = b64decode(label["data_b64"])
        assert data.startswith(b"^XA")
        assert sha256(data).hexdigest() == label["sha256"]
        assert label["cost"] == {"minor": 658, "currency": "GBP"}
        number = label["tracking"]
        assert re.fullmatch(r"CP\d{9}GB", number)
        assert number[10] == tracking.check_digit(number[2:10])
        assert [code.text for code in readback.codes_in(data)] == [number]
        assert not contract.violations


def test_a_pdf_bears_the_same_barcode() -> None:
    with posting() as (client, _):
        label = buy(client, format="pdf", service="express").json()
        data = b64decode(label["data_b64"])
        assert data.startswith(b"%PDF")
        assert [code.text for code in readback.codes_in(data)] == [label["tracking"]]
        assert label["tracking"].startswith("EE")


def test_the_same_key_is_the_same_label() -> None:
    with posting() as (client, _):
        first, again = buy(client), buy(client)
        assert again.status_code == 200
        assert again.json() == first.json()
        assert totals(client) | {"spent_pence": 0} == {
            "labels": 1, "sold": 1, "voided": 0, "handed_over": 0, "keys": 1, "key_repeats": 1,
            "key_conflicts": 0, "refused": 0, "double": 0, "spent_pence": 0,
        }  # fmt: skip


def test_a_key_does_not_buy_another_parcels_label() -> None:
    with posting() as (client, _):
        buy(client)
        other = buy(client, grams=900)
        assert other.status_code == 409
        assert other.json()["error"]["code"] == "key_reused"
        assert totals(client)["key_conflicts"] == 1


def test_a_second_label_for_one_parcel_is_sold_and_noted() -> None:
    with posting() as (client, _):
        buy(client, "k1")
        buy(client, "k2")
        books = client.get("/simulate/books").json()["carrier"]
        assert books["double_purchases"] == ["202-1#1/1"]
        assert books["totals"]["double"] == 1
        assert len(client.get("/labels", params={"reference": "202-1#1/1"}).json()["labels"]) == 2


def test_a_replaced_label_is_no_double_purchase() -> None:
    with posting() as (client, _):
        client.post(f"/labels/{buy(client).json()['label_id']}/void")
        buy(client, "k2", grams=1200)
        assert totals(client)["double"] == 0
        assert totals(client)["voided"] == 1


def test_a_lost_answer_is_found_again_by_its_key() -> None:
    with posting([Fault("lost_answer", times=1)]) as (client, _):
        assert client.get("/labels", params={"key": "k1"}).json() == {"labels": []}
        with pytest.raises(httpx.TransportError):
            buy(client)
        (found,) = client.get("/labels", params={"key": "k1"}).json()["labels"]
        assert buy(client).json() == found == client.get(f"/labels/{found['label_id']}").json()


def test_giving_back_twice_is_giving_back_once_and_too_late_after_handover() -> None:
    with posting() as (client, _):
        first, second = buy(client, "k1").json(), buy(client, "k2", reference="202-2#1/1").json()
        for _ in range(2):
            voided = client.post(f"/labels/{first['label_id']}/void")
            assert (voided.status_code, voided.json()["state"]) == (200, "voided")
        refused = client.post("/manifests", json={"labels": [first["label_id"]]})
        assert refused.status_code == 409
        taken = client.post("/manifests", json={"labels": [second["label_id"]]})
        assert taken.json() == {"manifest_id": "M000001", "labels": [second["label_id"]]}
        late = client.post(f"/labels/{second['label_id']}/void")
        assert late.status_code == 409
        assert "handed over" in late.json()["error"]["message"]
        assert client.post("/labels/L9/void").status_code == 404
        assert client.post("/manifests", json={"labels": ["L9"]}).status_code == 404


@pytest.mark.parametrize(
    ("change", "code", "why"),
    [
        ({"to": {**TO, "postcode": ""}}, "address_incomplete", "lacks a postcode"),
        ({"to": {"country": "DE"}}, "address_incomplete", "a name and a street and a city"),
        ({"to": {**TO, "name": "****"}}, "address_masked", "masked"),
        ({"to": {**TO, "name": "x" * 5000}}, "address_too_long", "no label"),
        ({"grams": 0}, "weight", "0 g"),
        ({"grams": 30_001}, "weight", "30 kg"),
        ({"service": "drone"}, "unknown_service", "standard and express"),
        ({"format": "epl"}, "unknown_format", "zpl or pdf"),
        ({"reference": ""}, "no_reference", "reference"),
    ],
)
def test_what_cannot_be_delivered_is_refused_in_a_sentence(
    change: dict[str, Any], code: str, why: str
) -> None:
    with posting() as (client, _):
        answer = buy(client, **change)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, code)
        assert why in answer.json()["error"]["message"]
        assert totals(client)["refused"] == 1


def test_a_purchase_without_a_key_or_with_nonsense_is_refused() -> None:
    with posting() as (client, _):
        assert client.post("/labels", json={}).status_code == 400
        for nonsense in (b"{", b"\xff", b"[]"):
            body = client.post("/labels", content=nonsense, headers={"Idempotency-Key": "k"})
            assert body.status_code == 400
        assert client.get("/labels").status_code == 400


def test_every_script_gets_a_label_that_can_be_scanned() -> None:
    with posting() as (client, _):
        for country in ("GB", "FR", "PL", "JP", "CN", "TH", "AE", "SG"):
            to = msgspec.to_builtins(someone(dice(country), country))
            label = buy(client, country, to=to, reference=country).json()
            data = b64decode(label["data_b64"])
            assert [code.text for code in readback.codes_in(data)] == [label["tracking"]]


def test_commands_in_a_name_reach_no_printer() -> None:
    with posting() as (client, _):
        label = buy(client, to={**TO, "name": "^XZ~JA"}).json()
        data = b64decode(label["data_b64"])
        assert data.count(b"^XZ") == 1
        assert b"~JA" not in data


def test_a_restart_finds_its_labels_and_goes_on_counting(tmp_path: Path) -> None:
    with posting(file=tmp_path / "carrier.db") as (client, _):
        first = buy(client).json()
        buy(client, "bad", grams=0)
    with posting(file=tmp_path / "carrier.db") as (client, _):
        assert buy(client).json() == first
        second = buy(client, "k2", reference="202-2#1/1").json()
        assert int(second["label_id"][1:]) == int(first["label_id"][1:]) + 1
        assert totals(client)["refused"] == 1


def test_faults_strike_here_too() -> None:
    with posting() as (client, _):
        for name, status in (("throttle", 429), ("server_error", 500), ("slow", 201)):
            client.post("/simulate/faults", json={"name": name, "times": 1})
            assert buy(client).status_code == status
        client.post("/simulate/faults", json={"name": "truncated_body", "times": 1})
        with pytest.raises(httpx.RemoteProtocolError):
            buy(client)
        assert totals(client)["labels"] == 1


def test_it_says_what_it_offers_and_how_it_is_spoken_to() -> None:
    with posting() as (client, _):
        offered = client.get("/services").json()["services"]
        assert [service["service"] for service in offered] == ["standard", "express"]
        assert all(service["tolerance_grams"] > 0 for service in offered)
        assert "/labels" in client.get("/openapi.json").json()["paths"]
