"""What is asked of Amazon, and what becomes of its answers: talks held with canned responses."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from sync.markets import ACCESS, MARKETS, amazon
from sync.markets.amazon import access
from sync.orders import Order, Parcel, fold
from sync.orders.facts import ConfirmationQueued
from sync.orders.state import ConfirmAt
from sync.ports import Accepted, Rejected, Told, Unsure
from sync.talk import Failed, Lost, Request, Response, T, Talk
from tests.builders import NOON, an_order, up_to_close
from tests.sync.markets.test_amazon_read import sold


def hold(talk: Talk[T], answers: Sequence[Response | Lost]) -> tuple[T, list[Request]]:
    """Hold a talk with canned answers; give what came of it and what was asked."""
    asked = [next(talk)]
    for answer in answers:
        try:
            asked.append(talk.send(answer))
        except StopIteration as end:
            return end.value, asked
    raise AssertionError(f"the talk wants more: {asked[-1]}")


def page(*orders: object, token: str = "") -> Response:
    """Say a page of searchOrders."""
    said = {"orders": orders, "lastUpdatedBefore": "2026-11-22T11:58:00Z"}
    return Response(200, json.dumps({**said, "pagination": {"nextToken": token}}).encode())


def refused(status: int, message: str) -> Response:
    """Say no as Amazon does."""
    said = {"errors": [{"code": "InvalidInput", "message": message}]}
    return Response(status, json.dumps(said).encode())


def packages(tracking: str, reference: str = "1") -> Response:
    """Say what Amazon knows of an order's parcels."""
    one = {"packageReferenceId": reference, "trackingNumber": tracking}
    return Response(200, json.dumps({"order": {"packages": [one]}}).encode())


def closed() -> tuple[Order, Parcel]:
    """Give an order whose parcel is closed and has its reference."""
    order = an_order()
    box = f"{order.shipments[0].id}/1"
    queued = ConfirmationQueued(parcel=box, at=ConfirmAt.CLOSED, reference="1")
    after = fold(order, [*up_to_close(order), queued])
    return after, after.parcel(box)


def confirm(*answers: Response | Lost) -> tuple[Told, list[Request]]:
    return hold(amazon.confirm_shipment(*closed(), NOON), answers)


def test_pages_are_turned_to_the_last() -> None:
    since = NOON - timedelta(days=1)
    found, asked = hold(
        amazon.fetch_orders(("A1", "A2"), since, NOON),
        [page(sold(), token="t1"), page(sold(orderId="202-2"), token="t2"), page()],
    )
    assert len(found.orders) == 2
    assert [one.query.get("paginationToken") for one in asked] == [None, "t1", "t2"]
    assert asked[0].query["marketplaceIds"] == "A1,A2"
    assert asked[0].query["lastUpdatedAfter"] == "2026-11-21T12:00:00.000Z"
    assert found.until == datetime(2026, 11, 22, 11, 58, tzinfo=UTC)


def test_pages_that_lead_in_a_circle_end() -> None:
    talk = amazon.fetch_orders((), NOON, NOON)
    with pytest.raises(Failed, match="do not end"):
        hold(talk, [page(token="again")] * (amazon.MOST_PAGES + 1))


def test_without_the_role_for_addresses_orders_are_read_and_it_is_said() -> None:
    said = sold(recipient=None)
    found, asked = hold(
        amazon.fetch_orders((), NOON, NOON), [refused(403, "Access denied."), page(said)]
    )
    assert "RECIPIENT" not in asked[1].query["includedData"]
    assert len(found.orders) == 1
    assert "Direct-to-Consumer Delivery" in found.remarks[0]


def test_a_dead_token_is_no_missing_role() -> None:
    said = {"code": "Unauthorized", "message": "Denied.", "details": "The access token expired."}
    talk = amazon.fetch_orders((), NOON, NOON)
    next(talk)
    with pytest.raises(Failed) as failed:
        talk.send(Response(403, json.dumps({"errors": [said]}).encode()))
    assert failed.value.again


@pytest.mark.parametrize(
    ("answer", "again"),
    [
        (refused(400, "lastUpdatedBefore is too late."), False),
        (Lost("the connection failed"), True),
        (Response(200, b"<html>"), True),
    ],
)
def test_what_amazon_refuses_is_a_failure_with_its_words(
    answer: Response | Lost, again: bool
) -> None:
    talk = amazon.fetch_orders((), NOON, NOON)
    next(talk)
    with pytest.raises(Failed) as failed:
        talk.send(answer)
    assert failed.value.again is again
    if isinstance(answer, Lost):
        assert answer.why in str(failed.value)


def test_one_order_is_asked_for_by_its_number() -> None:
    answer = Response(200, json.dumps({"order": sold()}).encode())
    found, asked = hold(amazon.fetch_order("202-1234567-8901234"), [answer])
    assert asked[0].path == "/orders/2026-01-01/orders/202-1234567-8901234"
    assert len(found.orders) == 1


def test_a_confirmation_says_what_amazon_wants() -> None:
    told, asked = confirm(Response(204))
    assert told == Accepted("204")
    (request,) = asked
    assert request.path == "/orders/v0/orders/202-0000001-0000001/shipmentConfirmation"
    assert json.loads(request.body) == {
        "marketplaceId": "A1F83G8C2ARO7P",
        "packageDetail": {
            "packageReferenceId": "1",
            "carrierCode": "Other",
            "carrierName": "SimPost",
            "shippingMethod": "standard",
            "trackingNumber": "RR123456785GB",
            "shipDate": "2026-11-22T12:00:00.000Z",
            "orderItems": [{"orderItemId": "L1", "quantity": 1}],
        },
    }


TWICE = "Failed to create package due to not finding a matching package or order already fulfilled."


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        (
            (refused(400, f"{TWICE} Reason: PackageToUpdateNotFound"), packages("RR123456785GB")),
            Accepted,
        ),
        ((refused(400, f"{TWICE} Reason: PackageToUpdateNotFound"), packages("OTHER")), Rejected),
        ((refused(400, f"{TWICE} Reason: PackageToUpdateNotFound"), Lost("gone")), Unsure),
        ((Lost("gone"), packages("RR123456785GB")), Accepted),
        ((Lost("gone"), packages("OTHER")), Unsure),
        ((Lost("gone"), Lost("gone")), Unsure),
        ((Lost("gone"), Response(200, b"<html>")), Unsure),
        ((refused(400, "Order is cancelled and cannot be confirmed."),), Rejected),
        ((refused(403, "Access denied."),), Unsure),
        ((Response(500),), Unsure),
    ],
)
def test_every_answer_to_a_confirmation_has_a_meaning(
    answers: tuple[Response | Lost, ...], told: type[Told]
) -> None:
    assert isinstance(confirm(*answers)[0], told)


def test_a_parcel_without_label_or_reference_is_nothing_to_tell() -> None:
    order = an_order()
    with pytest.raises(ValueError, match="nothing to tell"):
        next(amazon.confirm_shipment(order, Parcel(id="p", number=1), NOON))


def test_logging_in_says_what_to_check() -> None:
    with pytest.raises(Failed, match="check client_id") as failed:
        access.granted(Response(401, b'{"error":"invalid_client"}'))
    assert not failed.value.again
    with pytest.raises(Failed) as failed:
        access.granted(Response(200, b"{}"))
    assert failed.value.again
    granted = access.granted(Response(200, b'{"access_token":"Atza|x","expires_in":3600}'))
    assert (granted.token, granted.seconds) == ("Atza|x", 3600.0)


@pytest.mark.parametrize("name", MARKETS)
def test_every_marketplace_has_its_limits_and_its_way_in(name: str) -> None:
    assert MARKETS[name].RATES
    assert ACCESS[name].KEYS
    assert "" in ACCESS[name].HOSTS
